/**
 * A secretariat's server as a process of its own, for benches: on loopback, in a folder that the bench made.
 */
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";
import type { Connection } from "#client/http.ts";
import type { RoundDescriptor } from "#engine/round/descriptor.ts";
import type { StaffIdentity } from "#engine/round/identity.ts";
import { signStatement } from "#engine/round/statement.ts";
import type { Cast } from "#fixtures/cast.ts";
import { openServerKey, signingKeysOf } from "#server/data-key.ts";

export type RunningServer = { readonly child: ChildProcess; readonly url: string; readonly cast: Cast };

export async function stopServer({ child }: Pick<RunningServer, "child">): Promise<void> {
  const ended = once(child, "exit");
  child.kill("SIGTERM");
  await ended;
}

/** @param castWith - Makes the parties and staff of a secretariat that signs with this public key. */
export async function startServer(
  folder: string,
  castWith: (secretariat: string) => Cast,
  workers: number,
): Promise<RunningServer> {
  const serverKeyFile = join(folder, "keys", "server.key");
  mkdirSync(dirname(serverKeyFile), { mode: 0o700 });
  const { signKey } = signingKeysOf(openServerKey(serverKeyFile));
  const cast = castWith(signKey);
  writeFileSync(join(folder, "roster.json"), JSON.stringify(cast.roster));
  const config = {
    port: 0,
    dataDir: "data",
    serverKeyFile,
    rosterFile: "roster.json",
    workers,
    requestsPerMinute: 1_000_000,
  };
  writeFileSync(join(folder, "config.json"), JSON.stringify(config));
  const child = spawn(
    process.execPath,
    ["--max-semi-space-size=16", "start.mjs", "server/main.ts", "--config", join(folder, "config.json")],
    {
      cwd: join(import.meta.dirname, ".."),
      stdio: ["ignore", "pipe", "inherit"],
    },
  );
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
  return { child, url, cast };
}

/** Both operators approve opening. */
export async function openRound(
  { operators }: Cast,
  as: (identity: StaffIdentity) => Pick<Connection, "approve">,
  { id: round }: RoundDescriptor,
  t0: string,
): Promise<void> {
  for (const operator of operators) {
    const approval = { act: "open", operator: operator.id, round, t0, t2: null } as const;
    await as(operator).approve(signStatement(operator, "approval", approval));
  }
}

/** @returns User and system time of the server's process so far, seconds. */
export function cpuSecondsOf(url: string): Promise<number> {
  return metricOf(url, "process_cpu_seconds_total");
}

/** @returns A metric that has no labels. */
export async function metricOf(url: string, name: string): Promise<number> {
  const text = await (await fetch(`${url}/metrics`)).text();
  return Number(new RegExp(`^${name} (\\S+)$`, "m").exec(text)?.[1]);
}
