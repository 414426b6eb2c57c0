/**
 * Validation piece by piece against validation of the whole.
 */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { checkBatch } from "#engine/batch/check.ts";
import { outcome } from "./outcome.ts";
import { loadBatchVectors } from "./vectors.ts";

const vectors = loadBatchVectors();
const { profile, good, expected } = vectors;
/** Longer than any vector's header, a multiple of 8. */
const FIRST_PIECE = 512;

/** @param sizes - Of the pieces after the first, in units of 8 bytes; taken round and round. */
function feedInPieces(bytes: Uint8Array, wanted: typeof expected, sizes: readonly number[]): void {
  const check = checkBatch(profile, wanted, bytes.length);
  let at = 0;
  for (let piece = -1; at < bytes.length || piece === -1; piece++) {
    const length = piece === -1 ? FIRST_PIECE : 8 * (sizes[piece % sizes.length] as number);
    check.feed(bytes.slice(at, at + length));
    at += length;
  }
  check.finish();
}

describe("a batch fed in pieces", () => {
  test.each(vectors.cases)("$name → $expect, whatever the pieces", ({ bytes, expected: wanted, expect: code }) => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 200 }), { minLength: 1, maxLength: 9 }), (sizes) => {
        expect(
          outcome(() => {
            feedInPieces(bytes, wanted, sizes);
          }),
        ).toBe(code);
      }),
      { numRuns: 20 },
    );
  });

  test("of which some are missing is truncated", () => {
    const check = checkBatch(profile, expected, good.length);
    check.feed(good.slice(0, FIRST_PIECE));
    expect(outcome(() => check.finish())).toBe("batch-truncated");
  });

  test("is refused at the first piece that is wrong, not at the end", () => {
    const check = checkBatch(profile, { ...expected, keyId: "A".repeat(22) }, good.length);
    expect(
      outcome(() => {
        check.feed(good.slice(0, FIRST_PIECE));
      }),
    ).toBe("batch-key-mismatch");
  });
});
