/**
 * Attack `dictionary`: keys of guessed persons, drawn from a register that holds the batch's own people, looked up in the
 * batch: without the pairing's key, with that of another pairing, and with it, as a counterpart that colludes with the
 * secretariat could. A guess is one cell; a record of the register makes some twenty.
 */
import { randomBytes, randomFillSync } from "node:crypto";
import type { KeyColumn } from "#engine/batch/column.ts";
import { readBatch } from "#engine/batch/read.ts";
import { sizeClassOf } from "#engine/batch/size-class.ts";
import { cellMaker } from "#engine/encode/cells.ts";
import type { CellColumn } from "#engine/encode/cell-store.ts";
import { encodeBatch } from "#engine/encode/encode-batch.ts";
import { recordEncoder } from "#engine/encode/encoded-records.ts";
import { shippedTable } from "#engine/encode/information.ts";
import { BUFFERED_RECORDS, type EncodedList } from "#engine/encode/list.ts";
import { parsePerson } from "#engine/encode/person.ts";
import { profileDigest } from "#engine/profile.ts";
import { SHIPPED_PROFILE } from "#engine/shipped-profile.ts";
import { generateRecords, generateTruth } from "#fixtures/people.ts";
import type { Scale } from "../measurement.ts";
import type { Attack, Finding } from "./finding.ts";
import { DIGEST_BYTES } from "#engine/encode/digests.ts";
import { bestRow, guessedKeys, keyedWith, touch, unkeyed, type GuessedKeys, type Touches } from "./guess-keys.ts";
import { naiveBatch, type NaiveBatch } from "./naive.ts";
import { makeScene, type Scene } from "./scene.ts";

/** With the records of all twelve parties as guesses: over 10 million cells at full scale. */
const RECORDS: Record<Scale, number> = { smoke: 200, usual: 5_000, full: 50_000 };
const CONTROL_RECORDS = 2_000;
const OVERLAP = 0.2;
const HITS = "keys that a guess hits";
const CONFIRMED = "share of rows that a guess at their person confirms";
const FOUND = "share of guessed persons found";

export const dictionary: Attack = {
  name: "dictionary",
  about: "keys of people from a register: without the key, with another pairing's, with the pairing's own",
  async *run(scale, seed): AsyncIterable<Finding> {
    const scene = await makeScene({ seed, recordsPerParty: RECORDS[scale], partyCount: 12, overlap: OVERLAP });
    const [own = ""] = scene.parties;
    const size = `${RECORDS[scale].toLocaleString("en")} rows`;
    const [pairing, other] = [keyedBatch(scene.encodedOf(own)), keyedBatch(scene.encodedOf(own))];
    const tries = [
      { way: "no key, d itself as key", columns: pairing.columns, makeKeys: unkeyed },
      { way: "a random key", columns: pairing.columns, makeKeys: keyedWith(randomBytes(32)) },
      { way: "the key of another pairing", columns: other.columns, makeKeys: keyedWith(pairing.keyTag) },
      { way: "the pairing's key", columns: pairing.columns, makeKeys: keyedWith(pairing.keyTag) },
    ].map((one) => ({ ...one, outcome: nothingYet() }));
    let guesses = 0;
    for await (const { refs, columns } of guessesOf(scene)) {
      for (const { outcome, columns: batch, makeKeys } of tries)
        tryGuesses(outcome, batch, refs, (rule) => columns[rule]?.map((column) => guessedKeys(column, makeKeys)) ?? []);
      guesses += columns.reduce((sum, [column]) => sum + (column?.owner.length ?? 0), 0);
    }
    for (const { way, outcome } of tries.slice(0, -1))
      yield {
        variant: `${size}, ${way}`,
        against: "ours",
        measure: HITS,
        figure: outcome.hits,
        most: 0,
        also: { guesses },
      };
    const colluding = tries.at(-1)?.outcome;
    if (colluding !== undefined) yield* confirmations(scene, pairing.rowAt, colluding, size);
    yield await control(scene, size);
  },
};

/** What a guesser finds in one batch in one way. */
type Outcome = {
  /** Keys of the batch that a guess was equal to, each guess counted. */
  hits: number;
  /** References of guessed records that touch a row, and the row of the batch that most of their cells touch. */
  readonly found: [ref: string, row: number][];
};

const nothingYet = (): Outcome => ({ hits: 0, found: [] });

/** Tries some records' cells on a batch. */
function tryGuesses(
  outcome: Outcome,
  columns: readonly KeyColumn[],
  refs: readonly string[],
  keysOf: (rule: number) => readonly GuessedKeys[],
): void {
  const touches: Touches = new Map();
  columns.forEach((column, rule) => {
    for (const keys of keysOf(rule)) touch(column, keys, touches);
  });
  for (const [guess, rows] of touches) {
    for (const cells of rows.values()) outcome.hits += cells;
    outcome.found.push([refs[guess] as string, bestRow(rows)]);
  }
}

type GuessedRecords = { readonly refs: readonly string[]; readonly columns: readonly (readonly CellColumn[])[] };

/** The register: every record of every party, the batch's own first, piece by piece; uncommon or not, unique or not. */
async function* guessesOf({ options, parties }: Scene): AsyncGenerator<GuessedRecords> {
  const makeCells = await cellMaker(SHIPPED_PROFILE, shippedTable(SHIPPED_PROFILE.frequencyTable));
  for (const party of parties) {
    const encode = recordEncoder(SHIPPED_PROFILE, makeCells);
    for (const piece of piecesOf(generateRecords(options, party), BUFFERED_RECORDS)) {
      const { refs, columns } = encode(piece.map((record, at) => parsePerson(record, at + 1)));
      yield { refs, columns: columns.map(bothTurns) };
    }
  }
}

function* piecesOf<Item>(items: Iterable<Item>, length: number): Generator<Item[]> {
  let piece: Item[] = [];
  for (const item of items) {
    piece.push(item);
    if (piece.length < length) continue;
    yield piece;
    piece = [];
  }
  if (piece.length > 0) yield piece;
}

/** The guesser does not know whether a row's d is turned: it tries both where the rule turns any. */
function bothTurns(column: CellColumn, rule: number): CellColumn[] {
  if (SHIPPED_PROFILE.rules[rule]?.between === undefined) return [column];
  const turned = column.digests.map((byte, at) => (at % DIGEST_BYTES === DIGEST_BYTES - 1 ? byte ^ 1 : byte));
  return [column, { ...column, digests: turned }];
}

/** The list's batch for a counterpart whose batch is of the same size, with the key that both parties hold. */
function keyedBatch(list: EncodedList): { columns: readonly KeyColumn[]; rowAt: Int32Array; keyTag: Uint8Array } {
  const { profile } = list;
  const keyTag = randomBytes(32);
  const rowCount = sizeClassOf(list.rows.length);
  const pairing = {
    round: "dictionary",
    t1: randomBytes(32).toString("base64url"),
    keyId: randomBytes(16).toString("base64url"),
    from: "LA",
    to: "LB",
    keyTag,
    provenanceSeed: randomBytes(32),
    rowCount,
    counterpartRowCount: rowCount,
  };
  const { pieces, place } = encodeBatch(list, pairing, randomFillSync);
  const expected = { ...pairing, profile: profileDigest(profile) };
  const { columns } = readBatch(new Uint8Array(Buffer.concat([...pieces])), profile, expected);
  const rowAt = new Int32Array(rowCount).fill(-1);
  place.forEach((at, row) => (rowAt[at] = row));
  return { columns, rowAt, keyTag };
}

/** Told, not judged: whoever holds the key can guess. */
function* confirmations(scene: Scene, rowAt: Int32Array, { found }: Outcome, size: string): Generator<Finding> {
  const [own = ""] = scene.parties;
  const rows = [...scene.encodedOf(own).rows].map(({ refs }) => new Set(refs.map(scene.personOf)));
  const ownRefs = new Set(scene.recordsOf(own).map(({ rec_id }) => rec_id));
  const elsewhere = personsElsewhere(scene, own);
  for (const [register, isOwn] of [
    ["people as the list itself has them", true],
    ["people as other parties have them", false],
  ] as const) {
    const entries = found.filter(([ref]) => ownRefs.has(ref) === isOwn);
    const right = entries.filter(([ref, row]) => rows[rowAt[row] as number]?.has(scene.personOf(ref)));
    const registered = isOwn ? rows : rows.filter((persons) => [...persons].some((person) => elsewhere.has(person)));
    yield {
      variant: `${size}, the pairing's key, ${register}`,
      against: "ours",
      measure: CONFIRMED,
      figure: new Set(right.map(([, row]) => row)).size / registered.length,
      also: { rows: registered.length, rightOfConfirmed: right.length / entries.length },
    };
  }
}

/** @returns Persons of whom another party has a record. */
function personsElsewhere({ options }: Scene, own: string): Set<string> {
  const persons = new Set<string>();
  for (const { person, refs } of generateTruth(options))
    if (refs.some(({ party }) => party !== own)) persons.add(person);
  return persons;
}

/** The naive program's batch, its one key known: a guessed person is found if most of its keys are in that person's row. */
async function control(scene: Scene, size: string): Promise<Finding> {
  const [own = ""] = scene.parties;
  const records = scene.recordsOf(own);
  const guessed = records.slice(0, CONTROL_RECORDS);
  const secret = "known to all";
  const batch = naiveColumns(await naiveBatch(records, secret));
  const guesses = naiveColumns(await naiveBatch(guessed, secret));
  const outcome = nothingYet();
  tryGuesses(
    outcome,
    batch,
    guessed.map(({ rec_id }) => rec_id),
    (rule) => guesses.filter((_, other) => other === rule).map(({ row, ...keys }) => ({ ...keys, owner: row })),
  );
  const personOf = (ref: string | undefined): string => scene.personOf(ref ?? "");
  const right = outcome.found.filter(([ref, row]) => personOf(ref) === personOf(records[row]?.rec_id));
  return {
    variant: `${size}, no key needed`,
    against: "control",
    measure: FOUND,
    figure: right.length / guessed.length,
    above: 0.9,
    also: { guesses: guesses.reduce((sum, { row }) => sum + row.length, 0) },
  };
}

/** @returns Cells of each rule in increasing order of their keys, as a batch has them. */
function naiveColumns({ cells }: NaiveBatch): KeyColumn[] {
  const keyed = cells.map(({ rule, row, key }) => ({ rule, row, key: Buffer.from(`${key}AA`, "base64url") }));
  keyed.sort((one, other) => Buffer.compare(one.key, other.key));
  return [...Map.groupBy(keyed, ({ rule }) => rule)]
    .sort(([one], [other]) => one - other)
    .map(([, column]) => ({
      upper: Uint32Array.from(column, ({ key }) => key.readUInt32BE(0)),
      lower: Uint32Array.from(column, ({ key }) => key.readUInt32BE(4)),
      row: Uint32Array.from(column, ({ row }) => row),
    }));
}
