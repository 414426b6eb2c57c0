/**
 * The batch vectors of fixtures/vectors/batch.json, as bytes; its README says their shape.
 */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { z } from "zod";
import { BatchHeader } from "#engine/batch/header.ts";
import type { ExpectedBatch } from "#engine/batch/check.ts";
import { PROBLEM_CODES } from "#engine/errors.ts";
import { parseProfile, type Profile } from "#engine/profile.ts";

const Expected = z.strictObject({
  round: z.string(),
  t1: z.string(),
  from: z.string(),
  to: z.string(),
  profile: z.string(),
  keyId: z.string(),
  rowCount: z.number(),
});

const BatchVectors = z.strictObject({
  profile: z.unknown(),
  expected: Expected,
  header: BatchHeader,
  good: z.base64(),
  cases: z.array(
    z.strictObject({
      name: z.string(),
      expected: Expected.partial().optional(),
      splice: z.strictObject({ at: z.int(), remove: z.int(), insert: z.string() }).optional(),
      sha256: z.string(),
      expect: z.enum(["ok", ...PROBLEM_CODES]),
    }),
  ),
});

/** One batch, what it is said to be for, and the outcome: `ok` or a problem code. */
export type BatchVector = {
  readonly name: string;
  readonly bytes: Uint8Array;
  readonly expected: ExpectedBatch;
  readonly expect: string;
};

/** The good batch stands first among `cases`, and alone as `good`. */
export function loadBatchVectors(): {
  readonly profile: Profile;
  readonly header: BatchHeader;
  readonly expected: ExpectedBatch;
  readonly good: Uint8Array<ArrayBuffer>;
  readonly cases: readonly BatchVector[];
} {
  const { profile, expected, header, good, cases } = BatchVectors.parse(vectorFile("batch.json"));
  const goodBytes = new Uint8Array(Buffer.from(good, "base64"));
  return {
    profile: parseProfile(profile),
    header,
    expected,
    good: goodBytes,
    cases: cases.map(({ name, expected: other, splice, sha256, expect }) => {
      const bytes = splice === undefined ? goodBytes.slice() : spliced(goodBytes, splice);
      if (createHash("sha256").update(bytes).digest("base64url") !== sha256)
        throw new RangeError(`batch.json: case "${name}" was put together wrongly`);
      return { name, bytes, expected: { ...expected, ...definedOf(other) }, expect };
    }),
  };
}

/** @returns A file of fixtures/vectors, parsed. */
export function vectorFile(name: string): unknown {
  return JSON.parse(readFileSync(new URL(`../../../fixtures/vectors/${name}`, import.meta.url), "utf8"));
}

function spliced(
  good: Uint8Array,
  { at, remove, insert }: { readonly at: number; readonly remove: number; readonly insert: string },
): Uint8Array {
  // Copied once more, so that it does not lie in Buffer's pool at an odd offset.
  return new Uint8Array(
    Buffer.concat([good.subarray(0, at), Buffer.from(insert, "base64"), good.subarray(at + remove)]),
  );
}

/** Leaves out members that are `undefined`. */
function definedOf(members: z.infer<ReturnType<typeof Expected.partial>> | undefined): Partial<ExpectedBatch> {
  return Object.fromEntries(Object.entries(members ?? {}).filter(([, value]) => value !== undefined));
}
