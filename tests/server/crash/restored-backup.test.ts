/**
 * Copies of the data folder, as a backup makes them: put back after a round was erased, they hold nothing that can be read;
 * put back while it goes on, the round goes on or stops with a reason, and the two sides of a pairing have the same hits.
 */
import { cpSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { connect, type Connection } from "#client/http.ts";
import type { ErasureCertificate } from "#engine/round/acts.ts";
import { signStatement } from "#engine/round/statement.ts";
import { SHIPPED_PROFILE } from "#engine/shipped-profile.ts";
import { chunkContext, packageContext, readEncrypted } from "#server/encrypted-file.ts";
import { approve } from "../acts.ts";
import { startServer, type RunningServer } from "../harness.ts";
import { found } from "../secret-search.ts";
import { Acknowledged } from "./acknowledged.ts";
import { keepSecrets, pairsOf, type Kept } from "./invariants.ts";
import { closePlay, openPlay, playOn, ROUND, type Play } from "./round-play.ts";
import { keyFolderOf } from "./round-secrets.ts";

const MOMENTS = ["opened", "submitting", "sealed", "reviewed", "released", "ripe"] as const;
type Moment = (typeof MOMENTS)[number];
/** Moments at which there are files. */
const FILLED = MOMENTS.slice(MOMENTS.indexOf("sealed"));
const REASON = "the round's key file is missing; the round can only be erased";

const backupOf = ({ house }: Play, moment: Moment): string => join(house.folder, `backup-${moment}`);
const keepBackup = (round: Play, moment: Moment): void => {
  rmSync(backupOf(round, moment), { recursive: true, force: true });
  cpSync(round.house.dataDir, backupOf(round, moment), { recursive: true });
};

/** Starts a server on the copy of a moment, in the place of what is there. */
async function putBack(round: Play, moment: Moment): Promise<RunningServer> {
  rmSync(round.house.dataDir, { recursive: true });
  cpSync(backupOf(round, moment), round.house.dataDir, { recursive: true });
  return startServer(round.house, { profile: SHIPPED_PROFILE, acceptsRestoredLog: true });
}

/** Plays a round on one server. @param isStopped - Before the erasure. */
async function playWithBackups(round: Play, isStopped: boolean): Promise<ErasureCertificate | null> {
  const server = await startServer(round.house, { profile: SHIPPED_PROFILE });
  const seen = new Set<string>();
  try {
    return await playOn(round, server.url, ({ state }) => {
      const moment = MOMENTS.find((one) => one === state);
      if (moment !== undefined && !seen.has(moment)) keepBackup(round, moment);
      seen.add(state);
    });
  } catch (error) {
    if (!isStopped || !round.isRipe) throw error;
    return null;
  } finally {
    await server.app.close();
  }
}

function connectAs({ house }: Play, { url }: RunningServer, identity: Parameters<typeof connect>[0]["identity"]) {
  return connect({ serverUrl: url, identity, secretariat: house.roster.secretariat, now: () => house.clock() });
}

describe("after the round was erased", () => {
  const kept: Kept = { clear: [], wrapped: [] };
  let round: Play;
  let certificate: ErasureCertificate | null;
  let keyFiles: ReadonlyMap<string, Buffer>;
  beforeAll(async () => {
    round = openPlay((ripe) => {
      keepSecrets(kept)(ripe);
      keepBackup(ripe, "ripe");
      const folder = keyFolderOf(ripe.house);
      keyFiles = new Map(readdirSync(folder).map((name) => [name, readFileSync(join(folder, name))]));
    });
    certificate = await playWithBackups(round, false);
  });
  afterAll(() => {
    closePlay(round);
  });

  it.each(FILLED)(
    "a copy of when it was %s opens with no key that is left, and can only be erased again",
    async (moment) => {
      const secrets = [...kept.clear, ...kept.wrapped.filter(([name]) => name === "wrapped data key")];
      expect(found(backupOf(round, moment), secrets)).toEqual([]);
      const [dataKey, serverKey] = [keyOf("data key"), readFileSync(join(round.house.folder, "keys", "server.key"))];
      const files = encryptedFiles(backupOf(round, moment));
      expect(files.length).toBeGreaterThan(2);
      for (const read of files) {
        expect((await read(dataKey)).length, "the destroyed key would open it").toBeGreaterThan(0);
        await expect(read(new Uint8Array(serverKey))).rejects.toThrow();
      }

      const server = await putBack(round, moment);
      try {
        const operator = connectAs(round, server, round.house.cast.operators[0]);
        expect(server.log.join("")).toContain(REASON);
        const before = await operator.round(ROUND);
        expect(before.state).toBe(moment === "ripe" ? "released" : moment);
        await expect(operator.certificate(ROUND), "the copy is of before").rejects.toMatchObject({
          code: "round-state",
        });
        for (const request of readings(server, operator, moment))
          await expect(request()).rejects.toMatchObject({
            code: "round-state",
            detail: expect.stringContaining(REASON) as string,
          });
        expect((await operator.round(ROUND)).state, "nothing was done").toBe(before.state);

        const isReleased = before.state === "released";
        if (isReleased) await approve(round.house, server.url, "erase", before);
        else await operator.abortRound(ROUND);
        const again = await operator.certificate(ROUND);
        expect(again).toMatchObject({ keyFile: certificate?.keyFile, outcome: isReleased ? "erased" : "cancelled" });
        expect(await operator.followUp(ROUND), "nothing is counted that cannot be read").toEqual([]);
      } finally {
        await server.app.close();
      }
      expect(found(round.house.dataDir, [...kept.clear, ...kept.wrapped])).toEqual([]);
      expect(readdirSync(join(round.house.dataDir, "rounds"))).toEqual([]);
    },
  );

  it("a key file that is put back beside its certificate is destroyed again at the next start", async () => {
    const folder = keyFolderOf(round.house);
    const [[name, bytes] = ["", Buffer.of()]] = keyFiles;
    writeFileSync(join(folder, name), bytes, { mode: 0o600 });
    const foreign = `other.${"0".repeat(32)}`;
    writeFileSync(join(folder, foreign), "another database's", { mode: 0o600 });
    writeFileSync(join(folder, `${foreign}.part`), "never whole", { mode: 0o600 });
    const server = await startServer(round.house, { profile: SHIPPED_PROFILE });
    await server.app.close();
    expect(readdirSync(folder)).toEqual([foreign]);
    expect(server.log.join("")).toContain("key files of erased rounds had been put back");
    rmSync(join(folder, foreign));
  });

  /** Each way to content that the moment has. */
  function readings(server: RunningServer, operator: Connection, moment: Moment): (() => Promise<unknown>)[] {
    if (moment === "sealed") return [() => operator.matchRound(ROUND)];
    if (moment === "reviewed")
      return [
        async () => {
          const { t0, t2 } = await operator.round(ROUND);
          for (const identity of round.house.cast.operators) {
            const approval = { act: "release" as const, operator: identity.id, round: ROUND, t0, t2 };
            await connectAs(round, server, identity).approve(signStatement(identity, "approval", approval));
          }
        },
      ];
    return round.vaults.flatMap(({ identity }) => {
      const party = connectAs(round, server, identity);
      return [
        () => party.fetchPackage(ROUND, identity.party),
        () => party.packageKeys(ROUND, identity.party),
        () => party.statuses(ROUND, identity.party),
      ];
    });
  }

  function keyOf(name: string): Uint8Array {
    const bytes = kept.clear.find(([each]) => each === name)?.[1];
    if (bytes === undefined) throw new RangeError(`no ${name} was kept`);
    return new Uint8Array(bytes);
  }
});

/** @returns For each batch and package in a copy of the data folder, what reads it under a key. */
function encryptedFiles(dataDir: string): ((key: Uint8Array) => Promise<Uint8Array>)[] {
  const folder = join(dataDir, "rounds", ROUND);
  const database = new DatabaseSync(join(dataDir, "aquila.db"), { readOnly: true });
  const chunks = database.prepare("SELECT sender, recipient, position, file FROM chunks").all();
  const packages = database.prepare("SELECT party, file FROM packages").all();
  database.close();
  return [
    ...chunks.map(({ sender, recipient, position, file }) => {
      const place = {
        round: ROUND,
        from: String(sender),
        to: String(recipient),
        index: Number(position),
        path: String(file),
      };
      return (key: Uint8Array) => readEncrypted(folder, place.path, key, chunkContext(place));
    }),
    ...packages.map(({ party, file }) => {
      return (key: Uint8Array) => readEncrypted(folder, String(file), key, packageContext(ROUND, String(party)));
    }),
  ];
}

describe("while the round goes on", () => {
  class Stopped extends Error {}
  let round: Play;
  let pairs: Record<string, string[]>;
  let published: unknown[];
  let isToStop = true;
  const keysOf = ({ house }: Play): string => join(house.folder, "backup-keys");
  beforeAll(async () => {
    round = openPlay((ripe) => {
      keepBackup(ripe, "ripe");
      cpSync(keyFolderOf(ripe.house), keysOf(ripe), { recursive: true });
      if (isToStop) throw new Stopped();
    });
    await playWithBackups(round, true);
    isToStop = false;
    pairs = pairsOf(round);
    const server = await putBack(round, "ripe");
    published = await figuresAt(server);
    await server.app.close();
  });
  afterAll(() => {
    closePlay(round);
  });

  it.each<[Moment, string | null]>([
    // Nobody begins anew who has other keys.
    ["opened", "round-confirmation-failed"],
    // Parties hold packages of the first matching; those of the second are others, and nobody acknowledges two.
    ["submitting", "package-invalid"],
    ["sealed", "package-invalid"],
    ["reviewed", null],
    ["released", null],
    ["ripe", null],
  ])("a copy of when it was %s leaves both sides with the same hits; refused: %s", async (moment, refusal) => {
    // An earlier case has ended the round.
    cpSync(keysOf(round), keyFolderOf(round.house), { recursive: true });
    const server = await putBack(round, moment);
    try {
      const goOn = (): Promise<ErasureCertificate> =>
        playOn({ ...round, acknowledged: new Acknowledged(ROUND) }, server.url);
      if (moment !== "ripe") await expect(goOn(), "the log was put back").rejects.toMatchObject({ code: "audit-fork" });
      // Each caller's person accepts it, having been told by telephone.
      for (const heads of round.heads.values()) heads.forget();
      if (refusal !== null) await expect(goOn()).rejects.toMatchObject({ code: refusal });
      else expect((await goOn()).outcome).toBe("erased");
      expect(pairsOf(round)).toEqual(pairs);
      if (moment !== "opened") expect(await figuresAt(server), "no noise is drawn a second time").toEqual(published);
    } finally {
      await server.app.close();
    }
  });

  /** What is published of hits. */
  async function figuresAt(server: RunningServer): Promise<unknown[]> {
    const officer = connectAs(round, server, round.house.cast.officer);
    const { hits } = await officer.statistics(new Date().getUTCFullYear());
    expect(hits).toHaveLength(1);
    return hits.map(({ figures }) => figures);
  }
});
