/**
 * Round keys, T1, pairing keys and confirmations.
 * X25519 (RFC 7748), HKDF-SHA256 (RFC 5869), HMAC (RFC 2104), Ed25519 (RFC 8032); docs/spec/round.md.
 */
import { createHash, createHmac, diffieHellman, generateKeyPairSync, hkdfSync, timingSafeEqual } from "node:crypto";
import { z } from "zod";
import { canonicalBytes } from "../canonical-json.ts";
import { LinkageError } from "../errors.ts";
import { Bytes16, Bytes32, Bytes64, fromBase64url, labelled, toBase64url } from "./binary.ts";
import type { RoundDescriptor } from "./descriptor.ts";
import { signMessage, verifyMessage, type Identity } from "./identity.ts";
import { hasSmallOrder, privateKeyOf, publicKeyOf, rawPrivate, rawPublic } from "./raw-key.ts";
import { partyOf, type Roster } from "./roster.ts";
import { PartyId } from "./ids.ts";

const ROUND_KEY_LABEL = "aquila/v1/round-key";
const KEY_BYTES = 32;
const KEY_ID_BYTES = 16;
const OKM_BYTES = 4 * KEY_BYTES + KEY_ID_BYTES;

/** A party's fresh X25519 public key of one round, signed over T0. */
export const RoundKey = z.strictObject({ party: PartyId, publicKey: Bytes32, signature: Bytes64 });
export type RoundKey = z.infer<typeof RoundKey>;

/** What `from` posts to show `to`, and nobody else, that it holds the pairing's keys under the same T1. */
export const Confirmation = z.strictObject({ from: PartyId, to: PartyId, keyId: Bytes16, mac: Bytes32 });
export type Confirmation = z.infer<typeof Confirmation>;

/** Keys of 32 bytes each; `keyId` names `keyTag` in public. Secret but for `keyId`. */
export type PairingKeys = {
  readonly keyTag: Uint8Array;
  readonly keyProof: Uint8Array;
  readonly keyConfirm: Uint8Array;
  readonly keyNotice: Uint8Array;
  readonly keyId: string;
};

/** @returns A fresh round key as it is posted, and its X25519 secret, base64url. */
export function makeRoundKey(
  identity: Pick<Identity, "party" | "signKey" | "signSecret">,
  t0: string,
): { posted: RoundKey; secret: string } {
  const pair = generateKeyPairSync("x25519");
  const publicKey = rawPublic(pair.publicKey);
  return { posted: signRoundKey(identity, t0, publicKey), secret: rawPrivate(pair.privateKey) };
}

/** @returns The round key with the signature of `identity`; Ed25519 is deterministic, so the same key again is the same post. */
export function signRoundKey(
  identity: Pick<Identity, "party" | "signKey" | "signSecret">,
  t0: string,
  publicKey: string,
): RoundKey {
  const message = roundKeyMessage(identity.party, publicKey, t0);
  return { party: identity.party, publicKey, signature: signMessage(identity, ROUND_KEY_LABEL, message) };
}

/**
 * @throws {@link LinkageError} `round-key-signature` if the signature is not the party's over this key and T0;
 * `pairing-unknown` if the roster has no such party.
 */
export function checkRoundKey(roster: Roster, t0: string, key: RoundKey): void {
  if (!isSignedRoundKey(roster, t0, key))
    throw new LinkageError(
      "round-key-signature",
      `the round key of ${key.party} is not signed by its identity over this T0`,
    );
}

/**
 * Whether two keys are evidence that their party equivocated: of one party, different, both signed over T0.
 *
 * @throws {@link LinkageError} `pairing-unknown` if the roster has no such party.
 */
export function isEquivocation(roster: Roster, t0: string, first: RoundKey, second: RoundKey): boolean {
  if (first.party !== second.party || first.publicKey === second.publicKey) return false;
  return [first, second].every((key) => isSignedRoundKey(roster, t0, key));
}

/** @throws {@link LinkageError} `round-key-signature` for a key of small order: every secret made with it is all zero. */
export function checkUsable({ party, publicKey }: Pick<RoundKey, "party" | "publicKey">): void {
  if (hasSmallOrder(publicKey)) throw unusable(party);
}

/** @returns Parties of the round whose key is not among `keys`, in increasing order. */
export function missingRoundKeys(descriptor: RoundDescriptor, keys: readonly RoundKey[]): string[] {
  const posted = new Set(keys.map((key) => key.party));
  return descriptor.parties.map((party) => party.id).filter((id) => !posted.has(id));
}

/**
 * Checks that `keys` are exactly one for each party of the round, all signed over T0.
 *
 * @throws {@link LinkageError} `round-key-missing` if a party's key is absent; `round-key-conflict` if a party has two or
 * is not in the round; `round-key-signature` as {@link checkRoundKey}.
 */
export function checkRoundKeys(
  roster: Roster,
  descriptor: RoundDescriptor,
  keys: readonly RoundKey[],
  t0: string,
): void {
  const missing = missingRoundKeys(descriptor, keys);
  if (missing.length > 0) throw new LinkageError("round-key-missing", `no round key of ${missing.join(", ")}`);
  if (keys.length !== descriptor.parties.length)
    throw new LinkageError("round-key-conflict", "a party has two round keys, or a stranger has one");
  for (const key of keys) checkRoundKey(roster, t0, key);
}

/**
 * @param keys - All round keys, in any order.
 * @returns T1, base64url.
 * @throws {@link LinkageError} `round-key-conflict` if a party occurs twice.
 */
export function transcriptT1(t0: string, keys: readonly RoundKey[]): string {
  if (new Set(keys.map((key) => key.party)).size !== keys.length)
    throw new LinkageError("round-key-conflict", "a party has two round keys");
  const ordered = keys
    .map(({ party, publicKey, signature }) => ({ party, publicKey, signature }))
    .sort((a, b) => (a.party < b.party ? -1 : 1));
  const transcript = labelled("aquila/v1/T1", fromBase64url(t0), canonicalBytes(ordered));
  return toBase64url(createHash("sha256").update(transcript).digest());
}

/**
 * Both sides derive the same keys; those of another pairing, round or T1 are unrelated.
 *
 * @param own - The party's id and the X25519 secret of its round key, base64url.
 * @throws {@link LinkageError} `round-key-signature` if the counterpart's key gives an all-zero secret (RFC 7748 §6.1).
 */
export function derivePairingKeys(
  own: { readonly party: string; readonly secret: string },
  counterpart: Pick<RoundKey, "party" | "publicKey">,
  t1: string,
): PairingKeys {
  const shared = sharedSecret(own.secret, counterpart);
  const [lower, higher] =
    own.party < counterpart.party ? [own.party, counterpart.party] : [counterpart.party, own.party];
  const info = labelled("aquila/v1/pair", Buffer.from(`${lower}\0${higher}`, "ascii"));
  const okm = new Uint8Array(hkdfSync("sha256", shared, fromBase64url(t1), info, OKM_BYTES));
  shared.fill(0);
  return {
    keyTag: okm.slice(0, KEY_BYTES),
    keyProof: okm.slice(KEY_BYTES, 2 * KEY_BYTES),
    keyConfirm: okm.slice(2 * KEY_BYTES, 3 * KEY_BYTES),
    keyNotice: okm.slice(3 * KEY_BYTES, 4 * KEY_BYTES),
    keyId: toBase64url(okm.subarray(4 * KEY_BYTES)),
  };
}

/** @returns The confirmation that `from` posts for `to`. */
export function makeConfirmation(
  keys: Pick<PairingKeys, "keyConfirm" | "keyId">,
  t1: string,
  from: string,
  to: string,
): Confirmation {
  return { from, to, keyId: keys.keyId, mac: toBase64url(confirmationMac(keys.keyConfirm, t1, from, to)) };
}

/** @throws {@link LinkageError} `round-confirmation-failed` if key id or MAC is not that of these keys, T1 and direction. */
export function checkConfirmation(
  keys: Pick<PairingKeys, "keyConfirm" | "keyId">,
  t1: string,
  confirmation: Confirmation,
): void {
  const { from, to, keyId, mac } = confirmation;
  const expected = confirmationMac(keys.keyConfirm, t1, from, to);
  if (keyId !== keys.keyId || !timingSafeEqual(expected, fromBase64url(mac)))
    throw new LinkageError(
      "round-confirmation-failed",
      `${from} and ${to} do not hold the same keys for the same round: nothing may be encoded; compare T0 and T1 by another way`,
    );
}

function isSignedRoundKey(roster: Roster, t0: string, { party, publicKey, signature }: RoundKey): boolean {
  const { signKey } = partyOf(roster, party);
  return verifyMessage(signKey, ROUND_KEY_LABEL, roundKeyMessage(party, publicKey, t0), signature);
}

function roundKeyMessage(party: string, publicKey: string, t0: string): Uint8Array {
  return canonicalBytes({ party, publicKey, t0 });
}

function confirmationMac(keyConfirm: Uint8Array, t1: string, from: string, to: string): Uint8Array {
  const message = labelled("aquila/v1/confirm", fromBase64url(t1), Buffer.from(`${from}\0${to}`, "ascii"));
  return createHmac("sha256", keyConfirm).update(message).digest();
}

function sharedSecret(secret: string, counterpart: Pick<RoundKey, "party" | "publicKey">): Uint8Array {
  let shared: Uint8Array;
  try {
    shared = new Uint8Array(
      diffieHellman({
        privateKey: privateKeyOf("x25519", secret),
        publicKey: publicKeyOf("x25519", counterpart.publicKey),
      }),
    );
  } catch (error) {
    // OpenSSL itself refuses to derive an all-zero secret.
    throw unusable(counterpart.party, { cause: error });
  }
  if (timingSafeEqual(shared, new Uint8Array(KEY_BYTES))) throw unusable(counterpart.party);
  return shared;
}

function unusable(party: string, options?: ErrorOptions): LinkageError {
  return new LinkageError(
    "round-key-signature",
    `the round key of ${party} is not a usable X25519 public key`,
    options,
  );
}
