/**
 * The proof of blindness: one search over all that the secretariat held, received, wrote and answered.
 * Finds nothing, or says where what kind of fact stands; and finds leaks planted in copies.
 */
import { mkdirSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { filesHaystack } from "./haystack.ts";
import { FACT_KINDS, FORMS, needleText, type FactKind, type NeedleIndex } from "./needle-index.ts";
import { foundAmong, plantInEveryEncoding, plantInside } from "./planted-leak.ts";
import { openSearchPool, type HaystackResult, type SearchPool } from "./search-pool.ts";

/** What is to be searched under one name. */
export type Place = {
  readonly name: string;
  readonly paths: readonly string[];
  /** Holds the server's program text too, in which a date may stand. */
  readonly isProcess: boolean;
  /** Holds controls in the clear, so that a search that finds none is blind itself. */
  readonly mustHoldControl: boolean;
};

export type SearchedPlace = Omit<HaystackResult, "leakCount"> & {
  readonly mustHoldControl: boolean;
  /** Leaks that stood in the server before any party had sent anything. */
  readonly setAside: number;
  /** Times that a control was found. */
  readonly controls: number;
};

export type PlantedResult = { readonly name: string; readonly planted: number; readonly found: number };

export class BlindnessProof {
  readonly #pool: SearchPool;
  readonly #knownBefore = new Map<number, FactKind>();

  constructor(index: NeedleIndex, threads: number) {
    this.#pool = openSearchPool(index, threads);
  }

  get index(): NeedleIndex {
    return this.#pool.index;
  }

  /** Kinds of the texts that stood in the server's own program before it received anything, one for each text. */
  get knownBefore(): readonly FactKind[] {
    return [...this.#knownBefore.values()];
  }

  /** @param paths - Heap snapshot and memory of a server that no party has sent anything to. */
  async learnProgram(paths: readonly string[]): Promise<void> {
    const { leaks } = await this.#pool.search(filesHaystack("before", paths));
    for (const { needle, kind } of leaks) if (kind !== "control") this.#knownBefore.set(needle, kind);
  }

  /** @returns In order of `places`. */
  async search(places: readonly Place[]): Promise<SearchedPlace[]> {
    return Promise.all(
      places.map(async ({ name, paths, isProcess, mustHoldControl }) => {
        const result = await this.#pool.search(filesHaystack(name, paths));
        const facts = result.leaks.filter(({ kind }) => kind !== "control");
        const leaks = facts.filter(({ needle }) => !isProcess || !this.#knownBefore.has(needle));
        const controls = result.leaks.length - facts.length;
        return { ...result, leaks, setAside: facts.length - leaks.length, controls, mustHoldControl };
      }),
    );
  }

  /**
   * Plants a name in a copy of the log in each encoding, and in a copy of one of the server's files, and searches both.
   *
   * @param folder - Gets the copies.
   */
  async searchPlanted(logFile: string, serverFile: string, folder: string): Promise<PlantedResult[]> {
    mkdirSync(folder, { recursive: true });
    const text = this.#nameToPlant();
    const logCopy = join(folder, "server.log");
    const fileCopy = join(folder, "server-file");
    const copies = [
      { name: "copy of the log", path: logCopy, planted: plantInEveryEncoding(logFile, logCopy, text) },
      { name: "copy of a batch file", path: fileCopy, planted: plantInside(serverFile, fileCopy, text) },
    ];
    return Promise.all(
      copies.map(async ({ name, path, planted }) => {
        const { leaks } = await this.#pool.search(filesHaystack(name, [path]));
        return { name, planted: planted.length, found: foundAmong(planted, leaks).length };
      }),
    );
  }

  close(): Promise<void> {
    return this.#pool.close();
  }

  /** A name that every encoding can hold, with a letter beyond ASCII where there is one. */
  #nameToPlant(): string {
    const { index } = this.#pool;
    const names = [...index.kinds.keys()]
      .filter(
        (needle) =>
          FACT_KINDS[index.kinds[needle] ?? -1] === "full name" && FORMS[index.forms[needle] ?? -1] === "plain",
      )
      .map((needle) => needleText(index, needle).units)
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
    .map((path) => ({ path, byteLength: statSync(path).size }));
  const largest = files.sort((a, b) => b.byteLength - a.byteLength)[0];
  if (largest === undefined) throw new Error("the folder has no files");
  return largest.path;
}
