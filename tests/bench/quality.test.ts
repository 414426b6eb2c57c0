/**
 * Bench `quality` as its user runs it, at smoke size.
 */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, expect, test } from "vitest";
import { z } from "zod";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const PLOTS = mkdtempSync(join(tmpdir(), "aquila-plots-"));
afterAll(() => {
  rmSync(PLOTS, { recursive: true });
});

const Line = z.looseObject({
  bench: z.literal("quality"),
  measure: z.string(),
  dataSet: z.string(),
  checksum: z.string().regex(/^[0-9a-f]{16}$/),
});

function bench(...args: string[]): { code: number | null; out: string; err: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, ["start.mjs", "bench/main.ts", "quality", ...args], {
    cwd: ROOT,
    env: { ...process.env, BENCH: "smoke" },
    encoding: "utf8",
  });
  return { code: status, out: stdout, err: stderr };
}

/** Two runs of all there is, on a machine that others use too. */
const WHOLE_MS = 240_000;

test(
  "two runs give the same bytes: every measurement, the oracle's beside, and pictures",
  { timeout: WHOLE_MS },
  () => {
    const [first, second] = [1, 2].map(() => bench("--json", "--ablation", "--curve", "--plots", PLOTS));
    expect(first).toMatchObject({ code: 0, err: "" });
    expect(second?.out).toBe(first?.out);
    const lines = (first?.out ?? "")
      .trim()
      .split("\n")
      .map((line) => Line.parse(JSON.parse(line)));
    const measures = new Set(lines.map(({ measure }) => measure));
    const wanted = [
      "operating",
      "group",
      "group-check",
      "reliability",
      "band-check",
      "list-size",
      "ablation",
      "margin",
    ];
    for (const measure of [...wanted, "target", "run"]) expect(measures).toContain(measure);
    expect(new Set(lines.flatMap((line) => ("matcher" in line ? [line["matcher"]] : [])))).toEqual(
      new Set(["blind", "oracle"]),
    );
    const scripts = lines.flatMap((line) => (line["kind"] === "scripts" ? [line["group"]] : []));
    for (const pair of ["Cyrillic–Cyrillic", "Cyrillic–Latin", "Latin–Latin"]) expect(scripts).toContain(pair);
    expect(readdirSync(PLOTS).sort()).toEqual([
      "bridging.svg",
      "false-hits.svg",
      "precision-recall-fixtures.svg",
      "reliability.svg",
    ]);
    for (const file of readdirSync(PLOTS)) expect(readFileSync(join(PLOTS, file), "utf8")).not.toMatch(/NaN|Infinity/);
  },
);

test("says plainly what is not there, and prints lines for people", () => {
  const { code, out } = bench("--no-oracle", "--data", join(PLOTS, "nowhere"));
  expect(code).toBe(0);
  for (const name of ["see_synth", "febrl4 name\\+date", "fake_1000", "name_pairs"])
    expect(out).toMatch(new RegExp(`^missing +${name} +file `, "m"));
  expect(out).toMatch(/^operating +fixtures +matcher blind +.* f1 0\.\d{4} /m);
});

test("sizes alone are lists of these many records and nothing else", () => {
  const { code, out } = bench("--sizes", "200,300");
  expect(code).toBe(0);
  const dataSets = out
    .split("\n")
    .flatMap((line) => /^([a-z-]+) +(\S+ \S+)/.exec(line)?.slice(1, 3).join(" ") ?? [])
    .filter((name) => /^(list-size|recall|forecast) /.test(name));
  expect(dataSets).toEqual(
    ["fixtures 200", "fixtures 300"].flatMap((name) => ["list-size", "recall", "forecast"].map((m) => `${m} ${name}`)),
  );
  expect(out).not.toMatch(/^operating/m);
});

test.each(["--yaml", "--sizes=0", "--sizes=many"])("refuses %s", (option) => {
  expect(bench(option).code).toBe(64);
});
