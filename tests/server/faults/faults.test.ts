/**
 * Writes of the server's own files that fail in the middle of a round: nothing acknowledged is lost, the answer says that
 * storage fails, and the round comes to the end that it has without faults.
 *
 * By default some of a round's writes fail; with BENCH=full each of the first 500, in rounds of
 * which each 61st write fails.
 */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { LinkageError } from "#engine/errors.ts";
import type { ErasureCertificate } from "#engine/round/acts.ts";
import { IS_FULL, reportFigures } from "../../figures.ts";
import { checkEnd, keepSecrets, pairsOf, type Kept } from "../crash/invariants.ts";
import { closePlay, openPlay, playOn, type Play } from "../crash/round-play.ts";
import { EndedEarly, kill, startProcess, type ServerProcess } from "../process.ts";
import { FAULT_KINDS, FAULTS_VARIABLE, type Faults } from "./faults.ts";

const FULL_WRITES = 500;
/** More than a matching writes, so that it comes to its end. */
const EVERY = 61;
const MINUTES_MS = 60_000;
/** sysexits.h: EX_SOFTWARE. */
const EXIT_SOFTWARE = 70;
const PRELOAD = new URL("./preload.ts", import.meta.url).href;
const JOB_FAILED = "matching failed";
const MOST_TRIES = 60;

const toldFaults = ({ house }: Play): string[] => {
  const file = join(house.folder, "faults.txt");
  return existsSync(file) ? readFileSync(file, "utf8").trimEnd().split("\n") : [];
};

/** Starts a server whose writes fail; if that is met while it starts, it ends with a reason and is started again without. */
async function start(round: Play, faults: Faults): Promise<ServerProcess> {
  const run = (one: Faults): Promise<ServerProcess> =>
    startProcess(
      round.house,
      { profileFile: undefined, leastHoursBetweenRounds: 0 },
      {
        nodeArguments: ["--import", PRELOAD],
        environment: { [FAULTS_VARIABLE]: JSON.stringify(one) },
      },
    );
  try {
    return await run(faults);
  } catch (error) {
    if (!(error instanceof EndedEarly) || error.by !== EXIT_SOFTWARE) throw error;
    return run({ ...faults, first: faults.first + EVERY });
  }
}

/**
 * Plays a round, whatever the server refuses because of its storage.
 *
 * @returns Null if an erasure was cut off: the server ends it within a minute, or when it starts.
 */
async function playOver(round: Play, url: string): Promise<ErasureCertificate | null> {
  for (let tries = 1; ; tries++)
    try {
      return await playOn(round, url);
    } catch (error) {
      if (!(error instanceof LinkageError) || tries === MOST_TRIES) throw error;
      if (error.code === "round-state" && error.detail.includes("followed-up")) return null;
      if (error.code !== "storage-failed") throw error;
    }
}

/** @returns The writes that failed. */
async function endure(faults: Omit<Faults, "file">): Promise<string[]> {
  const kept: Kept = { clear: [], wrapped: [] };
  const round = openPlay(keepSecrets(kept));
  try {
    let certificate: ErasureCertificate | null = null;
    for (let { first } = faults; certificate === null; first += EVERY) {
      const server = await start(round, { ...faults, first, file: join(round.house.folder, "faults.txt") });
      try {
        certificate = await playOver(round, server.url);
        expect(await kill(server.child, "SIGTERM")).toBe(0);
      } finally {
        await kill(server.child, "SIGKILL");
      }
      expect(server.said.filter((line) => line.includes('"code":"internal"') && !line.includes(JOB_FAILED))).toEqual(
        [],
      );
    }
    expect(pairsOf(round)).toEqual({
      "AT-HR": [7, 8, 9, 10, 11].map((person) => `AT-${person} HR-${person}`).sort(),
      "AT-SI": [4, 5, 6, 7, 8].map((person) => `AT-${person} SI-${person}`).sort(),
    });
    await checkEnd(round, certificate, kept);
    return toldFaults(round);
  } finally {
    closePlay(round);
  }
}

it.runIf(!IS_FULL)(
  "a round comes to its end though writes fail",
  async () => {
    expect((await endure({ kind: "EIO", first: 12, every: EVERY })).length).toBeGreaterThan(2);
    expect((await endure({ kind: "short", first: 3, every: 11 })).length).toBeGreaterThan(2);
  },
  5 * MINUTES_MS,
);

it.runIf(IS_FULL)(
  "a round comes to its end whichever of its writes fail",
  async () => {
    const problems: string[] = [];
    const met = new Map<string, Set<number>>(FAULT_KINDS.map((kind) => [kind, new Set<number>()]));
    for (const kind of FAULT_KINDS)
      for (let first = 1; first <= EVERY; first++)
        await endure({ kind, first, every: EVERY }).then(
          (failed) => {
            for (const line of failed) met.get(kind)?.add(Number.parseInt(line, 10));
          },
          (error: unknown) => {
            problems.push(`${kind} ${first}: ${String(error)}`);
            console.log(problems.at(-1));
          },
        );
    const failedOf = (kind: string): number => [...(met.get(kind) ?? [])].filter((one) => one <= FULL_WRITES).length;
    const counts: Record<string, number> = Object.fromEntries(FAULT_KINDS.map((kind) => [kind, failedOf(kind)]));
    reportFigures("failing write", { ofTheFirst: FULL_WRITES, ...counts, problems: problems.length });
    expect(problems).toEqual([]);
  },
  120 * MINUTES_MS,
);
