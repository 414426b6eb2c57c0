/**
 * A party's list as a file: how it is read, and where its cells lie meanwhile.
 */
import { statSync } from "node:fs";
import type { ListFormat } from "#engine/encode/read-list.ts";
import { encodeListFile, type ListOptions, type ReadListResult } from "./list.ts";
import { spillStore } from "./spill.ts";

/** A list whose file is larger goes to encrypted temporary files while it is encoded. */
const SPILL_FROM_BYTES = 50_000_000;

export type ListFile = { readonly path: string; readonly format: ListFormat; readonly strict: boolean };

/** Reads and encodes a list, and calls `use` while its cells are there. @throws {@link LinkageError} as {@link encodeListFile}. */
export async function withListFile<T>(
  { path, ...how }: ListFile,
  options: Pick<ListOptions, "categories" | "onProgress">,
  use: (result: ReadListResult) => T | Promise<T>,
): Promise<T> {
  const spill = sizeOf(path) > SPILL_FROM_BYTES ? spillStore() : undefined;
  try {
    return await use(await encodeListFile(path, { ...how, ...options, store: spill }));
  } finally {
    spill?.close();
  }
}

function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}
