/**
 * Benches that are tests, and the soak, as their users run them, at smoke size.
 */
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { TRIALS } from "#bench/trials.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));

function bench(name: string): { code: number | null; lines: Record<string, unknown>[] } {
  const { status, stdout } = spawnSync(process.execPath, ["start.mjs", "bench/main.ts", name, "--json"], {
    cwd: ROOT,
    env: { ...process.env, BENCH: "smoke" },
    encoding: "utf8",
  });
  const lines = stdout
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as Record<string, unknown>);
  return { code: status, lines };
}

test("every trial names tests that are there", () => {
  for (const { files } of Object.values(TRIALS))
    for (const file of files) expect(existsSync(join(ROOT, file))).toBe(true);
});

test("a trial prints what its tests saw, and their number", () => {
  const { code, lines } = bench("access");
  expect(code).toBe(0);
  expect(lines).toMatchObject([
    { bench: "access", scale: "smoke", trial: "access", routes: expect.any(Number) as number },
    { bench: "access", failed: 0, skipped: 0 },
  ]);
  expect(lines[0]?.["refusedAsSpecified"]).toBeGreaterThan(100);
  expect(lines[1]?.["passed"]).toBeGreaterThan(100);
});

test("the soak answers every request, and says what memory it took", () => {
  const { code, lines } = bench("soak");
  expect(code).toBe(0);
  expect(lines).toMatchObject([{ bench: "soak", refused: 0, broken: 0 }]);
  for (const name of ["requests", "requestsPerSecond", "rssStartMb", "rssEndMb", "rssMostMb", "logEntries"])
    expect(lines[0]?.[name], name).toBeGreaterThan(0);
});
