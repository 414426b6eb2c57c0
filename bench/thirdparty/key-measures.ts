/**
 * The same two columns of 64-bit keys through Aquila's merge join, DuckDB's join and psi.js's exact intersection.
 */
import { mkdirSync } from "node:fs";
import { drawColumns } from "#bench/key-columns.ts";
import { coresOfChildren, runChild, runNodeChild, tried } from "./child.ts";
import { writeKeyFiles } from "./key-files.ts";
import { median, type ChildLine, type MeasuredLine, type SkippedLine, type System } from "./line.ts";

/** As bench/join.ts has them. */
const SEED = 20_26;
const SHARED = 0.05;
/** Systems take turns, so that a busy moment of the machine meets all of them. */
const TURNS = 3;
const REPEATS_A_TURN = "5";
const DUCKDB_MODES = ["count", "pairs"] as const;

export type KeyFolder = { readonly folder: string; readonly rows: number; readonly shared: number };

/** Draws two columns of `rows` keys, 5 % shared, and writes them to a folder. */
export function writeKeys(rows: number, folder: string): KeyFolder {
  mkdirSync(folder, { recursive: true });
  const shared = Math.round(rows * SHARED);
  const { a, b } = drawColumns(rows, shared, SEED);
  writeKeyFiles(folder, "a", a);
  writeKeyFiles(folder, "b", b);
  return { folder, rows, shared };
}

/**
 * @param python - Undefined leaves DuckDB out.
 * @throws Error if Aquila finds other than the shared keys.
 */
export function measureJoins(keys: KeyFolder, python: string | undefined): (MeasuredLine | SkippedLine)[] {
  const lines = tried("duckdb", () => joinInTurns(keys, python));
  return "skipped" in lines ? [...joinInTurns(keys, undefined), lines] : lines;
}

/** @returns Aquila's line and DuckDB's: the faster of counting the pairs and of writing them to a table. */
function joinInTurns(keys: KeyFolder, python: string | undefined): MeasuredLine[] {
  const aquila: ChildLine[] = [];
  const duckdb = DUCKDB_MODES.map((mode) => ({ mode, children: [] as ChildLine[] }));
  for (let turn = 0; turn < TURNS; turn++) {
    aquila.push(runNodeChild("aquila-join.ts", [keys.folder, REPEATS_A_TURN]));
    if (python === undefined) continue;
    const script = "bench/thirdparty/python/duckdb_join.py";
    for (const { mode, children } of duckdb) {
      children.push(runChild(python, [script, keys.folder, mode, REPEATS_A_TURN]));
    }
  }
  const ownLine = keyLine("aquila", "join", keys, aquila, "merge of sorted columns, pairs of row numbers");
  const [fastest] = duckdb
    .filter(({ children }) => children.length > 0)
    .map(({ mode, children }) => keyLine("duckdb", "join", keys, children, DUCKDB_NOTES[mode]))
    .sort((one, other) => one.wallS - other.wallS);
  return fastest === undefined ? [ownLine] : [ownLine, fastest];
}

const DUCKDB_NOTES = {
  count: "hash join, tables in memory, one thread, pairs counted (faster than writing them)",
  pairs: "hash join, tables in memory, one thread, pairs of row numbers written to a table",
} as const;

/** @param modules - Folder with psi.js in its node_modules. */
export function measureIntersection(keys: KeyFolder, modules: string): MeasuredLine {
  const child = runNodeChild("psi-intersect.ts", [keys.folder, modules]);
  return keyLine("psi.js", "intersect", keys, [child], "exact (raw), one key a row, both parties' work");
}

function keyLine(
  system: System,
  measure: MeasuredLine["measure"],
  { rows, shared }: KeyFolder,
  children: readonly ChildLine[],
  note: string,
): MeasuredLine {
  const [first] = children;
  const wrong = children.find(({ results }) => results !== shared);
  if (first === undefined || wrong !== undefined)
    throw new Error(`${system}: found ${String(wrong?.results)} of ${shared} shared keys`);
  const times = children.flatMap(({ timesS }) => timesS);
  const wallS = median(times);
  return {
    system,
    measure,
    data: `uniform keys, seed ${SEED}, 5 % shared`,
    rowsA: rows,
    rowsB: rows,
    basis: "measured",
    wallS,
    cpuS: first.cpuS ?? null,
    repeats: times.length,
    cores: coresOfChildren(),
    rate: { unit: "keys", perSecond: (2 * rows) / wallS },
    results: shared,
    versions: first.versions,
    note,
  };
}
