/**
 * Attack `frequency`: what occurs often in a batch, or after the join, is aligned with what is common in a list that the
 * attacker holds: the batch's own, or one of other people of the same population. It knows the scheme and no key.
 * Vidanage, Ranbaduge, Christen and Randall (2020), "A Privacy Attack on Multiple Dynamic Match-key based Privacy-Preserving
 * Record Linkage", IJPDS 5(1). Their first step, finding out which facts a match-key is made of, is spared: the profile is public.
 */
import { DIGEST_BYTES } from "#engine/encode/digests.ts";
import type { EncodedList } from "#engine/encode/list.ts";
import type { PersonRecord } from "#engine/encode/person.ts";
import { Draws } from "#fixtures/draws.ts";
import type { Scale } from "../measurement.ts";
import type { Attack, Finding } from "./finding.ts";
import {
  alignByProfile,
  alignByRank,
  chanceOf,
  type Counted,
  type Guess,
  type ProfiledRow,
} from "./frequency-alignment.ts";
import { joinedGraph } from "./joined-graph.ts";
import { cellsOf, knownRows } from "./known-list.ts";
import { naiveBatch, type NaiveBatch } from "./naive.ts";
import { seenRows, touchesOf } from "./one-list.ts";
import { listRowOf, thresholdOf, viewPairing, type PairingView } from "./pairing-view.ts";
import { makeScene } from "./scene.ts";
import { shuffled } from "./shuffle.ts";

const RECORDS: Record<Scale, readonly number[]> = { smoke: [600], usual: [5_000], full: [5_000, 20_000] };
/** In fewer records, commonness varies too much from list to list for an alignment to succeed at all. */
const LEAST_NAIVE_RECORDS = 10_000;
const TOP = 100;
const OVERLAP = 0.2;
/** The four bounds of one size hold together in 99 runs of 100 against an attacker who guesses blindly. */
const LEVEL = 0.01 / 4;
const KEYS = "share of the 100 commonest keys exposed";
const ROWS = "share of the 100 most touched rows re-identified";
const SECRET = "the one key";

/** What is aligned, and the truth, which the attacker does not have. */
type Aligned<Value extends Counted> = {
  readonly encoded: readonly Value[];
  readonly plain: readonly Value[];
  readonly isSame: (encoded: number, plain: number) => boolean;
};

export const frequency: Attack = {
  name: "frequency",
  about: "frequencies in a batch and after the join, aligned with those of a known list (Vidanage et al. 2020)",
  async *run(scale, seed): AsyncIterable<Finding> {
    for (const recordsPerParty of RECORDS[scale]) {
      const scene = await makeScene({ seed, recordsPerParty, partyCount: 2, overlap: OVERLAP });
      const [own = "", counterpart = ""] = scene.parties;
      const list = scene.encodedOf(own);
      const view = viewPairing(list, scene.encodedOf(counterpart));
      const draws = new Draws(seed, recordsPerParty);
      const size = `${recordsPerParty.toLocaleString("en")} records`;

      const strangers = await oneParty(seed + 1, recordsPerParty);
      const disjoint = batchKeys(view, strangers.list(), draws);
      yield ours(`${size}, a disjoint list known`, KEYS, disjoint, alignByRank, draws);
      const naiveRecords = Math.max(recordsPerParty, LEAST_NAIVE_RECORDS);
      const [larger, others] = [await oneParty(seed, naiveRecords), await oneParty(seed + 1, naiveRecords)];
      const naiveDisjoint = naiveKeys(
        await naiveBatch(larger.records, SECRET),
        await naiveBatch(others.records, SECRET),
        draws,
      );
      const naiveSize = `${naiveRecords.toLocaleString("en")} records`;
      yield control(`${naiveSize}, a disjoint list known`, KEYS, naiveDisjoint, alignByRank);

      const known = `${size}, the identical list known`;
      const naive = await naiveBatch(scene.recordsOf(own), SECRET);
      yield ours(known, KEYS, batchKeys(view, list, draws), alignByRank, draws);
      yield control(known, KEYS, naiveKeys(naive, naive, draws), alignByRank);

      const rows = touchedRows(view, scene.recordsOf(own), draws);
      yield ours(`${known}, by degree and class`, ROWS, rows, alignByRank, draws);
      const byRules = ours(`${known}, by agreed rules and class`, ROWS, rows, alignByProfile, draws);
      // Labels of the join name rows, as docs/attacks.md says under "After the join".
      yield { ...byRules, most: MOST_BY_RULES, wanted: byRules.most ?? 0 };
      yield control(`${known}, by rule`, ROWS, naiveRows(naive, draws), alignByProfile);
    }
  },
};

async function oneParty(seed: number, recordsPerParty: number) {
  const { parties, recordsOf, encodedOf } = await makeScene({ seed, recordsPerParty, partyCount: 1, overlap: 0 });
  const [only = ""] = parties;
  return { records: recordsOf(only), list: () => encodedOf(only) };
}

/** Of the most touched rows, what is known to be found and no more. */
const MOST_BY_RULES = 0.25;

type Align<Value> = (encoded: readonly Value[], plain: readonly Value[], most: number) => Guess[];

function ours<Value extends Counted>(
  variant: string,
  measure: string,
  { encoded, plain, isSame }: Aligned<Value>,
  align: Align<Value>,
  draws: Draws,
): Finding {
  const guesses = align(encoded, plain, TOP);
  const chance = chanceOf(guesses, plain, isSame, LEVEL, draws);
  return {
    variant,
    against: "ours",
    measure,
    figure: rightOf(guesses, isSame) / TOP,
    most: chance.bound / TOP,
    also: { chance: chance.mean / TOP, encoded: encoded.length, plain: plain.length },
  };
}

function control<Value extends Counted>(
  variant: string,
  measure: string,
  { encoded, plain, isSame }: Aligned<Value>,
  align: Align<Value>,
): Finding {
  const figure = rightOf(align(encoded, plain, TOP), isSame) / TOP;
  return { variant, against: "control", measure, figure, above: 0.1 };
}

const rightOf = (guesses: readonly Guess[], isSame: (encoded: number, plain: number) => boolean): number =>
  guesses.filter((guess) => isSame(...guess)).length;

/**
 * Keys of batch a by rule, each with how often it occurs in the two batches of the pairing, and the facts that would travel
 * from the known list. A guess at any of the row's facts under the rule counts as right.
 */
function batchKeys({ a, pairs }: PairingView, known: EncodedList, draws: Draws): Aligned<Counted> {
  const rules = a.list.profile.rules;
  const factsOf = new Map<number, string[]>();
  const factOf = (digests: Uint8Array, at: number): string =>
    Buffer.from(digests.buffer, digests.byteOffset + at * DIGEST_BYTES, DIGEST_BYTES).toString("latin1");
  const placeOf = (row: number, rule: number): number => row * rules.length + rule;
  for (const rule of rules.keys()) {
    const { digests, owner } = a.list.cells.read(rule);
    owner.forEach((row, at) => {
      const place = placeOf(row, rule);
      factsOf.set(place, [...(factsOf.get(place) ?? []), factOf(digests, at)]);
    });
  }
  const met = new Map<number, number>();
  pairs.rowA.forEach((row, at) => {
    met.set(row, (met.get(row) ?? 0) | (pairs.pattern[at] as number));
  });
  const encoded = a.batch.columns.flatMap(({ row }, rule) =>
    Array.from(row, (holder) => ({ kind: rule, count: 1 + (((met.get(holder) ?? 0) >>> rule) & 1), holder })),
  );
  const plain = rules.flatMap((_, rule) => {
    const { digests, owner } = known.cells.read(rule);
    return shuffled(
      Array.from(owner, (_row, at) => ({ kind: rule, count: 1, fact: factOf(digests, at) })),
      draws,
    );
  });
  return {
    encoded,
    plain,
    isSame: (one, other) => {
      const { holder, kind } = encoded[one] as (typeof encoded)[number];
      const { fact } = plain[other] as (typeof plain)[number];
      return factsOf.get(placeOf(listRowOf(a, holder), kind))?.includes(fact) ?? false;
    },
  };
}

function naiveKeys(batch: NaiveBatch, known: NaiveBatch, draws: Draws): Aligned<Counted> {
  const counted = ({ cells }: NaiveBatch): (Counted & { readonly key: string })[] => {
    const counts = new Map<string, Counted & { readonly key: string }>();
    for (const { rule, key } of cells) {
      const name = `${rule} ${key}`;
      counts.set(name, { kind: rule, key, count: 1 + (counts.get(name)?.count ?? 0) });
    }
    return shuffled([...counts.values()], draws);
  };
  const [encoded, plain] = [counted(batch), counted(known)];
  return { encoded, plain, isSame: (one, other) => encoded[one]?.key === plain[other]?.key };
}

/**
 * Rows of list a that touch rows of b: how many of their cells agree under each rule. Known rows, in the clear: how many cells
 * of each rule travel.
 */
function touchedRows(view: PairingView, records: readonly PersonRecord[], draws: Draws): Aligned<ProfiledRow> {
  const joined = joinedGraph(view);
  const touches = touchesOf(joined, 0);
  const encoded = [...seenRows(joined, touches)].map(([node, { coverage, cells }]) => ({
    kind: coverage,
    count: touches.get(node)?.length ?? 0,
    profile: Float64Array.from(cells),
    row: joined.listRow[node],
  }));
  const known = knownRows(view.a.list, records, thresholdOf(view));
  const plain = shuffled(
    Array.from(known.classes, (kind, row) => ({ kind, ...summed(Float64Array.from(cellsOf(known, row))), row })),
    draws,
  );
  return { encoded, plain, isSame: (one, other) => encoded[one]?.row === plain[other]?.row };
}

/** Rows of the naive batch, and of the same list in another order: how often each row's keys occur in the batch, by rule. */
function naiveRows({ rows, cells }: NaiveBatch, draws: Draws): Aligned<ProfiledRow> {
  const counts = new Map<string, number>();
  const nameOf = ({ rule, key }: NaiveBatch["cells"][number]): string => `${rule} ${key}`;
  for (const cell of cells) counts.set(nameOf(cell), (counts.get(nameOf(cell)) ?? 0) + 1);
  const ruleCount = 1 + Math.max(...new Set(cells.map(({ rule }) => rule)));
  const profiles = Array.from({ length: rows }, () => new Float64Array(ruleCount));
  for (const cell of cells) {
    const profile = profiles[cell.row] as Float64Array;
    profile[cell.rule] = (profile[cell.rule] as number) + (counts.get(nameOf(cell)) as number);
  }
  const encoded = profiles.map((profile, row) => ({ kind: 0, ...summed(profile), row }));
  const plain = shuffled(encoded, draws);
  return { encoded, plain, isSame: (one, other) => encoded[one]?.row === plain[other]?.row };
}

function summed(profile: Float64Array): Pick<ProfiledRow, "profile" | "count"> {
  return { profile, count: profile.reduce((sum, count) => sum + count, 0) };
}
