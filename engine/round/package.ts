/**
 * A party's package of hits: one section for each pairing under a key that both its sides get together or not at all,
 * all of it in a libsodium sealed box (`crypto_box_seal`).
 * Sections: AES-256-GCM (NIST SP 800-38D), padded to a size class; docs/spec/round.md.
 */
import sodium from "libsodium-wrappers";
import { z } from "zod";
import { canonicalBytes } from "../canonical-json.ts";
import { LinkageError } from "../errors.ts";
import { decryptGcm, encryptGcm, NONCE_BYTES } from "./aes-gcm.ts";
import { Bytes16, Bytes32, fromBase64url, labelled, toBase64url } from "./binary.ts";
import { ReleasedBand } from "./descriptor.ts";
import type { Identity } from "./identity.ts";
import { PartyId, RoundId } from "./ids.ts";
import { MAX_PARTIES } from "./roster.ts";

/** Most hits in one package; a party with more has a list that matches everything. */
export const MAX_HITS = 524_288;
/** Most hits of one pairing: as many as can be answered in one text. */
export const MAX_PAIRING_HITS = 131_072;
export const PACKAGE_KEY_BYTES = 32;
const SMALLEST_CLASS = 64;
const ENVELOPE_BYTES = 512;
const HIT_BYTES = 320;
const MAX_SECTION = ENVELOPE_BYTES + HIT_BYTES * MAX_HITS;
const MAX_PATTERN = 0xffff_ffff;

export const Hit = z.strictObject({
  band: ReleasedBand,
  /** Upper halves (4 bytes, big-endian) of the keys that agreed, one for each rule of the pattern, profile order. */
  cells: z
    .string()
    .max(171)
    .regex(/^[A-Za-z0-9_-]*$/),
  /** The party's own row handle in its batch for the counterpart. */
  handle: Bytes16,
  /** Common to both owners. */
  hit: Bytes16,
  /** Agreement pattern: bit i says that rule i of the profile agrees. */
  pattern: z.int().min(0).max(MAX_PATTERN),
});
export type Hit = z.infer<typeof Hit>;

const Section = z.strictObject({
  counterpart: PartyId,
  format: z.literal("aquila/section/v1"),
  /** In order of handle, then hit. */
  hits: z.array(Hit).max(MAX_HITS),
  padding: z.string().max(MAX_SECTION).regex(/^0*$/),
});
type Section = z.infer<typeof Section>;

export const Package = z.strictObject({
  format: z.literal("aquila/package/v2"),
  party: PartyId,
  round: RoundId,
  /** In order of counterpart. */
  sections: z
    .array(
      z.strictObject({
        ciphertext: z
          .string()
          .max(2 * MAX_SECTION)
          .regex(/^[A-Za-z0-9_-]+$/),
        counterpart: PartyId,
      }),
    )
    .max(MAX_PARTIES),
  t2: Bytes32,
});
export type Package = z.infer<typeof Package>;

/** Whose section it is, and of which round; bound to its ciphertext. */
export type SectionPlace = { readonly t2: string; readonly party: string; readonly counterpart: string };

export type PackageContent = {
  readonly round: string;
  readonly t2: string;
  readonly party: string;
  /** In any order; `key` is the pairing's package key, 32 bytes. */
  readonly sections: readonly {
    readonly counterpart: string;
    readonly key: Uint8Array;
    readonly hits: readonly Hit[];
  }[];
};

/**
 * @param boxKey - The party's X25519 public key, base64url.
 * @returns The sealed package; its length depends on the size classes of its sections alone.
 * @throws {@link LinkageError} `request-too-large` above {@link MAX_HITS}.
 */
export async function sealPackage(content: PackageContent, boxKey: string): Promise<Uint8Array> {
  await sodium.ready;
  const { party, round, t2 } = content;
  const hitCount = content.sections.reduce((sum, { hits }) => sum + hits.length, 0);
  if (hitCount > MAX_HITS)
    throw new LinkageError("request-too-large", `${hitCount} hits for ${party}; at most ${MAX_HITS}`);
  const sections = content.sections.map(({ counterpart, key, hits }) => ({
    ciphertext: toBase64url(encryptSection(key, { t2, party, counterpart }, sectionBytes(counterpart, hits))),
    counterpart,
  }));
  sections.sort((a, b) => compareText(a.counterpart, b.counterpart));
  const bytes = canonicalBytes({ format: "aquila/package/v2", party, round, sections, t2 });
  return sodium.crypto_box_seal(bytes, fromBase64url(boxKey));
}

/**
 * @returns The package, its sections still closed.
 * @throws {@link LinkageError} `package-invalid` if it does not open with this identity, has another shape, or is another party's.
 */
export async function openPackage(
  sealed: Uint8Array,
  identity: Pick<Identity, "party" | "boxKey" | "boxSecret">,
): Promise<Package> {
  await sodium.ready;
  const parsed = Package.safeParse(unsealedJson(sealed, identity));
  if (!parsed.success)
    throw new LinkageError(
      "package-invalid",
      `the package has another shape at ${parsed.error.issues[0]?.path.join(".") ?? ""}`,
    );
  if (parsed.data.party !== identity.party)
    throw new LinkageError("package-invalid", `the package is for ${parsed.data.party}, not for ${identity.party}`);
  return parsed.data;
}

/**
 * @param key - The pairing's package key.
 * @returns The section's hits.
 * @throws {@link LinkageError} `package-invalid` if there is no such section, or it does not open with this key, or is not
 * padded to its size class.
 */
export function openSection(opened: Package, counterpart: string, key: Uint8Array): readonly Hit[] {
  const section = opened.sections.find((one) => one.counterpart === counterpart);
  if (section === undefined) throw new LinkageError("package-invalid", `the package has no section for ${counterpart}`);
  const place = { t2: opened.t2, party: opened.party, counterpart };
  const bytes = decryptSection(key, place, fromBase64url(section.ciphertext));
  const parsed = Section.safeParse(jsonOf(bytes));
  if (!parsed.success || parsed.data.counterpart !== counterpart)
    throw new LinkageError("package-invalid", `the section for ${counterpart} has another shape`);
  if (bytes.length !== sectionLength(parsed.data.hits.length))
    throw new LinkageError("package-invalid", `the section for ${counterpart} is not padded to its size class`);
  return parsed.data.hits;
}

/** @returns A pairing's package key, sealed to the party's box key, base64url. */
export async function sealPackageKey(key: Uint8Array, boxKey: string): Promise<string> {
  await sodium.ready;
  return toBase64url(sodium.crypto_box_seal(key, fromBase64url(boxKey)));
}

/** @throws {@link LinkageError} `package-invalid` if it does not open with this identity. */
export async function openPackageKey(
  sealed: string,
  identity: Pick<Identity, "boxKey" | "boxSecret">,
): Promise<Uint8Array> {
  await sodium.ready;
  return unsealed(fromBase64url(sealed), identity);
}

/** @returns The smallest of 64, 128, 256, … that is at least `hitCount`. */
export function hitClassOf(hitCount: number): number {
  let sizeClass = SMALLEST_CLASS;
  while (sizeClass < hitCount) sizeClass *= 2;
  return sizeClass;
}

/** @returns Bytes of a section's JSON with this many hits. */
export function sectionLength(hitCount: number): number {
  return ENVELOPE_BYTES + HIT_BYTES * hitClassOf(hitCount);
}

/** @returns `cells` of a hit: upper halves of keys, big-endian. */
export function cellsText(upperHalves: Iterable<number>): string {
  const halves = [...upperHalves];
  const bytes = Buffer.alloc(4 * halves.length);
  halves.forEach((half, at) => bytes.writeUInt32BE(half, 4 * at));
  return bytes.toString("base64url");
}

/** @returns Upper halves of keys. */
export function cellsOf({ cells }: Pick<Hit, "cells">): number[] {
  const bytes = Buffer.from(cells, "base64url");
  return Array.from({ length: bytes.length >>> 2 }, (_, at) => bytes.readUInt32BE(4 * at));
}

/** @returns The padded canonical JSON, not yet encrypted. */
function sectionBytes(counterpart: string, hits: readonly Hit[]): Uint8Array {
  const bare: Section = {
    counterpart,
    format: "aquila/section/v1",
    hits: [...hits].sort((a, b) => compareText(a.handle, b.handle) || compareText(a.hit, b.hit)),
    padding: "",
  };
  const lack = sectionLength(hits.length) - canonicalBytes(bare).length;
  return canonicalBytes({ ...bare, padding: "0".repeat(lack) });
}

function encryptSection(key: Uint8Array, place: SectionPlace, plaintext: Uint8Array): Uint8Array {
  return encryptGcm(key, sectionNonce(place), sectionData(place), plaintext);
}

function decryptSection(key: Uint8Array, place: SectionPlace, ciphertext: Uint8Array): Uint8Array {
  try {
    return decryptGcm(key, sectionNonce(place), sectionData(place), ciphertext);
  } catch (error) {
    throw new LinkageError("package-invalid", `the section for ${place.counterpart} does not open with its key`, {
      cause: error,
    });
  }
}

/** A package key encrypts one section for each side, so two nonces never meet again. */
function sectionNonce({ party, counterpart }: SectionPlace): Uint8Array {
  const nonce = new Uint8Array(NONCE_BYTES);
  nonce[NONCE_BYTES - 1] = party < counterpart ? 0 : 1;
  return nonce;
}

function sectionData({ t2, party, counterpart }: SectionPlace): Uint8Array {
  return labelled("aquila/v1/section", fromBase64url(t2), Buffer.from(`${party}\0${counterpart}`, "ascii"));
}

function unsealed(sealed: Uint8Array, identity: Pick<Identity, "boxKey" | "boxSecret">): Uint8Array {
  try {
    return sodium.crypto_box_seal_open(sealed, fromBase64url(identity.boxKey), fromBase64url(identity.boxSecret));
  } catch (error) {
    throw new LinkageError("package-invalid", "the package does not open with this identity", { cause: error });
  }
}

function unsealedJson(sealed: Uint8Array, identity: Pick<Identity, "boxKey" | "boxSecret">): unknown {
  return jsonOf(unsealed(sealed, identity));
}

function jsonOf(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes)) as unknown;
  } catch (error) {
    throw new LinkageError("package-invalid", "the package is not JSON", { cause: error });
  }
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
