/**
 * The file that carries a round between a party's two vaults: an index and long parts, in one sealed stream; docs/spec/bundle.md.
 * Sealed under a fresh key, which is in a libsodium sealed box to the party's own box key, signed by the party
 * (Ed25519, RFC 8032); the stream is that of client/sealed-stream.ts.
 */
import { randomBytes } from "node:crypto";
import sodium from "libsodium-wrappers";
import { z } from "zod";
import { canonicalBytes } from "#engine/canonical-json.ts";
import { LinkageError } from "#engine/errors.ts";
import { Report } from "#engine/round/acts.ts";
import { Bytes16, Bytes32, fromBase64url } from "#engine/round/binary.ts";
import { RoundDescriptor } from "#engine/round/descriptor.ts";
import { PartyId, RoundId } from "#engine/round/ids.ts";
import { signMessage, verifyMessage, type Identity } from "#engine/round/identity.ts";
import { PackageKeys, StatusList } from "#engine/round/messages.ts";
import { MAX_PARTIES } from "#engine/round/roster.ts";
import { PartyStatistics } from "#engine/statistics/published.ts";
import { contextOf } from "#server/aead.ts";
import { readStart } from "./durable-file.ts";
import { openStream, sealStream } from "./sealed-stream.ts";

const LABEL = "aquila/v1/bundle";
const MAGIC = Buffer.from("AQBNDL01", "ascii");
const KEY_BYTES = 32;
/** What libsodium's sealed box adds: an ephemeral public key (32) and a tag (16). */
const BOX_BYTES = KEY_BYTES + 48;
const SIGNATURE_BYTES = 64;
const LEAD_BYTES = MAGIC.length + BOX_BYTES + SIGNATURE_BYTES;
const LENGTH_BYTES = 4;
/** Mostly statuses, of which the server gives no more at once. */
const MAX_INDEX_BYTES = 80 * 2 ** 20;

/** How many bundles a vault has made for a round; the next is one more. */
const Serial = z.int().min(0).max(1_000_000);

/** One long part; its bytes follow the index, in order. */
const part = (name: RegExp): z.ZodType<BundlePart> =>
  z.strictObject({ name: z.string().regex(name), byteLength: z.int().min(1).max(Number.MAX_SAFE_INTEGER) });
export type BundlePart = { readonly name: string; readonly byteLength: number };

const bundle = {
  format: z.literal("aquila/bundle/v1"),
  party: PartyId,
  round: RoundId,
  /** Of the vault that made it. */
  serial: Serial.min(1),
  /** Serial of the last bundle that it had taken; 0 for none. */
  seen: Serial,
};

/** What goes to the vault that has the list. */
const Inward = z.strictObject({
  ...bundle,
  to: z.literal("inside"),
  descriptor: RoundDescriptor,
  t1: Bytes32,
  /** Keys of every pairing; none once the vault outside has destroyed them. */
  keys: z
    .array(
      z.strictObject({
        counterpart: PartyId,
        keyId: Bytes16,
        keyNotice: Bytes32,
        keyProof: Bytes32,
        keyTag: Bytes32,
      }),
    )
    .max(MAX_PARTIES),
  /** Counterparts whose batch the vault outside holds. */
  held: z.array(PartyId).max(MAX_PARTIES),
  /** T2 as it was sealed; null before. */
  t2: Bytes32.nullable(),
  packageKeys: PackageKeys,
  statuses: StatusList,
  parts: z.array(part(/^(package\.box|[A-Z]{2,8}\.their-answers\.box)$/)).max(MAX_PARTIES + 1),
});
export type Inward = z.infer<typeof Inward>;

/** What goes to the vault that has the network. */
const Outward = z.strictObject({
  ...bundle,
  to: z.literal("outside"),
  t1: Bytes32,
  /** SHA-256 of each batch that is among the parts. */
  batches: z.array(z.strictObject({ counterpart: PartyId, digest: Bytes32 })).max(MAX_PARTIES),
  reports: z.array(Report).max(2 * MAX_PARTIES),
  statistics: PartyStatistics.nullable(),
  parts: z.array(part(/^[A-Z]{2,8}\.(batch|answers\.box)$/)).max(2 * MAX_PARTIES),
});
export type Outward = z.infer<typeof Outward>;

export const BundleIndex = z.discriminatedUnion("to", [Inward, Outward]);
export type BundleIndex = z.infer<typeof BundleIndex>;

/**
 * @param contents - Of the index's parts, in order; as long as it says.
 * @returns The file, piece by piece.
 */
export async function sealBundle(
  identity: Identity,
  index: BundleIndex,
  contents: Iterable<Uint8Array>,
): Promise<Iterable<Uint8Array>> {
  await sodium.ready;
  const key = new Uint8Array(randomBytes(KEY_BYTES));
  const box = sodium.crypto_box_seal(key, fromBase64url(identity.boxKey));
  const signature = fromBase64url(signMessage(identity, LABEL, box));
  return (function* () {
    try {
      yield Buffer.concat([MAGIC, box, signature]);
      yield* sealStream(key, contextOf(LABEL, identity.party), plainPieces(index, contents));
    } finally {
      key.fill(0);
    }
  })();
}

/** A bundle that this party sealed. */
class OpenedBundle {
  readonly index: BundleIndex;
  readonly #pieces: () => Generator<Uint8Array>;

  constructor(index: BundleIndex, pieces: () => Generator<Uint8Array>) {
    this.index = index;
    this.#pieces = pieces;
  }

  /** Gives each part to `use`, which may leave it; every byte is read, so that all is authenticated once this returns. */
  read(use: (part: BundlePart, content: Iterable<Uint8Array>) => void): void {
    const cursor = new Cursor(this.#pieces());
    try {
      readIndex(cursor);
      for (const part of this.index.parts) {
        const content = cursor.take(part.byteLength);
        use(part, content);
        drain(content);
      }
      cursor.end();
    } finally {
      cursor.close();
    }
  }
}

/**
 * @returns The bundle; what its parts hold is not authenticated before {@link OpenedBundle.read} has read them all.
 * @throws {@link LinkageError} `bundle-invalid` if it was not sealed by this identity or was changed; `file-unreadable`.
 */
export async function openBundle(identity: Identity, path: string): Promise<OpenedBundle> {
  await sodium.ready;
  const lead = readStart(path, LEAD_BYTES);
  const box = lead.subarray(MAGIC.length, MAGIC.length + BOX_BYTES);
  const signature = Buffer.from(lead.subarray(MAGIC.length + BOX_BYTES)).toString("base64url");
  if (lead.length < LEAD_BYTES || !MAGIC.equals(lead.subarray(0, MAGIC.length)))
    throw new LinkageError("bundle-invalid", `${path} is no bundle`);
  if (!verifyMessage(identity.signKey, LABEL, box, signature))
    throw new LinkageError("bundle-invalid", `${path} was not made by a vault of ${identity.party} with this identity`);
  const key = unboxed(box, identity, path);
  const pieces = (): Generator<Uint8Array> => openedPieces(key, identity.party, path);
  const cursor = new Cursor(pieces());
  try {
    return new OpenedBundle(readIndex(cursor), pieces);
  } finally {
    cursor.close();
  }
}

function unboxed(box: Uint8Array, { boxKey, boxSecret }: Identity, path: string): Uint8Array {
  try {
    return sodium.crypto_box_seal_open(box, fromBase64url(boxKey), fromBase64url(boxSecret));
  } catch {
    throw new LinkageError("bundle-invalid", `${path} does not open with this vault's identity`);
  }
}

function* plainPieces(index: BundleIndex, contents: Iterable<Uint8Array>): Generator<Uint8Array> {
  const json = canonicalBytes(index);
  const length = Buffer.alloc(LENGTH_BYTES);
  length.writeUInt32BE(json.length);
  yield length;
  yield json;
  let left = index.parts.reduce((sum, { byteLength }) => sum + byteLength, 0);
  for (const piece of contents) {
    left -= piece.length;
    yield piece;
  }
  if (left !== 0) throw new RangeError("the parts of a bundle are not as long as its index says");
}

function* openedPieces(key: Uint8Array, party: string, path: string): Generator<Uint8Array> {
  try {
    yield* openStream(key, contextOf(LABEL, party), path, "the bundle", LEAD_BYTES);
  } catch (error) {
    if (!(error instanceof LinkageError) || error.code !== "vault-invalid") throw error;
    throw new LinkageError("bundle-invalid", `${path} was changed or cut short; nothing of it is taken`, {
      cause: error,
    });
  }
}

function readIndex(cursor: Cursor): BundleIndex {
  const length = Buffer.concat([...cursor.take(LENGTH_BYTES)]).readUInt32BE();
  if (length > MAX_INDEX_BYTES) throw new LinkageError("bundle-invalid", "the bundle's index is too long");
  const text = Buffer.concat([...cursor.take(length)]).toString("utf8");
  const parsed = BundleIndex.safeParse(JSON.parse(text));
  if (parsed.success) return parsed.data;
  const where = parsed.error.issues[0]?.path.join(".") ?? "";
  throw new LinkageError("bundle-invalid", `the bundle is of another release: another shape at ${where}`);
}

function drain(content: Iterable<Uint8Array>): void {
  const rest = content[Symbol.iterator]();
  while (rest.next().done !== true);
}

/** Reads a run of pieces by lengths. */
class Cursor {
  readonly #pieces: Iterator<Uint8Array>;
  #held: Uint8Array = new Uint8Array(0);

  constructor(pieces: Iterator<Uint8Array>) {
    this.#pieces = pieces;
  }

  /** @returns The next `byteLength` bytes, which are to be read before others are asked for. */
  *take(byteLength: number): Generator<Uint8Array> {
    for (let left = byteLength; left > 0;) {
      if (this.#held.length === 0) {
        const next = this.#pieces.next();
        if (next.done === true) throw new LinkageError("bundle-invalid", "the bundle is shorter than its index says");
        this.#held = next.value;
      }
      const taken = this.#held.subarray(0, left);
      this.#held = this.#held.subarray(taken.length);
      left -= taken.length;
      yield taken;
    }
  }

  /** @throws {@link LinkageError} `bundle-invalid` if there are bytes left. */
  end(): void {
    while (this.#held.length === 0) {
      const next = this.#pieces.next();
      if (next.done === true) return;
      this.#held = next.value;
    }
    throw new LinkageError("bundle-invalid", "the bundle is longer than its index says");
  }

  close(): void {
    this.#pieces.return?.();
  }
}
