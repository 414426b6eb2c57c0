/**
 * What a leak search looks through: files and the memory of a process, cut into stretches for several threads.
 */
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";

/** Bytes `start` to `end` of a file; patterns that begin in them may end behind them. */
export type Stretch = {
  readonly path: string;
  readonly start: number;
  readonly end: number;
  /** Where the file's own bytes begin and end: what lies outside is never read. */
  readonly fileStart: number;
  readonly fileEnd: number;
};

/** Stretches that are reported under one name. */
export type Haystack = { readonly name: string; readonly stretches: readonly Stretch[] };

const STRETCH_BYTES = 16 << 20;

/** @param paths - Files, and folders with all that is in them. */
export function filesHaystack(name: string, paths: readonly string[]): Haystack {
  return { name, stretches: paths.flatMap(filesOf).flatMap((path) => cut(path, 0, statSync(path).size)) };
}

/**
 * The writable memory of a process on Linux: heap, stacks, array buffers, shared memory. Program text mapped from files is
 * left out. proc_pid_maps(5), proc_pid_mem(5).
 *
 * @returns Nothing where the system does not show it.
 */
export function memoryHaystack(name: string, processId: number): Haystack | undefined {
  try {
    const regions = readFileSync(`/proc/${processId}/maps`, "latin1").split("\n");
    const stretches = regions.flatMap((region) => {
      const [, first, last] = /^([0-9a-f]+)-([0-9a-f]+) rw/.exec(region) ?? [];
      if (first === undefined || last === undefined) return [];
      return cut(`/proc/${processId}/mem`, Number.parseInt(first, 16), Number.parseInt(last, 16));
    });
    return { name, stretches };
  } catch {
    return undefined;
  }
}

function filesOf(path: string): string[] {
  if (!statSync(path).isDirectory()) return [path];
  return readdirSync(path, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
}

function cut(path: string, fileStart: number, fileEnd: number): Stretch[] {
  const stretches: Stretch[] = [];
  for (let start = fileStart; start < fileEnd; start += STRETCH_BYTES) {
    stretches.push({ path, start, end: Math.min(start + STRETCH_BYTES, fileEnd), fileStart, fileEnd });
  }
  return stretches;
}
