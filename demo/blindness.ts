/**
 * The proof of blindness: one search over all that the secretariat held, received, wrote and answered.
 * Finds nothing, or says where what kind of fact stands; and finds leaks planted in copies.
 */
import { mkdirSync, readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { filesHaystack, memoryHaystack, type Haystack } from "./haystack.ts";
import { FACT_KINDS, FORMS, needleText, type NeedleIndex } from "./needle-index.ts";
import { foundAmong, plantInEveryEncoding, plantInside } from "./planted-leak.ts";
import { openSearchPool, type HaystackResult, type SearchPool } from "./search-pool.ts";
import type { ServerProcess } from "./server-process.ts";

/** What was searched; leaks that stood in the server before any party had sent anything are counted apart. */
export type SearchedPlace = Omit<HaystackResult, "leakCount"> & {
  readonly setAside: number;
  /** Times that a control was found. */
  readonly controls: number;
  /** Whether the place holds controls in the clear, so that a search that finds none is blind itself. */
  readonly mustHoldControl: boolean;
};

type PlaceTraits = {
  /** Holds the server's program text too. */
  readonly isProcess: boolean;
  readonly mustHoldControl: boolean;
};

export type PlantedResult = { readonly name: string; readonly planted: number; readonly found: number };

export class BlindnessProof {
  readonly #pool: SearchPool;
  readonly #server: ServerProcess;
  readonly #folder: string;
  /** Needles that stand in the server's program text, such as dates in comments. */
  readonly #knownBefore = new Set<number>();
  readonly #places: SearchedPlace[] = [];

  /** @param folder - Gets the copies with planted leaks. */
  constructor(index: NeedleIndex, server: ServerProcess, folder: string, threads: number) {
    this.#pool = openSearchPool(index, threads);
    this.#server = server;
    this.#folder = folder;
  }

  get places(): readonly SearchedPlace[] {
    return this.#places;
  }

  /** Facts of the input that stand in the server's own program before it received anything. */
  get knownBefore(): number {
    return this.#knownBefore.size;
  }

  /** To be called before the first request of any party. */
  async learnProgram(): Promise<void> {
    const snapshot = filesHaystack("heap snapshot before", [await this.#server.heapSnapshot()]);
    const memory = memoryHaystack("memory before", this.#server.processId);
    const haystacks = memory === undefined ? [snapshot] : [snapshot, memory];
    for (const { leaks } of await this.#server.whileHeld(() => this.#searchAll(haystacks)))
      for (const { needle, kind } of leaks) if (kind !== "control") this.#knownBefore.add(needle);
  }

  /** Searches the process's memory while it is held still. @returns Whether the system lets it be read. */
  async searchMemory(name: string): Promise<boolean> {
    return this.#server.whileHeld(async () => {
      const memory = memoryHaystack(name, this.#server.processId);
      if (memory !== undefined) await this.#search(memory, { isProcess: true, mustHoldControl: true });
      return memory !== undefined;
    });
  }

  async searchHeapSnapshot(name: string, path: string): Promise<void> {
    await this.#search(filesHaystack(name, [path]), { isProcess: true, mustHoldControl: true });
  }

  async searchFiles(name: string, paths: readonly string[], mustHoldControl: boolean): Promise<void> {
    await this.#search(filesHaystack(name, paths), { isProcess: false, mustHoldControl });
  }

  /** Plants a name in a copy of the log in each encoding, and in a copy of one of the server's files, and searches both. */
  async searchPlanted(serverFile: string): Promise<PlantedResult[]> {
    mkdirSync(this.#folder, { recursive: true });
    const text = this.#nameToPlant();
    const logCopy = join(this.#folder, "server.log");
    const fileCopy = join(this.#folder, "server-file");
    const copies = [
      { name: "copy of the log", path: logCopy, planted: plantInEveryEncoding(this.#server.logFile, logCopy, text) },
      { name: "copy of a batch file", path: fileCopy, planted: plantInside(serverFile, fileCopy, text) },
    ];
    const results: PlantedResult[] = [];
    for (const { name, path, planted } of copies) {
      const { leaks } = await this.#pool.search(filesHaystack(name, [path]));
      results.push({ name, planted: planted.length, found: foundAmong(planted, leaks).length });
    }
    return results;
  }

  close(): Promise<void> {
    return this.#pool.close();
  }

  async #search(haystack: Haystack, { isProcess, mustHoldControl }: PlaceTraits): Promise<void> {
    const result = await this.#pool.search(haystack);
    const facts = result.leaks.filter(({ kind }) => kind !== "control");
    const leaks = facts.filter(({ needle }) => !isProcess || !this.#knownBefore.has(needle));
    const controls = result.leaks.length - facts.length;
    this.#places.push({ ...result, leaks, setAside: facts.length - leaks.length, controls, mustHoldControl });
  }

  #searchAll(haystacks: readonly Haystack[]): Promise<HaystackResult[]> {
    return Promise.all(haystacks.map((haystack) => this.#pool.search(haystack)));
  }

  /** A name that every encoding can hold, with a letter beyond ASCII where there is one. */
  #nameToPlant(): string {
    const { index } = this.#pool;
    const names = [...index.kinds.keys()]
      .filter(
        (needle) =>
          FACT_KINDS[index.kinds[needle] ?? -1] === "full name" && FORMS[index.forms[needle] ?? -1] === "plain",
      )
      .map((needle) => needleText(index, needle).toString("utf8"))
      .filter((text) => text.length >= 10 && /^[\0-\xff]+$/.test(text));
    const name = names.find((text) => /[\x80-\xff]/.test(text)) ?? names[0];
    if (name === undefined) throw new Error("no name can be planted");
    return name;
  }
}

/** @returns The largest file below a folder. */
export function largestFile(folder: string): string {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .map((path) => ({ path, byteLength: readFileSync(path).length }));
  const largest = files.sort((a, b) => b.byteLength - a.byteLength)[0];
  if (largest === undefined) throw new Error("the folder has no files");
  return largest.path;
}
