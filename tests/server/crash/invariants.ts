/**
 * What holds at the end of a round, whatever its server went through.
 */
import { readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "vitest";
import { exportLog, verifyExport } from "#client/audit-log.ts";
import { resultsOf } from "#client/results.ts";
import type { Vault } from "#client/vault.ts";
import type { ErasureCertificate } from "#engine/round/acts.ts";
import { isSignedBy } from "#engine/round/statement.ts";
import { SHIPPED_PROFILE } from "#engine/shipped-profile.ts";
import { startServer } from "../harness.ts";
import { found, type Secrets } from "../secret-search.ts";
import { stepsOf, type Kill } from "./crashing-process.ts";
import { closePlay, connectTo, openPlay, PAIRINGS, play, ROUND, type Beside, type Play } from "./round-play.ts";
import { keyFolderOf, secretsOf } from "./round-secrets.ts";

/** Acts of which a round's log may have more than one: a matching that is cut off begins again. */
const REPEATED = [
  "matching",
  "package-sent",
  "keys-sent",
  "answers-sent",
  "statuses-read",
  "statuses-stored",
  "log-read",
  "follow-up-read",
];
/** What start-up says of a round whose erasure was cut off, before it goes on with it. */
const EXPECTED_ERROR = "the round's key file is missing; the round can only be erased";

/** Secrets of one round, taken when they are all there. */
export type Kept = { clear: Secrets; wrapped: Secrets };

/**
 * Plays a round at a server that is killed, and checks its end.
 *
 * @param pairs - What has to be found; null if that is not known yet.
 * @returns How many of the kills came, the durable steps that were done, and what was found.
 */
export async function playWell(
  kills: readonly Kill[],
  pairs: Record<string, string[]> | null,
  beside?: Beside,
): Promise<{ crashed: number; done: string[]; found: Record<string, string[]> }> {
  const kept: Kept = { clear: [], wrapped: [] };
  const round = openPlay(keepSecrets(kept));
  try {
    const { crashed, certificate } = await play(round, kills, beside);
    const done = stepsOf(round.house);
    const found = pairsOf(round);
    if (pairs !== null) expect(found).toEqual(pairs);
    await checkEnd(round, certificate, kept);
    return { crashed, done, found };
  } finally {
    closePlay(round);
  }
}

/** Also sees that the search finds what is there. */
export function keepSecrets(kept: Kept): (round: Play) => void {
  return (round) => {
    Object.assign(kept, secretsOf(round));
    expect(kept.clear.length).toBeGreaterThan(400);
    expect(new Set(kept.wrapped.map(([name]) => name)).size).toBe(4);
    expect(foundIn(round, kept.wrapped)).toHaveLength(kept.wrapped.length);
    expect(foundIn(round, kept.clear), "nothing lies there in the clear").toEqual([]);
  };
}

/** @returns For each pairing, who was found to be whom, by own references. @throws Error unless both sides have the same hits, each once. */
export function pairsOf({ vaults }: Play): Record<string, string[]> {
  return Object.fromEntries(
    PAIRINGS.map(([lower, higher]) => {
      const [ours, theirs] = [refsByHit(vaults, lower, higher), refsByHit(vaults, higher, lower)];
      expect([...ours.keys()].sort(), `${lower}-${higher}`).toEqual([...theirs.keys()].sort());
      return [`${lower}-${higher}`, [...ours].map(([hit, ref]) => `${ref} ${theirs.get(hit) ?? ""}`).sort()];
    }),
  );
}

/** Own references by hit id. */
function refsByHit(vaults: readonly Vault[], party: string, counterpart: string): Map<string, string> {
  const vault = vaults.find(({ identity }) => identity.party === party);
  if (vault === undefined) throw new RangeError(`no vault of ${party}`);
  const rows = resultsOf(vault, ROUND, SHIPPED_PROFILE, new Date()).filter((row) => row.counterpart === counterpart);
  for (const row of rows) expect(row.finding, "what both hold is proven").not.toMatch(/unproven|waiting/);
  expect(new Set(rows.map(({ hit }) => hit)).size).toBe(rows.length);
  return new Map(rows.map(({ hit, refs }) => [hit, refs.join("+")]));
}

/** The round is over, its server can start again, and nothing is left but what a certificate leaves. */
export async function checkEnd(round: Play, certificate: ErasureCertificate, { clear, wrapped }: Kept): Promise<void> {
  const { house } = round;
  const isLeft = (): void => {
    expect(foundIn(round, [...clear, ...wrapped])).toEqual([]);
    expect(readdirSync(keyFolderOf(house))).toEqual([]);
    expect(readdirSync(join(house.dataDir, "rounds"))).toEqual([]);
  };
  isLeft();
  expect(isSignedBy(house.roster.secretariat, "erasure", certificate)).toBe(true);
  const errors = round.said.filter((line) => /"level":"(error|fatal)"/.test(line) && !line.includes(EXPECTED_ERROR));
  expect(errors).toEqual([]);
  const server = await startServer(house, { profile: SHIPPED_PROFILE });
  try {
    expect(server.log.filter((line) => !line.includes('"level":"info"'))).toEqual([]);
    const connectAs = (identity: Parameters<typeof connectTo>[2]) => connectTo(round, server.url, identity);
    const operator = connectAs(house.cast.operators[0]);
    const parties = round.vaults.map((vault) => ({ vault, connection: connectAs(vault.identity) }));
    await round.acknowledged.check(operator, parties);
    expect(await operator.certificate(ROUND)).toEqual(certificate);
    const officer = connectAs(house.cast.officer);
    const log = join(house.folder, "log.jsonl");
    writeFileSync(log, (await exportLog(officer)).join(""));
    // Who asks holds the log against the head that he saw last; this holds it against its own entries.
    expect(verifyExport(log, house.roster).entries).toBeGreaterThan(30);
    const acts = (await officer.acts(ROUND)).filter(({ act }) => !REPEATED.includes(act));
    const told = acts.map(({ actor, act, about }) => `${actor} ${act} ${about}`);
    expect(told, "nothing is done twice").toEqual([...new Set(told)]);
  } finally {
    await server.app.close();
  }
  isLeft();
}

/** In all that the server has on disk. */
function foundIn({ house }: Play, secrets: Secrets): string[] {
  return [house.dataDir, join(house.folder, "keys")].flatMap((folder) => found(folder, secrets));
}
