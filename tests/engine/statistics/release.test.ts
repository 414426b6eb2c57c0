/**
 * What is published: figures, suppression, error bars, and how much of one record can be seen in it.
 */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { identitiesOf, descriptorOf, rosterOf } from "../round/parties.ts";
import { parseRational, rational, type Rational } from "#engine/statistics/budget.ts";
import { laplaceSampler } from "#engine/statistics/discrete-laplace.ts";
import { histogramOf, type HitCounts, type RowWithHits } from "#engine/statistics/histogram.ts";
import type { RoundDescriptor } from "#engine/round/descriptor.ts";
import { HitStatistics, PartyStatistics } from "#engine/statistics/published.ts";
import {
  histogramEpsilon,
  histogramErrorBar,
  releaseHistogram,
  releaseHits,
  type PairingCounts,
} from "#engine/statistics/release.ts";
import { seeded } from "./seeded.ts";

function roundOf(ids: readonly string[], change: Partial<RoundDescriptor> = {}): RoundDescriptor {
  const identities = identitiesOf(ids);
  return descriptorOf(identities, rosterOf(identities), change);
}

const ROUND = roundOf(["AT", "HR", "SI"], { pairings: [["AT", "HR"], ["AT", "SI"]] }); // prettier-ignore
const CATEGORY = "suspect";

function countsOf(hr: HitCounts, si: HitCounts): PairingCounts[] {
  return [
    { pairing: ["AT", "HR"], counts: hr },
    { pairing: ["AT", "SI"], counts: si },
  ];
}

function rowsOf(count: number): RowWithHits[] {
  return Array.from({ length: count }, () => ({
    counterpartCount: 1,
    category: CATEGORY,
    riskIndicators: ["armed", "violent"],
  }));
}

function histogramFigures({ counterparts, categories, riskIndicators }: PartyStatistics): (number | null)[] {
  return [counterparts, categories, riskIndicators].flatMap((figures) => Object.values<number | null>(figures));
}

describe("hits by pairing and band", () => {
  test("have a figure for each pairing of the round and each band that it releases, and nothing else", () => {
    const released = releaseHits({ ...ROUND, lowestBand: "medium" }, [], seeded("figures"));
    expect(HitStatistics.parse(released)).toEqual(released);
    expect(released.figures.map(({ pairing, band }) => [...pairing, band].join(" "))).toEqual([
      "AT HR high",
      "AT HR medium",
      "AT SI high",
      "AT SI medium",
    ]);
  });

  test("have the error bars of the specification", () => {
    const twelve = roundOf(Array.from({ length: 12 }, (_, at) => `P${String.fromCharCode(65 + at)}`));
    const bars: [bar: number, scale: number][] = [
      [36, 12],
      [72, 24],
      [198, 66],
      [288, 96],
    ];
    expect(bars.map(([bar]) => bar)).toEqual([
      releaseHits(ROUND, [], seeded("bar")).errorBar,
      histogramErrorBar(histogramEpsilon(ROUND)),
      releaseHits(twelve, [], seeded("bar")).errorBar,
      histogramErrorBar(histogramEpsilon(twelve)),
    ]);
    for (const [bar, scale] of bars) {
      const q = Math.exp(-1 / scale);
      const beyond = (b: number) => (2 * q ** (b + 1)) / (1 + q);
      expect(beyond(bar)).toBeLessThanOrEqual(0.05);
      expect(beyond(bar - 1), "the smallest").toBeGreaterThan(0.05);
    }
  });

  test("of a pairing that is not the round's, or given twice, are no counts", () => {
    const none = { high: 0, medium: 0, low: 0 };
    for (const pairings of [
      [["HR", "SI"]],
      [
        ["AT", "HR"],
        ["AT", "HR"],
      ],
    ] as const)
      // prettier-ignore
      expect(() =>
        releaseHits(
          ROUND,
          pairings.map((pairing) => ({ pairing, counts: none })),
          seeded("none"),
        ),
      ).toThrow(RangeError);
  });
});

describe("a figure", () => {
  test("under ten is never published, whatever the count and the noise", () => {
    const count = fc.nat(40);
    const counts = fc.record({ high: count, medium: count, low: count });
    let suppressed = 0;
    fc.assert(
      fc.property(counts, counts, fc.string(), (hr, si, seed) => {
        const hits = releaseHits(ROUND, countsOf(hr, si), seeded(seed)).figures.map((figure) => figure.hits);
        const rows = rowsOf(hr.high);
        const own = histogramFigures(releaseHistogram(ROUND, "AT", histogramOf(rows, [CATEGORY]), seeded(seed)));
        for (const figure of [...hits, ...own]) {
          if (figure === null) suppressed++;
          else expect(figure).toBeGreaterThanOrEqual(10);
        }
      }),
    );
    expect(suppressed).toBeGreaterThan(100);
  });

  test("under ten that is sent all the same has the wrong shape", () => {
    const noised = releaseHistogram(ROUND, "AT", histogramOf([], [CATEGORY]), seeded("shape"));
    expect(PartyStatistics.parse(noised)).toEqual(noised);
    for (const figure of [9, 1, 0, -3, 10.5])
      expect(PartyStatistics.safeParse({ ...noised, categories: { [CATEGORY]: figure } }).success).toBe(false);
  });

  test("is off by more than its error bar one time in twenty", () => {
    const counts = countsOf({ high: 500, medium: 500, low: 500 }, { high: 500, medium: 500, low: 500 });
    const random = seeded("bars");
    let [beyond, figures] = [0, 0];
    for (let run = 0; run < 3_000; run++) {
      const released = releaseHits(ROUND, counts, random);
      for (const { hits } of released.figures) {
        figures++;
        if (hits === null || Math.abs(hits - 500) > released.errorBar) beyond++;
      }
    }
    expect(beyond / figures).toBeLessThan(0.055);
    expect(beyond / figures).toBeGreaterThan(0.04);
  });

  test("is not known better from the difference of two releases, one round's counts given", () => {
    const random = seeded("difference");
    const hits = (high: number) =>
      releaseHits(ROUND, [{ pairing: ["AT", "HR"], counts: { high, medium: 0, low: 0 } }], random);
    const runs = 3_000;
    let beyond = 0;
    for (let run = 0; run < runs; run++) {
      const [before, after] = [hits(500), hits(501)];
      const guess = 500 + (after.figures[0]?.hits ?? 0) - (before.figures[0]?.hits ?? 0);
      if (Math.abs(guess - 501) > after.errorBar) beyond++;
    }
    expect(beyond / runs).toBeGreaterThan(0.1);
  });
});

/** Loss that an output shows between two inputs, by the noise's formula; a suppressed figure shows none. */
function lossOf(
  figures: readonly (number | null)[],
  a: readonly number[],
  b: readonly number[],
  scale: number,
): number {
  return figures.reduce<number>((sum, figure, at) => {
    if (figure === null) return sum;
    return sum + (Math.abs(figure - (b[at] ?? 0)) - Math.abs(figure - (a[at] ?? 0))) / scale;
  }, 0);
}

/**
 * Runs a mechanism on two inputs and looks at the event that tells them apart best: nearly all the loss there is.
 *
 * @returns A bound from below on ε, but for a chance of about one in a thousand.
 */
function auditedEpsilon(
  run: (input: readonly number[]) => readonly (number | null)[],
  a: readonly number[],
  b: readonly number[],
  scale: number,
): number {
  const runs = 30_000;
  const most = a.reduce((sum, count, at) => sum + Math.abs(count - (b[at] ?? 0)), 0) / scale;
  const share = (input: readonly number[]): number => {
    let seen = 0;
    for (let at = 0; at < runs; at++) if (lossOf(run(input), a, b, scale) > 0.99 * most) seen++;
    return seen / runs;
  };
  const deviation = (p: number): number => 3 * Math.sqrt((p * (1 - p)) / runs);
  const [shareA, shareB] = [share(a), share(b)];
  return Math.log((shareA - deviation(shareA)) / (shareB + deviation(shareB)));
}

describe("an audit of neighbouring rounds", () => {
  const without = [100, 101, 100, 100, 101, 100];
  const withRecord = [101, 100, 101, 101, 100, 101];
  const hitsOf = ([a = 0, b = 0, c = 0, d = 0, e = 0, f = 0]: readonly number[], random: ReturnType<typeof seeded>) =>
    releaseHits(ROUND, countsOf({ high: a, medium: b, low: c }, { high: d, medium: e, low: f }), random).figures.map(
      ({ hits }) => hits,
    );

  test("finds of a record that changes every figure of hits no more than ε = 1/2, and not much less", () => {
    const random = seeded("audit hits");
    const epsilon = auditedEpsilon((counts) => hitsOf(counts, random), withRecord, without, 12);
    expect(epsilon).toBeLessThanOrEqual(1 / 2);
    expect(epsilon).toBeGreaterThan(1 / 8);
  });

  test("finds of a record in a party's histogram no more than its ε, and not much less", () => {
    const two = roundOf(["AT", "HR"]);
    const random = seeded("audit histogram");
    const [more, less] = [histogramOf(rowsOf(101), [CATEGORY]), histogramOf(rowsOf(100), [CATEGORY])];
    const figuresOf = ({ counterparts, categories, riskIndicators }: typeof more) =>
      [counterparts, categories, riskIndicators].flatMap((counts) => Object.values<number>(counts));
    const epsilon = auditedEpsilon(
      ([one]) => histogramFigures(releaseHistogram(two, "AT", one === 101 ? more : less, random)),
      figuresOf(more),
      figuresOf(less),
      16,
    );
    expect(histogramEpsilon(two)).toEqual(parseRational("1/4"));
    expect(epsilon).toBeLessThanOrEqual(1 / 4);
    expect(epsilon).toBeGreaterThan(1 / 16);
  });

  test("finds noise that is half as wide", () => {
    const half: Rational = rational(6n, 1n);
    const noise = laplaceSampler(half, seeded("audit half"));
    const epsilon = auditedEpsilon((counts) => counts.map((count) => count + noise()), withRecord, without, 6);
    expect(epsilon).toBeGreaterThan(1 / 2);
  });
});
