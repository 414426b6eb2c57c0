/**
 * The server's own process, as `npm start` runs it, on a configuration of a test's own.
 */
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { PROFILE, type House } from "./harness.ts";

export type ServerProcess = {
  readonly child: ChildProcess;
  readonly url: string;
  /** Lines of its standard output; they grow as long as it runs. */
  readonly said: readonly string[];
};

/** A server that ended before it listened, by a signal or with an exit code. */
export class EndedEarly extends Error {
  readonly by: NodeJS.Signals | number | null;

  constructor(by: NodeJS.Signals | number | null) {
    super(`the server ended before it listened: ${by ?? "unknown"}`);
    this.by = by;
  }
}

/** How node itself is run. */
type NodeRun = {
  readonly nodeArguments?: readonly string[];
  readonly serverArguments?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  /** Folder that holds the code; the project's when left out. */
  readonly codeFolder?: string;
  /** Kills it so long after it was started. */
  readonly killAfterMs?: number | undefined;
};

/**
 * Starts `npm start`'s process on a free port.
 *
 * @throws {@link EndedEarly}
 */
export async function startProcess(
  house: House,
  changes: object = {},
  { nodeArguments = [], serverArguments = [], environment = {}, codeFolder, killAfterMs }: NodeRun = {},
): Promise<ServerProcess> {
  const file = (name: string, value: unknown): string => {
    writeFileSync(join(house.folder, name), JSON.stringify(value));
    return name;
  };
  const config = file("config.json", {
    port: 0,
    dataDir: "data",
    serverKeyFile: "keys/server.key",
    rosterFile: file("roster.json", house.roster),
    profileFile: file("profile.json", PROFILE),
    workers: 1,
    ...changes,
  });
  const child = spawn(
    process.execPath,
    [
      "--max-semi-space-size=16",
      ...nodeArguments,
      "start.mjs",
      "server/main.ts",
      "--config",
      join(house.folder, config),
      ...serverArguments,
    ],
    {
      stdio: ["ignore", "pipe", "inherit"],
      env: { ...process.env, ...environment },
      ...(codeFolder === undefined ? {} : { cwd: codeFolder }),
      ...(killAfterMs === undefined ? {} : { timeout: killAfterMs, killSignal: "SIGKILL" as const }),
    },
  );
  const said: string[] = [];
  const url = await new Promise<string>((resolve, reject) => {
    createInterface({ input: child.stdout }).on("line", (line) => {
      said.push(line);
      const address = /^aquila secretariat listening on (\S+)$/.exec(line)?.[1];
      if (address !== undefined) resolve(address);
    });
    child.on("exit", (code, signal) => {
      reject(new EndedEarly(signal ?? code));
    });
  });
  return { child, url, said };
}

export async function kill(child: ChildProcess, signal: NodeJS.Signals): Promise<number | null> {
  if (child.exitCode !== null || child.signalCode !== null) return child.exitCode;
  const ended = once(child, "exit");
  child.kill(signal);
  await ended;
  return child.exitCode;
}
