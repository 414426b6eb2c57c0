/**
 * The server's own process on a file system that is filled, made read-only, or breaks while a round is played: what was
 * acknowledged stays, requests are refused with `storage-failed`, and the round comes to its end once there is space again.
 *
 * It mounts file systems of its own, and so is skipped unless it runs as root: `sudo npx vitest run
 * tests/server/faults/small-disk.test.ts`, or behind `unshare --user --map-root-user --mount` for all but the last test.
 */
import { mkdirSync, readdirSync, statfsSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { afterEach, beforeEach, expect, it } from "vitest";
import { LinkageError } from "#engine/errors.ts";
import type { ErasureCertificate } from "#engine/round/acts.ts";
import { RESERVE_BYTES } from "#server/disk-space.ts";
import { checkEnd, keepSecrets, pairsOf, type Kept } from "../crash/invariants.ts";
import { closePlay, connectTo, openPlay, playOn, ROUND, type Play } from "../crash/round-play.ts";
import { kill, startProcess, type ServerProcess } from "../process.ts";
import {
  breakImage,
  canMount,
  empty,
  fill,
  mountImage,
  mountMemory,
  remount,
  repairImage,
  unmountAll,
} from "./mounts.ts";

const MIB = 2 ** 20;
const SIZE_MIB = RESERVE_BYTES / MIB + 64;
const MINUTES_MS = 60_000;
const MOST_REFUSALS = 60;

const HAS_MEMORY = canMount((folder) => {
  mountMemory(folder, 1);
});
const HAS_IMAGES = canMount((folder) => {
  mkdirSync(folder);
  mountImage(folder, `${folder}.img`);
  breakImage(folder);
});
if (!HAS_MEMORY || !HAS_IMAGES) console.log("file systems cannot be mounted here: run this file as root");

let kept: Kept;
let round: Play;
let server: ServerProcess | undefined;
beforeEach(() => {
  kept = { clear: [], wrapped: [] };
  round = openPlay(keepSecrets(kept));
});
afterEach(async () => {
  if (server !== undefined) await kill(server.child, "SIGKILL");
  server = undefined;
  unmountAll();
  closePlay(round);
});

async function start(): Promise<ServerProcess> {
  server = await startProcess(round.house, { profileFile: undefined, leastHoursBetweenRounds: 0 });
  return server;
}

/**
 * Plays the round to its end at one server.
 *
 * @param onTurn - Called before each turn; `isNew` in a state that the round was not in before.
 * @param onRefusal - Called whenever storage failed.
 * @returns The certificate, and what the refusals said.
 */
async function playOver(
  { url }: ServerProcess,
  onTurn: (state: string, isNew: boolean) => void,
  onRefusal: () => Promise<void> | void,
): Promise<{ certificate: ErasureCertificate; refusals: string[] }> {
  const seen = new Set<string>();
  const refusals: string[] = [];
  for (;;)
    try {
      const certificate = await playOn(round, url, ({ state }) => {
        onTurn(state, !seen.has(state));
        seen.add(state);
      });
      return { certificate, refusals };
    } catch (error) {
      if (!(error instanceof LinkageError) || error.code !== "storage-failed") throw error;
      refusals.push(error.detail);
      if (refusals.length > MOST_REFUSALS) throw error;
      await onRefusal();
    }
}

/** What was acknowledged is there, and the server says that it is well. */
async function look({ url }: ServerProcess): Promise<void> {
  const { operators } = round.house.cast;
  const parties = round.vaults.map((vault) => ({ vault, connection: connectTo(round, url, vault.identity) }));
  const operator = connectTo(round, url, operators[0]);
  // What is asked of a released round is entered in the log, which takes a write.
  if ((await operator.round(ROUND)).state !== "released") await round.acknowledged.check(operator, parties);
  expect((await fetch(`${url}/healthz`)).status).toBe(200);
}

async function checkRound(certificate: ErasureCertificate, ended: ServerProcess): Promise<void> {
  expect(await kill(ended.child, "SIGTERM")).toBe(0);
  const isUnexpected = (line: string): boolean =>
    line.includes('"code":"internal"') || line.includes('"code":"storage-damaged"');
  expect(ended.said.filter((line) => isUnexpected(line) && !line.includes("matching failed"))).toEqual([]);
  expect(Object.values(pairsOf(round)).map((pairs) => pairs.length)).toEqual([5, 5]);
  await checkEnd(round, certificate, kept);
}

const freeBytes = (folder: string): number => statfsSync(folder).bavail * statfsSync(folder).bsize;
const filesOf = (folder: string): string[] => readdirSync(folder, { recursive: true }).map(String).sort();

it.runIf(HAS_MEMORY)(
  "a round comes to its end on a disk that is filled to the last byte in each of its states",
  async () => {
    const { dataDir } = round.house;
    mountMemory(dataDir, SIZE_MIB);
    const running = await start();
    const filled: string[] = [];
    const { certificate, refusals } = await playOver(
      running,
      (state, isNew) => {
        if (!isNew) return;
        fill(dataDir);
        filled.push(state);
      },
      async () => {
        await look(running);
        empty(dataDir);
      },
    );
    expect(filled).toEqual(expect.arrayContaining(["draft", "submitting", "sealed", "reviewed", "released"]));
    console.log(`${filled.join(", ")}: ${refusals.length} refusals`);
    expect(refusals.length).toBeGreaterThan(4);
    empty(dataDir);
    await checkRound(certificate, running);
  },
  5 * MINUTES_MS,
);

it.runIf(HAS_MEMORY)(
  "a batch is refused before its first byte on a disk with less space than the reserve, and all else is done",
  async () => {
    const { dataDir, cast } = round.house;
    mountMemory(dataDir, SIZE_MIB);
    const running = await start();
    let before: string[] = [];
    const { certificate, refusals } = await playOver(
      running,
      (state, isNew) => {
        // Before the disk is searched for secrets.
        if (state === "sealed") empty(dataDir);
        if (state !== "submitting" || !isNew) return;
        fill(dataDir, RESERVE_BYTES - MIB);
        before = filesOf(join(dataDir, "rounds"));
      },
      async () => {
        expect(filesOf(join(dataDir, "rounds"))).toEqual(before);
        expect(freeBytes(dataDir)).toBeGreaterThan(RESERVE_BYTES - 4 * MIB);
        await look(running);
        expect((await connectTo(round, running.url, cast.officer).acts(ROUND)).length).toBeGreaterThan(0);
        remount(dataDir, `size=${3 * SIZE_MIB}m`);
      },
    );
    expect(refusals).toEqual([expect.stringContaining("too little space")]);
    await checkRound(certificate, running);
  },
  5 * MINUTES_MS,
);

it.runIf(HAS_MEMORY)(
  "a round comes to its end when its files' disk was read-only for a while in each of its states",
  async () => {
    const folder = join(round.house.dataDir, "rounds");
    mountMemory(folder, SIZE_MIB);
    const running = await start();
    const { certificate, refusals } = await playOver(
      running,
      (_state, isNew) => {
        // A matching that fails is told to nobody but the log: the round is sealed again.
        remount(folder, isNew ? "ro" : "rw");
      },
      async () => {
        await look(running);
        remount(folder, "rw");
      },
    );
    expect(refusals.length).toBeGreaterThan(1);
    for (const refusal of refusals) expect(refusal).toContain("EROFS");
    await checkRound(certificate, running);
  },
  5 * MINUTES_MS,
);

it.runIf(HAS_IMAGES)(
  "a round comes to its end when the disk found itself damaged, and was repaired",
  async () => {
    const { dataDir, folder } = round.house;
    const image = join(folder, "disk.img");
    mountImage(dataDir, image);
    const broken = await start();
    const isBroken = playOver(
      broken,
      (state, isNew) => {
        if (state === "submitting" && isNew) breakImage(dataDir);
      },
      async () => {
        await look(broken);
        throw new Error("broken");
      },
    );
    await expect(isBroken).rejects.toThrow("broken");
    await kill(broken.child, "SIGTERM");
    repairImage(dataDir, image);
    const repaired = await start();
    const { certificate } = await playOver(
      repaired,
      () => undefined,
      () => wait(100),
    );
    await checkRound(certificate, repaired);
  },
  5 * MINUTES_MS,
);
