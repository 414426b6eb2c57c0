/**
 * A few secret bytes sealed under a passphrase: a vault's key, or an identity in a file of its own.
 * Argon2id (RFC 9106) gives the key, AES-256-GCM seals; docs/spec/vault.md, "A passphrase box".
 */
import { argon2Sync, randomBytes } from "node:crypto";
import { z } from "zod";
import { canonicalBytes } from "#engine/canonical-json.ts";
import { LinkageError } from "#engine/errors.ts";
import { Bytes16, fromBase64url, toBase64url } from "#engine/round/binary.ts";
import { decrypt, encrypt, KEY_BYTES } from "#server/aead.ts";
import { readWhole, requirePrivate } from "./durable-file.ts";

const SALT_BYTES = 16;

const Argon2idCost = z.strictObject({
  /** Work on all lanes at once. */
  lanes: z.int().min(1).max(16),
  memoryKib: z.int().min(19_456).max(1_048_576),
  passes: z.int().min(2).max(16),
});
export type Argon2idCost = z.infer<typeof Argon2idCost>;

/** RFC 9106 §4, second recommended option: 64 MiB. */
export const USUAL_COST: Argon2idCost = { lanes: 4, memoryKib: 65_536, passes: 3 };
/** The least that the format takes. */
export const LEAST_COST: Argon2idCost = { lanes: 1, memoryKib: 19_456, passes: 2 };

export const PassphraseBox = z.strictObject({
  argon2id: Argon2idCost.extend({ salt: Bytes16 }).strict(),
  format: z.literal("aquila/passphrase-box/v1"),
  holds: z.enum(["staff-identity", "party-identity", "vault-key"]),
  /** Nonce, ciphertext, tag; base64url in its one spelling. */
  sealed: z
    .string()
    .regex(/^[A-Za-z0-9_-]{38,4000}$/)
    .refine((text) => toBase64url(fromBase64url(text)) === text),
});
export type PassphraseBox = z.infer<typeof PassphraseBox>;

/** @param passphrase - UTF-8 in NFC; left as it is. */
export function sealBox(
  holds: PassphraseBox["holds"],
  content: Uint8Array,
  passphrase: Uint8Array,
  cost: Argon2idCost = USUAL_COST,
): PassphraseBox {
  const outside = {
    argon2id: { ...cost, salt: toBase64url(randomBytes(SALT_BYTES)) },
    format: "aquila/passphrase-box/v1" as const,
    holds,
  };
  const key = passphraseKey(passphrase, outside.argon2id);
  try {
    return { ...outside, sealed: toBase64url(encrypt(key, canonicalBytes(outside), content)) };
  } finally {
    key.fill(0);
  }
}

/**
 * @param what - How the box is called in the refusal's detail.
 * @throws {@link LinkageError} `passphrase-wrong` if the passphrase is another one or the box was changed; which, cannot be told.
 */
export function openBox({ sealed, ...outside }: PassphraseBox, passphrase: Uint8Array, what: string): Uint8Array {
  const key = passphraseKey(passphrase, outside.argon2id);
  try {
    return decrypt(key, canonicalBytes(outside), fromBase64url(sealed));
  } catch {
    throw new LinkageError("passphrase-wrong", `this passphrase does not open ${what}, or the file was changed`);
  } finally {
    key.fill(0);
  }
}

/**
 * @param what - How the file is called in the refusal's detail.
 * @throws {@link LinkageError} `vault-invalid` if it is missing, others can read it, or it is no box that holds `holds`.
 */
export function readBox(path: string, holds: PassphraseBox["holds"], what: string): PassphraseBox {
  requirePrivate(path, what);
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder().decode(readWhole(path)));
  } catch {
    // Without its cause: the parser's message quotes what may be a secret in the clear.
    throw new LinkageError("vault-invalid", `${what} is not JSON: ${path}`);
  }
  if (CLEAR_IDENTITY.safeParse(value).success)
    throw new LinkageError(
      "vault-invalid",
      `${what} is an identity in the clear, of a version before passphrases: ${path}; make new keys: aquila key make`,
    );
  const parsed = PassphraseBox.safeParse(value);
  if (!parsed.success || parsed.data.holds !== holds)
    throw new LinkageError("vault-invalid", `${what} is no passphrase box that holds a ${holds}: ${path}`);
  return parsed.data;
}

export function boxFile(box: PassphraseBox): Uint8Array {
  return Buffer.concat([canonicalBytes(box), Buffer.from("\n")]);
}

const CLEAR_IDENTITY = z.looseObject({ signSecret: z.string() });

function passphraseKey(
  passphrase: Uint8Array,
  { lanes, memoryKib, passes, salt }: PassphraseBox["argon2id"],
): Uint8Array {
  return argon2Sync("argon2id", {
    message: passphrase,
    nonce: fromBase64url(salt),
    memory: memoryKib,
    passes,
    parallelism: lanes,
    tagLength: KEY_BYTES,
  });
}
