/**
 * Verifies that a request is signed by one of the signers known, over exactly what it says.
 * RFC 9421, "HTTP Message Signatures"; RFC 9530, "Digest Fields". docs/spec/api.md, "Signing"
 */
import type { FastifyRequest } from "fastify";
import { httpbis, type SignatureParameters } from "http-message-signatures";
import { z } from "zod";
import { LinkageError } from "#engine/errors.ts";
import {
  contentDigestOf,
  MAX_SIGNATURE_AGE_S,
  SIGNATURE_ALGORITHM,
  SIGNATURE_LABEL,
  SIGNATURE_PARAMETERS,
  SIGNATURE_TAG,
  SIGNED_COMPONENTS,
} from "#engine/round/requests.ts";
import type { Caller, Signer } from "./caller.ts";
import type { Clock } from "./secretariat.ts";
import type { Nonces } from "./nonces.ts";

/** How far a signer's clock may be from the server's. */
const CLOCK_TOLERANCE_S = 5;

/** The one way in which `Signature-Input` can begin: no component more, less, twice or with a parameter. */
const COVERED = `${SIGNATURE_LABEL}=(${SIGNED_COMPONENTS.map((name) => `"${name}"`).join(" ")})`;
/** A parameter with an integer or a string without escapes (RFC 8941 §3.1.2). */
const PARAMETER = /;([a-z]+)=(?:[0-9]{1,15}|"[ !#-[\]-~]*")/y;
/** One entry of the 64 bytes of an Ed25519 signature. */
const ONE_SIGNATURE = new RegExp(`^${SIGNATURE_LABEL}=:[A-Za-z0-9+/]{86}==:$`);

const Parameters = z.strictObject({
  created: z.date(),
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
  readonly scheme: "http" | "https";
};

/**
 * Verifies the signature over the request's head; {@link checkContentDigest} then holds the body against it.
 *
 * @throws {@link LinkageError} `request-signature`, with the same detail for an unknown key and a wrong signature;
 * `request-invalid` if the path is not in its normal form.
 */
export async function verifySignature(check: SignatureCheck, request: FastifyRequest): Promise<Caller> {
  const input = request.headers["signature-input"];
  const { signature } = request.headers;
  if (typeof input !== "string" || typeof signature !== "string")
    throw new LinkageError("request-signature", "the request carries no Signature and Signature-Input");
  if (!input.startsWith(COVERED) || !isParameters(input.slice(COVERED.length)) || !ONE_SIGNATURE.test(signature))
    throw new LinkageError(
      "request-signature",
      `Signature-Input must be ${COVERED} with each of ${SIGNATURE_PARAMETERS.join(", ")} once, and Signature one entry`,
    );
  const found: SignatureParameters[] = [];
  const verified = await verifies(check, request, found);
  const parameters = Parameters.safeParse(found[0]);
  if (found.length !== 1 || !parameters.success)
    throw new LinkageError(
      "request-signature",
      `one signature is wanted, with parameters ${SIGNATURE_PARAMETERS.join(", ")}`,
    );
  const { keyid, nonce, created, expires } = parameters.data;
  const now = check.clock().getTime();
  checkTimes(created.getTime(), expires * 1_000, now);
  const signer = check.signers.get(keyid);
  if (!verified || signer === undefined)
    throw new LinkageError("request-signature", "the signature is not that of a known key over this request");
  if (!check.nonces.use(`${keyid} ${nonce}`, (expires + CLOCK_TOLERANCE_S) * 1_000, now))
    throw new LinkageError("request-signature", "the nonce was used before");
  return signer.caller;
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

/** @param found - Takes the parameters of each signature that the header holds. */
async function verifies(
  check: SignatureCheck,
  request: FastifyRequest,
  found: SignatureParameters[],
): Promise<boolean> {
  const config = {
    tolerance: CLOCK_TOLERANCE_S,
    notAfter: check.clock(),
    requiredParams: SIGNATURE_PARAMETERS,
    requiredFields: SIGNED_COMPONENTS,
    all: true,
    keyLookup: (parameters: SignatureParameters) => {
      found.push(parameters);
      return Promise.resolve(check.signers.get(parameters.keyid ?? "")?.key ?? null);
    },
  };
  const message = { method: request.method, url: urlOf(check.scheme, request), headers: textHeaders(request) };
  try {
    return (await httpbis.verifyMessage(config, message)) === true;
  } catch {
    // The library says no in many ways; which one is nobody's business but the signer's.
    return false;
  }
}

/** @returns Whether `text` is every parameter once, in any order, and nothing else: no second entry can follow. */
function isParameters(text: string): boolean {
  const names: string[] = [];
  PARAMETER.lastIndex = 0;
  for (let at = 0; at < text.length; at = PARAMETER.lastIndex) {
    const name = PARAMETER.exec(text)?.[1];
    if (name === undefined) return false;
    names.push(name);
  }
  return names.sort().join() === [...SIGNATURE_PARAMETERS].sort().join();
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

/** The URL that the signature covers must be the one that is routed: a path that URL parsing would change is refused. */
function urlOf(scheme: string, request: FastifyRequest): string {
  const authority = request.headers.host ?? "";
  const url = URL.parse(`${scheme}://${authority}${request.url}`);
  if (url === null || url.pathname + url.search !== request.url)
    throw new LinkageError("request-invalid", "Host or path are not in their normal form");
  return url.href;
}

function textHeaders(request: FastifyRequest): Record<string, string | string[]> {
  const headers: Record<string, string | string[]> = {};
  for (const [name, value] of Object.entries(request.headers)) if (value !== undefined) headers[name] = value;
  return headers;
}
