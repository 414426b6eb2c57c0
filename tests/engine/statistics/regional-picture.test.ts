/**
 * The regional picture: whatever is published, its totals are the sums of what is shown, nothing under ten is a number, and error bars
 * cover the truth as often as they say.
 */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { rational } from "#engine/statistics/budget.ts";
import { consistentHistogram } from "#engine/statistics/consistency.ts";
import { laplaceSampler } from "#engine/statistics/discrete-laplace.ts";
import { estimateOf, shownOf, sumOfEstimates, type Shown } from "#engine/statistics/estimate.ts";
import { noiseLaw } from "#engine/statistics/noise-law.ts";
import type { YearStatistics } from "#engine/statistics/published.ts";
import { releaseHits } from "#engine/statistics/release.ts";
import {
  BANDS,
  HISTOGRAM_GROUPS,
  hitsByField,
  matrixOf,
  pairName,
  partiesOf,
  regionalPicture,
  rowsBy,
  trendOf,
  underTenOf,
  type Group,
} from "#engine/statistics/regional-picture.ts";
import { countedRound, partyIds, publishedYear } from "./published-years.ts";
import { seeded } from "./seeded.ts";

const figure = fc.oneof(fc.constant(null), fc.integer({ min: 10, max: 60 }), fc.integer({ min: 10, max: 5_000 }));
const PAIRINGS: readonly (readonly [string, string])[] = [["AT", "HR"], ["AT", "SI"], ["HR", "SI"]]; // prettier-ignore
const PUBLISHED = { releasedAt: "2026-03-01T00:00:00Z" };

/** Any published year of three parties and up to three rounds, likely or not. */
const anyYear: fc.Arbitrary<YearStatistics> = fc
  .array(
    fc.record({
      field: fc.constantFrom("terrorism", "trafficking"),
      bands: fc.constantFrom(...[1, 2, 3].map((count) => BANDS.slice(0, count))),
      hits: fc.array(figure, { minLength: 9, maxLength: 9 }),
      histogram: fc.array(figure, { minLength: 3 * 12, maxLength: 3 * 12 }),
    }),
    { maxLength: 3 },
  )
  .map((rounds) => ({
    budget: { limit: "4/1", spent: "1/1" },
    hits: rounds.map(({ field, bands, hits }, at) => ({
      ...PUBLISHED,
      epsilon: "1/2",
      errorBar: 36,
      field,
      figures: PAIRINGS.flatMap(([a, b], of) =>
        bands.map((band, in_) => ({
          band,
          hits: hits[3 * of + in_] ?? null,
          pairing: [a, b] satisfies [string, string],
        })),
      ),
      round: `r${at}`,
    })),
    parties: rounds.flatMap(({ field, histogram }, at) =>
      ["AT", "HR", "SI"].map((party, of) => {
        const [one = null, two = null, three = null, four = null, ...rest] = histogram.slice(12 * of);
        const [a = null, v = null, e = null, f = null, r = null, t = null, suspect = null, contact = null] = rest;
        return {
          ...PUBLISHED,
          categories: { contact, suspect },
          counterparts: { one, two, three, "four-or-more": four },
          epsilon: "1/6",
          errorBar: 72,
          field,
          format: "aquila/statistics/v1" as const,
          party,
          riskIndicators: {
            armed: a,
            violent: v,
            "escape-risk": e,
            financer: f,
            recruiter: r,
            "foreign-fighter": t,
          },
          round: `r${at}`,
        };
      }),
    ),
    year: 2026,
  }));

function counted(group: Group): number {
  return group.entries.reduce((sum, { shown }) => sum + shown.counted, 0);
}

function sum(shown: Iterable<Shown>): number {
  return [...shown].reduce((all, each) => all + each.counted, 0);
}

function shownIn(picture: ReturnType<typeof regionalPicture>): Shown[] {
  const matrix = matrixOf(picture, {});
  const groups = [
    matrix.byBand,
    hitsByField(picture, {}),
    ...HISTOGRAM_GROUPS.flatMap((group) =>
      [undefined, ...partiesOf(picture)].map((party) => rowsBy(picture, group, party === undefined ? {} : { party })),
    ),
  ];
  return [
    ...matrix.pairings.values(),
    ...matrix.byParty.values(),
    ...trendOf(picture, {}).flatMap(({ whole, byBand }) => [whole, ...byBand.values()]),
    ...groups.flatMap(({ entries, total }) => [
      ...entries.map(({ shown }) => shown),
      ...(total === null ? [] : [total]),
    ]),
    matrix.whole,
  ];
}

describe("a picture", () => {
  test("has totals that are the sums of its figures, whatever was published", () => {
    fc.assert(
      fc.property(fc.array(anyYear, { maxLength: 2 }), (years) => {
        const picture = regionalPicture(years.map((year, at) => renamed(year, 2026 + at)));
        const matrix = matrixOf(picture, {});
        expect(sum(matrix.pairings.values())).toBe(matrix.whole.counted);
        expect(sum(matrix.byParty.values())).toBe(2 * matrix.whole.counted);
        expect(counted(matrix.byBand)).toBe(matrix.whole.counted);
        expect(counted(hitsByField(picture, {}))).toBe(matrix.whole.counted);
        const trend = trendOf(picture, {});
        expect(sum(trend.map(({ whole }) => whole))).toBe(matrix.whole.counted);
        for (const { whole, byBand } of trend) expect(sum(byBand.values())).toBe(whole.counted);
        for (const band of BANDS)
          expect(matrixOf(picture, { band }).whole.counted).toBe(
            matrix.byBand.entries.find(({ name }) => name === band)?.shown.counted ?? 0,
          );
        for (const choice of [{}, { party: "AT" }, { field: "terrorism" }, { round: "2026-r0" }]) {
          const [byCategory, byCount] = [
            rowsBy(picture, "categories", choice),
            rowsBy(picture, "counterparts", choice),
          ];
          expect(byCount.total).toEqual(byCategory.total);
          for (const group of [byCategory, byCount])
            if (group.total !== null) expect(counted(group)).toBe(group.total.counted);
        }
      }),
    );
  });

  test("adds up for a reader who sees figures and the line of those under ten alone", () => {
    fc.assert(
      fc.property(anyYear, (year) => {
        const picture = regionalPicture([year]);
        for (const group of [matrixOf(picture, {}).byBand, rowsBy(picture, "categories", {})]) {
          if (group.total?.figure == null) continue;
          const figures = group.entries.reduce((all, { shown }) => all + (shown.figure ?? 0), 0);
          expect(figures + (underTenOf(group)?.counted ?? 0)).toBe(group.total.figure);
        }
      }),
    );
  });

  test("shows nothing under ten as a number, nothing below zero, and every figure within its interval", () => {
    fc.assert(
      fc.property(anyYear, (year) => {
        for (const { figure: value, low, high, bar } of shownIn(regionalPicture([year]))) {
          expect(value ?? 10).toBeGreaterThanOrEqual(10);
          expect(low).toBeGreaterThanOrEqual(0);
          expect([value ?? 9, low, high, bar].every(Number.isInteger)).toBe(true);
          expect(low).toBeLessThanOrEqual(value ?? 0);
          expect(high).toBeGreaterThanOrEqual(value ?? 9);
        }
      }),
    );
  });

  test("shows of what was published as null no number, and of one hit figure what was published", () => {
    fc.assert(
      fc.property(anyYear, (year) => {
        const picture = regionalPicture([year]);
        for (const { round, figures, errorBar } of year.hits)
          for (const { pairing, band, hits } of figures) {
            const shown = matrixOf(picture, { round, band }).pairings.get(pairName(...pairing));
            expect(shown?.figure).toBe(hits);
            if (hits === null) expect(shown?.high).toBe(9 + (shown?.bar ?? 0));
            if (picture.cells.length === 3 * 3 * year.hits.length) expect(shown?.bar).toBe(errorBar);
          }
        for (const { round, party, riskIndicators, categories } of year.parties) {
          for (const { name, shown } of rowsBy(picture, "riskIndicators", { round, party }).entries)
            expect(shown.figure).toBe(riskIndicators[name as keyof typeof riskIndicators]);
          for (const { name, shown } of rowsBy(picture, "categories", { round, party }).entries)
            if (categories[name] === null) expect(shown.figure).toBeNull();
        }
      }),
    );
  });

  test("takes each figure's error bar from the round's own noise", () => {
    for (const [parties, bar] of [
      [2, 18],
      [3, 36],
      [12, 198],
    ] as const) {
      // prettier-ignore
      const year = publishedYear(2026, [countedRound(partyIds(parties), {}, () => 5_000, "bars")], seeded("bars"));
      const picture = regionalPicture([year]);
      expect(year.hits[0]?.errorBar).toBe(bar);
      for (const { hits } of picture.cells) expect(hits.bar).toBe(bar);
      for (const { shown } of rowsBy(picture, "riskIndicators", { party: "AA" }).entries)
        expect(shown.bar).toBe(year.parties[0]?.errorBar);
    }
  });

  test("of a year without anything published is empty", () => {
    const picture = regionalPicture([{ budget: { limit: "4/1", spent: "0/1" }, hits: [], parties: [], year: 2026 }]);
    expect(matrixOf(picture, {}).parties).toEqual([]);
    expect(trendOf(picture, {})).toEqual([]);
    expect(rowsBy(picture, "categories", {})).toEqual({ entries: [], total: null });
  });
});

describe("least squares", () => {
  /** Slow reference: steps against the gradient of the squares, on the plane where both sums agree. */
  function nearest(bins: readonly number[], categories: readonly number[]): number[] {
    const published = [...bins, ...categories];
    const normal = published.map((_, at) => (at < bins.length ? 1 : -1));
    const distance = published.reduce((all, value, at) => all + value * (normal[at] ?? 0), 0);
    return published.map((value, at) => value - ((normal[at] ?? 0) * distance) / published.length);
  }

  test("moves no figure further than to the nearest point where sums agree, but for rounding", () => {
    const value = fc.integer({ min: 10, max: 400 });
    fc.assert(
      fc.property(
        fc.array(value, { minLength: 4, maxLength: 4 }),
        fc.array(value, { minLength: 1, maxLength: 16 }),
        (bins, categories) => {
          const named = (values: readonly number[]) => Object.fromEntries(values.map((each, at) => [`n${at}`, each]));
          const found = consistentHistogram(named(bins), named(categories), noiseLaw(24));
          const values = [...found.counterparts.values(), ...found.categories.values()].map((each) => each.value);
          nearest(bins, categories).forEach((exact, at) => {
            expect(Math.abs((values[at] ?? NaN) - exact)).toBeLessThanOrEqual(1.5);
          });
        },
      ),
    );
  });
});

describe("an error bar", () => {
  test.each([
    [2n, 2],
    [12n, 2],
    [12n, 6],
    [66n, 3],
    [66n, 66],
    [96n, 6],
  ])("of a sum covers the truth in 94 of 100 cases, whatever the counts: scale %d, %d figures", (scale, figures) => {
    const law = noiseLaw(Number(scale));
    const draw = laplaceSampler(rational(scale, 1n), seeded(`cover ${scale} ${figures}`));
    for (const count of [0, 5, 9, 15, Number(scale) + 5, 3 * Number(scale), 20 * Number(scale)]) {
      const runs = figures > 20 ? 1_500 : 4_000;
      let covered = 0;
      for (let run = 0; run < runs; run++) {
        const parts = Array.from({ length: figures }, () => {
          const value = count + draw();
          return estimateOf(value < 10 ? null : value, law);
        });
        const { low, high } = shownOf(sumOfEstimates(parts));
        if (low <= figures * count && figures * count <= high) covered++;
      }
      expect(covered / runs, `count ${count}`).toBeGreaterThanOrEqual(0.94);
    }
  });

  test.each([0, 5, 30, 75, 2_000])(
    "of one figure, moved or not, and of rows with hits covers as often, counts of %d",
    (count) => {
      const law = noiseLaw(24);
      const draw = laplaceSampler(rational(24n, 1n), seeded(`moved ${count}`));
      const published = (exact: number): number | null => {
        const value = exact + draw();
        return value < 10 ? null : value;
      };
      const runs = 4_000;
      const covered = { figure: 0, bin: 0, category: 0, rows: 0 };
      for (let run = 0; run < runs; run++) {
        const bins = { one: published(count), two: published(0), three: published(count), four: published(0) };
        const found = consistentHistogram(bins, { contact: published(0), suspect: published(2 * count) }, law);
        const holds = (shown: Shown | undefined, exact: number): number =>
          shown !== undefined && shown.low <= exact && exact <= shown.high ? 1 : 0;
        const of = (estimates: typeof found.categories, name: string): Shown | undefined => {
          const estimate = estimates.get(name);
          return estimate && shownOf(estimate);
        };
        covered.figure += holds(shownOf(estimateOf(published(count), law)), count);
        covered.bin += holds(of(found.counterparts, "one"), count);
        covered.category += holds(of(found.categories, "suspect"), 2 * count);
        covered.rows += holds(shownOf(found.rows), 2 * count);
      }
      for (const [what, times] of Object.entries(covered)) expect(times / runs, what).toBeGreaterThanOrEqual(0.94);
    },
  );

  test("would not cover if suppressed figures counted five: two hundred pairs without a hit would show thousands", () => {
    const year = publishedYear(2026, [countedRound(partyIds(12), {}, () => 0, "none")], seeded("none"));
    const { whole } = matrixOf(regionalPicture([year]), {});
    expect(whole.low).toBe(0);
    const naive = year.hits[0]?.figures.reduce((all, { hits }) => all + (hits ?? 5), 0) ?? 0;
    expect(naive).toBeGreaterThan(2 * whole.high);
  });

  test("holds against a reader who subtracts two pictures: the difference is off by more oftener than one in twenty", () => {
    const round = countedRound(["AT", "HR", "SI"], {}, () => 500, "differencing");
    const random = seeded("differencing");
    const wholeOf = (change: number): Shown => {
      const hits = round.hits.map(({ pairing, counts }, at) => ({
        pairing,
        counts: { ...counts, high: counts.high + (at === 0 ? change : 0) },
      }));
      const published = releaseHits(round.descriptor, hits, random);
      const year: YearStatistics = {
        budget: { limit: "4/1", spent: "1/2" },
        hits: [{ ...published, field: "terrorism", ...PUBLISHED }],
        parties: [],
        year: 2026,
      };
      return matrixOf(regionalPicture([year]), {}).whole;
    };
    const runs = 2_000;
    let beyond = 0;
    for (let run = 0; run < runs; run++) {
      const [before, after] = [wholeOf(0), wholeOf(1)];
      if (Math.abs(after.counted - before.counted - 1) > after.bar) beyond++;
    }
    // The bar of a sum holds what suppression may do, too; that of one figure is passed twice as often, as release.test.ts has it.
    expect(beyond / runs).toBeGreaterThan(0.055);
  });
});

/** Rounds of two years have different ids. */
function renamed(published: YearStatistics, year: number): YearStatistics {
  const name = (round: string): string => `${year}-${round}`;
  return {
    ...published,
    year,
    hits: published.hits.map((each) => ({ ...each, round: name(each.round) })),
    parties: published.parties.map((each) => ({ ...each, round: name(each.round) })),
  };
}
