/**
 * Commands that read lists, as a party meets them: `check`, `link`, `evaluate`, `encode`.
 */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "csv-parse/sync";
import { stringify } from "csv-stringify/sync";
import { beforeEach, describe, expect, test } from "vitest";
import { z } from "zod";
import { Coverage } from "#client/console/shapes.ts";
import { LIST_FIELDS, PERSON_FIELDS } from "#engine/encode/person.ts";
import { SHIPPED_PROFILE } from "#engine/shipped-profile.ts";
import { SMALL, smallRecords, smallTruth } from "../encoded-lists.ts";
import { temporaryFolder } from "../folders.ts";
import { runAquila, type Outcome } from "./command-line.ts";

const AT = join(SMALL, "AT.jsonl");
const HR = join(SMALL, "HR.jsonl");

let folder = "";
beforeEach(() => {
  folder = temporaryFolder();
});

function aquila(...args: readonly string[]): Promise<Outcome> {
  return runAquila(folder, args);
}

function file(name: string, content: string | Uint8Array): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

/** The records as CSV with these headers for the fields. */
function csvOf(party: string, delimiter = ",", headerOf = (field: string): string => field): string {
  const rows = smallRecords(party).map((record) =>
    PERSON_FIELDS.map((field) => (LIST_FIELDS.has(field) ? [record[field]].flat().join("|") : record[field])),
  );
  return stringify([PERSON_FIELDS.map(headerOf), ...rows], { delimiter });
}

async function check(...args: readonly string[]): Promise<CheckReport> {
  const { exitCode, stdout, stderr } = await aquila("check", ...args, "--json");
  expect(`${exitCode} ${stderr}`).toBe("0 ");
  return CheckReport.parse(JSON.parse(stdout));
}

const CheckReport = z.strictObject({
  records: z.int(),
  refused: z.int(),
  refusals: z.array(z.string()),
  rows: z.int(),
  merged: z.array(z.array(z.string()).min(2)),
  thin: z.array(z.string()),
  silenced: z.array(z.string()),
  silencing: z.array(z.strictObject({ refA: z.string(), refB: z.string(), ruleCount: z.int().min(2) })),
  missingFacts: Coverage.shape.missingFacts,
  surplusCells: z.int(),
  otherScripts: z.int(),
  rules: z.array(z.strictObject({ rule: z.string(), cells: z.int(), unique: z.int() })),
  classes: z.array(z.strictObject({ facts: z.array(z.string()), rows: z.int() })),
});
type CheckReport = z.infer<typeof CheckReport>;

describe("link", () => {
  test("writes every candidate pair, highest weight first, and says how many", async () => {
    const { exitCode, stdout, stderr } = await aquila("link", AT, HR, "--out", "pairs.csv", "--json");
    expect(`${exitCode} ${stderr}`).toBe("0 ");
    const text = readFileSync(join(folder, "pairs.csv"), "utf8");
    expect(text.split("\n")[0]).toBe("ref_a,ref_b,weight_bits,probability,band");
    const rows: string[][] = parse(text, { from_line: 2 });
    const weights = rows.map((row) => Number(row[2]));
    expect(weights.toSorted((one, other) => other - one)).toEqual(weights);
    for (const [refA, refB, weight, probability, band] of rows) {
      expect(`${refA ?? ""} ${refB ?? ""}`).toMatch(/^AT-\d{6} HR-\d{6}$/);
      expect(`${weight ?? ""} ${probability ?? ""}`).toMatch(/^-?\d+\.\d{6} [01]\.\d{6}$/);
      expect(["high", "medium", "low", "none"]).toContain(band);
    }
    const count = (wanted: string): number => rows.filter((row) => row[4] === wanted).length;
    expect(JSON.parse(stdout)).toMatchObject({
      recordsA: 300,
      recordsB: 300,
      refused: 0,
      candidatePairs: rows.length,
      high: count("high"),
      medium: count("medium"),
      low: count("low"),
      none: count("none"),
      out: "pairs.csv",
    });
    expect(count("high")).toBeGreaterThan(30);
  });

  test("gives the same file again, and the same from CSV", async () => {
    const runs = [
      [AT, HR],
      [AT, HR],
      [file("at.csv", csvOf("AT")), file("hr.csv", csvOf("HR"))],
    ];
    const texts: string[] = [];
    for (const [at, run] of runs.entries()) {
      const { exitCode, stderr } = await aquila("link", ...run, "--out", `pairs-${at}.csv`);
      expect(`${exitCode} ${stderr}`).toBe("0 ");
      texts.push(readFileSync(join(folder, `pairs-${at}.csv`), "utf8"));
    }
    expect(new Set(texts).size).toBe(1);
  });

  test("tells people counts, bands and bridging rows", async () => {
    const { stdout } = await aquila("link", AT, HR, "--out", "pairs.csv");
    expect(stdout).toMatch(/^300 and 300 records \(\d+ and \d+ own duplicates merged, 0 refused\)$/m);
    expect(stdout).toMatch(/^\d+ candidate pairs: high \d+, medium \d+, low \d+, none \d+$/m);
    expect(stdout).toMatch(/^\d+ of \d+ rows bridge \(\d+\.\d\d %\)$/m);
  });
});

describe("one bad line in a thousand", () => {
  const lines = Array.from({ length: 1000 }, (_, at) =>
    JSON.stringify({
      rec_id: `R${at}`,
      family_name: "Petrov",
      given_name: "Ivan",
      dob: at === 499 ? "Qwertz" : "1980",
    }),
  ).join("\n");

  test("is told with line, field and reason, and the rest is taken", async () => {
    const path = file("list.jsonl", lines);
    const { exitCode, stdout, stderr } = await aquila("check", path, "--json");
    expect(exitCode).toBe(0);
    expect(stderr).toBe(
      `${path}: line 500: dob: not a date (write YYYY-MM-DD, YYYY-MM or YYYY)\n${path}: 1 records refused, the others taken\n`,
    );
    expect(JSON.parse(stdout)).toMatchObject({
      records: 999,
      refused: 1,
      refusals: [expect.stringContaining("line 500: dob")],
    });
    expect(stdout + stderr).not.toContain("Qwertz");
  });

  test("stops under --strict with exit code 3, and nothing is written", async () => {
    const path = file("list.jsonl", lines);
    const { exitCode, stdout, stderr } = await aquila("link", HR, path, "--strict", "--out", "pairs.csv", "--json");
    expect(exitCode).toBe(3);
    expect(stderr).toContain("aquila: record-invalid: line 500: dob: not a date");
    expect(JSON.parse(stdout)).toMatchObject({ code: "record-invalid", type: "urn:aquila:problem:record-invalid" });
    expect(existsSync(join(folder, "pairs.csv"))).toBe(false);
  });

  test("is one of the first twenty shown of many, all of them counted", async () => {
    const path = file("list.jsonl", `${lines}\n${"{}\n".repeat(50)}`);
    const { stderr } = await aquila("check", path);
    expect(stderr.trimEnd().split("\n")).toHaveLength(21);
    expect(stderr).toContain("51 records refused, the others taken");
  });
});

describe("lists that cannot be read", () => {
  const cp1250 = Buffer.from([...Buffer.from("rec_id,family_name\n1,Kova"), 0xe8, 0x65, 0x76, 0x69, 0xe6, 0x0a]);
  test.each([
    ["an empty file", "empty.jsonl", "", [], "list-empty"],
    ["a header alone", "header.csv", "rec_id,family_name\n", [], "list-empty"],
    ["an unknown CSV header", "list.csv", "rec_id,surname\n1,Petrov\n", [], "list-header-unknown: column 2"],
    ["another delimiter", "list.csv", "rec_id;family_name\n1;Petrov\n", [], "list-header-unknown: column 1"],
    ["another encoding", "list.csv", cp1250, [], "list-encoding-invalid: at or after line"],
    [
      "UTF-8 said to be Windows-1250",
      "list.csv",
      "rec_id,family_name\n1,Kovačević\n",
      ["--encoding", "windows-1250"],
      "list-encoding-invalid: the file is valid UTF-8",
    ],
    ["UTF-16", "list.csv", Buffer.from("\uFEFFrec_id,family_name\n1,Petrov\n", "utf16le"), [], "list-encoding-invalid"],
    ["a quote left open", "list.csv", 'rec_id,family_name\n1,"Petrov\n', [], "list-malformed: line"],
    [
      "a map that is no JSON",
      "list.csv",
      "rec_id\n1\n",
      ["--map", "list.csv"],
      "list-header-unknown: list.csv is not JSON",
    ],
  ])("%s: exit code 3 and why", async (_, name, content, options, reason) => {
    file(name, content);
    const { exitCode, stdout, stderr } = await aquila("check", name, ...options);
    expect([exitCode, stdout]).toEqual([3, ""]);
    expect(stderr).toMatch(/^aquila: [a-z-]+: .*\n$/);
    expect(stderr).toContain(reason);
    expect(stderr).not.toMatch(/Petrov|Kova|surname/);
  });

  test("a file that is not there: exit code 3", async () => {
    const { exitCode, stderr } = await aquila("check", "none.jsonl");
    expect([exitCode, stderr]).toEqual([3, "aquila: file-unreadable: cannot read none.jsonl\n"]);
  });

  test.each([
    ["--encoding", "utf-16"],
    ["--delimiter", ";;"],
    ["--counterpart-records", "0"],
    ["--nonsense", "1"],
  ])("a wrong option %s %s: exit code 2", async (option, value) => {
    expect((await aquila("check", HR, option, value)).exitCode).toBe(2);
  });

  test("a map to an unknown field: exit code 3", async () => {
    file("map.json", '{"surname":"last_name"}');
    file("list.csv", "rec_id,surname\n1,Petrov\n");
    const { exitCode, stderr } = await aquila("check", "list.csv", "--map", "map.json");
    expect([exitCode, stderr]).toEqual([
      3,
      expect.stringContaining("list-header-unknown: map.json has another shape at surname"),
    ]);
  });
});

describe("lists as exports are", () => {
  test("other headers, delimiter and encoding give what the plain list gives", async () => {
    const plain = await check(HR);
    const headerOf = (field: string): string =>
      field === "family_name" ? "Prezime" : field === "case_ref" ? "Bilješka" : field;
    file("map.json", JSON.stringify({ Prezime: "family_name", Bilješka: "case_ref" }));
    file("list.csv", csvOf("HR", ";", headerOf));
    expect(await check("list.csv", "--map", "map.json", "--delimiter", ";")).toEqual(plain);
    file("tabs.CSV", csvOf("HR", "\t"));
    expect(await check("tabs.CSV", "--delimiter", "\\t")).toEqual(plain);
  });

  test("a Windows-1251 list gives what the same list in UTF-8 gives", async () => {
    const text = "rec_id,family_name,given_name,dob\n1,Петров,Иван,1980-02-03\n2,Иванова,Мария,1975-11-30\n";
    // Cyrillic letters without exceptions lie in one run.
    const bytes = Uint8Array.from(text, (letter) => {
      const code = letter.codePointAt(0) ?? 0;
      return code < 0x80 ? code : code - 0x410 + 0xc0;
    });
    file("utf8.csv", text);
    file("cp1251.csv", bytes);
    expect(await check("cp1251.csv", "--encoding", "windows-1251")).toEqual(await check("utf8.csv"));
  });

  test("columns mapped to null are left out, columns mapped to one field joined", async () => {
    file("map.json", '{"surname":"family_name","no":"address_street","street":"address_street","soundex":null}');
    file("list.csv", "rec_id,surname,no,street,soundex\n1,Petrov,12,Ilica,P361\n");
    const report = await check("list.csv", "--map", "map.json");
    expect(report.rules.find(({ rule }) => rule === "street-name")?.cells).toBe(1);
  });
});

describe("check", () => {
  test("reports rows, classes, rules and what cannot be found", async () => {
    const report = await check(HR);
    expect([report.records, report.refused]).toEqual([300, 0]);
    expect(report.records - report.rows).toBe(report.merged.reduce((sum, refs) => sum + refs.length - 1, 0));
    expect(report.rules.map(({ rule }) => rule)).toEqual(SHIPPED_PROFILE.rules.map(({ id }) => id));
    expect(report.classes.reduce((sum, { rows }) => sum + rows, 0)).toBe(report.rows);
    for (const { rows } of report.classes) expect(rows === 0 || rows >= 20).toBe(true);
    const refs = new Set(smallRecords("HR").map(({ rec_id }) => rec_id));
    for (const ref of [...report.thin, ...report.silenced, ...report.merged.flat()]) expect(refs.has(ref)).toBe(true);
  });

  test("hides more records when the counterpart's list is larger", async () => {
    const [small, large] = [await check(HR), await check(HR, "--counterpart-records", "10000000")];
    const hidden = ({ thin, silenced }: CheckReport): number => thin.length + silenced.length;
    expect(hidden(large)).toBeGreaterThan(hidden(small));
  });

  test("tells people the same in words", async () => {
    const { exitCode, stdout } = await aquila("check", HR);
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(/^300 records taken, 0 refused, \d+ rows after merging own duplicates$/m);
    expect(stdout).toMatch(/^too thin to be found .*: \d+$/m);
    expect(stdout).toMatch(/^ {2}token-date +\d+ +\d+$/m);
  });
});

describe("evaluate", () => {
  const pairs = "ref_a,ref_b,weight_bits,probability,band\na1,b1,9,.9,high\na2,b9,8,.9,high\na3,b3,7,.5,low\n";
  const truth = "rec_a,rec_b,note\na1,b1,x\na3,b3,\na4,b4,\n";

  test("prints the figures", async () => {
    file("pairs.csv", pairs);
    file("truth.csv", truth);
    const { exitCode, stdout } = await aquila("evaluate", "pairs.csv", "truth.csv");
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(/^true pairs +3$/m);
    expect(stdout).toMatch(/^best threshold +F1 0\.6667 +recall 0\.6667 +precision 0\.6667 +from 7\.000 bits$/m);
    expect(stdout).toMatch(/^at precision >= \.95 +recall 0\.3333 +precision 1\.0000/m);
    expect(stdout).toMatch(/^band high +2 pairs, 1 true$/m);
    const { stdout: json } = await aquila("evaluate", "pairs.csv", "truth.csv", "--json");
    expect(JSON.parse(json)).toMatchObject({
      truePairs: 3,
      candidatePairs: 3,
      best: { thresholdBits: 7 },
      bridgingRefs: 0,
    });
  });

  test("takes what link writes", async () => {
    await aquila("link", AT, HR, "--out", "pairs.csv");
    file("truth.csv", stringify([["rec_a", "rec_b"], ...smallTruth("AT", "HR")]));
    const { stdout } = await aquila("evaluate", "pairs.csv", "truth.csv", "--json");
    const figures = z
      .looseObject({ best: z.looseObject({ f1: z.number() }), truePairs: z.int() })
      .parse(JSON.parse(stdout));
    expect(figures.truePairs).toBe(smallTruth("AT", "HR").length);
    expect(figures.best.f1).toBeGreaterThan(0.7);
  });

  test.each([
    ["no weight", "ref_a,ref_b,band\na1,b1,high\n", truth, "list-header-unknown"],
    ["a weight that is no number", pairs.replace(",8,", ",x,"), truth, "line 3: weight_bits is not a number"],
    ["a pair twice", `${pairs}a1,b1,3,.1,none\n`, truth, "line 5: a pair that occurs earlier"],
    ["truth of one column", pairs, "rec_a\na1\n", "needs a header and at least two columns"],
    ["an empty truth", pairs, "", "needs a header and at least two columns"],
  ])("refuses %s with exit code 3", async (_, pairsText, truthText, reason) => {
    file("pairs.csv", pairsText);
    file("truth.csv", truthText);
    const { exitCode, stderr } = await aquila("evaluate", "pairs.csv", "truth.csv");
    expect([exitCode, stderr]).toEqual([3, expect.stringContaining(reason)]);
  });
});

test("encode needs a round whose keys are agreed", async () => {
  await aquila("key", "make", "--party", "HR", "--vault", "hr");
  const { exitCode, stderr } = await aquila("round", "encode", HR, "--vault", "hr", "--round", "2026-4");
  expect([exitCode, stderr]).toEqual([3, expect.stringContaining("round-state")]);
});
