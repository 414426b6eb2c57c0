/**
 * Faults under which the hunt is repeated: the server is killed at durable steps, its writes fail, its store is cut.
 */
import { copyFileSync, existsSync, mkdirSync, readdirSync, statSync, truncateSync } from "node:fs";
import { join } from "node:path";
import { Draws } from "#fixtures/draws.ts";
import { startServer, type NodeRun } from "../../../demo/server-process.ts";
import { CRASH_VARIABLE, crashText } from "../../../tests/server/crash/durable-steps.ts";
import { FAULT_KINDS, FAULTS_VARIABLE, type Faults } from "../../../tests/server/faults/faults.ts";
import type { HuntedRound } from "./hunted-round.ts";

const preload = (path: string): readonly string[] => [
  "--import",
  new URL(`../../../tests/server/${path}/preload.ts`, import.meta.url).href,
];
/** Steps after which a server is killed, and writes of it that fail: a round takes some 150 of either. */
const FIRST = 9;
const STEP = 13;
/** More than a matching writes, so that it comes to its end. */
const EVERY = 61;

export type Fault = { readonly name: string; readonly runs: (folder: string) => readonly NodeRun[] };

/** @param times - How often each comes in one round, a server each. */
export function faultsOf(times: number): Fault[] {
  if (times === 0) return [];
  const numbers = Array.from({ length: times }, (_, at) => FIRST + STEP * at);
  const kill: Fault = {
    name: "kill -9 at durable steps",
    runs: () =>
      numbers.map((step, at) => ({
        nodeArguments: preload("crash"),
        environment: { [CRASH_VARIABLE]: crashText({ when: at % 2 === 0 ? "before" : "after", step }) },
      })),
  };
  const failing = FAULT_KINDS.map((kind): Fault => ({
    name: kind === "short" ? "writes cut short" : `${kind} at writes`,
    runs: (folder) =>
      numbers.map((first) => {
        const faults: Faults = { kind, first, every: EVERY, file: join(folder, "failed-writes.txt") };
        return { nodeArguments: preload("faults"), environment: { [FAULTS_VARIABLE]: JSON.stringify(faults) } };
      }),
  }));
  return [kill, ...failing];
}

/**
 * Starts a server on copies of a data folder whose database or write-ahead log is cut somewhere.
 *
 * @param disk - As the server left it.
 * @returns Folders with what these servers wrote and said.
 */
export async function startOnCutStores(
  round: HuntedRound,
  disk: string,
  cuts: number,
  seed: number,
): Promise<string[]> {
  const names = ["aquila.db", "aquila.db-wal"].filter((name) => existsSync(join(disk, name)));
  const folders: string[] = [];
  for (let cut = 0; cut < cuts; cut++) {
    const folder = join(round.folder, `cut-${cut}`);
    const data = join(folder, "data");
    mkdirSync(data, { recursive: true });
    for (const { name } of readdirSync(disk, { withFileTypes: true }).filter((entry) => entry.isFile()))
      copyFileSync(join(disk, name), join(data, name));
    const path = join(data, names[cut % names.length] ?? "");
    truncateSync(path, Math.floor(new Draws(seed, cut).unit() * statSync(path).size));
    try {
      const server = await startServer(
        { ...round.secretariat, folder },
        round.cast.roster,
        new AbortController().signal,
      );
      await server.stop();
    } catch {
      // Refused to start, which its log says.
    }
    folders.push(folder);
  }
  return folders;
}
