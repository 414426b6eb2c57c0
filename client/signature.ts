/**
 * Signs requests as engine/round/requests.ts says (RFC 9421 §3.1).
 */
import { randomBytes } from "node:crypto";
import { createSigner, httpbis, type SigningKey } from "http-message-signatures";
import type { Identity, StaffIdentity } from "#engine/round/identity.ts";
import { privateKeyOf } from "#engine/round/raw-key.ts";
import {
  contentDigestOf,
  IDEMPOTENCY_FIELD,
  isWrite,
  keyIdOfParty,
  keyIdOfStaff,
  MAX_SIGNATURE_AGE_S,
  SIGNATURE_ALGORITHM,
  SIGNATURE_LABEL,
  SIGNATURE_PARAMETERS,
  SIGNATURE_TAG,
  signedComponents,
} from "#engine/round/requests.ts";

const NONCE_BYTES = 16;

/** @returns A fresh idempotency key for one call. */
export function makeIdempotencyKey(): string {
  return randomBytes(NONCE_BYTES).toString("base64url");
}

export function signerOf(identity: Identity | StaffIdentity): SigningKey {
  const keyId = "party" in identity ? keyIdOfParty(identity.party) : keyIdOfStaff(identity.role, identity.id);
  return createSigner(privateKeyOf("ed25519", identity.signSecret), SIGNATURE_ALGORITHM, keyId);
}

/**
 * @param body - Empty for a request without one.
 * @param idempotencyKey - Of the call; for a request that changes nothing it is not sent.
 * @param created - Time of signing; the signature expires {@link MAX_SIGNATURE_AGE_S} later.
 * @returns Headers Content-Digest, Signature and Signature-Input, with a fresh nonce.
 */
export async function signRequest(
  signer: SigningKey,
  method: string,
  url: URL,
  body: Uint8Array,
  created: Date,
  idempotencyKey: string,
): Promise<Record<string, string>> {
  const signed = await httpbis.signMessage(
    {
      key: signer,
      name: SIGNATURE_LABEL,
      fields: signedComponents(method),
      params: SIGNATURE_PARAMETERS,
      paramValues: {
        created,
        expires: new Date(created.getTime() + MAX_SIGNATURE_AGE_S * 1_000),
        nonce: randomBytes(NONCE_BYTES).toString("base64url"),
        tag: SIGNATURE_TAG,
      },
    },
    {
      method,
      url,
      headers: {
        "content-digest": contentDigestOf(body),
        ...(isWrite(method) ? { [IDEMPOTENCY_FIELD]: idempotencyKey } : {}),
      },
    },
  );
  return Object.fromEntries(
    Object.entries(signed.headers).map(([name, value]) => [
      name.toLowerCase(),
      Array.isArray(value) ? value.join(", ") : value,
    ]),
  );
}
