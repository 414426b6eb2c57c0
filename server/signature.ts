/**
 * Verifies that a request is signed by one of the signers known, over exactly what it says.
 * RFC 9421, "HTTP Message Signatures"; RFC 9530, "Digest Fields". docs/spec/api.md, "Signing"
 */
import { generateKeyPairSync, verify } from "node:crypto";
import type { IncomingMessage } from "node:http";
import type { FastifyRequest } from "fastify";
import { z } from "zod";
import { LinkageError } from "#engine/errors.ts";
import {
  contentDigestOf,
  IDEMPOTENCY_FIELD,
  isWrite,
  MAX_SIGNATURE_AGE_S,
  requestBase,
  SIGNATURE_ALGORITHM,
  SIGNATURE_LABEL,
  SIGNATURE_PARAMETERS,
  SIGNATURE_TAG,
  signedComponents,
  type SignedRequest,
} from "#engine/round/requests.ts";
import type { Caller, Signer } from "./caller.ts";
import type { Clock } from "./secretariat.ts";
import type { Nonces } from "./nonces.ts";

/** Nobody holds its other half. */
const NOBODYS_KEY = generateKeyPairSync("ed25519").publicKey;
/** How far a signer's clock may be from the server's. */
const CLOCK_TOLERANCE_S = 5;

/** The one way in which `Signature-Input` can begin: no component more, less, twice or with a parameter. */
const LABEL = `${SIGNATURE_LABEL}=`;
const coveredBy = (method: string): string =>
  `${LABEL}(${signedComponents(method)
    .map((name) => `"${name}"`)
    .join(" ")})`;
const COVERED = { read: coveredBy("GET"), write: coveredBy("PUT") };
/** Printable, without the quotes of a structured field. */
const IDEMPOTENCY_KEY = /^[A-Za-z0-9_-]{16,64}$/;
/** A parameter with an integer or a string without escapes, as it is written canonically (RFC 8941 §§3.1.2, 4.1). */
const PARAMETER = /;([a-z]+)=(?:(0|[1-9][0-9]{0,14})|"([ !#-[\]-~]*)")/y;
/** One entry of the 64 bytes of an Ed25519 signature. */
const ONE_SIGNATURE = new RegExp(`^${LABEL}:([A-Za-z0-9+/]{85}[AQgw]==):$`);

const Parameters = z.strictObject({
  created: z.int(),
  expires: z.int(),
  nonce: z.string().min(16).max(64),
  keyid: z.string().max(64),
  alg: z.literal(SIGNATURE_ALGORITHM),
  tag: z.literal(SIGNATURE_TAG),
});

type SignatureCheck = {
  readonly signers: ReadonlyMap<string, Signer>;
  readonly nonces: Nonces;
  readonly clock: Clock;
  /** The second in which the server opened, since the epoch: what was signed by then may have been used before. */
  readonly openedSecond: number;
  readonly scheme: "http" | "https";
};

/** Of a request, what is signed. */
export type SignedHead = Pick<FastifyRequest, "headers" | "method" | "url"> & {
  readonly raw: Pick<IncomingMessage, "headersDistinct">;
};

/** Who signed, and what its nonce is; times in milliseconds since the epoch. */
type VerifiedSignature = {
  readonly caller: Caller;
  readonly nonce: string;
  readonly createdMs: number;
  readonly expiresMs: number;
};

/** @returns When a signature that expires at `expiresMs` can no longer pass. */
export function expiryOf(expiresMs: number): number {
  return expiresMs + CLOCK_TOLERANCE_S * 1_000;
}

/**
 * Verifies the signature over the request's head; {@link checkContentDigest} then holds the body against it.
 *
 * @throws {@link LinkageError} `request-signature`, with the same detail for an unknown key and a wrong signature;
 * `server-starting` if it was signed before the server opened;
 * `request-invalid` if the path is not in its normal form.
 */
export function verifySignature(check: SignatureCheck, request: SignedHead): VerifiedSignature {
  const input = request.headers["signature-input"];
  const { signature } = request.headers;
  if (typeof input !== "string" || typeof signature !== "string")
    throw new LinkageError("request-signature", "the request carries no Signature and Signature-Input");
  const signed = ONE_SIGNATURE.exec(signature)?.[1];
  const covered = COVERED[isWrite(request.method) ? "write" : "read"];
  const parameters = Parameters.safeParse(input.startsWith(covered) ? readParameters(input, covered.length) : null);
  if (signed === undefined || !parameters.success)
    throw new LinkageError(
      "request-signature",
      `Signature-Input must be ${covered} with each of ${SIGNATURE_PARAMETERS.join(", ")} once, and Signature one entry`,
    );
  const { keyid, nonce, created, expires } = parameters.data;
  const now = check.clock().getTime();
  checkTimes(created * 1_000, expires * 1_000, now);
  if (created <= check.openedSecond)
    throw new LinkageError("server-starting", "the request was signed before the server started; sign it again");
  const base = requestBase(signedRequest(check.scheme, request), input.slice(LABEL.length));
  const signer = check.signers.get(keyid);
  // For an unknown key too: the time of a refusal must not tell who is on the roster.
  const isGenuine = verify(null, Buffer.from(base), signer?.key ?? NOBODYS_KEY, Buffer.from(signed, "base64"));
  if (signer === undefined || !isGenuine)
    throw new LinkageError("request-signature", "the signature is not that of a known key over this request");
  if (!check.nonces.use(`${keyid} ${nonce}`, expiryOf(expires * 1_000), now))
    throw new LinkageError("request-signature", "the nonce was used before");
  return { caller: signer.caller, nonce: `${keyid} ${nonce}`, createdMs: created * 1_000, expiresMs: expires * 1_000 };
}

/** SHA-256 as RFC 9530 writes it: 32 bytes in base64 with padding. */
const CONTENT_DIGEST = /^sha-256=:([A-Za-z0-9+/]{43}=):$/;

/**
 * @param body - The body's bytes as they came; empty if there is none.
 * @throws {@link LinkageError} `request-signature` if Content-Digest is not this body's.
 */
export function checkContentDigest(request: FastifyRequest, body: Uint8Array): void {
  if (request.headers["content-digest"] !== contentDigestOf(body)) throw otherBody();
}

/**
 * @returns The digest that the signer names, base64url; whoever takes the body has yet to hold it against this.
 * @throws {@link LinkageError} `request-signature` if there is none.
 */
export function requireContentDigest(request: FastifyRequest): string {
  const named = CONTENT_DIGEST.exec(String(request.headers["content-digest"]))?.[1];
  if (named === undefined) throw otherBody();
  return Buffer.from(named, "base64").toString("base64url");
}

/** The refusal of a body that is not the one signed. */
export function otherBody(): LinkageError {
  return new LinkageError("request-signature", "Content-Digest is not SHA-256 of the body received");
}

/** @returns Every parameter by name, in any order; null if one comes twice or anything else follows, such as a second entry. */
function readParameters(input: string, from: number): Record<string, string | number> | null {
  const found = new Map<string, string | number>();
  PARAMETER.lastIndex = from;
  for (let at = from; at < input.length; at = PARAMETER.lastIndex) {
    const [, name, integer, text] = PARAMETER.exec(input) ?? [];
    if (name === undefined || found.has(name)) return null;
    found.set(name, text ?? Number(integer));
  }
  return Object.fromEntries(found);
}

/** Times in milliseconds since the epoch. */
function checkTimes(created: number, expires: number, now: number): void {
  const toleranceMs = CLOCK_TOLERANCE_S * 1_000;
  if (expires <= created || expires > created + MAX_SIGNATURE_AGE_S * 1_000)
    throw new LinkageError("request-signature", `expires must be 1 to ${MAX_SIGNATURE_AGE_S} s after created`);
  if (created > now + toleranceMs)
    throw new LinkageError("request-signature", "the signature was created in the future; compare the clocks");
  if (expires < now - toleranceMs) throw new LinkageError("request-signature", "the signature has expired");
}

/** What the signature covers must be what is routed: a path that URL parsing would change is refused. */
function signedRequest(scheme: string, request: SignedHead): SignedRequest {
  const { headers, method } = request;
  // Of two Hosts node gives the first, a proxy may go by the other (RFC 9112, §3.2).
  const [host = "", another] = request.raw.headersDistinct["host"] ?? [];
  const url = URL.parse(`${scheme}://${host}${request.url}`);
  if (url?.host !== host || another !== undefined || url.pathname + url.search !== request.url)
    throw new LinkageError("request-invalid", "Host or path are not in their normal form");
  const contentDigest = headers["content-digest"];
  if (typeof contentDigest !== "string") throw otherBody();
  const idempotencyKey = headers[IDEMPOTENCY_FIELD] ?? null;
  if (isWrite(method) && (typeof idempotencyKey !== "string" || !IDEMPOTENCY_KEY.test(idempotencyKey)))
    throw new LinkageError(
      "request-signature",
      "a write carries an Idempotency-Key of 16 to 64 letters, digits, - and _",
    );
  return {
    method,
    authority: url.host,
    path: url.pathname,
    query: url.search === "" ? "?" : url.search,
    contentDigest,
    idempotencyKey: typeof idempotencyKey === "string" ? idempotencyKey : null,
  };
}
