/**
 * Long-term keys of a party or a member of staff, and what they sign.
 * Ed25519 (RFC 8032) over `label ‖ 0x00 ‖ message`; X25519 (RFC 7748) for sealed packages.
 */
import { createHash, createPublicKey, generateKeyPairSync, sign, verify } from "node:crypto";
import { z } from "zod";
import { Bytes32, Bytes64, labelled } from "./binary.ts";
import { PartyId, StaffId } from "./ids.ts";
import { privateKeyOf, publicKeyOf, rawPrivate, rawPublic } from "./raw-key.ts";

const BASE32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
const FINGERPRINT_BYTES = 15;
const FINGERPRINT_GROUP = 4;

/** Secret. */
export const Identity = z.strictObject({
  format: z.literal("aquila/identity/v1"),
  party: PartyId,
  signKey: Bytes32,
  /** Ed25519 seed. */
  signSecret: Bytes32,
  boxKey: Bytes32,
  boxSecret: Bytes32,
});
export type Identity = z.infer<typeof Identity>;

/** An operator of the secretariat or a data-protection officer; nobody is both. Secret. */
export const StaffIdentity = z.strictObject({
  format: z.literal("aquila/staff/v1"),
  role: z.enum(["operator", "officer"]),
  id: StaffId,
  signKey: Bytes32,
  /** Ed25519 seed. */
  signSecret: Bytes32,
});
export type StaffIdentity = z.infer<typeof StaffIdentity>;
export type StaffRole = StaffIdentity["role"];

export type SigningKeys = Pick<Identity, "signKey" | "signSecret">;

/** @returns Fresh keys for `party`, from the system's generator. */
export function makeIdentity(party: string): Identity {
  const box = generateKeyPairSync("x25519");
  return {
    format: "aquila/identity/v1",
    party,
    ...makeSigningKeys(),
    boxKey: rawPublic(box.publicKey),
    boxSecret: rawPrivate(box.privateKey),
  };
}

/** @returns Fresh keys for a member of staff, from the system's generator. */
export function makeStaffIdentity(role: StaffRole, id: string): StaffIdentity {
  return { format: "aquila/staff/v1", role, id, ...makeSigningKeys() };
}

/**
 * @returns 120 bits of SHA-256 over both public keys in base32 (RFC 4648 §6), six groups of four, to be compared by telephone.
 */
export function fingerprint(signKey: string, boxKey: string): string {
  const keys = labelled("aquila/v1/fingerprint", Buffer.from(signKey, "base64url"), Buffer.from(boxKey, "base64url"));
  return groupsOfBase32(createHash("sha256").update(keys).digest().subarray(0, FINGERPRINT_BYTES));
}

/** @returns The fingerprint of one who signs only: operator, officer or secretariat. */
export function signerFingerprint(signKey: string): string {
  const key = labelled("aquila/v1/signer-fingerprint", Buffer.from(signKey, "base64url"));
  return groupsOfBase32(createHash("sha256").update(key).digest().subarray(0, FINGERPRINT_BYTES));
}

/** @returns Signature over `label ‖ 0x00 ‖ message`, base64url. */
export function signMessage(keys: SigningKeys, label: string, message: Uint8Array): string {
  return sign(null, labelled(label, message), privateKeyOf("ed25519", keys.signSecret)).toString("base64url");
}

/** @returns Whether `signature` is the holder of `signKey`'s over `label ‖ 0x00 ‖ message`; false also when it is malformed. */
export function verifyMessage(signKey: string, label: string, message: Uint8Array, signature: string): boolean {
  if (!Bytes64.safeParse(signature).success) return false;
  return verify(null, labelled(label, message), publicKeyOf("ed25519", signKey), Buffer.from(signature, "base64url"));
}

/** @param seed - Ed25519 seed, base64url. @returns Its public key, base64url. */
export function publicKeyOfSeed(seed: string): string {
  return rawPublic(createPublicKey(privateKeyOf("ed25519", seed)));
}

function makeSigningKeys(): SigningKeys {
  const pair = generateKeyPairSync("ed25519");
  return { signKey: rawPublic(pair.publicKey), signSecret: rawPrivate(pair.privateKey) };
}

function groupsOfBase32(bytes: Uint8Array): string {
  const bits = Array.from(bytes, (byte) => byte.toString(2).padStart(8, "0")).join("");
  const letters = Array.from({ length: bits.length / 5 }, (_, at) =>
    BASE32.charAt(Number.parseInt(bits.slice(at * 5, at * 5 + 5), 2)),
  ).join("");
  return Array.from({ length: letters.length / FINGERPRINT_GROUP }, (_, at) =>
    letters.slice(at * FINGERPRINT_GROUP, (at + 1) * FINGERPRINT_GROUP),
  ).join(" ");
}
