/**
 * Handles of rows, wherever chunks end.
 */
import fc from "fast-check";
import { expect, test } from "vitest";
import { HANDLE_BYTES } from "#engine/batch/layout.ts";
import { handlesOf } from "#server/workers/handles.ts";
import { chunkedBytes } from "./columns.ts";

test("rows in any order, some of them twice, get their own handles", async () => {
  const row = fc.nat(29);
  const words = fc.array(fc.nat(0xffff_ffff), { minLength: 140, maxLength: 140 });
  await fc.assert(
    fc.asyncProperty(
      words,
      fc.array(row),
      fc.nat(20),
      fc.integer({ min: 1, max: 50 }),
      async (all, rows, before, chunkWords) => {
        const stored = Uint32Array.from(all);
        const handles = await handlesOf(chunkedBytes(stored, chunkWords), 4 * before, rows);
        expect(handles).toEqual(
          rows.map((each) =>
            Buffer.from(stored.buffer, 4 * before + each * HANDLE_BYTES, HANDLE_BYTES).toString("base64url"),
          ),
        );
      },
    ),
  );
});
