/**
 * A party's local vault: its identity, the pinned roster and what it must keep of each round.
 * Folders have mode 700, files mode 600; nothing in it ever leaves the party.
 *
 *   identity.json, roster.json
 *   rounds/ROUND/descriptor.json   the descriptor as first seen
 *               /transcript.json   T1 as first computed
 *               /round-key.json    ephemeral secret, until every confirmation is checked
 *               /tag-keys.json     K_tag of each pairing, until every batch is in
 *               /pairings.json     K_proof and key id of each pairing
 *               /provenance.json   seed of the provenance commitments' salts
 *               /package.json      the package of hits as last opened
 *               /batches/HR.batch, HR.handles.jsonl, HR.receipt.json
 */
import { randomBytes } from "node:crypto";
import { existsSync, readdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { z } from "zod";
import { canonicalBytes, type Json } from "#engine/canonical-json.ts";
import { LinkageError } from "#engine/errors.ts";
import { Bytes16, Bytes32, fromBase64url, toBase64url } from "#engine/round/binary.ts";
import { RoundDescriptor, RoundId } from "#engine/round/descriptor.ts";
import { Identity } from "#engine/round/identity.ts";
import { Package } from "#engine/round/package.ts";
import { MAX_PARTIES, PartyId, Roster } from "#engine/round/roster.ts";
import {
  createFile,
  createFileIfAbsent,
  destroyFile,
  makePrivateFolder,
  readWhole,
  replaceFile,
  requirePrivate,
} from "./durable-file.ts";
import { readHandleLines, writeHandleLines, type HandleEntry } from "./handle-map.ts";

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

/**
 * Makes a vault with this identity, without a roster.
 *
 * @throws {@link LinkageError} `file-exists` if the folder has an identity already; it is not touched.
 */
export function createVault(directory: string, identity: Identity): Vault {
  makePrivateFolder(directory);
  requirePrivate(directory, "the vault");
  createFile(join(directory, "identity.json"), [jsonFile(identity)]);
  return openVault(directory);
}

/** @throws {@link LinkageError} `vault-invalid` if there is no identity, it has another shape, or others can read it. */
export function openVault(directory: string): Vault {
  requirePrivate(directory, "the vault");
  const path = join(directory, "identity.json");
  requirePrivate(path, "the vault's identity");
  return new Vault(directory, readShape(path, Identity));
}

/** Rounds are named by id and counterparts by party id throughout; both are checked before they become paths. */
export class Vault {
  readonly directory: string;
  readonly identity: Identity;

  constructor(directory: string, identity: Identity) {
    this.directory = directory;
    this.identity = identity;
  }

  /** @throws {@link LinkageError} `vault-invalid` if none is pinned. */
  roster(): Roster {
    const path = join(this.directory, "roster.json");
    if (!existsSync(path)) throw new LinkageError("vault-invalid", "no roster is pinned; run: aquila roster pin");
    return readShape(path, Roster);
  }

  /**
   * @param replace - Whether another roster that is pinned already may go.
   * @throws {@link LinkageError} `file-exists` if it may not; `vault-invalid` if the roster has other keys for this party.
   */
  pinRoster(roster: Roster, replace = false): void {
    const { party, signKey, boxKey } = this.identity;
    const own = roster.parties.find((entry) => entry.id === party);
    if (own?.signKey !== signKey || own.boxKey !== boxKey)
      throw new LinkageError("vault-invalid", `the roster does not hold this vault's own keys for ${party}`);
    const path = join(this.directory, "roster.json");
    if (existsSync(path) && sameJson(readShape(path, Roster), roster)) return;
    if (replace) replaceFile(path, [jsonFile(roster)]);
    else createFile(path, [jsonFile(roster)]);
  }

  /** Ids of the rounds that the vault knows, in increasing order. */
  rounds(): string[] {
    const path = join(this.directory, "rounds");
    return existsSync(path) ? readdirSync(path).sort() : [];
  }

  /** @returns Null before it is kept. */
  descriptor(round: string): RoundDescriptor | null {
    return this.#readIfThere(round, "descriptor.json", RoundDescriptor);
  }

  /** @throws {@link LinkageError} `round-descriptor-invalid` if another descriptor was kept before. */
  keepDescriptor(descriptor: RoundDescriptor): void {
    const kept = this.#keepFirst(descriptor.id, "descriptor.json", RoundDescriptor, descriptor);
    if (!sameJson(kept, descriptor))
      throw new LinkageError("round-descriptor-invalid", `round ${descriptor.id} had another descriptor before`);
  }

  /** @returns T1, or null before it is kept. */
  transcript(round: string): string | null {
    return this.#readIfThere(round, "transcript.json", Transcript)?.t1 ?? null;
  }

  /** @throws {@link LinkageError} `round-confirmation-failed` if another T1 was kept before. */
  keepTranscript(round: string, t1: string): void {
    const kept = this.#keepFirst(round, "transcript.json", Transcript, { t1 });
    if (kept.t1 !== t1)
      throw new LinkageError("round-confirmation-failed", `the round keys of ${round} are other ones than before`);
  }

  /** @returns Null before it is kept and after it is destroyed. */
  roundSecret(round: string): RoundSecret | null {
    return this.#readIfThere(round, "round-key.json", RoundSecret);
  }

  /** @returns The secret that counts: `secret`, or the one that was kept before. */
  keepRoundSecret(round: string, secret: RoundSecret): RoundSecret {
    return this.#keepFirst(round, "round-key.json", RoundSecret, secret);
  }

  destroyRoundSecret(round: string): void {
    destroyFile(this.#roundPath(round, "round-key.json"));
  }

  /** @returns In order of counterpart; null before all confirmations are checked. */
  pairings(round: string): VaultPairing[] | null {
    const stored = this.#readIfThere(round, "pairings.json", StoredPairings);
    if (stored === null) return null;
    const tags = new Map(
      (this.#readIfThere(round, "tag-keys.json", TagKeys) ?? []).map(({ counterpart, keyTag }) => [
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
    replaceFile(prepared(this.#roundPath(round, "tag-keys.json")), [jsonFile(tags)]);
    replaceFile(prepared(this.#roundPath(round, "pairings.json")), [jsonFile(stored)]);
  }

  /** Destroys every K_tag of the round: no batch can be encoded any more. */
  destroyTagKeys(round: string): void {
    destroyFile(this.#roundPath(round, "tag-keys.json"));
  }

  /** @returns 32 secret bytes, made when first asked for, from which the salts of the round's provenance commitments come. */
  provenanceSeed(round: string): Uint8Array {
    const fresh = { seed: randomBytes(SEED_BYTES).toString("base64url") };
    return fromBase64url(this.#keepFirst(round, "provenance.json", Provenance, fresh).seed);
  }

  /** @returns The round's hits, without padding; null before they are kept. */
  package(round: string): Package | null {
    return this.#readIfThere(round, "package.json", Package);
  }

  keepPackage(opened: Package): void {
    replaceFile(prepared(this.#roundPath(opened.round, "package.json")), [jsonFile({ ...opened, padding: "" })]);
  }

  /** Where the batch for `counterpart` lies or will lie. */
  batchPath(round: string, counterpart: string): string {
    return this.#batchFile(round, counterpart, "batch");
  }

  /**
   * Prepares the vault for a new batch, whose handle map is to be written after it.
   *
   * @returns Where the batch is to be written.
   * @throws {@link LinkageError} `file-exists` if a batch for `counterpart` has been submitted.
   */
  prepareBatch(round: string, counterpart: string): string {
    this.#requireUnsubmitted(round, counterpart);
    // Handles of the batch before this one would name the wrong records.
    destroyFile(this.#batchFile(round, counterpart, "handles.jsonl"));
    return prepared(this.batchPath(round, counterpart));
  }

  /** @throws {@link LinkageError} `file-exists` if a batch for `counterpart` has been submitted. */
  writeHandleMap(round: string, counterpart: string, entries: Iterable<HandleEntry>): void {
    this.#requireUnsubmitted(round, counterpart);
    writeHandleLines(prepared(this.#batchFile(round, counterpart, "handles.jsonl")), entries);
  }

  /** Whether hits in the batch for `counterpart` could be named. */
  holdsHandleMap(round: string, counterpart: string): boolean {
    return existsSync(this.#batchFile(round, counterpart, "handles.jsonl"));
  }

  /** As {@link readHandleLines}. */
  readHandleMap(round: string, counterpart: string, wanted?: ReadonlySet<string>): Map<string, readonly string[]> {
    return readHandleLines(this.#batchFile(round, counterpart, "handles.jsonl"), wanted);
  }

  /** @returns What of the batch for `counterpart` the server took, or may have taken, as complete; null before. */
  receipt(round: string, counterpart: string): Receipt | null {
    const path = this.#batchFile(round, counterpart, "receipt.json");
    return existsSync(path) ? readShape(path, Receipt) : null;
  }

  keepReceipt(round: string, counterpart: string, receipt: Receipt): void {
    replaceFile(prepared(this.#batchFile(round, counterpart, "receipt.json")), [jsonFile(receipt)]);
  }

  /** After the server has refused the batch. */
  dropReceipt(round: string, counterpart: string): void {
    destroyFile(this.#batchFile(round, counterpart, "receipt.json"));
  }

  #requireUnsubmitted(round: string, counterpart: string): void {
    if (this.receipt(round, counterpart) !== null)
      throw new LinkageError(
        "file-exists",
        `the batch for ${counterpart} in round ${round} has been submitted already; if its answer was lost, run: aquila submit`,
      );
  }

  #batchFile(round: string, counterpart: string, ending: string): string {
    if (!PartyId.safeParse(counterpart).success) throw new RangeError("a counterpart is named by its party id");
    return join(this.#roundPath(round, "batches"), `${counterpart}.${ending}`);
  }

  #roundPath(round: string, name: string): string {
    if (!RoundId.safeParse(round).success) throw new LinkageError("round-unknown", "a round id is a-z, 0-9 and -");
    return join(this.directory, "rounds", round, name);
  }

  #readIfThere<T>(round: string, name: string, shape: z.ZodType<T>): T | null {
    const path = this.#roundPath(round, name);
    return existsSync(path) ? readShape(path, shape) : null;
  }

  /** @returns What lies under `name`: `value`, or what was there before. */
  #keepFirst<T extends Json>(round: string, name: string, shape: z.ZodType<T>, value: T): T {
    const path = this.#roundPath(round, name);
    createFileIfAbsent(prepared(path), [jsonFile(value)]);
    return readShape(path, shape);
  }
}

/** @returns `path`, whose folder is there now. */
function prepared(path: string): string {
  makePrivateFolder(dirname(path));
  return path;
}

function jsonFile(value: Json): Uint8Array {
  return Buffer.concat([canonicalBytes(value), Buffer.from("\n")]);
}

function sameJson(a: Json, b: Json): boolean {
  return Buffer.compare(canonicalBytes(a), canonicalBytes(b)) === 0;
}

function readShape<T>(path: string, shape: z.ZodType<T>): T {
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder().decode(readWhole(path)));
  } catch {
    // Without its cause: the parser's message may quote a secret.
    throw new LinkageError("vault-invalid", `${path} is unreadable or not JSON`);
  }
  const parsed = shape.safeParse(value);
  if (!parsed.success)
    throw new LinkageError(
      "vault-invalid",
      `${path} has another shape at ${parsed.error.issues[0]?.path.join(".") ?? ""}`,
    );
  return parsed.data;
}
