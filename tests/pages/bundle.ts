/**
 * How much of the built console a browser loads.
 */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { builtFolder } from "#pages/built.ts";

export type BundleSize = {
  /** What the first page needs: the files that index.html names, and itself; gzip, bytes. */
  readonly startBytes: number;
  /** All scripts and styles, with every language and every part that is loaded later; gzip, bytes. */
  readonly allBytes: number;
};

export function consoleBundle(): BundleSize {
  const folder = builtFolder("console");
  const html = readFileSync(join(folder, "index.html"), "utf8");
  const sizeOf = (name: string): number => gzipSync(readFileSync(join(folder, name))).length;
  const files = readdirSync(join(folder, "assets")).map((name) => `assets/${name}`);
  const named = files.filter((name) => html.includes(name));
  const sum = (names: readonly string[]): number => names.reduce((bytes, name) => bytes + sizeOf(name), 0);
  return { startBytes: sum(["index.html", ...named]), allBytes: sum(["index.html", ...files]) };
}
