/**
 * The server's own process, as `npm start` runs it, on a configuration of a test's own.
 */
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { PROFILE, type House } from "./harness.ts";

export type ServerProcess = { readonly child: ChildProcess; readonly url: string; readonly said: readonly string[] };

/** Starts `npm start`'s process on a free port. */
export async function startProcess(house: House, changes: object = {}): Promise<ServerProcess> {
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
  const child = spawn(process.execPath, ["start.mjs", "server/main.ts", "--config", join(house.folder, config)], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const said: string[] = [];
  for await (const line of createInterface({ input: child.stdout })) {
    said.push(line);
    const url = /^aquila secretariat listening on (\S+)$/.exec(line)?.[1];
    if (url !== undefined) return { child, url, said };
  }
  throw new Error("the server ended before it listened");
}

export async function kill(child: ChildProcess, signal: NodeJS.Signals): Promise<number | null> {
  if (child.exitCode !== null || child.signalCode !== null) return child.exitCode;
  const ended = once(child, "exit");
  child.kill(signal);
  await ended;
  return child.exitCode;
}
