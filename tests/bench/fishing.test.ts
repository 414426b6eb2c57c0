/**
 * `npm run bench -- fishing` at smoke size against counts made another way: the same lists as files, `aquila link` over them,
 * its pairs held against the truth one by one.
 */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parse } from "csv-parse/sync";
import { afterAll, beforeAll, expect, test } from "vitest";
import { z } from "zod";
import { generateRecords, generateTruth } from "#fixtures/people.ts";
import { fishersList, fishingOptions } from "../../bench/fishing.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const OPTIONS = fishingOptions("smoke");
const Size = z.strictObject({
  percent: z.number(),
  guesses: z.int(),
  heldByTarget: z.int(),
  guessesWithHit: z.int(),
  ofTheseTrue: z.int(),
  percentOfUsualRate: z.int(),
});
type Size = z.infer<typeof Size>;
const Pairs = z.array(
  z.looseObject({ ref_a: z.string(), ref_b: z.string(), weight_bits: z.string(), band: z.string() }),
);

let folder = "";
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "aquila-fishing-"));
});
afterAll(() => {
  rmSync(folder, { recursive: true });
});

function run(...args: readonly string[]): string {
  const env = { ...process.env, BENCH: "smoke" };
  const { status, stdout, stderr } = spawnSync(process.execPath, ["start.mjs", ...args], {
    cwd: ROOT,
    env,
    encoding: "utf8",
  });
  expect(status, stderr).toBe(0);
  return stdout;
}

/** Every record of the fixtures by its reference, as a list's line. */
const lines = new Map(
  OPTIONS.parties.flatMap((party) =>
    [...generateRecords(OPTIONS, party)].map((record) => [record.rec_id, JSON.stringify(record)] as const),
  ),
);
const peopleByRef = new Map(
  [...generateTruth(OPTIONS)].flatMap(({ person, refs }) => refs.map(({ rec_id }) => [rec_id, person] as const)),
);

function fileOf(name: string, refs: readonly string[]): string {
  const path = join(folder, name);
  writeFileSync(path, refs.map((ref) => `${lines.get(ref)}\n`).join(""));
  return path;
}

/** @returns Released pairs of references, and of how many pairs of rows. */
function linked(share: number): { pairs: z.infer<typeof Pairs>; rowPairs: number; rows: number } {
  const target = [...generateRecords(OPTIONS, "HR")].map(({ rec_id }) => rec_id);
  const { list } = fishersList(OPTIONS, share);
  const out = join(folder, `${share}.csv`);
  const refs = list.map(({ rec_id }) => rec_id);
  const said = run(
    "client/main.ts",
    "link",
    fileOf("own.jsonl", refs),
    fileOf("target.jsonl", target),
    "--out",
    out,
    "--json",
  );
  const { recordsA, mergedA } = z.looseObject({ recordsA: z.int(), mergedA: z.int() }).parse(JSON.parse(said));
  const all: unknown = parse(readFileSync(out, "utf8"), { columns: true });
  const pairs = Pairs.parse(all).filter(({ band }) => band !== "none");
  return { pairs, rowPairs: rowPairsIn(pairs), rows: recordsA - mergedA };
}

/** References that are one merged row have the same partners at the same weights; here no two rows do. */
function rowPairsIn(pairs: z.infer<typeof Pairs>): number {
  const partnersOf = (own: "ref_a" | "ref_b", other: "ref_a" | "ref_b"): Map<string, string> => {
    const partners = new Map<string, string[]>();
    for (const pair of pairs)
      partners.set(pair[own], [...(partners.get(pair[own]) ?? []), `${pair[other]} ${pair.weight_bits}`]);
    return new Map([...partners].map(([ref, found]) => [ref, found.sort().join()]));
  };
  const [partnersOfA, partnersOfB] = [partnersOf("ref_a", "ref_b"), partnersOf("ref_b", "ref_a")];
  return new Set(pairs.map(({ ref_a: a, ref_b: b }) => `${partnersOfA.get(a)} | ${partnersOfB.get(b)}`)).size;
}

test("its counts are those of the lists linked as files", () => {
  const printed = run("bench/main.ts", "fishing", "--json").trim().split("\n");
  const sizes = printed.map((line) => z.looseObject({ size: Size }).parse(JSON.parse(line)).size);
  expect(sizes.map(({ percent }) => percent)).toEqual([0, 1, 5, 100]);
  const usual = linked(0);
  for (const size of sizes.filter(({ percent }) => percent >= 5)) {
    const share = size.percent / 100;
    const guesses = new Set(fishersList(OPTIONS, share).guesses.map(({ rec_id }) => rec_id));
    const { pairs, rowPairs, rows } = linked(share);
    const ofTarget = [...peopleByRef].filter(([ref]) => ref.startsWith("HR-")).map(([, person]) => person);
    const onGuesses = pairs.filter(({ ref_a: ref }) => guesses.has(ref));
    const isTrue = ({ ref_a: a, ref_b: b }: (typeof pairs)[number]): boolean =>
      peopleByRef.has(a) && peopleByRef.get(a) === peopleByRef.get(b);
    const counted: Size = {
      percent: size.percent,
      guesses: Math.round(OPTIONS.recordsPerParty * share),
      heldByTarget: [...guesses].filter((ref) => ofTarget.includes(peopleByRef.get(ref) ?? "")).length,
      guessesWithHit: new Set(onGuesses.map(({ ref_a: ref }) => ref)).size,
      ofTheseTrue: new Set(onGuesses.filter(isTrue).map(({ ref_a: ref }) => ref)).size,
      percentOfUsualRate: Math.round((100 * rowPairs * usual.rows) / (rows * usual.rowPairs)),
    };
    expect(size).toEqual(counted);
  }
  // Not all zeros.
  const [last] = sizes.slice(-1);
  expect(last?.ofTheseTrue).toBeGreaterThan(10);
  expect(last?.ofTheseTrue).toBeLessThanOrEqual(last?.heldByTarget ?? 0);
});

test("the fisher's guesses are of neither its own list nor the target's", () => {
  const { guesses, list } = fishersList(OPTIONS, 0.05);
  expect(list).toHaveLength(OPTIONS.recordsPerParty);
  expect(new Set(list.map(({ rec_id }) => rec_id)).size).toBe(list.length);
  expect(guesses.map(({ party }) => party)).not.toContain("AT");
  expect(guesses.map(({ party }) => party)).not.toContain("HR");
  expect(list.slice(guesses.length).every(({ party }) => party === "AT")).toBe(true);
});
