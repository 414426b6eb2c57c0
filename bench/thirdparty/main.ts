/**
 * `npm run -s bench:thirdparty -- [options]`: Aquila and its rivals side by side on the same generated people and keys.
 * Writes lines.jsonl and report.md. Exit codes: 0 measured, also when a rival's tools are missing and it was left out; 1 a
 * system failed or found something wrong; 64 wrong usage.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { Command, CommanderError, InvalidArgumentError } from "commander";
import { machine } from "../measurement.ts";
import { tried } from "./child.ts";
import { findModules, findPython, type Found } from "./environment.ts";
import { measureIntersection, measureJoins, writeKeys } from "./key-measures.ts";
import { lineText, type MeasuredLine, type System, type ThirdpartyLine } from "./line.ts";
import { compareByAnonlink, linkByAnonlink, linkByAquila, linkByRound, linkBySplink } from "./linkage.ts";
import { generatePeople, preparedPeople, type People } from "./people.ts";
import { projectAllPairs, projectLinear } from "./projection.ts";
import { reportText } from "./report.ts";

const RIVALS = ["anonlink", "splink", "duckdb", "psi"] as const;
type Rival = (typeof RIVALS)[number];
const SYSTEM_OF: Record<Rival, System> = { anonlink: "anonlink", splink: "splink", duckdb: "duckdb", psi: "psi.js" };
const MAX_PSI_ROWS = 10_000;
const PROJECTED_RECORDS = 1_000_000;

type Options = {
  readonly rivals: readonly Rival[];
  readonly records: readonly number[];
  readonly pairings: readonly (readonly [string, string])[];
  readonly keys: readonly number[];
  readonly data?: string;
  readonly long: boolean;
  readonly json: boolean;
  readonly out: string;
};

function optionsOf(argv: readonly string[]): Options {
  return new Command("bench:thirdparty")
    .description("Aquila and its rivals side by side; needs Python 3.11 and a package registry for the rivals.")
    .option("--rivals <names>", `of ${RIVALS.join(", ")}`, rivalList, [...RIVALS])
    .option("--records <counts>", "records of each list", countList, [10_000])
    .option("--pairings <pairs>", "pairs of parties; all but the first at the first size only", pairingList, [
      ["HR", "SI"],
      ["RS", "BG"],
    ])
    .option("--keys <counts>", "keys of each column", countList, [1_000_000])
    .option("--data <folder>", "see_synth and FEBRL 4 too, from a folder of prepared lists")
    .option("--long", "wait for psi.js at every size of the lists, too, instead of projecting it", false)
    .option("--json", "print lines only", false)
    .option("--out <folder>", "where lines.jsonl and report.md go", join("bench", "results", "thirdparty"))
    .exitOverride()
    .parse(argv)
    .opts<Options>();
}

/** Lines in the order in which they are measured. */
async function* measureAll(options: Options, folder: string): AsyncGenerator<ThirdpartyLine> {
  const say = (text: string): void => {
    console.error(`bench:thirdparty: ${text}`);
  };
  const wanted = new Set(options.rivals);
  const python = wanted.size > Number(wanted.has("psi")) ? findPython(say) : undefined;
  const modules = wanted.has("psi") ? findModules(say) : undefined;
  for (const rival of wanted) {
    const tools = rival === "psi" ? modules : python;
    if (tools === undefined || !("missing" in tools)) continue;
    yield { system: SYSTEM_OF[rival], skipped: tools.missing };
    wanted.delete(rival);
  }
  const pythonPath = pathOf(python);
  for (const rows of options.keys) {
    say(`join of ${rows} keys a side`);
    const keys = writeKeys(rows, join(folder, `keys-${rows}`));
    yield* measureJoins(keys, wanted.has("duckdb") ? pythonPath : undefined);
  }
  yield* measureLinkages(options, wanted, pythonPath, folder, say);
  const modulesPath = pathOf(modules);
  if (modulesPath !== undefined) yield* measureIntersections(options, modulesPath, folder, say);
}

/** Lists end to end by every system, and anonlink's time at a size that nobody waits for. */
async function* measureLinkages(
  options: Options,
  wanted: ReadonlySet<Rival>,
  python: string | undefined,
  folder: string,
  say: (text: string) => void,
): AsyncGenerator<ThirdpartyLine> {
  const anonlink = wanted.has("anonlink") ? python : undefined;
  const splink = wanted.has("splink") ? python : undefined;
  let largest: MeasuredLine | undefined;
  let kernel = false;
  for await (const people of peopleOf(options, folder)) {
    say(`${people.name}, ${people.rows.join(" and ")} records`);
    const peopleFolder = dirname(people.tables[0]);
    yield linkByAquila(people, peopleFolder);
    yield linkByRound(people, peopleFolder);
    if (anonlink !== undefined) {
      for (const compared of kernel ? [] : [undefined, people])
        yield tried("anonlink", () => compareByAnonlink(compared, anonlink));
      kernel = true;
      const line = tried("anonlink", () => linkByAnonlink(people, peopleFolder, anonlink));
      yield line;
      if ("measure" in line && line.rowsA > (largest?.rowsA ?? 0)) largest = line;
    }
    if (splink !== undefined) yield tried("splink", () => linkBySplink(people, peopleFolder, splink));
  }
  if (largest !== undefined) yield projectAllPairs(largest, PROJECTED_RECORDS);
}

/** Made one after the other, when asked for. */
async function* peopleOf({ pairings, records, data }: Options, folder: string): AsyncGenerator<People> {
  for (const [at, pairing] of pairings.entries()) {
    for (const count of at === 0 ? records : records.slice(0, 1)) {
      yield await generatePeople(pairing, count, join(folder, `${pairing.join("-")}-${count}`));
    }
  }
  if (data !== undefined) yield* preparedPeople(data, folder);
}

function* measureIntersections(
  { records, long }: Options,
  modules: string,
  folder: string,
  say: (text: string) => void,
): Generator<ThirdpartyLine> {
  let first: MeasuredLine | undefined;
  for (const rows of records) {
    if (!long && first !== undefined && rows > MAX_PSI_ROWS) {
      yield projectLinear(first, rows);
      continue;
    }
    say(`psi.js, ${rows} keys a side`);
    const line = tried("psi.js", () => measureIntersection(writeKeys(rows, join(folder, `psi-${rows}`)), modules));
    yield line;
    if ("measure" in line) first ??= line;
  }
}

function pathOf(found: Found | undefined): string | undefined {
  return found !== undefined && "path" in found ? found.path : undefined;
}

function rivalList(text: string): Rival[] {
  return text.split(",").map((name) => {
    const rival = RIVALS.find((known) => known === name);
    if (rival === undefined) throw new InvalidArgumentError(`no rival is called ${name}`);
    return rival;
  });
}

function countList(text: string): number[] {
  return text.split(",").map((word) => {
    const value = Number(word);
    if (!Number.isInteger(value) || value < 1) throw new InvalidArgumentError("not a whole number above 0");
    return value;
  });
}

function pairingList(text: string): [string, string][] {
  return text.split(",").map((word) => {
    const [a = "", b = "", ...more] = word.split("-");
    if (a === "" || b === "" || more.length > 0) throw new InvalidArgumentError("not two parties such as HR-SI");
    return [a, b];
  });
}

async function main(): Promise<void> {
  const options = optionsOf(process.argv);
  const words = process.argv.slice(2).map((word) => (word === options.data ? "FOLDER" : word));
  const command = ["npm run -s bench:thirdparty --", ...words].join(" ");
  const lines: ThirdpartyLine[] = [{ machine: machine(), command }];
  const folder = mkdtempSync(join(tmpdir(), "aquila-thirdparty-"));
  try {
    for await (const line of measureAll(options, folder)) {
      lines.push(line);
      if (options.json) console.log(lineText(line));
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  mkdirSync(options.out, { recursive: true });
  const report = reportText(lines);
  writeFileSync(join(options.out, "lines.jsonl"), `${lines.map(lineText).join("\n")}\n`);
  writeFileSync(join(options.out, "report.md"), report);
  if (!options.json) console.log(report);
}

try {
  await main();
} catch (error) {
  if (error instanceof CommanderError) process.exitCode = error.exitCode === 0 ? 0 : 64;
  else {
    console.error(error instanceof Error ? error.message : error);
    process.exitCode = 1;
  }
}
