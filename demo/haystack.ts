/**
 * What a leak search looks through: files and the memory of a process, cut into stretches for several threads.
 */
import { closeSync, openSync, readdirSync, readFileSync, readSync, statSync } from "node:fs";
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
/** Untouched pages between touched ones that are read along, as zeros. */
const MAX_GAP_BYTES = 1 << 18;
const PAGE_ENTRY_BYTES = 8;
/** Bits 63, in memory, and 62, swapped out, in the last byte of an entry. */
const PAGE_TOUCHED = 0xc0;

/** @param paths - Files, and folders with all that is in them. */
export function filesHaystack(name: string, paths: readonly string[]): Haystack {
  return { name, stretches: paths.flatMap(filesOf).flatMap((path) => cut(path, 0, statSync(path).size)) };
}

/**
 * The writable memory of a process on Linux: heap, stacks, array buffers, shared memory. Program text mapped from files is
 * left out, and pages that were never touched. proc_pid_maps(5), proc_pid_mem(5), proc_pid_pagemap(5).
 *
 * @param processId - Of a process that is held still, or the list of its pages is out of date at once.
 * @returns Nothing where the system does not show it.
 */
export function memoryHaystack(name: string, processId: number): Haystack | undefined {
  let pages: number | undefined;
  try {
    pages = openSync(`/proc/${processId}/pagemap`, "r");
    const pageMap = pages;
    const pageBytes =
      Number(/KernelPageSize: +(\d+) kB/.exec(readFileSync(`/proc/${processId}/smaps`, "latin1"))?.[1]) * 1024;
    const regions = readFileSync(`/proc/${processId}/maps`, "latin1").split("\n");
    const stretches = regions.flatMap((region) => {
      const [, first, last] = /^([0-9a-f]+)-([0-9a-f]+) rw/.exec(region) ?? [];
      if (first === undefined || last === undefined) return [];
      return touchedRuns(pageMap, pageBytes, Number.parseInt(first, 16), Number.parseInt(last, 16));
    });
    return { name, stretches: stretches.flatMap(([start, end]) => cut(`/proc/${processId}/mem`, start, end)) };
  } catch {
    return undefined;
  } finally {
    if (pages !== undefined) closeSync(pages);
  }
}

/** @returns Starts and ends of the runs of pages between two addresses that are in memory or swapped out. */
function touchedRuns(pageMap: number, pageBytes: number, start: number, end: number): [number, number][] {
  const entries = Buffer.alloc(((end - start) / pageBytes) * PAGE_ENTRY_BYTES);
  readSync(pageMap, entries, 0, entries.length, (start / pageBytes) * PAGE_ENTRY_BYTES);
  const runs: [number, number][] = [];
  for (let page = 0; page * PAGE_ENTRY_BYTES < entries.length; page++) {
    if (((entries[page * PAGE_ENTRY_BYTES + PAGE_ENTRY_BYTES - 1] ?? 0) & PAGE_TOUCHED) === 0) continue;
    const address = start + page * pageBytes;
    const last = runs.at(-1);
    if (last !== undefined && address - last[1] <= MAX_GAP_BYTES) last[1] = address + pageBytes;
    else runs.push([address, address + pageBytes]);
  }
  return runs;
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
