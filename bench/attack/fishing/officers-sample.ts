/**
 * How often the officer's sample finds crafted rows among a party's own, by the client's own code on a vault's batch.
 */
import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { sampleBatch } from "#client/audit.ts";
import { encodeRound } from "#client/encode.ts";
import { LEAST_COST } from "#client/passphrase-box.ts";
import { createVault } from "#client/vault.ts";
import type { EncodedList } from "#engine/encode/list.ts";
import { makeIdentity, makeStaffIdentity } from "#engine/round/identity.ts";
import { castOf, describeRound } from "#fixtures/cast.ts";

const ROUND = "fishing";
const [OWN, COUNTERPART] = ["AT", "HR"];

/**
 * @param folder - Gets the vault.
 * @param sent - What was encoded; `honest` is what the officer encodes again.
 * @param rows - Sampled each time, of all of the list's.
 * @returns Share of samples in which no row differs, and in which the commitment to the list is as it should be.
 */
export async function samplesThatMiss(
  folder: string,
  sent: EncodedList,
  honest: EncodedList,
  rows: number,
  repeats: number,
): Promise<{ readonly bySample: number; readonly byCommitment: number }> {
  const identity = makeIdentity(OWN);
  const cast = castOf([identity, makeIdentity(COUNTERPART)], makeStaffIdentity("operator", "secretariat").signKey);
  const setting = { id: ROUND, profile: sent.profile, declaredRecords: sent.rows.length, now: new Date() };
  using vault = createVault(join(folder, "vault"), identity, randomBytes(18), LEAST_COST);
  vault.pinRoster(cast.roster);
  vault.keepDescriptor(describeRound(cast, setting));
  vault.keepTranscript(ROUND, randomBytes(32).toString("base64url"));
  const [keyTag, keyProof, keyNotice] = [randomBytes(32), randomBytes(32), randomBytes(32)];
  const keyId = randomBytes(16).toString("base64url");
  vault.keepPairings(ROUND, [{ counterpart: COUNTERPART, keyTag, keyProof, keyNotice, keyId }]);
  await encodeRound(vault, ROUND, sent, { workers: 0 });
  const missed = { bySample: 0, byCommitment: 0 };
  // A share that rounds up to the wanted number of rows.
  const share = (rows - 0.5) / sent.rows.length;
  for (let repeat = 0; repeat < repeats; repeat++) {
    const { differing, isCommitted } = sampleBatch(vault, ROUND, COUNTERPART, honest, share);
    missed.bySample += Number(differing.length === 0);
    missed.byCommitment += Number(isCommitted);
  }
  return { bySample: missed.bySample / repeats, byCommitment: missed.byCommitment / repeats };
}
