/**
 * Bench `encode` as its user runs it, at smoke size.
 */
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { z } from "zod";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));

const Line = z.looseObject({
  bench: z.literal("encode"),
  size: z.record(z.string(), z.number().positive()),
  medianMs: z.number().positive(),
  checksum: z.string().regex(/^[0-9a-f]{16}$/),
});

test("prints lines for cells, list and pairing, on one core and on two workers, and for a file, with the same checksums in every run", () => {
  const runs = [1, 2].map(() => {
    const { stdout, stderr } = spawnSync(process.execPath, ["start.mjs", "bench/main.ts", "encode", "--json"], {
      cwd: ROOT,
      env: { ...process.env, BENCH: "smoke" },
      encoding: "utf8",
    });
    expect(stderr).toBe("");
    return stdout
      .trim()
      .split("\n")
      .map((line) => Line.parse(JSON.parse(line)));
  });
  const [first = [], second = []] = runs;
  expect(first.map(({ checksum }) => checksum)).toEqual(second.map(({ checksum }) => checksum));
  const rates = [
    "recordsPerSecond",
    "listRecordsPerSecond",
    "pairingRowsPerSecond",
    "recordsPerSecond",
    "recordsPerSecond",
    "pairingRowsPerSecond",
    "pairingRowsPerSecond",
    "fileRecordsPerSecond",
  ];
  expect(first).toHaveLength(rates.length);
  first.forEach((line, at) => {
    expect(line[rates[at] ?? ""]).toBeGreaterThan(0);
  });
});
