/**
 * A party's local vault: its identity, the pinned roster and what it must keep of each round; docs/spec/vault.md.
 * Nothing in it can be read without its passphrase, and nothing in it ever leaves the party.
 *
 *   vault.json                     the vault's key, sealed under the passphrase; all else is sealed under that key
 *   identity.json, roster.json, contact.json
 *   of each round
 *     descriptor.json              the descriptor as first seen
 *     transcript.json              T1 as first computed
 *     round-key.json               ephemeral secret, until every confirmation is checked
 *     tag-keys.json                K_tag of each pairing, until every batch is in
 *     pairings.json                K_proof and key id of each pairing
 *     provenance.json              seed of the provenance commitments' salts
 *     round-keys.json              the first round key seen of each party
 *     seal.json                    T2 as it was co-signed
 *     package.box                  the package as it came
 *     statistics.json              the noised histogram, as drawn once
 *     HR.batch, HR.handles.jsonl, HR.cells.0 …, HR.decoys.json, HR.receipt.json
 *     HR.section.json              hits with HR, decoys left out
 *     HR.answers.box, HR.answers.json   own answers as sealed, HR's as checked
 */
import { randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import type { BatchSource } from "#engine/encode/encode-batch.ts";
import type { RandomFill } from "#engine/uniform.ts";
import { canonicalBytes, type Json } from "#engine/canonical-json.ts";
import { LinkageError } from "#engine/errors.ts";
import { Bytes16, Bytes32, fromBase64url, toBase64url } from "#engine/round/binary.ts";
import { RoundDescriptor } from "#engine/round/descriptor.ts";
import { Identity } from "#engine/round/identity.ts";
import { Hit, MAX_HITS } from "#engine/round/package.ts";
import { PartyId, RoundId } from "#engine/round/ids.ts";
import { RoundKey } from "#engine/round/keys.ts";
import { Notice } from "#engine/round/notice.ts";
import { changedKeys, checkRoster, MAX_PARTIES, Roster, rosterDigest } from "#engine/round/roster.ts";
import { PartyStatistics } from "#engine/statistics/published.ts";
import { encodeIntoFiles, type BatchTask, type WrittenBatch } from "./batch-file.ts";
import { createFile, makePrivateFolder, requireAbsent, requirePrivate } from "./durable-file.ts";
import { handleLines, readHandleLines, type HandleEntry } from "./handle-map.ts";
import { boxFile, openBox, readBox, sealBox, type Argon2idCost, type PassphraseBox } from "./passphrase-box.ts";
import { pairingFile } from "./pairing-file.ts";
import { OWN, SealedFolder, type VaultAccess } from "./sealed-folder.ts";
import { changeBoxPassphrase } from "./sealed-identity.ts";

const KEY_BYTES = 32;
const SEED_BYTES = 32;

/** An X25519 secret of one round. */
const RoundSecret = z.strictObject({ publicKey: Bytes32, secret: Bytes32 });
export type RoundSecret = z.infer<typeof RoundSecret>;

const StoredPairings = z
  .array(z.strictObject({ counterpart: PartyId, keyProof: Bytes32, keyId: Bytes16 }))
  .min(1)
  .max(MAX_PARTIES);
const TagKeys = z
  .array(z.strictObject({ counterpart: PartyId, keyTag: Bytes32 }))
  .min(1)
  .max(MAX_PARTIES);

/** What a party holds of one agreed pairing; `keyTag` is null once every batch of the round is in. */
export type VaultPairing = {
  readonly counterpart: string;
  readonly keyTag: Uint8Array | null;
  readonly keyProof: Uint8Array;
  readonly keyId: string;
};

/** What was submitted to the server as complete; kept from before its manifest is sent. */
const Receipt = z.strictObject({ digest: Bytes32, byteLength: z.int().min(1) });
export type Receipt = z.infer<typeof Receipt>;

const Transcript = z.strictObject({ t1: Bytes32 });
const Provenance = z.strictObject({ seed: Bytes32 });

const RoundKeys = z.array(RoundKey).max(MAX_PARTIES);
const SealedTranscript = z.strictObject({ t2: Bytes32 });
const Contact = Notice.pick({ contact: true });
const Decoys = z.array(Bytes16).max(64);

/** A pairing's section of the package, opened; decoys are out of its hits. */
const KeptSection = z.strictObject({
  counterpart: PartyId,
  /** Hits of the section, decoys among them. */
  hitCount: z.int().min(0).max(MAX_HITS),
  decoys: z.int().min(0).max(64),
  decoysMissing: z.int().min(0).max(64),
  hits: z.array(Hit).max(MAX_HITS),
});
export type KeptSection = Readonly<Omit<z.infer<typeof KeptSection>, "hits">> & { readonly hits: readonly Hit[] };

/** A counterpart's answer, its proof checked. */
const KeptAnswer = z.strictObject({ hit: Bytes16, notice: Notice, proven: z.boolean() });
export type KeptAnswer = z.infer<typeof KeptAnswer>;
const KeptAnswers = z.array(KeptAnswer).max(MAX_HITS);

/** The box that holds the vault's key. */
const LOCK = { holds: "vault-key", what: "the vault's lock" } as const;

/**
 * Makes a vault with this identity, without a roster.
 *
 * @param passphrase - UTF-8 in NFC; left as it is, as everywhere here.
 * @throws {@link LinkageError} `file-exists` if the folder has a vault already; it is not touched.
 */
export function createVault(directory: string, identity: Identity, passphrase: Uint8Array, cost?: Argon2idCost): Vault {
  requireNoVault(directory);
  makePrivateFolder(directory);
  requirePrivate(directory, "the vault");
  const key = randomBytes(KEY_BYTES);
  const lock = boxFile(sealBox(LOCK.holds, key, passphrase, cost));
  const files = new SealedFolder(directory, key);
  files.createJson(OWN, "identity.json", identity);
  try {
    // Last: a vault without its identity is never met.
    createFile(lockPath(directory), [lock]);
  } catch (error) {
    files.destroy(OWN, "identity.json");
    files.close();
    throw error;
  }
  return new Vault(files, identity);
}

/**
 * @throws {@link LinkageError} `vault-invalid` if there is no vault, others can read it, or its identity was changed;
 * `passphrase-wrong` if another passphrase was chosen.
 */
export function openVault(directory: string, passphrase: Uint8Array): Vault {
  const key = openBox(requireVault(directory), passphrase, "the vault");
  if (key.length !== KEY_BYTES) throw new LinkageError("vault-invalid", `${LOCK.what} holds no key`);
  const files = new SealedFolder(directory, key);
  try {
    const identity = files.readJson(OWN, "identity.json", Identity);
    if (identity === null) throw new LinkageError("vault-invalid", `the vault's identity is missing: ${directory}`);
    return new Vault(files, identity);
  } catch (error) {
    files.close();
    throw error;
  }
}

/**
 * Seals the vault's key under another passphrase; no other file changes.
 *
 * @throws {@link LinkageError} as {@link openVault}.
 */
export function changeVaultPassphrase(
  directory: string,
  passphrase: Uint8Array,
  next: Uint8Array,
  cost?: Argon2idCost,
): void {
  requireVault(directory);
  changeBoxPassphrase(lockPath(directory), LOCK, passphrase, next, cost);
}

/**
 * @returns The vault's lock.
 * @throws {@link LinkageError} `vault-invalid` if there is no vault, or others can read it.
 */
export function requireVault(directory: string): PassphraseBox {
  requirePrivate(directory, "the vault");
  if (!existsSync(lockPath(directory)) && existsSync(join(directory, "identity.json")))
    throw new LinkageError(
      "vault-invalid",
      `${directory} is a vault in the clear, of a version before passphrases; make a new one in another folder (aquila key make) and destroy this one`,
    );
  return readBox(lockPath(directory), LOCK.holds, LOCK.what);
}

/** @throws {@link LinkageError} `file-exists` */
export function requireNoVault(directory: string): void {
  requireAbsent(lockPath(directory));
  requireAbsent(join(directory, "identity.json"));
}

/** Rounds are named by id and counterparts by party id throughout; both are checked before they name a file. */
export class Vault {
  readonly directory: string;
  readonly identity: Identity;
  readonly #files: SealedFolder;

  constructor(files: SealedFolder, identity: Identity) {
    this.directory = files.directory;
    this.identity = identity;
    this.#files = files;
  }

  /** Wipes the vault's key from memory; the vault is of no use afterwards. */
  close(): void {
    this.#files.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  /** @throws {@link LinkageError} `vault-invalid` if none is pinned. */
  roster(): Roster {
    const roster = this.#files.readJson(OWN, "roster.json", Roster);
    if (roster === null) throw new LinkageError("vault-invalid", "no roster is pinned; run: aquila roster pin");
    return roster;
  }

  /**
   * @param accepted - Ids whose keys may differ from those of the roster pinned before.
   * @throws {@link LinkageError} `roster-invalid` as {@link checkRoster}; `roster-key-changed` naming the ids whose keys
   * differ and are not accepted; `vault-invalid` if the roster has other keys for this party.
   */
  pinRoster(roster: Roster, accepted: readonly string[] = []): void {
    const { party, signKey, boxKey } = this.identity;
    const own = roster.parties.find((entry) => entry.id === party);
    if (own?.signKey !== signKey || own.boxKey !== boxKey)
      throw new LinkageError("vault-invalid", `the roster does not hold this vault's own keys for ${party}`);
    const pinned = this.#files.readJson(OWN, "roster.json", Roster);
    if (pinned !== null && rosterDigest(pinned) === rosterDigest(roster)) return;
    checkRoster(roster, pinned);
    const changed = (pinned === null ? [] : changedKeys(pinned, roster)).filter((id) => !accepted.includes(id));
    if (changed.length > 0)
      throw new LinkageError(
        "roster-key-changed",
        `other keys than pinned for ${changed.join(", ")}: compare fingerprints by telephone, then --accept them`,
      );
    this.#files.writeJson(OWN, "roster.json", roster);
  }

  /** Ids of the rounds whose descriptor the vault keeps, in increasing order. */
  rounds(): string[] {
    return this.#files
      .readJsonOfAll("descriptor.json", RoundDescriptor)
      .map(({ id }) => id)
      .sort();
  }

  /** @returns Null before it is kept. */
  descriptor(round: string): RoundDescriptor | null {
    return this.#files.readJson(checkedRound(round), "descriptor.json", RoundDescriptor);
  }

  /** @throws {@link LinkageError} `round-descriptor-invalid` if another descriptor was kept before. */
  keepDescriptor(descriptor: RoundDescriptor): void {
    const kept = this.#files.keepFirst(checkedRound(descriptor.id), "descriptor.json", RoundDescriptor, descriptor);
    if (!sameJson(kept, descriptor))
      throw new LinkageError("round-descriptor-invalid", `round ${descriptor.id} had another descriptor before`);
  }

  /** @returns T1, or null before it is kept. */
  transcript(round: string): string | null {
    return this.#files.readJson(checkedRound(round), "transcript.json", Transcript)?.t1 ?? null;
  }

  /** @throws {@link LinkageError} `round-confirmation-failed` if another T1 was kept before. */
  keepTranscript(round: string, t1: string): void {
    const kept = this.#files.keepFirst(checkedRound(round), "transcript.json", Transcript, { t1 });
    if (kept.t1 !== t1)
      throw new LinkageError("round-confirmation-failed", `the round keys of ${round} are other ones than before`);
  }

  /** @returns Null before it is kept and after it is destroyed. */
  roundSecret(round: string): RoundSecret | null {
    return this.#files.readJson(checkedRound(round), "round-key.json", RoundSecret);
  }

  /** @returns The secret that counts: `secret`, or the one that was kept before. */
  keepRoundSecret(round: string, secret: RoundSecret): RoundSecret {
    return this.#files.keepFirst(checkedRound(round), "round-key.json", RoundSecret, secret);
  }

  destroyRoundSecret(round: string): void {
    this.#files.destroy(checkedRound(round), "round-key.json");
  }

  /** @returns In order of counterpart; null before all confirmations are checked. */
  pairings(round: string): VaultPairing[] | null {
    const stored = this.#files.readJson(checkedRound(round), "pairings.json", StoredPairings);
    if (stored === null) return null;
    const tags = new Map(
      (this.#files.readJson(checkedRound(round), "tag-keys.json", TagKeys) ?? []).map(({ counterpart, keyTag }) => [
        counterpart,
        keyTag,
      ]),
    );
    return stored.map(({ counterpart, keyProof, keyId }) => {
      const keyTag = tags.get(counterpart);
      return {
        counterpart,
        keyTag: keyTag === undefined ? null : fromBase64url(keyTag),
        keyProof: fromBase64url(keyProof),
        keyId,
      };
    });
  }

  keepPairings(round: string, pairings: readonly (VaultPairing & { readonly keyTag: Uint8Array })[]): void {
    const tags = pairings.map(({ counterpart, keyTag }) => ({ counterpart, keyTag: toBase64url(keyTag) }));
    const stored = pairings.map(({ counterpart, keyProof, keyId }) => ({
      counterpart,
      keyProof: toBase64url(keyProof),
      keyId,
    }));
    // The pairings last: once they are there, the round is agreed.
    this.#files.writeJson(checkedRound(round), "tag-keys.json", tags);
    this.#files.writeJson(checkedRound(round), "pairings.json", stored);
  }

  /** Destroys every K_tag of the round: no batch can be encoded any more. */
  destroyTagKeys(round: string): void {
    this.#files.destroy(checkedRound(round), "tag-keys.json");
  }

  /** @returns 32 secret bytes, made when first asked for, from which the salts of the round's provenance commitments come. */
  provenanceSeed(round: string): Uint8Array {
    const fresh = { seed: randomBytes(SEED_BYTES).toString("base64url") };
    return fromBase64url(this.#files.keepFirst(checkedRound(round), "provenance.json", Provenance, fresh).seed);
  }

  /**
   * Keeps the first key seen of each party.
   *
   * @returns All that were seen first.
   */
  keepRoundKeys(round: string, keys: readonly RoundKey[]): RoundKey[] {
    const seen = this.#files.readJson(checkedRound(round), "round-keys.json", RoundKeys) ?? [];
    const fresh = keys.filter(({ party }) => !seen.some((key) => key.party === party));
    if (fresh.length > 0) this.#files.writeJson(checkedRound(round), "round-keys.json", [...seen, ...fresh]);
    return [...seen, ...fresh];
  }

  /** @returns T2 as it was sealed; null before. */
  seal(round: string): string | null {
    return this.#files.readJson(checkedRound(round), "seal.json", SealedTranscript)?.t2 ?? null;
  }

  /** @throws {@link LinkageError} `round-confirmation-failed` if another T2 was sealed before. */
  keepSeal(round: string, t2: string): void {
    if (this.#files.keepFirst(checkedRound(round), "seal.json", SealedTranscript, { t2 }).t2 !== t2)
      throw new LinkageError("round-confirmation-failed", `round ${round} was sealed with another T2 before`);
  }

  /** @returns The sealed package as it came; null before. */
  packageBox(round: string): Uint8Array | null {
    return this.#readBytes(round, "package.box");
  }

  keepPackageBox(round: string, sealed: Uint8Array): void {
    this.#files.writePieces(checkedRound(round), "package.box", [sealed]);
  }

  /** @returns The opened section of a pairing; null before. */
  section(round: string, counterpart: string): KeptSection | null {
    return this.#files.readJson(checkedRound(round), pairingFile(counterpart, "section.json"), KeptSection);
  }

  keepSection(round: string, section: KeptSection): void {
    this.#files.writeJson(checkedRound(round), pairingFile(section.counterpart, "section.json"), section);
  }

  /** @returns Own answers as they were sealed for `counterpart`; null before. */
  answersBox(round: string, counterpart: string): Uint8Array | null {
    return this.#readBytes(round, pairingFile(counterpart, "answers.box"));
  }

  keepAnswersBox(round: string, counterpart: string, sealed: Uint8Array): void {
    this.#files.writePieces(checkedRound(round), pairingFile(counterpart, "answers.box"), [sealed]);
  }

  /** @returns What `counterpart` answered, checked; null before. */
  answers(round: string, counterpart: string): KeptAnswer[] | null {
    return this.#files.readJson(checkedRound(round), pairingFile(counterpart, "answers.json"), KeptAnswers);
  }

  keepAnswers(round: string, counterpart: string, answers: readonly KeptAnswer[]): void {
    this.#files.writeJson(checkedRound(round), pairingFile(counterpart, "answers.json"), answers);
  }

  /** @returns The noised histogram that may be sent; null before it is drawn. */
  statistics(round: string): PartyStatistics | null {
    return this.#files.readJson(checkedRound(round), "statistics.json", PartyStatistics);
  }

  /** @returns The histogram that counts: `statistics`, or the one that was kept before. */
  keepStatistics(statistics: PartyStatistics): PartyStatistics {
    return this.#files.keepFirst(checkedRound(statistics.round), "statistics.json", PartyStatistics, statistics);
  }

  /** @returns The desk that counterparts are to turn to. */
  contact(): string {
    return (
      this.#files.readJson(OWN, "contact.json", Contact)?.contact ?? `national contact point ${this.identity.party}`
    );
  }

  /** @throws {@link LinkageError} `vault-invalid` if it is longer than 120 characters, or not printable words. */
  keepContact(contact: string): void {
    const parsed = Contact.safeParse({ contact });
    if (!parsed.success)
      throw new LinkageError(
        "vault-invalid",
        "a contact is at most 120 printable characters, words apart by one space",
      );
    this.#files.writeJson(OWN, "contact.json", parsed.data);
  }

  /** @returns The batch for `counterpart`, as {@link SealedFolder.readPieces}. */
  readBatch(round: string, counterpart: string): Generator<Uint8Array> {
    return this.#files.readPieces(checkedRound(round), pairingFile(counterpart, "batch"));
  }

  /** @throws {@link LinkageError} `file-unreadable` if no batch for `counterpart` was written. */
  batchByteLength(round: string, counterpart: string): number {
    return this.#files.byteLength(checkedRound(round), pairingFile(counterpart, "batch"));
  }

  /**
   * Prepares the vault for a new batch, whose handle map is to be written after it.
   *
   * @throws {@link LinkageError} `file-exists` if a batch for `counterpart` has been submitted.
   */
  prepareBatch(round: string, counterpart: string): void {
    this.#requireUnsubmitted(round, counterpart);
    // Handles and cells of the batch before this one would name the wrong records.
    for (const ending of ["handles.jsonl", "decoys.json"] as const)
      this.#files.destroy(round, pairingFile(counterpart, ending));
    this.#destroyOwnCells(round, counterpart);
  }

  /** Encodes and writes one batch with what belongs to it; {@link prepareBatch} comes first. */
  writeBatch(source: BatchSource, task: BatchTask, random: RandomFill): WrittenBatch {
    return encodeIntoFiles(this.#files, source, task, random);
  }

  /** @returns What a worker thread of this process needs to write into this vault; it zeroes the key when it is done. */
  access(): VaultAccess {
    return this.#files.access();
  }

  /** @throws {@link LinkageError} `file-exists` if a batch for `counterpart` has been submitted. */
  writeHandleMap(round: string, counterpart: string, entries: Iterable<HandleEntry>): void {
    this.#requireUnsubmitted(round, counterpart);
    this.#files.writePieces(round, pairingFile(counterpart, "handles.jsonl"), handleLines(entries));
  }

  /** Handles of the decoys in the batch for `counterpart`. */
  decoys(round: string, counterpart: string): ReadonlySet<string> {
    return new Set(this.#files.readJson(checkedRound(round), pairingFile(counterpart, "decoys.json"), Decoys) ?? []);
  }

  /** @returns Own cells of the batch for `counterpart`, as engine/encode/own-cells.ts reads them. */
  *ownCells(round: string, counterpart: string): Generator<Uint8Array> {
    for (let part = 0; ; part++) {
      const name = pairingFile(counterpart, `cells.${part}`);
      if (!this.#files.has(checkedRound(round), name)) return;
      yield* this.#files.readPieces(round, name);
    }
  }

  /** Whether hits in the batch for `counterpart` could be named. */
  holdsHandleMap(round: string, counterpart: string): boolean {
    return this.#files.has(checkedRound(round), pairingFile(counterpart, "handles.jsonl"));
  }

  /** As {@link readHandleLines}. */
  readHandleMap(round: string, counterpart: string, wanted?: ReadonlySet<string>): Map<string, HandleEntry> {
    const name = pairingFile(counterpart, "handles.jsonl");
    return readHandleLines(this.#files.readPieces(checkedRound(round), name), `${name} of round ${round}`, wanted);
  }

  /** @returns What of the batch for `counterpart` the server took, or may have taken, as complete; null before. */
  receipt(round: string, counterpart: string): Receipt | null {
    return this.#files.readJson(checkedRound(round), pairingFile(counterpart, "receipt.json"), Receipt);
  }

  keepReceipt(round: string, counterpart: string, receipt: Receipt): void {
    this.#files.writeJson(checkedRound(round), pairingFile(counterpart, "receipt.json"), receipt);
  }

  /** After the server has refused the batch. */
  dropReceipt(round: string, counterpart: string): void {
    this.#files.destroy(checkedRound(round), pairingFile(counterpart, "receipt.json"));
  }

  /** Takes back that batches were submitted, so that others can be encoded: the server has let them go. */
  dropReceipts(round: string, counterparts: readonly string[]): void {
    for (const counterpart of counterparts) this.dropReceipt(round, counterpart);
  }

  /** Destroys K_proof of every pairing, the batches and the own cells: after the follow-up nothing can be proven any more. */
  destroyProofKeys(round: string): void {
    const counterparts = (this.pairings(round) ?? []).map(({ counterpart }) => counterpart);
    this.#files.destroy(checkedRound(round), "tag-keys.json");
    for (const counterpart of counterparts) {
      for (const ending of ["batch", "answers.box"] as const)
        this.#files.destroy(round, pairingFile(counterpart, ending));
      this.#destroyOwnCells(round, counterpart);
    }
    this.#files.destroy(checkedRound(round), "package.box");
  }

  /** Destroys all that the vault keeps of a round: no hit of it can be named any more. */
  forgetRound(round: string): void {
    this.#files.destroyGroup(checkedRound(round));
  }

  #destroyOwnCells(round: string, counterpart: string): void {
    for (let part = 0; this.#files.has(round, pairingFile(counterpart, `cells.${part}`)); part++)
      this.#files.destroy(round, pairingFile(counterpart, `cells.${part}`));
  }

  #readBytes(round: string, name: string): Uint8Array | null {
    if (!this.#files.has(checkedRound(round), name)) return null;
    return new Uint8Array(Buffer.concat([...this.#files.readPieces(checkedRound(round), name)]));
  }

  #requireUnsubmitted(round: string, counterpart: string): void {
    if (this.receipt(round, counterpart) !== null)
      throw new LinkageError(
        "file-exists",
        `the batch for ${counterpart} in round ${round} has been submitted already; if its answer was lost, run: aquila submit`,
      );
  }
}

function checkedRound(round: string): string {
  if (!RoundId.safeParse(round).success) throw new LinkageError("round-unknown", "a round id is a-z, 0-9 and -");
  return round;
}

function lockPath(directory: string): string {
  return join(directory, "vault.json");
}

function sameJson(a: Json, b: Json): boolean {
  return Buffer.compare(canonicalBytes(a), canonicalBytes(b)) === 0;
}
