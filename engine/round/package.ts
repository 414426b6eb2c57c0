/**
 * A party's package of hits: canonical JSON padded to a size class, in a libsodium sealed box (`crypto_box_seal`).
 */
import sodium from "libsodium-wrappers";
import { z } from "zod";
import { canonicalBytes } from "../canonical-json.ts";
import { LinkageError } from "../errors.ts";
import { Bytes16, Bytes32, fromBase64url } from "./binary.ts";
import { ReleasedBand, RoundId } from "./descriptor.ts";
import type { Identity } from "./identity.ts";
import { PartyId } from "./roster.ts";

/** Most hits in one package; a party with more has a list that matches everything. */
export const MAX_HITS = 524_288;
const SMALLEST_CLASS = 64;
const ENVELOPE_BYTES = 1_024;
const HIT_BYTES = 160;
const MAX_PADDING = ENVELOPE_BYTES + HIT_BYTES * MAX_HITS;
const MAX_PATTERN = 0xffff_ffff;

export const Hit = z.strictObject({
  band: ReleasedBand,
  counterpart: PartyId,
  /** The party's own row handle in its batch for `counterpart`. */
  handle: Bytes16,
  /** Common to both owners. */
  hit: Bytes16,
  /** Agreement pattern: bit i says that rule i of the profile agrees. */
  pattern: z.int().min(0).max(MAX_PATTERN),
});
export type Hit = z.infer<typeof Hit>;

export const Package = z.strictObject({
  format: z.literal("aquila/package/v1"),
  /** In order of counterpart, then handle, then hit. */
  hits: z.array(Hit).max(MAX_HITS),
  padding: z.string().max(MAX_PADDING).regex(/^0*$/),
  party: PartyId,
  round: RoundId,
  t1: Bytes32,
});
export type Package = z.infer<typeof Package>;

export type PackageContent = Pick<Package, "round" | "t1" | "party" | "hits">;

/**
 * @param content - Hits in any order.
 * @param boxKey - The party's X25519 public key, base64url.
 * @returns The sealed package; its length depends on the size class of the hit count alone.
 * @throws {@link LinkageError} `request-too-large` above {@link MAX_HITS}.
 */
export async function sealPackage(content: PackageContent, boxKey: string): Promise<Uint8Array> {
  await sodium.ready;
  return sodium.crypto_box_seal(packageBytes(content), fromBase64url(boxKey));
}

/**
 * @throws {@link LinkageError} `package-invalid` if it does not open with this identity, has another shape or length,
 * or is another party's.
 */
export async function openPackage(
  sealed: Uint8Array,
  identity: Pick<Identity, "party" | "boxKey" | "boxSecret">,
): Promise<Package> {
  await sodium.ready;
  const content = openedJson(sealed, identity);
  const parsed = Package.safeParse(content.json);
  if (!parsed.success)
    throw new LinkageError(
      "package-invalid",
      `the package has another shape at ${parsed.error.issues[0]?.path.join(".") ?? ""}`,
    );
  if (parsed.data.party !== identity.party)
    throw new LinkageError("package-invalid", `the package is for ${parsed.data.party}, not for ${identity.party}`);
  if (content.byteLength !== packageLength(parsed.data.hits.length))
    throw new LinkageError("package-invalid", "the package is not padded to its size class");
  return parsed.data;
}

/** @returns Bytes of the JSON of a package with this many hits. */
export function packageLength(hitCount: number): number {
  let sizeClass = SMALLEST_CLASS;
  while (sizeClass < hitCount) sizeClass *= 2;
  return ENVELOPE_BYTES + HIT_BYTES * sizeClass;
}

/** @returns The padded canonical JSON, not yet sealed. */
export function packageBytes(content: PackageContent): Uint8Array {
  if (content.hits.length > MAX_HITS)
    throw new LinkageError(
      "request-too-large",
      `${content.hits.length} hits for ${content.party}; at most ${MAX_HITS}`,
    );
  const bare: Package = {
    format: "aquila/package/v1",
    hits: [...content.hits].sort(compareHits),
    padding: "",
    party: content.party,
    round: content.round,
    t1: content.t1,
  };
  const lack = packageLength(bare.hits.length) - canonicalBytes(bare).length;
  return canonicalBytes({ ...bare, padding: "0".repeat(lack) });
}

function openedJson(
  sealed: Uint8Array,
  identity: Pick<Identity, "boxKey" | "boxSecret">,
): { json: unknown; byteLength: number } {
  try {
    const bytes = sodium.crypto_box_seal_open(
      sealed,
      fromBase64url(identity.boxKey),
      fromBase64url(identity.boxSecret),
    );
    const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
    return { json: JSON.parse(text) as unknown, byteLength: bytes.length };
  } catch (error) {
    throw new LinkageError("package-invalid", "the package does not open with this identity", { cause: error });
  }
}

function compareHits(a: Hit, b: Hit): number {
  return compareText(a.counterpart, b.counterpart) || compareText(a.handle, b.handle) || compareText(a.hit, b.hit);
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
