/**
 * A party's side of the release: it takes its package, acknowledges it, and opens the sections whose keys the server gives
 * out for both sides at once. Decoys go before anyone sees a hit, and so do hits at rows that stand for no record.
 */
import { createHash } from "node:crypto";
import { LinkageError } from "#engine/errors.ts";
import { reaches } from "#engine/match/band.ts";
import type { Profile } from "#engine/profile.ts";
import { counterpartsOf, descriptorT0, type ReleasedBand } from "#engine/round/descriptor.ts";
import { requireApproved, requireSealed } from "#engine/round/endorsement.ts";
import type { PackageKeys, RoundView } from "#engine/round/messages.ts";
import { openPackage, openPackageKey, openSection, type Hit, type Package } from "#engine/round/package.ts";
import { signStatement } from "#engine/round/statement.ts";
import { transcriptT2 } from "#engine/round/transcript.ts";
import type { Connection } from "./http.ts";
import { isOver, reportFaults, sealOf, type Fault, type Refusal } from "./report.ts";
import type { KeptSection } from "./round-shapes.ts";
import type { Vault } from "./vault.ts";

export type Opened = {
  /** Counterparts whose section is open, in order. */
  readonly opened: readonly string[];
  /** Counterparts whose section is not, in order: no key for it yet or for good, or it does not open. */
  readonly closed: readonly string[];
  /** What was found wrong and reported, by counterpart. */
  readonly faults: readonly Fault[];
  /** Reports that were refused. */
  readonly refused: readonly Refusal[];
};

/**
 * Keeps the package in the vault, then tells the server that it holds it. Called again, it fetches nothing again.
 *
 * @returns The round as the server shows it then.
 * @throws {@link LinkageError} `package-unavailable` before release; `package-invalid` if it is not for this party, round and
 * T2, or its sections are others than the party's pairings; `statement-signature` unless two operators released what this party sealed, and
 * its counterparts sealed the same; `round-state` if the party has not sealed the round.
 */
export async function acknowledgePackage(
  connection: Pick<Connection, "round" | "fetchPackage" | "acknowledge">,
  vault: Vault,
  round: string,
): Promise<RoundView> {
  const t2 = sealOf(vault, round);
  const { party } = vault.identity;
  requireReleased(vault, round, await connection.round(round), t2);
  const sealed = vault.packageBox(round) ?? (await connection.fetchPackage(round, party));
  checkPackage(vault, await openPackage(sealed, vault.identity), round, t2);
  vault.keepPackageBox(round, sealed);
  const digest = createHash("sha256").update(sealed).digest("base64url");
  return connection.acknowledge(signStatement(vault.identity, "acknowledgement", { digest, party, round, t2 }));
}

/**
 * Opens the sections whose keys are out and that were not opened before, each on its own; reports to the officers what is
 * wrong with them, and once the deadline `acknowledgements` is over the pairings that were not opened.
 *
 * @param profile - The round's.
 * @throws {@link LinkageError} `package-unavailable` if the package is not acknowledged yet.
 */
export async function openHits(
  connection: Pick<Connection, "packageKeys" | "putReport" | "round">,
  vault: Vault,
  round: string,
  profile: Profile,
  now: Date,
): Promise<Opened> {
  const { party } = vault.identity;
  const descriptor = vault.descriptor(round);
  if (vault.packageBox(round) === null || descriptor === null)
    throw new LinkageError(
      "package-unavailable",
      `the package of round ${round} is not acknowledged yet; run: aquila round ack`,
    );
  const invalid = await openSections(vault, round, await connection.packageKeys(round, party), profile, now);
  const counterparts = counterpartsOf(descriptor, party);
  const opened = counterparts.filter((counterpart) => vault.section(round, counterpart) !== null);
  const closed = counterparts.filter((counterpart) => !opened.includes(counterpart));
  const faults = [
    ...openedFaults(vault, round, invalid),
    ...(await unopenedFaults(
      connection,
      vault,
      round,
      closed.filter((counterpart) => !invalid.includes(counterpart)),
      now,
    )),
  ];
  const refused = await reportFaults(connection, vault, round, faults);
  return { opened, closed, faults, refused };
}

/**
 * Opens what was not opened before, each section on its own. Talks to nobody.
 *
 * @param keys - As the server gave them.
 * @returns Counterparts whose section does not open with its key, or is not well-formed.
 * @throws {@link LinkageError} `package-unavailable` if there is no package yet; `package-invalid` as {@link acknowledgePackage}.
 */
export async function openSections(
  vault: Vault,
  round: string,
  keys: PackageKeys,
  profile: Profile,
  now: Date,
): Promise<string[]> {
  const sealed = vault.packageBox(round);
  if (sealed === null) throw new LinkageError("package-unavailable", `the package of round ${round} is not here yet`);
  const box = await openPackage(sealed, vault.identity);
  checkPackage(vault, box, round, sealOf(vault, round));
  const counterparts = new Set(box.sections.map(({ counterpart }) => counterpart));
  const invalid: string[] = [];
  for (const { counterpart, sealedKey } of keys) {
    if (!counterparts.has(counterpart) || vault.section(round, counterpart) !== null) continue;
    if (!(await openOne(vault, box, counterpart, sealedKey, profile, now))) invalid.push(counterpart);
  }
  return invalid;
}

/**
 * @param invalid - Counterparts whose section does not open with its key.
 * @returns What is wrong with the sections whose keys are out.
 */
export function openedFaults(vault: Vault, round: string, invalid: readonly string[]): Fault[] {
  return (vault.pairings(round) ?? []).flatMap(({ counterpart }): Fault[] =>
    invalid.includes(counterpart)
      ? [{ counterpart, kind: "section-invalid", count: 1, of: 1 }]
      : sectionFaults(vault, round, counterpart),
  );
}

/**
 * @param keyless - Counterparts without a key for their section.
 * @returns Those with whom the pairing should be open: the deadline `acknowledgements` is over, and T2 names it.
 */
export async function unopenedFaults(
  connection: Pick<Connection, "round">,
  vault: Vault,
  round: string,
  keyless: readonly string[],
  now: Date,
): Promise<Fault[]> {
  const descriptor = vault.descriptor(round);
  if (keyless.length === 0 || descriptor === null || !isOver(descriptor, "acknowledgements", now)) return [];
  const inT2 = await pairingsInT2(connection, vault, round);
  return keyless
    .filter((counterpart) => inT2.includes(counterpart))
    .map((counterpart) => ({ counterpart, kind: "not-opened", count: 1, of: 1 }));
}

/** @returns What is wrong with the hits of a section that is open; nothing if it is not. */
function sectionFaults(vault: Vault, round: string, counterpart: string): Fault[] {
  const section = vault.section(round, counterpart);
  if (section === null) return [];
  const { decoys, decoysMissing, hitCount, noRecord } = section;
  const faults: Fault[] = [
    { counterpart, kind: "decoy-missing", count: decoysMissing, of: decoys },
    { counterpart, kind: "no-record", count: noRecord, of: hitCount },
  ];
  return faults.filter(({ count }) => count > 0);
}

/** @returns Whether the section opened; then it is kept. */
async function openOne(
  vault: Vault,
  box: Package,
  counterpart: string,
  sealedKey: string,
  profile: Profile,
  now: Date,
): Promise<boolean> {
  let hits: readonly Hit[];
  try {
    const key = await openPackageKey(sealedKey, vault.identity);
    hits = openSection(box, counterpart, key);
    key.fill(0);
    requireSound(hits, counterpart, profile, vault.descriptor(box.round)?.lowestBand ?? "high");
  } catch (error) {
    if (error instanceof LinkageError && error.code === "package-invalid") return false;
    throw error;
  }
  vault.keepSection(box.round, { ...sectionOf(vault, box.round, counterpart, hits), openedAt: now.toISOString() });
  return true;
}

/** @returns The section without its decoys and without the hits at rows that stand for no record. */
function sectionOf(vault: Vault, round: string, counterpart: string, hits: readonly Hit[]): KeptSection {
  const decoys = vault.decoys(round, counterpart);
  const handles = new Set(hits.map(({ handle }) => handle));
  const records = vault.holdsHandleMap(round, counterpart)
    ? new Set(vault.readHandleMap(round, counterpart, handles).keys())
    : new Set<string>();
  const ofRecords = hits.filter(({ handle }) => records.has(handle));
  const found = [...decoys].filter((handle) => handles.has(handle)).length;
  return {
    counterpart,
    hitCount: hits.length,
    decoys: decoys.size,
    decoysMissing: decoys.size - found,
    // A decoy has one hit, at its twin; another is made up.
    noRecord: hits.length - found - ofRecords.length,
    hits: ofRecords,
  };
}

/** @returns Counterparts whose pairing T2 names; all of them if the server shows another list than was co-signed. */
async function pairingsInT2(connection: Pick<Connection, "round">, vault: Vault, round: string): Promise<string[]> {
  const { party } = vault.identity;
  const t2 = sealOf(vault, round);
  const counterparts = (vault.pairings(round) ?? []).map(({ counterpart }) => counterpart);
  const t1 = vault.transcript(round);
  const { sealed } = await connection.round(round);
  if (t1 === null || transcriptT2(t1, sealed) !== t2) return counterparts;
  return counterparts.filter((counterpart) => sealed.some(({ from, to }) => from === party && to === counterpart));
}

function requireReleased(vault: Vault, round: string, { approvals, pairings, seals }: RoundView, t2: string): void {
  const descriptor = vault.descriptor(round);
  if (descriptor === null) throw new LinkageError("vault-invalid", `the vault holds no descriptor of round ${round}`);
  const roster = vault.rosterOf(round);
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

/**
 * @throws {@link LinkageError} `package-invalid` if a hit is there twice, is below the lowest band that the parties agreed to, or
 * names a rule that the profile does not have.
 */
function requireSound(hits: readonly Hit[], counterpart: string, profile: Profile, lowestBand: ReleasedBand): void {
  if (profile.rules.length < 32 && hits.some(({ pattern }) => pattern >= 2 ** profile.rules.length))
    throw new LinkageError("package-invalid", `a hit with ${counterpart} names rules that the profile does not have`);
  if (new Set(hits.map(({ hit }) => hit)).size !== hits.length)
    throw new LinkageError("package-invalid", `a hit with ${counterpart} is there twice`);
  if (hits.some(({ band }) => !reaches(band, lowestBand)))
    throw new LinkageError("package-invalid", `a hit with ${counterpart} is below the round's lowest band`);
}
