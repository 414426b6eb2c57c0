/**
 * What a vault keeps of each round; docs/spec/vault.md.
 *
 *   descriptor.json              the descriptor as first seen
 *   transcript.json              T1 as first computed
 *   round-key.json               ephemeral secret, until every confirmation is checked
 *   tag-keys.json                K_tag of each pairing, until every batch is in
 *   proof-keys.json              K_proof and K_notice of each pairing, until the follow-up ends
 *   pairings.json                key id of each pairing
 *   provenance.json              seed of the provenance commitments' salts
 *   round-keys.json              the first round key seen of each party
 *   seal.json                    T2 as it was co-signed
 *   sealed.json                  the batches that T2 names
 *   package.box                  the package as it came
 *   statistics.json              the noised histogram, as drawn once
 *   HR.batch, HR.handles.jsonl, HR.cells.0 …, HR.decoys.json, HR.receipt.json
 *   HR.section.json              hits with HR, decoys left out
 *   HR.answers.box, HR.answers.json   own answers as sealed, HR's as checked
 *   walk.lock                    empty; held by who does the party's steps
 *   of a round that is carried   client/carried-files.ts
 */
import { randomBytes } from "node:crypto";
import { canonicalBytes, type Json } from "#engine/canonical-json.ts";
import type { BatchSource } from "#engine/encode/encode-batch.ts";
import { LinkageError } from "#engine/errors.ts";
import { fromBase64url, toBase64url } from "#engine/round/binary.ts";
import { RoundDescriptor } from "#engine/round/descriptor.ts";
import { RoundId } from "#engine/round/ids.ts";
import { RoundKey } from "#engine/round/keys.ts";
import { SealedBatch } from "#engine/round/transcript.ts";
import { PartyStatistics } from "#engine/statistics/published.ts";
import type { RandomFill } from "#engine/uniform.ts";
import { encodeIntoFiles, type BatchTask, type WrittenBatch } from "./batch-file.ts";
import { handleLines, readHandleLines, type HandleEntry } from "./handle-map.ts";
import { pairingFile } from "./pairing-file.ts";
import {
  Decoys,
  KeptAnswers,
  KeptSection,
  ProofKeys,
  Provenance,
  Receipt,
  RoundKeys,
  RoundSecret,
  SealedBatches,
  SealedTranscript,
  StoredPairings,
  TagKeys,
  Transcript,
  type FreshPairing,
  type KeptAnswer,
  type VaultPairing,
} from "./round-shapes.ts";
import { type SealedFolder } from "./sealed-folder.ts";

const SEED_BYTES = 32;

/** Rounds are named by id and counterparts by party id throughout; both are checked before they name a file. */
export class RoundFiles {
  protected readonly files: SealedFolder;

  constructor(files: SealedFolder) {
    this.files = files;
  }

  /** Ids of the rounds whose descriptor the vault keeps, in increasing order. */
  rounds(): string[] {
    return this.files
      .readJsonOfAll("descriptor.json", RoundDescriptor)
      .map(({ id }) => id)
      .sort();
  }

  /** @returns Null before it is kept. */
  descriptor(round: string): RoundDescriptor | null {
    return this.files.readJson(checkedRound(round), "descriptor.json", RoundDescriptor);
  }

  /** @throws {@link LinkageError} `round-descriptor-invalid` if another descriptor was kept before. */
  keepDescriptor(descriptor: RoundDescriptor): void {
    const kept = this.files.keepFirst(checkedRound(descriptor.id), "descriptor.json", RoundDescriptor, descriptor);
    if (!sameJson(kept, descriptor))
      throw new LinkageError("round-descriptor-invalid", `round ${descriptor.id} had another descriptor before`);
  }

  /** @returns T1, or null before it is kept. */
  transcript(round: string): string | null {
    return this.files.readJson(checkedRound(round), "transcript.json", Transcript)?.t1 ?? null;
  }

  /** @throws {@link LinkageError} `round-confirmation-failed` if another T1 was kept before. */
  keepTranscript(round: string, t1: string): void {
    const kept = this.files.keepFirst(checkedRound(round), "transcript.json", Transcript, { t1 });
    if (kept.t1 !== t1)
      throw new LinkageError("round-confirmation-failed", `the round keys of ${round} are other ones than before`);
  }

  /** @returns Null before it is kept and after it is destroyed. */
  roundSecret(round: string): RoundSecret | null {
    return this.files.readJson(checkedRound(round), "round-key.json", RoundSecret);
  }

  /** @returns The secret that counts: `secret`, or the one that was kept before. */
  keepRoundSecret(round: string, secret: RoundSecret): RoundSecret {
    return this.files.keepFirst(checkedRound(round), "round-key.json", RoundSecret, secret);
  }

  destroyRoundSecret(round: string): void {
    this.files.destroy(checkedRound(round), "round-key.json");
  }

  /** @returns In order of counterpart; null before all confirmations are checked. */
  pairings(round: string): VaultPairing[] | null {
    const stored = this.files.readJson(checkedRound(round), "pairings.json", StoredPairings);
    if (stored === null) return null;
    const tags = this.files.readJson(checkedRound(round), "tag-keys.json", TagKeys) ?? [];
    const proofs = this.files.readJson(checkedRound(round), "proof-keys.json", ProofKeys) ?? [];
    return stored.map(({ counterpart, keyId }) => {
      const keyTag = tags.find((one) => one.counterpart === counterpart)?.keyTag;
      const proof = proofs.find((one) => one.counterpart === counterpart);
      return {
        counterpart,
        keyTag: keyTag === undefined ? null : fromBase64url(keyTag),
        keyProof: proof === undefined ? null : fromBase64url(proof.keyProof),
        keyNotice: proof === undefined ? null : fromBase64url(proof.keyNotice),
        keyId,
      };
    });
  }

  keepPairings(round: string, pairings: readonly FreshPairing[]): void {
    const tags = pairings.map(({ counterpart, keyTag }) => ({ counterpart, keyTag: toBase64url(keyTag) }));
    const proofs = pairings.map(({ counterpart, keyNotice, keyProof }) => ({
      counterpart,
      keyNotice: toBase64url(keyNotice),
      keyProof: toBase64url(keyProof),
    }));
    const stored = pairings.map(({ counterpart, keyId }) => ({ counterpart, keyId }));
    // The pairings last: once they are there, the round is agreed.
    this.files.writeJson(checkedRound(round), "tag-keys.json", tags);
    this.files.writeJson(checkedRound(round), "proof-keys.json", proofs);
    this.files.writeJson(checkedRound(round), "pairings.json", stored);
  }

  /** Destroys every K_tag of the round: no batch can be encoded any more. */
  destroyTagKeys(round: string): void {
    this.files.destroy(checkedRound(round), "tag-keys.json");
  }

  /** @returns 32 secret bytes, made when first asked for, from which the salts of the round's provenance commitments come. */
  provenanceSeed(round: string): Uint8Array {
    const fresh = { seed: randomBytes(SEED_BYTES).toString("base64url") };
    return fromBase64url(this.files.keepFirst(checkedRound(round), "provenance.json", Provenance, fresh).seed);
  }

  /**
   * Keeps the first key seen of each party.
   *
   * @returns All that were seen first.
   */
  keepRoundKeys(round: string, keys: readonly RoundKey[]): RoundKey[] {
    const seen = this.files.readJson(checkedRound(round), "round-keys.json", RoundKeys) ?? [];
    const fresh = keys.filter(({ party }) => !seen.some((key) => key.party === party));
    if (fresh.length > 0) this.files.writeJson(checkedRound(round), "round-keys.json", [...seen, ...fresh]);
    return [...seen, ...fresh];
  }

  /** @returns T2 as it was sealed; null before. */
  seal(round: string): string | null {
    return this.files.readJson(checkedRound(round), "seal.json", SealedTranscript)?.t2 ?? null;
  }

  /** @throws {@link LinkageError} `round-confirmation-failed` if another T2 was sealed before. */
  keepSeal(round: string, t2: string): void {
    if (this.files.keepFirst(checkedRound(round), "seal.json", SealedTranscript, { t2 }).t2 !== t2)
      throw new LinkageError("round-confirmation-failed", `round ${round} was sealed with another T2 before`);
  }

  /** @returns The batches that T2 names; null in a vault that did not co-sign it itself. */
  sealedBatches(round: string): SealedBatch[] | null {
    return this.files.readJson(checkedRound(round), "sealed.json", SealedBatches);
  }

  keepSealedBatches(round: string, sealed: readonly SealedBatch[]): void {
    this.files.keepFirst(checkedRound(round), "sealed.json", SealedBatches, [...sealed]);
  }

  /** @returns The sealed package as it came; null before. */
  packageBox(round: string): Uint8Array | null {
    return this.readBytes(round, "package.box");
  }

  keepPackageBox(round: string, sealed: Uint8Array): void {
    this.files.writePieces(checkedRound(round), "package.box", [sealed]);
  }

  /** @returns The opened section of a pairing; null before. */
  section(round: string, counterpart: string): KeptSection | null {
    return this.files.readJson(checkedRound(round), pairingFile(counterpart, "section.json"), KeptSection);
  }

  keepSection(round: string, section: KeptSection): void {
    this.files.writeJson(checkedRound(round), pairingFile(section.counterpart, "section.json"), section);
  }

  /** @returns Own answers as they were sealed for `counterpart`; null before. */
  answersBox(round: string, counterpart: string): Uint8Array | null {
    return this.readBytes(round, pairingFile(counterpart, "answers.box"));
  }

  keepAnswersBox(round: string, counterpart: string, sealed: Uint8Array): void {
    this.files.writePieces(checkedRound(round), pairingFile(counterpart, "answers.box"), [sealed]);
  }

  /** @returns What `counterpart` answered, checked; null before. */
  answers(round: string, counterpart: string): KeptAnswer[] | null {
    return this.files.readJson(checkedRound(round), pairingFile(counterpart, "answers.json"), KeptAnswers);
  }

  keepAnswers(round: string, counterpart: string, answers: readonly KeptAnswer[]): void {
    this.files.writeJson(checkedRound(round), pairingFile(counterpart, "answers.json"), answers);
  }

  /** @returns The noised histogram that may be sent; null before it is drawn. */
  statistics(round: string): PartyStatistics | null {
    return this.files.readJson(checkedRound(round), "statistics.json", PartyStatistics);
  }

  /** @returns The histogram that counts: `statistics`, or the one that was kept before. */
  keepStatistics(statistics: PartyStatistics): PartyStatistics {
    return this.files.keepFirst(checkedRound(statistics.round), "statistics.json", PartyStatistics, statistics);
  }

  /** @returns The batch for `counterpart`, as {@link SealedFolder.readPieces}. */
  readBatch(round: string, counterpart: string): Generator<Uint8Array> {
    return this.files.readPieces(checkedRound(round), pairingFile(counterpart, "batch"));
  }

  /** @throws {@link LinkageError} `file-unreadable` if no batch for `counterpart` was written. */
  batchByteLength(round: string, counterpart: string): number {
    return this.files.byteLength(checkedRound(round), pairingFile(counterpart, "batch"));
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
      this.files.destroy(round, pairingFile(counterpart, ending));
    this.#destroyOwnCells(round, counterpart);
  }

  /** Encodes and writes one batch with what belongs to it; {@link prepareBatch} comes first. */
  writeBatch(source: BatchSource, task: BatchTask, random: RandomFill): WrittenBatch {
    return encodeIntoFiles(this.files, source, task, random);
  }

  /** @throws {@link LinkageError} `file-exists` if a batch for `counterpart` has been submitted. */
  writeHandleMap(round: string, counterpart: string, entries: Iterable<HandleEntry>): void {
    this.#requireUnsubmitted(round, counterpart);
    this.files.writePieces(round, pairingFile(counterpart, "handles.jsonl"), handleLines(entries));
  }

  /** Handles of the decoys in the batch for `counterpart`. */
  decoys(round: string, counterpart: string): ReadonlySet<string> {
    return new Set(this.files.readJson(checkedRound(round), pairingFile(counterpart, "decoys.json"), Decoys) ?? []);
  }

  /** @returns Own cells of the batch for `counterpart`, as engine/encode/own-cells.ts reads them. */
  *ownCells(round: string, counterpart: string): Generator<Uint8Array> {
    for (let part = 0; ; part++) {
      const name = pairingFile(counterpart, `cells.${part}`);
      if (!this.files.has(checkedRound(round), name)) return;
      yield* this.files.readPieces(round, name);
    }
  }

  /** Whether hits in the batch for `counterpart` could be named. */
  holdsHandleMap(round: string, counterpart: string): boolean {
    return this.files.has(checkedRound(round), pairingFile(counterpart, "handles.jsonl"));
  }

  /** As {@link readHandleLines}. */
  readHandleMap(round: string, counterpart: string, wanted?: ReadonlySet<string>): Map<string, HandleEntry> {
    const name = pairingFile(counterpart, "handles.jsonl");
    return readHandleLines(this.files.readPieces(checkedRound(round), name), `${name} of round ${round}`, wanted);
  }

  /** @returns What of the batch for `counterpart` the server took, or may have taken, as complete; null before. */
  receipt(round: string, counterpart: string): Receipt | null {
    return this.files.readJson(checkedRound(round), pairingFile(counterpart, "receipt.json"), Receipt);
  }

  keepReceipt(round: string, counterpart: string, receipt: Receipt): void {
    this.files.writeJson(checkedRound(round), pairingFile(counterpart, "receipt.json"), receipt);
  }

  /** Destroys a batch that was taken back; {@link prepareBatch} what belongs to it. */
  destroyBatch(round: string, counterpart: string): void {
    this.files.destroy(checkedRound(round), pairingFile(counterpart, "batch"));
  }

  /** After the server has refused the batch. */
  dropReceipt(round: string, counterpart: string): void {
    this.files.destroy(checkedRound(round), pairingFile(counterpart, "receipt.json"));
  }

  /**
   * Destroys the ephemeral secret, every pairing's keys, the batches and the own cells: nothing can be encoded or proven any more.
   * After the follow-up, and when the attempt ended or the party withdrew.
   */
  destroyProofKeys(round: string): void {
    const counterparts = (this.pairings(round) ?? []).map(({ counterpart }) => counterpart);
    for (const name of ["round-key.json", "tag-keys.json", "proof-keys.json"] as const)
      this.files.destroy(checkedRound(round), name);
    for (const counterpart of counterparts) {
      for (const ending of ["batch", "answers.box", "their-answers.box"] as const)
        this.files.destroy(round, pairingFile(counterpart, ending));
      this.#destroyOwnCells(round, counterpart);
    }
    for (const name of ["package.box", "package-keys.json"] as const) this.files.destroy(checkedRound(round), name);
  }

  /** So that of two programs with one vault one alone does a round's steps. @returns Null while another does. */
  lockWalk(round: string): Disposable | null {
    return this.files.lock(checkedRound(round), "walk.lock");
  }

  /**
   * Does one step alone; nothing is to be kept apart in a round that the vault does not know.
   *
   * @throws {@link LinkageError} `round-state` while another program does the round's steps.
   */
  async aloneIn<T>(round: string, step: () => Promise<T>): Promise<T> {
    if (this.descriptor(round) === null) return step();
    using lock = this.lockWalk(round);
    if (lock === null)
      throw new LinkageError(
        "round-state",
        `another program does the steps of round ${round} with this vault (a console, or round run); end it or let it finish`,
      );
    return await step();
  }

  /** Destroys all that the vault keeps of a round: no hit of it can be named any more. */
  forgetRound(round: string): void {
    this.files.destroyGroup(checkedRound(round));
  }

  #destroyOwnCells(round: string, counterpart: string): void {
    for (let part = 0; this.files.has(round, pairingFile(counterpart, `cells.${part}`)); part++)
      this.files.destroy(round, pairingFile(counterpart, `cells.${part}`));
  }

  protected readBytes(round: string, name: string): Uint8Array | null {
    if (!this.files.has(checkedRound(round), name)) return null;
    return new Uint8Array(Buffer.concat([...this.files.readPieces(checkedRound(round), name)]));
  }

  #requireUnsubmitted(round: string, counterpart: string): void {
    if (this.receipt(round, counterpart) !== null)
      throw new LinkageError(
        "file-exists",
        `the batch for ${counterpart} in round ${round} has been submitted already; if its answer was lost, run: aquila round submit`,
      );
  }
}

/** @throws {@link LinkageError} `round-unknown` */
export function checkedRound(round: string): string {
  if (!RoundId.safeParse(round).success) throw new LinkageError("round-unknown", "a round id is a-z, 0-9 and -");
  return round;
}
function sameJson(a: Json, b: Json): boolean {
  return Buffer.compare(canonicalBytes(a), canonicalBytes(b)) === 0;
}
