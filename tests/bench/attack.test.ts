/**
 * The attacks as a gate, at smoke size: none finds more than it may, and each succeeds on its control.
 */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it, test } from "vitest";
import { ATTACKS } from "#bench/attack.ts";
import { holds } from "#bench/attack/finding.ts";
import type { FindingLine } from "#bench/attack/report.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
/** Its figures are times, on which no test depends. */
const TIMED = ["timing"];
const GATE = ATTACKS.map(({ name }) => name).filter((name) => !TIMED.includes(name));

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "aquila-test-attack-"));
});
afterAll(() => {
  rmSync(folder, { recursive: true });
});

function bench(...args: readonly string[]): { code: number | null; out: string; err: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, ["start.mjs", "bench/main.ts", "attack", ...args], {
    cwd: ROOT,
    env: { ...process.env, BENCH: "smoke" },
    encoding: "utf8",
  });
  return { code: status, out: stdout, err: stderr };
}

it.each(GATE)("%s finds no more than it may, and succeeds on its control", { timeout: 600_000 }, (name) => {
  const out = join(folder, name);
  const { code, err, out: printed } = bench(name, "--json", "--out", out);
  const lines = readFileSync(join(out, "attack.jsonl"), "utf8")
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as FindingLine);
  expect(lines.filter((line) => !line.holds)).toEqual([]);
  expect({ code, err }).toEqual({ code: 0, err: "" });
  expect(printed.trimEnd().split("\n")).toHaveLength(lines.length);
  for (const against of ["ours", "control"]) expect(lines.map((line) => line.against)).toContain(against);
  expect(readFileSync(join(out, "attack.md"), "utf8").match(/^\| [a-z-]+ \|/gm)).toHaveLength(lines.length + 1);
  expect(readFileSync(join(out, "attack.svg"), "utf8")).toMatch(/^<svg [^]*<\/svg>\n$/);
});

describe("a finding", () => {
  const finding = { variant: "", against: "ours", measure: "", figure: 0.5 } as const;
  it("holds up to the most that ours may show, and above what a control has to", () => {
    expect(holds(finding), "told, not judged").toBe(true);
    expect(holds({ ...finding, most: 0.5 })).toBe(true);
    expect(holds({ ...finding, most: 0.49 })).toBe(false);
    expect(holds({ ...finding, above: 0.5 })).toBe(false);
    expect(holds({ ...finding, above: 0.49 })).toBe(true);
    expect(holds({ ...finding, figure: Number.NaN, most: 1 }), "no figure").toBe(false);
  });
});

test("an attack that is not there, or a seed that is none, is refused", () => {
  expect(bench("nothing")).toMatchObject({ code: 64, out: "" });
  expect(bench("--seed", "-1").code).toBe(64);
  expect(bench("--seed=x").code).toBe(64);
});
