/**
 * A round carried between a party's two vaults: what goes inside, what goes outside, and in which order; docs/spec/bundle.md.
 * Can be called again and again; a bundle says all that the other vault lacks, so that a lost one is made up for by the next.
 */
import { createHash } from "node:crypto";
import { MAX_HEADER_BYTES } from "#engine/batch/header.ts";
import { batchByteLength } from "#engine/batch/layout.ts";
import { LinkageError } from "#engine/errors.ts";
import { MAX_SEALED_ANSWERS } from "#engine/round/answers.ts";
import { fromBase64url, toBase64url } from "#engine/round/binary.ts";
import { counterpartsOf, descriptorT0, expectedRowCount, type RoundDescriptor } from "#engine/round/descriptor.ts";
import { SHIPPED_PROFILE, SHIPPED_PROFILE_DIGEST } from "#engine/shipped-profile.ts";
import { checkAdmissible } from "./agree.ts";
import { openBundle, sealBundle, type BundleIndex, type BundlePart, type Inward, type Outward } from "./bundle-file.ts";
import type { Carriage } from "./carried-files.ts";
import { createFile, requireAbsent } from "./durable-file.ts";
import { MAX_PACKAGE_BYTES } from "./http.ts";
import { pairingFile } from "./pairing-file.ts";
import type { Vault } from "./vault.ts";

export type CarriedBundle = {
  readonly round: string;
  readonly to: BundleIndex["to"];
  readonly serial: number;
  /** Long parts, by the vault's names for them. */
  readonly parts: readonly string[];
};

/**
 * Writes a new file with all that the party's other vault lacks of the round. The vault that agreed on the round's keys is
 * the one outside, the one that took its bundle the one inside.
 *
 * @throws {@link LinkageError} `file-exists`; `round-state` if the keys are not agreed, the vault encoded the round for
 * itself, or there is nothing to carry.
 */
export async function makeBundle(vault: Vault, round: string, path: string): Promise<CarriedBundle> {
  requireAbsent(path);
  const carriage = vault.carriage(round) ?? firstCarriage(vault, round);
  const next: Carriage = { ...carriage, made: carriage.made + 1 };
  const index = carriage.side === "outside" ? inwardOf(vault, round, next) : outwardOf(vault, round, next);
  // Before the file: two bundles never have one serial.
  vault.keepCarriage(round, next);
  createFile(path, await sealBundle(vault.identity, index, contentsOf(vault, index)));
  return summaryOf(index);
}

/**
 * Takes a bundle of the party's other vault. All of it is authenticated before anything is changed.
 *
 * @returns Null if it was taken before; nothing is changed then.
 * @throws {@link LinkageError} `bundle-invalid` as {@link openBundle}; `bundle-out-of-order` if it is not the next one for
 * this vault; as {@link checkAdmissible} if the round is none for the roster that counts for it here; `file-exists` if the
 * vault has submitted another batch.
 */
export async function takeBundle(vault: Vault, path: string): Promise<CarriedBundle | null> {
  const bundle = await openBundle(vault.identity, path);
  const { index } = bundle;
  const carriage = checkedCarriage(vault, index);
  const descriptor = index.to === "inside" ? admissible(vault, index) : vault.descriptor(index.round);
  if (descriptor !== null) requireLengths(vault.identity, descriptor, index.parts);
  bundle.read(() => undefined);
  if (carriage.taken === index.serial) return null;
  if (index.to === "inside") takeInward(vault, index, carriage);
  else takeOutward(vault, index);
  const isWanted = ({ name }: BundlePart): boolean => index.to === "inside" || !isSubmitted(vault, index, name);
  bundle.read((part, content) => {
    if (isWanted(part)) vault.writePart(index.round, part.name, content);
  });
  // Last: after a crash it is taken again.
  vault.keepCarriage(index.round, { ...carriage, taken: index.serial });
  return summaryOf(index);
}

/** @throws {@link LinkageError} `round-state` */
function firstCarriage(vault: Vault, round: string): Carriage {
  const pairings = vault.pairings(round);
  if (pairings === null)
    throw new LinkageError("round-state", `the keys of round ${round} are not agreed yet; run: aquila round join`);
  if (pairings.some(({ counterpart }) => vault.holdsBatch(round, counterpart)))
    throw new LinkageError(
      "round-state",
      `this vault encoded round ${round} itself: it holds what must not be outside, and goes on alone`,
    );
  return { side: "outside", made: 0, taken: 0 };
}

function inwardOf(vault: Vault, round: string, { made: serial, taken: seen }: Carriage): Inward {
  const descriptor = vault.descriptor(round);
  const t1 = vault.transcript(round);
  const pairings = vault.pairings(round);
  if (descriptor === null || t1 === null || pairings === null)
    throw new LinkageError("round-state", `this vault agreed on no keys in round ${round}`);
  const counterparts = pairings.map(({ counterpart }) => counterpart);
  const names = ["package.box", ...counterparts.map((name) => pairingFile(name, "their-answers.box"))];
  return {
    format: "aquila/bundle/v1",
    party: vault.identity.party,
    ...{ round, serial, seen, to: "inside", descriptor, t1 },
    keys: pairings.flatMap(({ counterpart, keyId, keyNotice, keyProof, keyTag }) => {
      if (keyNotice === null || keyProof === null || keyTag === null) return [];
      const [notice, proof, tag] = [keyNotice, keyProof, keyTag].map(toBase64url) as [string, string, string];
      return [{ counterpart, keyId, keyNotice: notice, keyProof: proof, keyTag: tag }];
    }),
    held: counterparts.filter((counterpart) => vault.holdsBatch(round, counterpart)),
    t2: vault.seal(round),
    packageKeys: vault.packageKeys(round),
    statuses: vault.statuses(round),
    parts: partsOf(vault, round, names),
  };
}

/** What is outside can be stolen there: batches and sealed answers, and nothing that says whom a row stands for. */
function outwardOf(vault: Vault, round: string, { made: serial, taken: seen }: Carriage): Outward {
  const pairings = vault.pairings(round) ?? [];
  const t1 = vault.transcript(round);
  if (t1 === null) throw new LinkageError("round-state", `this vault has no keys of round ${round}`);
  const counterparts = pairings.map(({ counterpart }) => counterpart);
  // Once sealed, what was submitted is not sent again.
  const encoded = vault.seal(round) === null ? counterparts.filter((name) => vault.holdsHandleMap(round, name)) : [];
  const batches = encoded.map((counterpart) => ({ counterpart, digest: handedOver(vault, round, counterpart) }));
  const names = [
    ...encoded.map((name) => pairingFile(name, "batch")),
    ...counterparts.map((name) => pairingFile(name, "answers.box")),
  ];
  const parts = partsOf(vault, round, names);
  if (parts.length === 0)
    throw new LinkageError("round-state", `there is nothing of round ${round} to carry yet; run: aquila round encode`);
  return {
    format: "aquila/bundle/v1",
    party: vault.identity.party,
    ...{ round, serial, seen, to: "outside", t1, batches, parts },
    reports: vault.reports(round),
    statistics: vault.statistics(round),
  };
}

/** From now on the list cannot be encoded anew: the handles of what may be submitted would be lost. @returns The batch's digest. */
function handedOver(vault: Vault, round: string, counterpart: string): string {
  const receipt = vault.receipt(round, counterpart);
  if (receipt !== null) return receipt.digest;
  const hash = createHash("sha256");
  for (const piece of vault.readBatch(round, counterpart)) hash.update(piece);
  const digest = hash.digest("base64url");
  vault.keepReceipt(round, counterpart, { digest, byteLength: vault.batchByteLength(round, counterpart) });
  return digest;
}

function partsOf(vault: Vault, round: string, names: readonly string[]): BundlePart[] {
  return names
    .filter((name) => vault.holdsPart(round, name))
    .map((name) => ({ name, byteLength: vault.partLength(round, name) }));
}

function* contentsOf(vault: Vault, { round, parts }: BundleIndex): Generator<Uint8Array> {
  for (const { name } of parts) yield* vault.readPart(round, name);
}

/** @returns How the vault stands to this bundle. @throws {@link LinkageError} `bundle-out-of-order` */
function checkedCarriage(vault: Vault, index: BundleIndex): Carriage {
  const { round, serial, seen, to, t1 } = index;
  const refuse = (why: string): LinkageError => new LinkageError("bundle-out-of-order", `round ${round}: ${why}`);
  const kept = vault.carriage(round);
  if (kept !== null && kept.side !== to) throw refuse(`the bundle goes ${to}, and this vault is the one ${kept.side}`);
  if (kept === null && (to === "outside" || vault.descriptor(round) !== null))
    throw refuse("this vault has made and taken no bundle of it; the other vault made this one for another");
  const t1Here = vault.transcript(round);
  if (t1Here !== null && t1Here !== t1) throw refuse("the bundle is of another attempt than this vault's");
  const carriage = kept ?? { side: to, made: 0, taken: 0 };
  if (seen > carriage.made) throw refuse("the other vault took a bundle that this one did not make");
  if (serial < carriage.taken) throw refuse(`bundle ${serial} is older than bundle ${carriage.taken}, which was taken`);
  if (to === "inside" && carriage.taken === 0 && index.keys.length === 0)
    throw refuse("the bundle has no keys any more: another vault is the one inside");
  return carriage;
}

/** @returns The descriptor, of a round that the party can take part in under the roster that counts for it here. */
function admissible(vault: Vault, { round, descriptor }: Inward): RoundDescriptor {
  const { party } = vault.identity;
  checkAdmissible({ descriptor, t0: descriptorT0(descriptor) }, vault.rosterOf(round), party, round, [
    SHIPPED_PROFILE_DIGEST,
  ]);
  return descriptor;
}

function takeInward(vault: Vault, index: Inward, carriage: Carriage): void {
  const { round, descriptor, t1, t2, keys, held } = index;
  const counterparts = counterpartsOf(descriptor, vault.identity.party);
  if (carriage.taken === 0 && keys.map(({ counterpart }) => counterpart).join() !== counterparts.join())
    throw new LinkageError("bundle-invalid", "the bundle has keys of other pairings than the party's");
  // First: after a crash the vault is known to be the one inside.
  vault.keepCarriage(round, carriage);
  vault.keepDescriptor(descriptor);
  vault.keepTranscript(round, t1);
  if (vault.pairings(round) === null)
    vault.keepPairings(
      round,
      keys.map(({ counterpart, keyId, keyNotice, keyProof, keyTag }) => ({
        ...{ counterpart, keyId, keyNotice: fromBase64url(keyNotice) },
        ...{ keyProof: fromBase64url(keyProof), keyTag: fromBase64url(keyTag) },
      })),
    );
  if (t2 !== null) {
    vault.keepSeal(round, t2);
    vault.destroyTagKeys(round);
  } else if (index.seen === carriage.made) {
    // What the vault outside was given and holds no more was recalled: the list may be encoded anew.
    for (const counterpart of counterparts) if (!held.includes(counterpart)) vault.dropReceipt(round, counterpart);
  }
  vault.keepPackageKeys(round, index.packageKeys);
  vault.keepStatuses(round, index.statuses);
}

function takeOutward(vault: Vault, index: Outward): void {
  const { round, batches } = index;
  for (const { counterpart, digest } of batches) {
    const receipt = vault.receipt(round, counterpart);
    if (receipt !== null && receipt.digest !== digest)
      throw new LinkageError(
        "file-exists",
        `another batch for ${counterpart} in round ${round} has been submitted; to replace it, run: aquila round recall`,
      );
  }
  // Before the batches: who has both can test guesses against the list.
  vault.destroyPairingKeys(round);
  vault.keepReports(round, index.reports);
  if (index.statistics !== null) vault.keepStatistics(index.statistics);
}

function isSubmitted(vault: Vault, { round }: BundleIndex, name: string): boolean {
  const [counterpart = "", ending] = name.split(".");
  return ending === "batch" && vault.receipt(round, counterpart) !== null;
}

/** @throws {@link LinkageError} `bundle-invalid` if a part is longer than any of its kind, or of no pairing of the party's. */
function requireLengths({ party }: Vault["identity"], descriptor: RoundDescriptor, parts: readonly BundlePart[]): void {
  const counterparts = counterpartsOf(descriptor, party);
  const batchBytes = batchByteLength(SHIPPED_PROFILE, expectedRowCount(descriptor, party), MAX_HEADER_BYTES);
  for (const { name, byteLength } of parts) {
    const [lead = "", ending] = name.split(".");
    if (name !== "package.box" && !counterparts.includes(lead))
      throw new LinkageError("bundle-invalid", `the bundle has a part for ${lead}, with whom there is no pairing`);
    const most = name === "package.box" ? MAX_PACKAGE_BYTES : ending === "batch" ? batchBytes : MAX_SEALED_ANSWERS;
    if (byteLength > most) throw new LinkageError("bundle-invalid", `${name} is longer than any of its kind`);
  }
}

function summaryOf({ round, to, serial, parts }: BundleIndex): CarriedBundle {
  return { round, to, serial, parts: parts.map(({ name }) => name) };
}
