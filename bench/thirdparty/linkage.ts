/**
 * Two lists end to end, by each system that does so: Aquila, anonlink, Splink.
 * Each is held to one core; its time runs from the start of its process to its pairs.
 */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { coresOfChildren, runChild, runNodeChild } from "./child.ts";
import { judgePairs } from "./judged-pairs.ts";
import { median, type ChildLine, type MeasuredLine, type Quality, type System } from "./line.ts";
import type { People } from "./people.ts";

const PYTHON_FOLDER = "bench/thirdparty/python";
/** Rows of the kernel's bench: the size that suits its caches. */
const KERNEL_ROWS = 10_000;
const KERNEL_REPEATS = 5;

/** `aquila link` in one process: encodes both lists, matches them as the blind engine does, opens the result. */
export function linkByAquila(people: People, folder: string): MeasuredLine {
  const out = join(folder, "aquila.csv");
  const child = runNodeChild("aquila-link.ts", [...people.lists, out]);
  return linkLine("aquila", people, child, judgePairs(out, people.truth), "aquila link, one process, all fields");
}

/**
 * A round over HTTP: keys agreed, both lists encoded and submitted, matched, results fetched and opened; both parties' process and
 * the server's, on one core. Its pairs have bands and no weights: its quality is that of taking them down to one of the bands.
 */
export function linkByRound(people: People, folder: string): MeasuredLine {
  const [out, roundFolder] = [join(folder, "aquila-round.csv"), join(folder, "round")];
  mkdirSync(roundFolder);
  const child = runNodeChild("aquila-round.ts", [...people.lists, out, roundFolder, String(Math.max(...people.rows))]);
  const line = linkLine(
    "aquila",
    people,
    child,
    judgePairs(out, people.truth),
    "a round over HTTP on loopback, two processes, all fields, down to band low",
  );
  return { ...line, measure: "round" };
}

/** CLKs of names, date, sex and place of birth; Dice of all pairs; greedy one-to-one solution. */
export function linkByAnonlink(people: People, folder: string, python: string): MeasuredLine {
  const [out, solved] = [join(folder, "anonlink.csv"), join(folder, "anonlink-solved.csv")];
  const child = runChild(python, [`${PYTHON_FOLDER}/clk_link.py`, ...people.tables, out, solved]);
  return {
    ...linkLine(
      "anonlink",
      people,
      child,
      judgePairs(out, people.truth),
      "1024-bit CLKs, Dice of all pairs, greedy solution",
    ),
    oneToOneQuality: judgePairs(solved, people.truth),
  };
}

/** In the clear: trained without labels on the very lists, blocked. */
export function linkBySplink(people: People, folder: string, python: string): MeasuredLine {
  const out = join(folder, "splink.csv");
  const child = runChild(python, [`${PYTHON_FOLDER}/splink_link.py`, ...people.tables, out, "1"]);
  return linkLine(
    "splink",
    people,
    child,
    judgePairs(out, people.truth),
    "in the clear, DuckDB, one thread, training included",
  );
}

/**
 * anonlink's C++ kernel alone.
 *
 * @param people - Their CLKs, at most {@link KERNEL_ROWS} a side; undefined is as many random ones, half full.
 */
export function compareByAnonlink(people: People | undefined, python: string): MeasuredLine {
  const rows = Math.min(KERNEL_ROWS, ...(people?.rows ?? []));
  const args = [String(rows), String(KERNEL_REPEATS), ...(people?.tables ?? [])];
  const child = runChild(python, [`${PYTHON_FOLDER}/clk_kernel.py`, ...args]);
  const wallS = median(child.timesS);
  return {
    system: "anonlink",
    measure: "compare",
    data: people?.name ?? "random CLKs, half full",
    rowsA: rows,
    rowsB: rows,
    basis: "measured",
    wallS,
    cpuS: null,
    repeats: child.timesS.length,
    cores: coresOfChildren(),
    rate: { unit: "comparisons", perSecond: rows ** 2 / wallS },
    results: child.results ?? null,
    versions: child.versions,
    note: "C++ kernel through the package, 1024 bits, Dice of .8 and more",
  };
}

function linkLine(system: System, people: People, child: ChildLine, quality: Quality, note: string): MeasuredLine {
  const wallS = median(child.timesS);
  const [rowsA, rowsB] = people.rows;
  return {
    system,
    measure: "link",
    data: people.name,
    rowsA,
    rowsB,
    basis: "measured",
    wallS,
    cpuS: child.cpuS ?? null,
    repeats: child.timesS.length,
    cores: coresOfChildren(),
    rate: { unit: "records", perSecond: (rowsA + rowsB) / wallS },
    results: quality.pairs,
    quality,
    ...(child.stages === undefined ? {} : { stages: child.stages }),
    versions: child.versions,
    note,
  };
}
