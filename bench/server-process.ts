/**
 * A secretariat's server as a process of its own, for benches: on loopback, in a folder that the bench made.
 */
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { RoundDescriptor } from "#engine/round/descriptor.ts";
import { rosterDigest, type Roster } from "#engine/round/roster.ts";
import { SHIPPED_PROFILE_DIGEST } from "#engine/shipped-profile.ts";

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

/** @returns A round of all parties of the roster, under the shipped profile. */
export function benchDescriptor(
  roster: Roster,
  id: string,
  declaredRecords: number,
  pairings: [string, string][],
): RoundDescriptor {
  return {
    categories: ["suspect"],
    deadlines: { keys: "2030-01-01T00:00:00Z", submission: "2030-01-02T00:00:00Z", results: "2030-01-03T00:00:00Z" },
    format: "aquila/round/v1",
    id,
    legalBasis: "none: a bench",
    lowestBand: "low",
    pairings,
    parties: roster.parties.map((party) => ({ declaredRecords, id: party.id })),
    profile: SHIPPED_PROFILE_DIGEST,
    purpose: "a bench",
    roster: rosterDigest(roster),
  };
}
