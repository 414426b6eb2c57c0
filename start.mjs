/**
 * Start-up guard: `node start.mjs ENTRY [arguments]` runs a TypeScript entry point of this project.
 * Plain JavaScript, so that a Node too old to run TypeScript can still say what is wrong.
 */
import module from "node:module";
import { fileURLToPath, pathToFileURL } from "node:url";

const WANTED_MAJOR = 24;
const [, , entry, ...rest] = process.argv;
const foundMajor = Number(process.versions.node.split(".")[0]);

if (foundMajor < WANTED_MAJOR) {
  console.error(
    `aquila needs Node ${WANTED_MAJOR} or newer and found ${process.version} at ${process.execPath}.\n` +
      `Run it through npm ("npm run aquila -- …"), which uses the Node ${WANTED_MAJOR} that "npm ci" installs.\n` +
      `If npm itself finds this one, its install scripts were not allowed to run: npm rebuild node`,
  );
  process.exit(70);
}
if (entry === undefined) {
  console.error("usage: node start.mjs ENTRY [arguments]");
  process.exit(64);
}
// Compiled once, not at each start; where the folder cannot be written, nothing is kept and nothing is said.
module.enableCompileCache(fileURLToPath(new URL("node_modules/.cache/compiled", import.meta.url)));
const entryUrl = new URL(entry, import.meta.url);
process.argv = [process.execPath, entryUrl.pathname, ...rest];
await import(pathToFileURL(entryUrl.pathname).href);
