/**
 * The writable memory of a process on Linux: heap, stacks, array buffers, shared memory. Program text mapped from files is
 * left out, and pages that were never touched. proc_pid_maps(5), proc_pid_mem(5), proc_pid_pagemap(5).
 */
import { closeSync, openSync, readFileSync, readSync, writeSync } from "node:fs";

/** A half-open range of addresses. */
type Region = readonly [number, number];

const PAGE_ENTRY_BYTES = 8;
/** Bits 63, in memory, and 62, swapped out, in the last byte of a little-endian entry. */
const PAGE_TOUCHED = 0xc0;
const READ_BYTES = 1 << 20;

/**
 * Copies the memory to a file, region after region.
 *
 * @param processId - Of a process that is held still, or the copy fits no moment.
 * @returns Whether the system lets the memory be read.
 */
export function copyMemory(processId: number, copy: string): boolean {
  const memory = openIfAllowed(`/proc/${processId}/mem`);
  const pageMap = openIfAllowed(`/proc/${processId}/pagemap`);
  const output = openSync(copy, "wx", 0o600);
  try {
    if (memory === undefined || pageMap === undefined) return false;
    const pageBytes = pageBytesOf(processId);
    const buffer = new Uint8Array(READ_BYTES);
    for (const region of writableRegions(processId)) {
      for (const [start, end] of touchedRuns(pageMap, pageBytes, region)) {
        for (let at = start; at < end; at += READ_BYTES) {
          const read = readAt(memory, buffer, Math.min(READ_BYTES, end - at), at);
          writeSync(output, buffer, 0, read);
        }
      }
    }
    return true;
  } finally {
    closeSync(output);
    if (memory !== undefined) closeSync(memory);
    if (pageMap !== undefined) closeSync(pageMap);
  }
}

function writableRegions(processId: number): Region[] {
  const maps = readFileSync(`/proc/${processId}/maps`, "latin1");
  return [...maps.matchAll(/^([0-9a-f]+)-([0-9a-f]+) rw/gm)].map(([, start = "", end = ""]) => [
    Number.parseInt(start, 16),
    Number.parseInt(end, 16),
  ]);
}

/** @returns Runs of pages that are in memory or swapped out, in order of address. */
function touchedRuns(pageMap: number, pageBytes: number, [start, end]: Region): Region[] {
  const entries = Buffer.alloc(((end - start) / pageBytes) * PAGE_ENTRY_BYTES);
  readSync(pageMap, entries, 0, entries.length, (start / pageBytes) * PAGE_ENTRY_BYTES);
  const runs: [number, number][] = [];
  for (let page = 0; page * PAGE_ENTRY_BYTES < entries.length; page++) {
    if (((entries[page * PAGE_ENTRY_BYTES + PAGE_ENTRY_BYTES - 1] ?? 0) & PAGE_TOUCHED) === 0) continue;
    const address = start + page * pageBytes;
    const last = runs.at(-1);
    if (last?.[1] === address) last[1] += pageBytes;
    else runs.push([address, address + pageBytes]);
  }
  return runs;
}

function pageBytesOf(processId: number): number {
  const kilobytes = /^KernelPageSize: +(\d+) kB$/m.exec(readFileSync(`/proc/${processId}/smaps`, "latin1"))?.[1];
  if (kilobytes === undefined) throw new Error("the system does not say how large its pages are");
  return Number(kilobytes) * 1024;
}

function openIfAllowed(path: string): number | undefined {
  try {
    return openSync(path, "r");
  } catch {
    return undefined;
  }
}

/** @returns Bytes read; 0 for the few pages that the kernel keeps for itself. */
function readAt(file: number, buffer: Uint8Array, length: number, position: number): number {
  try {
    return readSync(file, buffer, 0, length, position);
  } catch {
    return 0;
  }
}
