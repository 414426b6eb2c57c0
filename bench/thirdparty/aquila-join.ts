/**
 * Child: Aquila's merge join of the key columns of a folder. Usage: aquila-join.ts FOLDER REPEATS
 */
import { joinColumns } from "#engine/match/join.ts";
import { readKeyFiles } from "./key-files.ts";

const [folder = "", repeats = "5"] = process.argv.slice(2);
const a = readKeyFiles(folder, "a");
const b = readKeyFiles(folder, "b");
let pairs = joinColumns(a, b);
const timesS = Array.from({ length: Number(repeats) }, () => {
  const started = performance.now();
  pairs = joinColumns(a, b);
  return (performance.now() - started) / 1000;
});
console.log(JSON.stringify({ timesS, results: pairs.length / 2, versions: { node: process.versions.node } }));
