/**
 * Benches `round` and `ingest` as their user runs them, at smoke size.
 */
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { z } from "zod";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));

const Line = z.object({
  bench: z.string(),
  size: z.record(z.string(), z.number().nullable()),
  bytesPerSecond: z.int().positive(),
  medianMs: z.number().positive(),
  checksum: z.string().regex(/^[0-9a-f]{16}$/),
});

function benchLine(name: string): z.infer<typeof Line> {
  const { status, stdout, stderr } = spawnSync(process.execPath, ["start.mjs", "bench/main.ts", name, "--json"], {
    cwd: ROOT,
    env: { ...process.env, BENCH: "smoke" },
    encoding: "utf8",
  });
  expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
  return Line.parse(JSON.parse(stdout));
}

test("bench round joins every key of both batches and finds every person whom both hold", () => {
  const { size } = benchLine("round");
  expect(size).toMatchObject({ parties: 2, rows: 1_000, candidatePairs: 50, hits: 50 });
  expect(size["keys"]).toBe(2 * 1_000 * (size["slots"] ?? NaN));
  expect(size["matchPeakRssMb"]).toBeGreaterThan(0);
});

test("bench ingest sends a whole batch, whose columns are the same in every run", () => {
  const [one, other] = [benchLine("ingest"), benchLine("ingest")];
  expect(one.size["bytes"]).toBeGreaterThan(400_000);
  expect(one.checksum).toBe(other.checksum);
});
