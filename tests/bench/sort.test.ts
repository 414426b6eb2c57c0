/**
 * Bench `sort` as its user runs it, at smoke size.
 */
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { z } from "zod";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));

const Line = z.strictObject({
  bench: z.literal("sort"),
  size: z.strictObject({ keys: z.literal(20_000), cellBytes: z.literal(12) }),
  keysPerSecond: z.int().positive(),
  medianMs: z.number().positive(),
  repeats: z.int().min(5),
  peakRssMb: z.int().positive(),
  checksum: z.string().regex(/^[0-9a-f]{16}$/),
  machine: z.string().min(1),
});

test("bench sort prints one JSON line whose checksum is the same in every run", () => {
  const checksums = [1, 2].map(() => {
    const { status, stdout, stderr } = spawnSync(process.execPath, ["start.mjs", "bench/main.ts", "sort", "--json"], {
      cwd: ROOT,
      env: { ...process.env, BENCH: "smoke" },
      encoding: "utf8",
    });
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
    return Line.parse(JSON.parse(stdout)).checksum;
  });
  expect(checksums[0]).toBe(checksums[1]);
});
