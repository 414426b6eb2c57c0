/**
 * The secretariat's real server as a child process, with what an examiner needs: its log in a file, heap snapshots on a
 * signal, and a way to hold it still while its memory is read.
 */
import { spawn } from "node:child_process";
import { closeSync, fstatSync, mkdirSync, openSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import type { Roster } from "#engine/round/roster.ts";
import type { Config } from "#server/config.ts";
import { openServerKey, signingKeysOf } from "#server/data-key.ts";
import { copyMemory } from "./process-memory.ts";

export type ServerProcess = {
  readonly url: string;
  readonly processId: number;
  readonly logFile: string;
  readonly dataFolder: string;
  readonly serverKeyFile: string;
  /** @returns Path of a heap snapshot of the main thread, whole. */
  readonly heapSnapshot: () => Promise<string>;
  /** Holds the process still while its memory is copied to a file. @returns Whether the system lets it be read. */
  readonly copyMemory: (copy: string) => boolean;
  readonly isUp: () => boolean;
  /** Ends the process and waits for it. */
  readonly stop: () => Promise<void>;
};

const START_MS = 60_000;
const SNAPSHOT_MS = 30_000;
const ATTEMPTS = 5;
const POLL_MS = 20;
const LONGEST_STRING = 1 << 29;
/** One that nothing else sends; SIGUSR2 ends the server, SIGUSR1 opens the inspector. */
const SNAPSHOT_SIGNAL = "SIGVTALRM";
const REPOSITORY = new URL("..", import.meta.url).pathname;

/** Where the secretariat keeps its things. */
export type SecretariatFolder = {
  /** Gets roster, configuration, log, heap snapshots and the server's own data folder. */
  readonly folder: string;
  readonly serverKeyFile: string;
  /** Public key with which it signs. */
  readonly signKey: string;
  /** By which ways parties are told that a result waits. */
  readonly announcements?: Config["announcements"];
};

/** How node itself is run. */
export type NodeRun = {
  readonly nodeArguments?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
};

/** Makes the folder and the server key. */
export function makeSecretariat(folder: string): SecretariatFolder {
  const serverKeyFile = join(folder, "key", "server.key");
  mkdirSync(dirname(serverKeyFile), { recursive: true, mode: 0o700 });
  return { folder, serverKeyFile, signKey: signingKeysOf(openServerKey(serverKeyFile)).signKey };
}

/**
 * Starts the server on a free loopback port and waits until it listens; its log goes on where another's ended.
 *
 * @param interruption - Ends the process at once, also while it starts.
 * @throws Error if it ends or does not listen in time.
 */
export async function startServer(
  { folder, serverKeyFile, announcements }: SecretariatFolder,
  roster: Roster,
  interruption: AbortSignal,
  { nodeArguments = [], environment = {} }: NodeRun = {},
): Promise<ServerProcess> {
  const snapshotFolder = join(folder, "heap");
  const logFile = join(folder, "server.log");
  const dataFolder = join(folder, "data");
  mkdirSync(snapshotFolder, { recursive: true });
  writeFileSync(join(folder, "roster.json"), JSON.stringify(roster));
  const config = {
    port: 0,
    dataDir: dataFolder,
    serverKeyFile,
    rosterFile: "roster.json",
    ...(announcements === undefined ? {} : { announcements }),
  };
  writeFileSync(join(folder, "config.json"), JSON.stringify({ ...config, workers: 2, requestsPerMinute: 1_000_000 }));

  const log = openSync(logFile, "a", 0o600);
  const saidBefore = fstatSync(log).size;
  const child = spawn(
    process.execPath,
    [
      `--heapsnapshot-signal=${SNAPSHOT_SIGNAL}`,
      // V8 cuts strings in a snapshot after 1,024 characters unless told otherwise.
      `--heap-snapshot-string-limit=${LONGEST_STRING}`,
      `--diagnostic-dir=${snapshotFolder}`,
      ...nodeArguments,
      join(REPOSITORY, "start.mjs"),
      "server/main.ts",
      "--config",
      join(folder, "config.json"),
    ],
    {
      cwd: REPOSITORY,
      stdio: ["ignore", log, log],
      env: { ...process.env, ...environment },
      signal: interruption,
      killSignal: "SIGKILL",
    },
  );
  closeSync(log);
  const ended = new Promise<void>((resolve) => {
    child.once("exit", () => {
      resolve();
    });
    child.once("error", () => {
      resolve();
    });
  });
  const isUp = (): boolean => child.exitCode === null && child.signalCode === null;
  const processId = child.pid;
  if (processId === undefined) throw new Error("the server's process did not start");
  const stop = async (): Promise<void> => {
    if (isUp()) {
      child.kill("SIGCONT");
      child.kill("SIGTERM");
    }
    await ended;
  };

  const said = (): string => readFileSync(logFile).subarray(saidBefore).toString("utf8");
  const listening = (): string | undefined => /listening on (http:\S+)/.exec(said())?.[1];
  try {
    await until(() => !isUp() || listening() !== undefined, START_MS, "the server does not listen");
  } catch (error) {
    await stop();
    throw error;
  }
  const url = listening();
  if (url === undefined) throw new Error(`the server ended: ${said().slice(-2000)}`);

  return {
    url,
    processId,
    logFile,
    dataFolder,
    serverKeyFile,
    heapSnapshot: async () => {
      const before = readdirSync(snapshotFolder);
      const fresh = (): string | undefined => readdirSync(snapshotFolder).find((name) => !before.includes(name));
      child.kill(SNAPSHOT_SIGNAL);
      await until(() => fresh() !== undefined, SNAPSHOT_MS, "the server writes no heap snapshot");
      // The file is written in one go by the thread that answers: when it answers again, the file is whole.
      await answers(`${url}/healthz`);
      return join(snapshotFolder, fresh() ?? "");
    },
    copyMemory: (copy) => {
      child.kill("SIGSTOP");
      try {
        return copyMemory(processId, copy);
      } finally {
        child.kill("SIGCONT");
      }
    },
    isUp,
    stop,
  };
}

/** A connection that idled while the server stood still is closed as soon as it goes on: the next attempt takes a fresh one. */
async function answers(url: string): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      await (await fetch(url)).text();
      return;
    } catch (error) {
      if (attempt === ATTEMPTS) throw error;
      await pause(POLL_MS);
    }
  }
}

async function until(isReached: () => boolean, timeoutMs: number, fault: string): Promise<void> {
  const deadline = performance.now() + timeoutMs;
  while (!isReached()) {
    if (performance.now() > deadline) throw new Error(fault);
    await pause(POLL_MS);
  }
}
