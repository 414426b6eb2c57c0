/**
 * What the pages sign and verify: requests (RFC 9421), answers, and statements on rounds. The browser's version of engine/round/requests.ts,
 * signed-answers.ts and statement.ts, which a test holds equal byte for byte.
 */
import {
  fromBase64,
  fromBase64url,
  labelled,
  randomText,
  sha256,
  toBase64,
  toBase64url,
  utf8,
  type Bytes,
} from "./bytes.ts";
import { canonicalBytes } from "./canonical-json.ts";
import type { StaffKey } from "./key-file.ts";

const LABEL = "aquila=";
const TAG = "aquila/v1";
const MAX_AGE_S = 60;
const NONCE_BYTES = 16;
const TREE_HEAD_FIELD = "aquila-tree-head";
const COMPONENTS = ["@method", "@authority", "@path", "@query", "content-digest"];
const ANSWERED = `("@status" "content-digest" "${TREE_HEAD_FIELD}" "signature";req;key="aquila")`;
const ANSWER_INPUT =
  /^aquila=\("@status" "content-digest" "aquila-tree-head" "signature";req;key="aquila"\);created=[0-9]{1,15};keyid="secretariat";alg="ed25519";tag="aquila\/v1"$/;
const ONE_SIGNATURE = /^aquila=:([A-Za-z0-9+/]{86}==):$/;

const STATEMENT_LABELS = {
  approval: "aquila/v1/approval",
  hold: "aquila/v1/hold",
  erasure: "aquila/v1/erasure",
  treeHead: "aquila/v1/tree-head",
} as const;
export type StatementKind = keyof typeof STATEMENT_LABELS;
export type Signed<Body> = Body & { readonly signature: string };

/** @param publicKey - Ed25519, 32 bytes, base64url. */
export function importPublicKey(publicKey: string): Promise<CryptoKey> {
  return crypto.subtle.importKey("raw", fromBase64url(publicKey), "Ed25519", true, ["verify"]);
}

/** @returns `body` with its author's signature. */
export async function signStatement<Body extends object>(
  key: StaffKey,
  kind: StatementKind,
  body: Body,
): Promise<Signed<Body>> {
  const message = labelled(STATEMENT_LABELS[kind], canonicalBytes(body));
  return { ...body, signature: toBase64url(await key.sign(message)) };
}

/** @returns Whether the holder of `publicKey` signed it; false as well if it is malformed. */
export async function isSignedBy(publicKey: string, kind: StatementKind, statement: Signed<object>): Promise<boolean> {
  const { signature, ...body } = statement;
  try {
    const message = labelled(STATEMENT_LABELS[kind], canonicalBytes(body));
    return await crypto.subtle.verify("Ed25519", await importPublicKey(publicKey), fromBase64url(signature), message);
  } catch {
    return false;
  }
}

/** What of a request is signed besides its method, address and body. */
export type SigningMoment = { readonly created: Date; readonly nonce: string; readonly idempotencyKey: string };

export function freshMoment(): SigningMoment {
  return { created: new Date(), nonce: randomText(NONCE_BYTES), idempotencyKey: randomText(NONCE_BYTES) };
}

/** @returns Content-Digest, Signature-Input, Signature and, of what changes something, Idempotency-Key. */
export async function signedHeaders(
  key: StaffKey,
  method: string,
  { host, pathname, search }: Pick<URL, "host" | "pathname" | "search">,
  body: Bytes,
  { created, nonce, idempotencyKey }: SigningMoment,
): Promise<Record<string, string>> {
  const isWrite = method !== "GET";
  const contentDigest = await digestOf(body);
  const values = [method, host, pathname, search === "" ? "?" : search, contentDigest];
  const names = isWrite ? [...COMPONENTS, "idempotency-key"] : COMPONENTS;
  if (isWrite) values.push(idempotencyKey);
  const seconds = Math.floor(created.getTime() / 1_000);
  const list = names.map((name) => `"${name}"`).join(" ");
  const covered = `(${list});created=${seconds};expires=${seconds + MAX_AGE_S};nonce="${nonce}";keyid="${key.role}:${key.id}";alg="ed25519";tag="${TAG}"`;
  const base = names.map((name, at) => `"${name}": ${values[at] ?? ""}`);
  const signature = await key.sign(utf8([...base, `"@signature-params": ${covered}`].join("\n")));
  return {
    "content-digest": contentDigest,
    "signature-input": LABEL + covered,
    signature: `${LABEL}:${toBase64(signature)}:`,
    ...(isWrite ? { "idempotency-key": idempotencyKey } : {}),
  };
}

/** An answer as it came, and the Signature of the request that it must be to. */
export type Answer = {
  readonly status: number;
  readonly headers: Pick<Headers, "get">;
  readonly body: Bytes;
  readonly requestSignature: string;
};

/** @returns Whether the secretariat gave this answer to this request. */
export async function isAnswerSigned(secretariat: CryptoKey, answer: Answer): Promise<boolean> {
  const { status, headers, body, requestSignature } = answer;
  const input = headers.get("signature-input") ?? "";
  const signature = ONE_SIGNATURE.exec(headers.get("signature") ?? "")?.[1];
  const asked = ONE_SIGNATURE.exec(requestSignature)?.[1];
  if (signature === undefined || asked === undefined || !ANSWER_INPUT.test(input)) return false;
  const base = [
    `"@status": ${status}`,
    `"content-digest": ${await digestOf(body)}`,
    `"${TREE_HEAD_FIELD}": ${headers.get(TREE_HEAD_FIELD) ?? ""}`,
    `"signature";req;key="aquila": :${asked}:`,
    `"@signature-params": ${ANSWERED}${input.slice(LABEL.length + ANSWERED.length)}`,
  ].join("\n");
  return crypto.subtle.verify("Ed25519", secretariat, fromBase64(signature), utf8(base));
}

/** RFC 9530 §2. */
async function digestOf(body: Bytes): Promise<string> {
  return `sha-256=:${toBase64(await sha256(body))}:`;
}
