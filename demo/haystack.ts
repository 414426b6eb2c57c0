/**
 * What a leak search looks through: files, cut into stretches for several threads.
 */
import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";

/** Bytes `start` to `end` of a file; patterns that begin in them may end behind them. */
export type Stretch = {
  readonly path: string;
  readonly start: number;
  readonly end: number;
  readonly fileBytes: number;
};

/** Stretches that are reported under one name. */
export type Haystack = { readonly name: string; readonly stretches: readonly Stretch[] };

const STRETCH_BYTES = 16 << 20;

/** @param paths - Files, and folders with all that is in them. */
export function filesHaystack(name: string, paths: readonly string[]): Haystack {
  return { name, stretches: paths.flatMap(filesOf).flatMap(stretchesOf) };
}

function filesOf(path: string): string[] {
  if (!statSync(path).isDirectory()) return [path];
  return readdirSync(path, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
}

function stretchesOf(path: string): Stretch[] {
  const fileBytes = statSync(path).size;
  return Array.from({ length: Math.ceil(fileBytes / STRETCH_BYTES) }, (_, at) => {
    const start = at * STRETCH_BYTES;
    return { path, start, end: Math.min(start + STRETCH_BYTES, fileBytes), fileBytes };
  });
}
