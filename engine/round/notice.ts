/**
 * Notices: what an owner tells the other owner of a hit, and origin tags. docs/spec/round.md, "Answers".
 */
import { createHash, createHmac } from "node:crypto";
import { z } from "zod";
import { Bytes16, labelled, toBase64url } from "./binary.ts";

const TAG_BYTES = 16;
const MAX_ORIGIN_TAGS = 4;
const MAX_RISK_INDICATORS = 8;

/** A desk's name, address or number: printable, so that no escape makes it longer than its padding allows for. */
const Contact = z
  .string()
  .max(120)
  .regex(/^[^\p{C}\p{Z}]+(?: [^\p{C}\p{Z}]+)*$/u, "must be printable words");

export const Notice = z.strictObject({
  /** 4×4 code of the information; empty: not given. */
  accuracy: z.enum(["", "1", "2", "3", "4"]),
  /** Desk to turn to. */
  contact: Contact,
  /** Strictest handling code; empty: none given. */
  handling: z.enum(["", "H0", "H1", "H2", "H3"]),
  /** See {@link originTag}; none: unknown. */
  originTags: z
    .array(Bytes16)
    .max(MAX_ORIGIN_TAGS)
    .refine((tags) => new Set(tags).size === tags.length, "must not repeat a tag"),
  /** 4×4 code of the source; empty: not given. */
  reliability: z.enum(["", "A", "B", "C", "X"]),
  /** Codes of common risk indicators. */
  riskIndicators: z.array(z.string().regex(/^[A-Za-z0-9._-]{1,32}$/)).max(MAX_RISK_INDICATORS),
});
export type Notice = z.infer<typeof Notice>;

/**
 * @param reference - Of origin, as a record has it.
 * @returns SHA-256 over its canonical form, 32 bytes; null when it has no letter and no digit: unknown.
 */
export function originDigest(reference: string): Uint8Array | null {
  const canonical = reference
    .normalize("NFKC")
    .toUpperCase()
    .replace(/[^\p{L}\p{Nd}]/gu, "");
  if (canonical === "") return null;
  const bytes = labelled("aquila/v1/origin-reference", new TextEncoder().encode(canonical));
  return new Uint8Array(createHash("sha256").update(bytes).digest());
}

/**
 * @param keyProof - K_proof of the pairing: tags of two pairings tell nothing of each other.
 * @returns Tag of one origin, base64url.
 */
export function originTag(keyProof: Uint8Array, digest: Uint8Array): string {
  const mac = createHmac("sha256", keyProof).update(labelled("aquila/v1/origin", digest)).digest();
  return toBase64url(mac.subarray(0, TAG_BYTES));
}

/**
 * @param references - Of origin, of one row.
 * @returns The tags of the first four different origins, in increasing order, so that the order tells nothing.
 */
export function originTags(keyProof: Uint8Array, references: readonly string[]): string[] {
  const tags = references.flatMap((reference) => {
    const digest = originDigest(reference);
    return digest === null ? [] : [originTag(keyProof, digest)];
  });
  return [...new Set(tags)].slice(0, MAX_ORIGIN_TAGS).sort();
}
