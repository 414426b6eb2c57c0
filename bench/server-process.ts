/**
 * A secretariat's server as a process of its own, for benches: on loopback, in a folder that the bench made.
 */
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Roster } from "#engine/round/roster.ts";

export type RunningServer = { readonly child: ChildProcess; readonly url: string };

export async function stopServer({ child }: RunningServer): Promise<void> {
  const ended = once(child, "exit");
  child.kill("SIGTERM");
  await ended;
}

export async function startServer(
  folder: string,
  roster: Roster,
  operator: { readonly id: string; readonly signKey: string },
  workers: number,
): Promise<RunningServer> {
  writeFileSync(join(folder, "roster.json"), JSON.stringify(roster));
  const config = {
    port: 0,
    dataDir: "data",
    serverKeyFile: "keys/server.key",
    rosterFile: "roster.json",
    operators: [operator],
    workers,
    requestsPerMinute: 1_000_000,
  };
  writeFileSync(join(folder, "config.json"), JSON.stringify(config));
  const child = spawn(process.execPath, ["start.mjs", "server/main.ts", "--config", join(folder, "config.json")], {
    cwd: join(import.meta.dirname, ".."),
    stdio: ["ignore", "pipe", "inherit"],
  });
  const lines = createInterface({ input: child.stdout });
  const url = await new Promise<string>((resolve, reject) => {
    // Every request's log line comes here too and is read away.
    lines.on("line", (line) => {
      const address = /^aquila secretariat listening on (\S+)$/.exec(line)?.[1];
      if (address !== undefined) resolve(address);
    });
    lines.once("close", () => {
      reject(new Error("the server ended before it listened"));
    });
  });
  return { child, url };
}
