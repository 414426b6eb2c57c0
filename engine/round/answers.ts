/**
 * Answers: of every hit a proof and a notice, all of one pairing and direction in one message, signed, padded, encrypted under
 * K_notice, which the follow-up destroys, and sealed to the counterpart. HMAC-SHA256 (RFC 2104), Ed25519 (RFC 8032), AES-256-GCM
 * (NIST SP 800-38D), libsodium's sealed box; docs/spec/round.md, "Answers".
 */
import { createHmac, randomBytes, timingSafeEqual } from "node:crypto";
import sodium from "libsodium-wrappers";
import { z } from "zod";
import { canonicalBytes } from "../canonical-json.ts";
import { LinkageError } from "../errors.ts";
import { decryptGcm, encryptGcm, NONCE_BYTES, TAG_BYTES } from "./aes-gcm.ts";
import { Bytes16, Bytes32, Bytes64, fromBase64url, labelled, toBase64url } from "./binary.ts";
import { signMessage, verifyMessage, type Identity, type SigningKeys } from "./identity.ts";
import { Notice } from "./notice.ts";
import { PartyId, RoundId } from "./ids.ts";
import { MAX_PAIRING_HITS } from "./package.ts";

const ANSWERS_LABEL = "aquila/v1/answers";
const SMALLEST_CLASS = 64;
const ENVELOPE_BYTES = 1_024;
const ANSWER_BYTES = 1_024;
const DIGEST_BYTES = 16;
/** Bytes that libsodium's sealed box adds: a public key and a tag. */
const SEAL_BYTES = 48;

export const Answer = z.strictObject({ hit: Bytes16, notice: Notice, proof: Bytes32 });
export type Answer = z.infer<typeof Answer>;

const Answers = z.strictObject({
  /** In order of hit, each once. */
  answers: z
    .array(Answer)
    .max(MAX_PAIRING_HITS)
    .refine(
      (answers) => answers.every(({ hit }, at) => at === 0 || hit > (answers[at - 1]?.hit ?? "")),
      "out of order",
    ),
  format: z.literal("aquila/answers/v1"),
  from: PartyId,
  padding: z
    .string()
    .max(ENVELOPE_BYTES + ANSWER_BYTES * MAX_PAIRING_HITS)
    .regex(/^0*$/),
  round: RoundId,
  signature: Bytes64,
  t2: Bytes32,
  to: PartyId,
});
type Answers = z.infer<typeof Answers>;

/** Which answers: one direction of one pairing in one round. */
export type Direction = Pick<Answers, "round" | "t2" | "from" | "to">;

/** One rule that agreed, profile order, and the party's own d, 16 bytes. */
type AgreedCell = { readonly rule: number; readonly digest: Uint8Array };

/**
 * @param agreed - Own cells that agreed, one for each rule of the hit's pattern, profile order.
 * @returns The proof, base64url, that `from` gives `to`.
 * @throws RangeError when there is no cell, the rules do not increase or a digest is no d.
 */
export function makeProof(
  keyProof: Uint8Array,
  { t2, from, to }: Omit<Direction, "round">,
  hit: string,
  agreed: readonly AgreedCell[],
): string {
  if (
    agreed.length === 0 ||
    agreed.some(
      ({ rule, digest }, at) => digest.length !== DIGEST_BYTES || (at > 0 && rule <= (agreed[at - 1]?.rule ?? 0)),
    )
  )
    throw new RangeError("makeProof: the agreed cells are not one for each rule, in order");
  const message = labelled(
    "aquila/v1/proof",
    fromBase64url(t2),
    fromBase64url(hit),
    Buffer.from(`${from}\0${to}\0`, "ascii"),
    ...agreed.flatMap(({ rule, digest }) => [Uint8Array.of(rule), digest]),
  );
  return toBase64url(createHmac("sha256", keyProof).update(message).digest());
}

/**
 * @param direction - Of the proof: the counterpart is its `from`.
 * @param agreed - Own cells; null when the row does not have the cells that the hit names.
 * @returns Whether the counterpart holds the same facts; false makes the hit *unproven*.
 */
export function checkProof(
  keyProof: Uint8Array,
  direction: Omit<Direction, "round">,
  { hit, proof }: Pick<Answer, "hit" | "proof">,
  agreed: readonly AgreedCell[] | null,
): boolean {
  if (agreed === null) return false;
  return timingSafeEqual(fromBase64url(makeProof(keyProof, direction, hit, agreed)), fromBase64url(proof));
}

/**
 * @param answers - In any order, of different hits.
 * @param hitCount - Hits of the pairing's section, decoys among them.
 * @param keys - Of `from`.
 * @param to - X25519 public key of the receiver, base64url, and the pairing's K_notice.
 * @returns The sealed answers; their length depends on the size class of `hitCount` alone.
 * @throws {@link LinkageError} `answers-invalid` when an answer has another shape or a hit occurs twice; `request-too-large`.
 */
export async function sealAnswers(
  direction: Direction,
  answers: readonly Answer[],
  hitCount: number,
  keys: SigningKeys,
  { boxKey, keyNotice }: { readonly boxKey: string; readonly keyNotice: Uint8Array },
): Promise<Uint8Array> {
  await sodium.ready;
  const bytes = answersBytes(direction, answers, hitCount, keys);
  // Random: a vault that is restored from a backup makes its answers anew, under the same key.
  const sealed = encryptAnswers(keyNotice, randomBytes(NONCE_BYTES), direction, bytes);
  return sodium.crypto_box_seal(sealed, fromBase64url(boxKey));
}

/** @returns Nonce, ciphertext and tag. */
export function encryptAnswers(
  keyNotice: Uint8Array,
  nonce: Uint8Array,
  direction: Omit<Direction, "round">,
  bytes: Uint8Array,
): Uint8Array {
  return Buffer.concat([nonce, encryptGcm(keyNotice, nonce, sealedData(direction), bytes)]);
}

/**
 * @param direction - Whose answers they must be: `from` is the counterpart.
 * @param hitCount - Hits of the section, decoys among them.
 * @param identity - Of `to`.
 * @param from - The pinned Ed25519 public key of the sender, base64url, and the pairing's K_notice.
 * @returns In order of hit, each once. A hit that is not answered is unproven; an answer to a hit that there is not is to be left aside.
 * @throws {@link LinkageError} `answers-invalid` if they do not open with this identity and key, have another shape or length, are of another
 * direction, round or T2, or are not signed by `signKey`.
 */
export async function openAnswers(
  sealed: Uint8Array,
  direction: Direction,
  hitCount: number,
  identity: Pick<Identity, "boxKey" | "boxSecret">,
  { signKey, keyNotice }: { readonly signKey: string; readonly keyNotice: Uint8Array },
): Promise<Answer[]> {
  await sodium.ready;
  const { json, byteLength } = openedJson(sealed, direction, identity, keyNotice);
  const parsed = Answers.safeParse(json);
  if (!parsed.success) throw invalid(`another shape at ${parsed.error.issues[0]?.path.join(".") ?? ""}`);
  const { answers, format, from, to, round, t2, signature } = parsed.data;
  if (from !== direction.from || to !== direction.to) throw invalid(`they are of ${from} to ${to}`);
  if (round !== direction.round || t2 !== direction.t2) throw invalid("they are of another round or T2");
  if (!verifyMessage(signKey, ANSWERS_LABEL, canonicalBytes({ answers, format, from, round, t2, to }), signature))
    throw invalid(`they are not signed by ${from}`);
  if (byteLength !== answersLength(hitCount)) throw invalid("they are not padded to their size class");
  return answers;
}

/** @returns Bytes of the JSON of answers to a section of this many hits, decoys among them. */
export function answersLength(hitCount: number): number {
  let sizeClass = SMALLEST_CLASS;
  while (sizeClass < hitCount) sizeClass *= 2;
  return ENVELOPE_BYTES + ANSWER_BYTES * sizeClass;
}

/** Bytes of the longest sealed answers. */
export const MAX_SEALED_ANSWERS = SEAL_BYTES + NONCE_BYTES + TAG_BYTES + answersLength(MAX_PAIRING_HITS);

/** @returns The signed and padded canonical JSON, not yet sealed. */
export function answersBytes(
  { round, t2, from, to }: Direction,
  answers: readonly Answer[],
  hitCount: number,
  keys: SigningKeys,
): Uint8Array {
  if (hitCount > MAX_PAIRING_HITS)
    throw new LinkageError("request-too-large", `${hitCount} hits of ${from} and ${to}; at most ${MAX_PAIRING_HITS}`);
  if (answers.length > hitCount) throw new RangeError("answersBytes: more answers than hits");
  const ordered = [...answers].sort((one, other) => (one.hit < other.hit ? -1 : 1));
  const signed = { answers: ordered, format: "aquila/answers/v1", from, round, t2, to } as const;
  const bare: Answers = {
    ...signed,
    padding: "",
    signature: signMessage(keys, ANSWERS_LABEL, canonicalBytes(signed)),
  };
  const parsed = Answers.safeParse(bare);
  if (!parsed.success) throw invalid(`another shape at ${parsed.error.issues[0]?.path.join(".") ?? ""}`);
  const lack = answersLength(hitCount) - canonicalBytes(bare).length;
  return canonicalBytes({ ...bare, padding: "0".repeat(lack) });
}

function openedJson(
  sealed: Uint8Array,
  direction: Direction,
  identity: Pick<Identity, "boxKey" | "boxSecret">,
  keyNotice: Uint8Array,
): { json: unknown; byteLength: number } {
  try {
    const inner = sodium.crypto_box_seal_open(
      sealed,
      fromBase64url(identity.boxKey),
      fromBase64url(identity.boxSecret),
    );
    const [nonce, ciphertext] = [inner.subarray(0, NONCE_BYTES), inner.subarray(NONCE_BYTES)];
    const bytes = decryptGcm(keyNotice, nonce, sealedData(direction), ciphertext);
    const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
    return { json: JSON.parse(text) as unknown, byteLength: bytes.length };
  } catch {
    // Without its cause: the parser's message quotes the text.
    throw invalid("they do not open with this identity and the pairing's key");
  }
}

function sealedData({ t2, from, to }: Omit<Direction, "round">): Uint8Array {
  return labelled("aquila/v1/sealed-answers", fromBase64url(t2), Buffer.from(`${from}\0${to}`, "ascii"));
}

function invalid(what: string): LinkageError {
  return new LinkageError("answers-invalid", `the answers cannot be taken: ${what}`);
}
