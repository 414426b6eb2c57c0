/**
 * A vault with opened hits, made without a server: for what the console does with many of them.
 */
import { join } from "node:path";
import { createVault, type Vault } from "#client/vault.ts";
import { LEAST_COST } from "#client/passphrase-box.ts";
import { profileDigest } from "#engine/profile.ts";
import type { Hit } from "#engine/round/package.ts";
import { SHIPPED_PROFILE } from "#engine/shipped-profile.ts";
import { descriptorOf, identitiesOf, rosterOf } from "../../engine/round/parties.ts";
import { PASSPHRASE, temporaryFolder } from "../folders.ts";

export const ROUND = "2026-4";
export const OPENED_AT = "2026-11-27T12:00:00Z";

/** @returns A vault of AT with this many hits with HR; hit 7 is of reference `AT-7`. */
export function vaultWithHits(count: number): Vault {
  const identities = identitiesOf(["AT", "HR"]);
  const roster = rosterOf(identities);
  const [identity] = identities;
  if (identity === undefined) throw new RangeError("no identity");
  const vault = createVault(join(temporaryFolder(), "AT"), identity, PASSPHRASE, LEAST_COST);
  vault.pinRoster(roster);
  vault.keepDescriptor(descriptorOf(identities, roster, { profile: profileDigest(SHIPPED_PROFILE), id: ROUND }));
  const key = (byte: number): Uint8Array => new Uint8Array(32).fill(byte);
  const keys = { keyTag: key(1), keyProof: key(2), keyNotice: key(3), keyId: idOf("key", 0) };
  vault.keepPairings(ROUND, [{ counterpart: "HR", ...keys }]);
  const hits = Array.from({ length: count }, (_, at): Hit => ({
    band: (["high", "medium", "low"] as const)[at % 3] ?? "low",
    cells: "",
    handle: idOf("handle", at),
    hit: hitId(at),
    pattern: 1 + (at % 7),
  }));
  vault.writeHandleMap(
    ROUND,
    "HR",
    hits.map(({ handle }, row) => ({ handle, refs: [`AT-${row}`], row })),
  );
  const none = { decoys: 0, decoysMissing: 0, noRecord: 0 };
  vault.keepSection(ROUND, { counterpart: "HR", hitCount: count, ...none, hits, openedAt: "2026-11-27T12:00:00.123Z" });
  return vault;
}

export function hitId(at: number): string {
  return idOf("hit", at);
}

function idOf(kind: string, at: number): string {
  return Buffer.from(`${kind}${at}`.padEnd(16, "_")).toString("base64url");
}
