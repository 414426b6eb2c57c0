/**
 * Signed requests for benches that send many: signed at once, where the client's library can only do so later.
 */
import { randomBytes, sign } from "node:crypto";
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
  SIGNATURE_TAG,
  requestBase,
  signedComponents,
} from "#engine/round/requests.ts";
import type { StaffIdentity } from "#engine/round/identity.ts";
import { SHIPPED_PROFILE } from "#engine/shipped-profile.ts";
import { describeRound, type Cast } from "#fixtures/cast.ts";
import type { RunningServer } from "./server-process.ts";

const NONCE_BYTES = 16;

export type Signing = { readonly keyId: string; readonly signSecret: string };

/** @throws RangeError if there is no such party. */
export function partySigning({ identities }: Cast, party: string): Signing {
  const identity = identities.find((one) => one.party === party);
  if (identity === undefined) throw new RangeError(`no party ${party}`);
  return { keyId: keyIdOfParty(party), signSecret: identity.signSecret };
}

export function staffSigning({ role, id, signSecret }: StaffIdentity): Signing {
  return { keyId: keyIdOfStaff(role, id), signSecret };
}

/** Makes a round of all parties, in draft. */
export async function createRound({ url, cast }: RunningServer, id: string): Promise<void> {
  const setting = { id, profile: SHIPPED_PROFILE, declaredRecords: 1_000, now: new Date() };
  const body = JSON.stringify(describeRound(cast, setting));
  const signed = signedHeaders(staffSigning(cast.operators[0]), "POST", url, "/v1/rounds", body);
  const headers = { "content-type": "application/json", ...signed };
  const created = await fetch(`${url}/v1/rounds`, { method: "POST", headers, body });
  if (created.status !== 201) throw new Error(`no round was made: ${await created.text()}`);
}

/** Signed as docs/spec/api.md's worked example is. */
export function signedHeaders(
  { keyId, signSecret }: Signing,
  method: string,
  url: string,
  path: string,
  body = "",
): Record<string, string> {
  const digest = contentDigestOf(new TextEncoder().encode(body));
  const created = Math.floor(Date.now() / 1_000);
  const nonce = randomBytes(NONCE_BYTES).toString("base64url");
  const components = `(${signedComponents(method)
    .map((name) => `"${name}"`)
    .join(" ")})`;
  const idempotencyKey = isWrite(method) ? nonce : null;
  const times = `created=${created};expires=${created + MAX_SIGNATURE_AGE_S}`;
  const names = `nonce="${nonce}";keyid="${keyId}";alg="${SIGNATURE_ALGORITHM}";tag="${SIGNATURE_TAG}"`;
  const parameters = `${components};${times};${names}`;
  const { host: authority, pathname, search } = new URL(path, url);
  // RFC 9421, section 2.2.7: an absent query is "?".
  const query = search === "" ? "?" : search;
  const request = { method, authority, path: pathname, query, contentDigest: digest, idempotencyKey };
  const base = requestBase(request, parameters);
  const signature = sign(null, Buffer.from(base), privateKeyOf("ed25519", signSecret)).toString("base64");
  return {
    "content-digest": digest,
    ...(idempotencyKey === null ? {} : { [IDEMPOTENCY_FIELD]: idempotencyKey }),
    "signature-input": `${SIGNATURE_LABEL}=${parameters}`,
    signature: `${SIGNATURE_LABEL}=:${signature}:`,
  };
}
