/**
 * A party's side of the release: it takes its package, acknowledges it, and opens the sections whose keys the server gives
 * out for both sides at once. Decoys go before anyone sees a hit.
 */
import { createHash } from "node:crypto";
import { LinkageError } from "#engine/errors.ts";
import type { Profile } from "#engine/profile.ts";
import type { Report } from "#engine/round/acts.ts";
import { counterpartsOf, descriptorT0 } from "#engine/round/descriptor.ts";
import { requireApproved, requireSealed } from "#engine/round/endorsement.ts";
import type { PackageKeys, RoundView } from "#engine/round/messages.ts";
import { openPackage, openPackageKey, openSection, type Hit, type Package } from "#engine/round/package.ts";
import { signStatement } from "#engine/round/statement.ts";
import type { HandleEntry } from "./handle-map.ts";
import type { Connection } from "./http.ts";
import type { KeptSection } from "./round-files.ts";
import type { Vault } from "./vault.ts";

export type Opened = {
  /** Counterparts whose section is open, in order. */
  readonly opened: readonly string[];
  /** Counterparts whose section is not, in order: not acknowledged by both yet, dropped, or closed. */
  readonly closed: readonly string[];
  /** Decoys that are missing, by counterpart: the server left hits out. */
  readonly missingDecoys: ReadonlyMap<string, number>;
};

/**
 * Keeps the package in the vault, then tells the server that it holds it. Called again, it fetches nothing again.
 *
 * @throws {@link LinkageError} `package-unavailable` before release; `package-invalid` if it is not for this party, round and
 * T2, or its sections are others than the party's pairings; `statement-signature` unless two operators released what this party sealed, and
 * its counterparts sealed the same; `vault-invalid` if the party has not sealed the round.
 */
export async function acknowledgePackage(
  connection: Pick<Connection, "round" | "fetchPackage" | "acknowledge">,
  vault: Vault,
  round: string,
): Promise<void> {
  const t2 = sealOf(vault, round);
  const { party } = vault.identity;
  requireReleased(vault, round, await connection.round(round), t2);
  const sealed = vault.packageBox(round) ?? (await connection.fetchPackage(round, party));
  checkPackage(vault, await openPackage(sealed, vault.identity), round, t2);
  vault.keepPackageBox(round, sealed);
  const digest = createHash("sha256").update(sealed).digest("base64url");
  await connection.acknowledge(signStatement(vault.identity, "acknowledgement", { digest, party, round, t2 }));
}

/**
 * Opens the sections whose keys are out and that were not opened before; reports missing decoys to the officers.
 *
 * @param profile - The round's.
 * @throws {@link LinkageError} `package-invalid` if a section does not open, or names a handle that the party never sent or a
 * rule that the profile does not have.
 */
export async function openHits(
  connection: Pick<Connection, "packageKeys" | "putReport">,
  vault: Vault,
  round: string,
  profile: Profile,
): Promise<Opened> {
  const { party } = vault.identity;
  const descriptor = vault.descriptor(round);
  if (vault.packageBox(round) === null || descriptor === null)
    throw new LinkageError("package-unavailable", `the package of round ${round} is not acknowledged yet`);
  const missingDecoys = new Map<string, number>();
  for await (const section of openSections(vault, round, await connection.packageKeys(round, party), profile)) {
    const report = decoyReport(vault, round, section);
    if (report === null) continue;
    missingDecoys.set(section.counterpart, report.count);
    await connection.putReport(report);
  }
  const counterparts = counterpartsOf(descriptor, party);
  const isOpen = (counterpart: string): boolean => vault.section(round, counterpart) !== null;
  return {
    opened: counterparts.filter(isOpen),
    closed: counterparts.filter((counterpart) => !isOpen(counterpart)),
    missingDecoys,
  };
}

/**
 * Opens what was not opened before. Talks to nobody.
 *
 * @param keys - As the server gave them.
 * @returns The sections of these keys, decoys left out.
 * @throws {@link LinkageError} as {@link openHits}.
 */
export async function* openSections(
  vault: Vault,
  round: string,
  keys: PackageKeys,
  profile: Profile,
): AsyncGenerator<KeptSection> {
  const t2 = sealOf(vault, round);
  const sealed = vault.packageBox(round);
  if (sealed === null) throw new LinkageError("package-unavailable", `the package of round ${round} is not here yet`);
  const opened = await openPackage(sealed, vault.identity);
  checkPackage(vault, opened, round, t2);
  for (const { counterpart, sealedKey } of keys)
    yield vault.section(round, counterpart) ?? (await openOne(vault, opened, counterpart, sealedKey, profile));
}

/** @returns What the officers are to know of a section; null if no decoy is missing. */
export function decoyReport(
  vault: Vault,
  round: string,
  { counterpart, decoys: of, decoysMissing: count }: KeptSection,
): Report | null {
  const { identity } = vault;
  const { party } = identity;
  if (count === 0) return null;
  const pairing = pairingOf(party, counterpart);
  const t2 = sealOf(vault, round);
  const report = { count, kind: "decoy-missing", of, pairing, party, round, t2 } as const;
  return signStatement(identity, "report", report);
}

/** @returns The pairing, lower id first. */
export function pairingOf(party: string, counterpart: string): [string, string] {
  return party < counterpart ? [party, counterpart] : [counterpart, party];
}

/** @throws {@link LinkageError} `vault-invalid` if the party has not sealed the round. */
export function sealOf(vault: Vault, round: string): string {
  const t2 = vault.seal(round);
  if (t2 === null) throw new LinkageError("vault-invalid", `this vault has not sealed round ${round}`);
  return t2;
}

async function openOne(
  vault: Vault,
  opened: Package,
  counterpart: string,
  sealedKey: string,
  profile: Profile,
): Promise<KeptSection> {
  const key = await openPackageKey(sealedKey, vault.identity);
  const hits = openSection(opened, counterpart, key);
  key.fill(0);
  const { round } = opened;
  const decoys = vault.decoys(round, counterpart);
  const found = new Set(hits.map(({ handle }) => handle));
  const kept: KeptSection = {
    counterpart,
    hitCount: hits.length,
    decoys: decoys.size,
    decoysMissing: [...decoys].filter((handle) => !found.has(handle)).length,
    hits: hits.filter(({ handle }) => !decoys.has(handle)),
  };
  checkHits(vault, round, counterpart, kept.hits, profile);
  vault.keepSection(round, kept);
  return kept;
}

function requireReleased(vault: Vault, round: string, { approvals, pairings, seals }: RoundView, t2: string): void {
  const descriptor = vault.descriptor(round);
  if (descriptor === null) throw new LinkageError("vault-invalid", `the vault holds no descriptor of round ${round}`);
  const roster = vault.roster();
  requireApproved(roster, approvals, { act: "release", round, t0: descriptorT0(descriptor), t2 });
  const isLeftOut = (counterpart: string): boolean =>
    pairings.some(({ pairing, state }) => pairing.includes(counterpart) && state === "left-out");
  const counterparts = counterpartsOf(descriptor, vault.identity.party).filter((name) => !isLeftOut(name));
  requireSealed(roster, seals, counterparts, { round, t2 });
}

function checkPackage(vault: Vault, opened: Package, round: string, t2: string): void {
  const descriptor = vault.descriptor(round);
  const expected = descriptor === null ? [] : counterpartsOf(descriptor, vault.identity.party);
  if (opened.round !== round || opened.t2 !== t2)
    throw new LinkageError("package-invalid", "the package is of another round, or not of what this party sealed");
  if (opened.sections.map(({ counterpart }) => counterpart).join() !== expected.join())
    throw new LinkageError("package-invalid", "the package has other sections than this party has pairings");
}

function checkHits(vault: Vault, round: string, counterpart: string, hits: readonly Hit[], profile: Profile): void {
  if (hits.length === 0) return;
  const wanted = new Set(hits.map(({ handle }) => handle));
  const known = vault.holdsHandleMap(round, counterpart)
    ? vault.readHandleMap(round, counterpart, wanted)
    : new Map<string, HandleEntry>();
  if (hits.some(({ handle }) => !known.has(handle)))
    throw new LinkageError("package-invalid", `a hit with ${counterpart} has a handle of no record that was sent`);
  if (profile.rules.length < 32 && hits.some(({ pattern }) => pattern >= 2 ** profile.rules.length))
    throw new LinkageError("package-invalid", `a hit with ${counterpart} names rules that the profile does not have`);
  if (new Set(hits.map(({ hit }) => hit)).size !== hits.length)
    throw new LinkageError("package-invalid", `a hit with ${counterpart} is there twice`);
}
