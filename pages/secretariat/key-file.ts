/**
 * The key file of an operator or officer, opened in the browser: docs/spec/vault.md, "A passphrase box". The key comes out as one that can sign and
 * that nothing can read.
 */
import { Refusal } from "../kit/api.ts";
import type { Argon2Order } from "./argon2-worker.ts";
import { decodeSecret, fromBase64url, joined, toBase64url, utf8, type Bytes } from "./bytes.ts";
import { canonicalBytes } from "./canonical-json.ts";
import { importPublicKey } from "./signatures.ts";

export const MAX_KEY_FILE_BYTES = 8_192;
const NONCE_BYTES = 12;
const SEED_TEXT_LENGTH = 43;
const MAX_PASSPHRASE_BYTES = 1_024;
/** RFC 8410 §7: what stands before an Ed25519 seed. */
const PKCS8_PREFIX = [0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20];
const SECRET_MEMBER = utf8('"signSecret":"');

/** Least and most that a box may cost, docs/spec/vault.md. */
const COST = { lanes: [1, 16], memoryKib: [19_456, 1_048_576], passes: [2, 16] } as const;

/** Who signs, and with what. */
export type StaffKey = {
  readonly role: "operator" | "officer";
  readonly id: string;
  /** Ed25519 public key, base64url. */
  readonly publicKey: string;
  /** Ed25519 over the message. */
  readonly sign: (message: Bytes) => Promise<Bytes>;
};

type Box = {
  readonly argon2id: Readonly<Record<keyof typeof COST, number>> & { readonly salt: string };
  readonly format: string;
  readonly holds: string;
  readonly sealed: string;
};

/**
 * @param file - What the key file holds.
 * @param passphrase - As it was typed.
 * @throws {@link Refusal} `identity-invalid` if it is no staff's key file; `passphrase-wrong` if it does not open.
 */
export async function openKeyFile(file: string, passphrase: string): Promise<StaffKey> {
  const { sealed, ...outside } = readBox(file);
  const typed = utf8(passphrase.normalize("NFC"));
  if (typed.length === 0 || typed.length > MAX_PASSPHRASE_BYTES) throw wrongPassphrase();
  const { salt, ...cost } = outside.argon2id;
  const key = await derive({ passphrase: typed, salt: fromBase64url(salt), ...cost });
  const opened = await decrypt(key, canonicalBytes(outside), fromBase64url(sealed));
  try {
    return await keyIn(opened);
  } finally {
    opened.fill(0);
  }
}

function readBox(file: string): Box {
  let value: unknown;
  try {
    value = JSON.parse(file);
  } catch {
    throw invalid("it is not JSON");
  }
  if (!isBox(value)) throw invalid("it is no passphrase box within the limits");
  if (value.holds !== "staff-identity") throw invalid("it holds no operator's or officer's key");
  return value;
}

function isBox(value: unknown): value is Box {
  if (!hasMembers(value, ["argon2id", "format", "holds", "sealed"])) return false;
  const { argon2id, format, holds, sealed } = value;
  if (!hasMembers(argon2id, ["lanes", "memoryKib", "passes", "salt"])) return false;
  const isWithin = Object.entries(COST).every(([name, [least, most]]) => {
    const cost = argon2id[name];
    return typeof cost === "number" && Number.isInteger(cost) && cost >= least && cost <= most;
  });
  return (
    isWithin &&
    format === "aquila/passphrase-box/v1" &&
    typeof holds === "string" &&
    isText(argon2id["salt"], /^[A-Za-z0-9_-]{21}[AQgw]$/) &&
    isText(sealed, /^[A-Za-z0-9_-]{38,4000}$/)
  );
}

/** Whether it is an object of these members and no other. */
function hasMembers<Name extends string>(
  value: unknown,
  names: readonly Name[],
): value is Readonly<Record<Name, unknown>> & Readonly<Record<string, unknown>> {
  if (typeof value !== "object" || value === null) return false;
  return Object.keys(value).sort().join() === [...names].sort().join();
}

function isText(value: unknown, shape: RegExp): boolean {
  return typeof value === "string" && shape.test(value);
}

/** @returns 32 bytes. */
function derive(order: Argon2Order): Promise<Bytes> {
  const worker = new Worker(new URL("./argon2-worker.ts", import.meta.url), { type: "module" });
  return new Promise<Bytes>((resolve, reject) => {
    worker.addEventListener("message", ({ data }: MessageEvent<Bytes>) => {
      resolve(data);
    });
    worker.addEventListener("error", () => {
      reject(new Refusal("internal", "the passphrase cannot be worked on in this browser", 0));
    });
    // The worker gets the memory itself: none of the passphrase's bytes stay here.
    worker.postMessage(order, [order.passphrase.buffer]);
  }).finally(() => {
    worker.terminate();
  });
}

async function decrypt(raw: Bytes, outside: Bytes, sealed: Bytes): Promise<Bytes> {
  const key = await crypto.subtle.importKey("raw", raw, "AES-GCM", false, ["decrypt"]);
  raw.fill(0);
  const algorithm = { name: "AES-GCM", iv: sealed.slice(0, NONCE_BYTES), additionalData: outside };
  try {
    return new Uint8Array(await crypto.subtle.decrypt(algorithm, key, sealed.slice(NONCE_BYTES)));
  } catch {
    throw wrongPassphrase();
  }
}

/** @param identity - Canonical JSON; the secret in it is cut out before anything of it becomes a string. */
async function keyIn(identity: Bytes): Promise<StaffKey> {
  const from = indexOf(identity, SECRET_MEMBER);
  if (from < 0) throw invalid("it holds no identity");
  const secret = identity.subarray(from + SECRET_MEMBER.length, from + SECRET_MEMBER.length + SEED_TEXT_LENGTH);
  const seed = decodeSecret(secret);
  secret.fill("A".charCodeAt(0));
  const der = joined(Uint8Array.from(PKCS8_PREFIX), seed);
  seed.fill(0);
  const privateKey = await crypto.subtle.importKey("pkcs8", der, "Ed25519", false, ["sign"]).finally(() => {
    der.fill(0);
  });
  const { format, id, role, signKey } = JSON.parse(new TextDecoder().decode(identity)) as Record<string, unknown>;
  if (format !== "aquila/staff/v1" || typeof id !== "string" || typeof signKey !== "string")
    throw invalid("it holds no identity");
  if (role !== "operator" && role !== "officer") throw invalid("it holds no identity of staff");
  const sign = async (message: Bytes): Promise<Bytes> =>
    new Uint8Array(await crypto.subtle.sign("Ed25519", privateKey, message));
  const proof = utf8("its two halves");
  if (!(await crypto.subtle.verify("Ed25519", await importPublicKey(signKey), await sign(proof), proof)))
    throw invalid("its two halves are of different keys");
  return { role, id, publicKey: toBase64url(fromBase64url(signKey)), sign };
}

function indexOf(bytes: Bytes, wanted: Bytes): number {
  return bytes.findIndex((_, at) => wanted.every((byte, offset) => bytes[at + offset] === byte));
}

function invalid(why: string): Refusal {
  return new Refusal("identity-invalid", why, 0);
}

function wrongPassphrase(): Refusal {
  return new Refusal("passphrase-wrong", "", 0);
}
