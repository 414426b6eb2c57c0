/**
 * Attack `fishing`: a party that puts guesses into its list to learn whom its counterpart holds, one guess a row and, in crafted
 * rows, several. The fisher has a register of plausible persons and the key of its own pairing; every protocol that
 * gives parties their hits allows it. What is told is how much it learns; what is judged is what bounds it.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { linkLists } from "#client/link.ts";
import { cellMaker } from "#engine/encode/cells.ts";
import { shippedTable } from "#engine/encode/information.ts";
import { memoryCellStore, pickCells } from "#engine/encode/cell-store.ts";
import type { EncodedList } from "#engine/encode/list.ts";
import type { PersonRecord } from "#engine/encode/person.ts";
import { LinkageError } from "#engine/errors.ts";
import { slotCount } from "#engine/profile.ts";
import { expectedRowCount } from "#engine/round/descriptor.ts";
import { makeIdentity, makeStaffIdentity } from "#engine/round/identity.ts";
import { requireWithinQuotas, type TestedBatch } from "#engine/round/quota.ts";
import { SHIPPED_PROFILE } from "#engine/shipped-profile.ts";
import { agreementsOf, castOf, describeRound } from "#fixtures/cast.ts";
import type { FixtureOptions } from "#fixtures/people.ts";
import { FISHER, fishersList, fishingOptions, heldByTarget, listOf, measureFishing, TARGET } from "../fishing.ts";
import type { Scale } from "../measurement.ts";
import { encodeList } from "../quality/blind.ts";
import type { Attack, Finding } from "./finding.ts";
import { craftRows } from "./fishing/crafted-rows.ts";
import { samplesThatMiss } from "./fishing/officers-sample.ts";

const GUESSES_PER_ROW = [1, 2, 3, 5, 8, 13];
/** Shares of rows that are crafted, and rows that the officer looks at. */
const CRAFTED = [0.01, 0.05];
const SAMPLED = 50;
const REPEATS: Record<Scale, number> = { smoke: 50, usual: 200, full: 1_000 };
const DAYS = 365;
const DAY_MS = 86_400_000;
const RECORDS = 10_000;
const ROWS_PER_YEAR = 50_000;

export const fishing: Attack = {
  name: "fishing",
  about: "a party that lists guesses from a register, one a row and several a row: what it learns, and what bounds it",
  async *run(scale, seed): AsyncIterable<Finding> {
    const options = fishingOptions(scale, seed);
    yield* guessesOneARow(options);
    yield* guessesInCraftedRows(options);
    yield { ...rowsTested("quota", ROWS_PER_YEAR), against: "ours", most: 1 };
    yield { ...rowsTested("no quota", Number.MAX_SAFE_INTEGER), against: "control", above: 1 };
    yield* foundBySample(scale, seed);
  },
};

async function* guessesOneARow(options: FixtureOptions): AsyncIterable<Finding> {
  for await (const { size } of measureFishing(options)) {
    const { percent = 0, heldByTarget: held = 0, ofTheseTrue = 0 } = size;
    if (percent === 0 || held === 0) continue;
    yield {
      variant: `${percent} % of a list are guesses`,
      against: "ours",
      measure: "share of guesses held by the counterpart that a hit confirms",
      figure: ofTheseTrue / held,
      also: size,
    };
  }
}

/** As many guesses as fit into the fisher's rows. */
async function* guessesInCraftedRows(options: FixtureOptions): AsyncIterable<Finding> {
  const encode = await encoder();
  const target = encode(listOf(options, TARGET));
  const held = heldByTarget(options);
  const { guesses: register } = fishersList(options, Math.max(...GUESSES_PER_ROW));
  const guesses = encode(register);
  const refsOf = (guess: number): readonly string[] => guesses.rows.at(guess).refs;
  // Own records, whose reports are there to be shown.
  const own = listOf(options, FISHER).slice(0, Math.floor(guesses.rows.length / Math.max(...GUESSES_PER_ROW)));
  const carriers = encode(own);
  const rows = carriers.rows.length;
  const rowOf = new Map([...carriers.rows].flatMap(({ refs }, row) => refs.map((ref) => [ref, row] as const)));
  let confirmedAlone = 0;
  for (const perRow of GUESSES_PER_ROW) {
    const { list, guessesOf, candidatesOf } = craftRows(carriers, guesses, perRow);
    const confirmed = new Set<number>();
    let [truePairs, falsePairs, candidates] = [0, 0, 0];
    for (const { refA, refB, pattern, band } of linkLists(list, target).pairs) {
      if (band === "none") continue;
      const row = rowOf.get(refA) ?? 0;
      const right = guessesOf(row).filter((guess) => refsOf(guess).some((ref) => held.get(ref)?.has(refB)));
      if (right.length === 0) falsePairs++;
      else truePairs++;
      if (right.length > 0) candidates += Math.max(1, candidatesOf(row, pattern).length);
      for (const guess of right) confirmed.add(guess);
    }
    if (perRow === 1) confirmedAlone = confirmed.size;
    const heldGuesses = Array.from({ length: rows * perRow }, (_, guess) => guess).filter((guess) =>
      refsOf(guess).some((ref) => held.has(ref)),
    ).length;
    yield {
      variant: `${perRow} ${perRow === 1 ? "guess" : "guesses"} a row`,
      against: "ours",
      measure: "times the guesses that rows of one guess confirm",
      figure: confirmed.size / confirmedAlone,
      most: slotCount(SHIPPED_PROFILE),
      also: {
        rows,
        heldGuesses,
        confirmed: confirmed.size,
        shareConfirmed: confirmed.size / heldGuesses,
        shareOfHitsFalse: falsePairs / (truePairs + falsePairs),
        guessesThatATrueHitMayMean: candidates / truePairs,
      },
    };
  }
}

/** A fisher that asks for a round each day of two years. */
function rowsTested(variant: string, rowsPerYear: number): Omit<Finding, "against"> {
  const identities = [FISHER, TARGET].map(makeIdentity);
  const cast = castOf(identities, makeStaffIdentity("operator", "secretariat").signKey);
  const tested: (TestedBatch & { readonly day: number })[] = [];
  const first = new Date();
  let most = 0;
  for (let day = 0; day < 2 * DAYS; day++) {
    const now = new Date(first.getTime() + day * DAY_MS);
    const agreements = agreementsOf(identities, [[FISHER, TARGET]], first, rowsPerYear);
    const setting = { id: `day-${day}`, profile: SHIPPED_PROFILE, declaredRecords: RECORDS, now };
    const descriptor = describeRound(cast, setting, { agreements });
    if (
      !isWithin(() => {
        requireWithinQuotas(descriptor, agreements, tested, now);
      })
    )
      continue;
    for (const [from, to] of [
      [FISHER, TARGET],
      [TARGET, FISHER],
    ] as const)
      tested.push({ at: now.toISOString(), from, to, rows: expectedRowCount(descriptor, from), day });
    const lately = tested.filter((batch) => batch.from === FISHER && batch.day > day - DAYS);
    most = Math.max(
      most,
      lately.reduce((sum, { rows }) => sum + rows, 0),
    );
  }
  return {
    variant: `a round a day, ${variant}`,
    measure: "rows tested within a year, in quotas",
    figure: most / ROWS_PER_YEAR,
    also: { rows: most, guessesAtMost: most * slotCount(SHIPPED_PROFILE) },
  };
}

function isWithin(act: () => void): boolean {
  try {
    act();
    return true;
  } catch (error) {
    if (!(error instanceof LinkageError) || error.code !== "quota-exceeded") throw error;
    return false;
  }
}

/** Rows of an own list whose keys are of guesses, under the references and the commitment of the records that should be there. */
async function* foundBySample(scale: Scale, seed: number): AsyncIterable<Finding> {
  const options = fishingOptions("smoke", seed);
  const encode = await encoder();
  const honest = encode(listOf(options, FISHER));
  const guesses = encode(fishersList(options, 1).guesses);
  const everyRow = craftRows(honest, guesses, 1).list;
  const rows = honest.rows.length;
  for (const crafted of [0, ...CRAFTED]) {
    const count = Math.round(rows * crafted);
    const folder = mkdtempSync(join(tmpdir(), "aquila-fishing-"));
    try {
      const sent = withRowsOf(honest, everyRow, count);
      const missed = await samplesThatMiss(folder, sent, honest, SAMPLED, REPEATS[scale]);
      const formula = (1 - count / rows) ** SAMPLED;
      const chance = 4 * Math.sqrt((formula * (1 - formula)) / REPEATS[scale]);
      const variant = `${100 * crafted} % of rows crafted, the officer looks at ${SAMPLED}`;
      const also = { rows, crafted: count, formula };
      if (count === 0) {
        const figure = 1 - missed.bySample;
        yield {
          variant,
          against: "ours",
          measure: "share of samples that accuse an honest list",
          figure,
          most: 0,
          also,
        };
        continue;
      }
      const measure = "share of samples that find no crafted row";
      yield { variant, against: "ours", measure, figure: missed.bySample, most: formula + chance, also };
      const alone = `${100 * crafted} % of rows crafted, the commitment to the list alone`;
      yield { variant: alone, against: "control", measure, figure: missed.byCommitment, above: 0.99, also };
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  }
}

/** @returns A list whose first rows have the keys of `other`'s. */
function withRowsOf(list: EncodedList, other: EncodedList, count: number): EncodedList {
  const cells = memoryCellStore();
  list.profile.rules.forEach((_, rule) => {
    for (const [from, isTaken] of [
      [other, (row: number) => row < count],
      [list, (row: number) => row >= count],
    ] as const) {
      const column = from.cells.read(rule);
      const taken = Uint32Array.from(column.owner.keys()).filter((cell) => isTaken(column.owner[cell] ?? 0));
      cells.append(
        rule,
        pickCells(column, taken, (cell) => column.owner[cell] ?? 0),
      );
    }
  });
  return { ...list, cells };
}

async function encoder(): Promise<(records: readonly PersonRecord[]) => EncodedList> {
  const makeCells = await cellMaker(SHIPPED_PROFILE, shippedTable(SHIPPED_PROFILE.frequencyTable));
  return (records) => encodeList(SHIPPED_PROFILE, makeCells, records);
}
