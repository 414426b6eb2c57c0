/**
 * `node --import` of a console that is hunted: what it deletes below its temporary folder is copied first, so that a file
 * which was there for a moment is searched too.
 */
import fs from "node:fs";
import { syncBuiltinESMExports } from "node:module";
import { tmpdir } from "node:os";
import { join, relative, sep } from "node:path";

const kept = process.env["AQUILA_KEPT_DELETIONS"] ?? "";
let count = 0;

function keep(path: unknown): void {
  if (kept === "" || typeof path !== "string" || relative(tmpdir(), path).split(sep)[0] === "..") return;
  if (fs.existsSync(path)) fs.cpSync(path, join(kept, String(count++)), { recursive: true });
}

const { rmSync, unlinkSync } = fs;
fs.rmSync = (...given) => {
  keep(given[0]);
  rmSync(...given);
};
fs.unlinkSync = (path) => {
  keep(path);
  unlinkSync(path);
};
syncBuiltinESMExports();
