/**
 * Certainty bands and their edges.
 */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { BANDS, bandOf, reaches } from "#engine/match/band.ts";
import { EXAMPLE } from "./example.ts";

describe("bandOf", () => {
  test("starts each band at its bound, the bound included", () => {
    expect(bandOf(EXAMPLE, 1)).toBe("high");
    expect(bandOf(EXAMPLE, 0.95)).toBe("high");
    expect(bandOf(EXAMPLE, 0.95 - 2 ** -50)).toBe("medium");
    expect(bandOf(EXAMPLE, 0.6)).toBe("medium");
    expect(bandOf(EXAMPLE, 0.6 - 2 ** -50)).toBe("low");
    expect(bandOf(EXAMPLE, 0.15)).toBe("low");
    expect(bandOf(EXAMPLE, 0.15 - 2 ** -50)).toBe("none");
    expect(bandOf(EXAMPLE, 0)).toBe("none");
  });

  test("never falls as the probability rises", () => {
    const probability = fc.double({ min: 0, max: 1, noNaN: true });
    fc.assert(
      fc.property(probability, probability, (one, other) => {
        const [low, high] = [Math.min(one, other), Math.max(one, other)];
        expect(reaches(bandOf(EXAMPLE, high), bandOf(EXAMPLE, low))).toBe(true);
      }),
    );
  });
});

describe("reaches", () => {
  test("orders the bands from high to none", () => {
    const table = BANDS.map((band) => BANDS.map((lowest) => reaches(band, lowest)));
    expect(table).toEqual([
      [true, true, true, true],
      [false, true, true, true],
      [false, false, true, true],
      [false, false, false, true],
    ]);
  });
});
