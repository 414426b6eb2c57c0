/**
 * Benches `report` and `memory` as their user runs them.
 */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { z } from "zod";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const PICTURES = ["bandwidth", "cost-round", "cost-steps", "memory", "stages"];
const FILES = [...PICTURES.map((name) => `${name}.svg`), "lines.jsonl", "report.html"].sort();

let folder = "";
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "aquila-test-report-"));
});
afterAll(() => {
  rmSync(folder, { recursive: true });
});

function bench(...args: readonly string[]): { code: number | null; out: string; err: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, ["start.mjs", "bench/main.ts", ...args], {
    cwd: ROOT,
    env: { ...process.env, BENCH: "smoke" },
    encoding: "utf8",
  });
  return { code: status, out: stdout, err: stderr };
}

test("the report runs the benches and writes one page with every picture, and again the same from its own lines", () => {
  const first = join(folder, "first");
  expect(bench("report", "--out", first).code).toBe(0);
  expect(readdirSync(first).sort()).toEqual(FILES);
  const page = readFileSync(join(first, "report.html"), "utf8");
  expect(page.match(/<svg /g)).toHaveLength(PICTURES.length);
  expect(page).not.toMatch(/<script|<link|<img|@import|src=/);
  expect(page).toContain("<code>BENCH=smoke npm run -s bench -- round --json</code>");

  const again = join(folder, "again");
  expect(bench("report", "--out", again, "--from", join(first, "lines.jsonl"))).toMatchObject({ code: 0, err: "" });
  for (const file of FILES)
    expect(readFileSync(join(again, file), "utf8")).toBe(readFileSync(join(first, file), "utf8"));
});

test("seconds that grow as rows show an exponent of 1, and what was not measured has no picture", () => {
  const lines = [10_000, 100_000, 1_000_000].map((rows) => ({
    bench: "round",
    size: { parties: 2, rows, workers: 2, keys: 78 * rows, bytes: 970 * rows, matchPeakRssMb: 300 },
    keysPerSecond: 1e8,
    medianMs: rows / 500,
    machine: "a machine",
  }));
  const from = join(folder, "linear.jsonl");
  writeFileSync(from, lines.map((line) => `${JSON.stringify(line)}\n`).join(""));
  const out = join(folder, "linear");
  expect(bench("report", "--out", out, "--from", from).code).toBe(0);
  const page = readFileSync(join(out, "report.html"), "utf8");
  expect(page).toContain("time grows as size to the power of 1.00 (3 sizes, R² 1.000)");
  expect(page).toContain("date not recorded");
  expect(readdirSync(out)).not.toContain("bandwidth.svg");
});

test("lines that are none of a bench's are refused", () => {
  const from = join(folder, "wrong.jsonl");
  writeFileSync(from, `{"bench":"round"}\n`);
  expect(bench("report", "--out", join(folder, "wrong"), "--from", from)).toMatchObject({
    code: 1,
    err: "report: line 1 is not a line of a bench\n",
  });
});

test("bench memory prints the peak of the matching process for a size, with the same checksum in every run", () => {
  const Line = z.looseObject({
    bench: z.literal("memory"),
    size: z.looseObject({ rows: z.literal(1_000), matchPeakRssMb: z.int().positive() }),
    checksum: z.string().regex(/^[0-9a-f]{16}$/),
  });
  const checksums = [1, 2].map(() => Line.parse(JSON.parse(bench("memory", "--json").out)).checksum);
  expect(checksums[0]).toBe(checksums[1]);
});
