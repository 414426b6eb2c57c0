/**
 * Memory lent to chunks: never the same to two at once, never with another's bytes in it.
 */
import { expect, it } from "vitest";
import { CHUNK_BYTES } from "#engine/batch/layout.ts";
import { makeChunkMemory } from "#server/chunk-memory.ts";

it("is zero, whatever was in it before, and lent again", async () => {
  const lend = makeChunkMemory();
  const first = await lend(async (memory) => Promise.resolve(memory.fill(7)));
  const failed = lend(async (memory) => {
    memory.fill(8);
    return Promise.reject(new Error("cut off"));
  });
  await expect(failed).rejects.toThrow("cut off");
  const last = await lend(async (memory) => {
    expect(memory).toHaveLength(CHUNK_BYTES);
    expect(memory.some((byte) => byte !== 0)).toBe(false);
    return Promise.resolve(memory);
  });
  expect(last).toBe(first);
});

it("is another's for each that works at the same time, however many", async () => {
  const lend = makeChunkMemory();
  const gate = Promise.withResolvers<undefined>();
  const lent = new Set<Uint8Array>();
  const works = Array.from({ length: 12 }, () =>
    lend(async (memory) => {
      lent.add(memory);
      await gate.promise;
    }),
  );
  gate.resolve(undefined);
  await Promise.all(works);
  expect(lent.size).toBe(12);
});
