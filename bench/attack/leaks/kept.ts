/**
 * What an attacker keeps of a round while it is played: copies of the server's disk, its memory and what it shows to everybody.
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { decryptRound, keepDataFolder } from "../../../demo/held-data.ts";
import type { ServerProcess } from "../../../demo/server-process.ts";
import { ROUND, type HuntedRound, type Moment } from "./hunted-round.ts";
import { WARDS } from "./planted.ts";
import type { Place } from "./search.ts";
import { receiverPlaces } from "./surfaces.ts";

/** The server holds batches and keys of its own; it may not hold anything else. */
const PARTIES = ["party"] as const;
const ON_THE_WIRE = ["party", "server", "data"] as const;
const OPEN_PATHS = ["metrics", "healthz", "readyz", "docs/json"];

export class Kept {
  readonly #round: HuntedRound;
  readonly #folder: string;
  readonly #withMemory: readonly (Moment | "erased")[];
  readonly #processes = new Map<string, readonly string[]>();
  readonly #disks: string[] = [];
  readonly #shown: string[] = [];
  #withRound: string | undefined;

  /** @param withMemory - Moments at which the process is looked into too. */
  constructor(round: HuntedRound, withMemory: readonly (Moment | "erased")[]) {
    this.#round = round;
    this.#withMemory = withMemory;
    this.#folder = join(round.folder, "kept");
    mkdirSync(this.#folder);
  }

  async keep(moment: Moment | "erased", server: ServerProcess): Promise<void> {
    if (this.#withMemory.includes(moment)) {
      const memory = join(this.#folder, `memory-${moment}`);
      // A system that lets nobody read memory leaves an empty copy.
      server.copyMemory(memory);
      this.#processes.set(moment, [await server.heapSnapshot(), memory]);
    }
    const disk = this.keepDisk(server.dataFolder);
    if (moment === "released") {
      decryptRound(disk, server.serverKeyFile, ROUND, join(this.#folder, "opened"));
      this.#withRound = disk;
    }
    const shown = await Promise.all(OPEN_PATHS.map(async (path) => (await fetch(`${server.url}/${path}`)).bytes()));
    const copy = join(this.#folder, `shown-${this.#shown.length}`);
    writeFileSync(copy, Buffer.concat(shown));
    this.#shown.push(copy);
  }

  /** @returns Path of the copy. */
  keepDisk(dataFolder: string): string {
    const copy = join(this.#folder, `disk-${this.#disks.length}`);
    keepDataFolder(dataFolder, copy);
    this.#disks.push(copy);
    return copy;
  }

  /** Memory and heap snapshot before any party had sent anything; empty if it was not looked into then. */
  program(): readonly string[] {
    return this.#processes.get("empty") ?? [];
  }

  places({ logFile }: Pick<ServerProcess, "logFile">): Place[] {
    const { folder, temporary, wire } = this.#round;
    const processes = [...this.#processes].filter(([moment]) => moment !== "empty");
    return [
      { name: "disk", paths: this.#disks, forbidden: WARDS },
      { name: "metrics and other open answers", paths: this.#shown, forbidden: WARDS },
      { name: "log", paths: [logFile], forbidden: WARDS },
      { name: "temporary files", paths: [join(folder, "kept-temporary"), temporary], forbidden: WARDS },
      {
        name: "files decrypted",
        paths: this.#withRound !== undefined ? [join(this.#folder, "opened")] : [],
        forbidden: ON_THE_WIRE,
      },
      { name: "requests", paths: [join(wire, "requests")], forbidden: ON_THE_WIRE },
      { name: "answers", paths: [join(wire, "answers")], forbidden: ON_THE_WIRE },
      ...receiverPlaces(this.#round),
      ...processes.map(([moment, paths]) => ({
        name: `process, ${moment}`,
        paths,
        forbidden: PARTIES,
        isProcess: true,
      })),
    ];
  }

  /** The disk as it was when the round was over and not erased yet. */
  diskWithRound(): string {
    if (this.#withRound === undefined) throw new RangeError("the round is not over");
    return this.#withRound;
  }

  /** What is left when the round is erased, and the process. */
  afterErasure(): {
    readonly disk: readonly string[];
    readonly shown: readonly string[];
    readonly process: readonly string[];
  } {
    return {
      disk: this.#disks.slice(-1),
      shown: this.#shown.slice(-1),
      process: this.#processes.get("erased") ?? [],
    };
  }
}
