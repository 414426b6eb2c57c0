/**
 * Signed requests as a party or a member of staff sends them, and what a test can get wrong in them on purpose.
 */
import { randomBytes } from "node:crypto";
import { createSigner, httpbis } from "http-message-signatures";
import { TreeHead } from "#engine/audit/tree-head.ts";
import { privateKeyOf, publicKeyOf } from "#engine/round/raw-key.ts";
import {
  contentDigestOf,
  IDEMPOTENCY_FIELD,
  isWrite,
  SIGNATURE_ALGORITHM,
  SIGNATURE_LABEL,
  SIGNATURE_PARAMETERS,
  SIGNATURE_TAG,
  signedComponents,
} from "#engine/round/requests.ts";
import { isAnswerSigned, TREE_HEAD_FIELD } from "#engine/round/signed-answers.ts";
import { isSignedBy } from "#engine/round/statement.ts";

/** One who signs requests. */
export type Signing = {
  readonly keyId: string;
  readonly signSecret: string;
  readonly clock: () => Date;
  /** The public key that answers must be signed with, base64url. */
  readonly secretariat: string;
};

export type Answer = {
  readonly status: number;
  readonly type: string;
  readonly bytes: Uint8Array;
  readonly text: string;
  /** Size of the audit log's head that came with it; null if the answer is not signed. */
  readonly logSize: number | null;
  /** Seconds. */
  readonly retryAfter: string | null;
};

/** What a test can get wrong on purpose. */
export type Twist = {
  readonly created?: Date;
  readonly expires?: Date;
  readonly nonce?: string;
  readonly idempotencyKey?: string;
  readonly keyId?: string;
  readonly components?: string[];
  readonly parameters?: string[];
  readonly tag?: string;
  readonly label?: string;
  /** Sent in place of the body that was signed; pieces without a Content-Length. */
  readonly sentBody?: Uint8Array;
  readonly sentPieces?: AsyncIterable<Uint8Array>;
  readonly sentPath?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly contentType?: string;
};

/** Its stream does not end by itself. */
const ENDLESS_PATH = "/v1/announcements/events";

/** Sends a signed request and checks the signature of its answer. @param body - JSON when it is not bytes. */
export async function send(
  base: string,
  signing: Signing,
  method: string,
  path: string,
  body?: unknown,
  twist: Twist = {},
): Promise<Answer> {
  const isBytes = body instanceof Uint8Array;
  const bytes = body === undefined ? new Uint8Array() : isBytes ? body : new TextEncoder().encode(JSON.stringify(body));
  const { created = signing.clock(), keyId = signing.keyId } = twist;
  const signer = createSigner(privateKeyOf("ed25519", signing.signSecret), SIGNATURE_ALGORITHM, keyId);
  const signed = await httpbis.signMessage(
    {
      key: signer,
      name: twist.label ?? SIGNATURE_LABEL,
      fields: twist.components ?? signedComponents(method),
      params: twist.parameters ?? SIGNATURE_PARAMETERS,
      paramValues: {
        created,
        expires: twist.expires ?? new Date(created.getTime() + 60_000),
        nonce: twist.nonce ?? randomBytes(16).toString("base64url"),
        keyid: keyId,
        tag: twist.tag ?? SIGNATURE_TAG,
      },
    },
    {
      method,
      url: base + path,
      headers: {
        "content-digest": contentDigestOf(bytes),
        ...(isWrite(method)
          ? { [IDEMPOTENCY_FIELD]: twist.idempotencyKey ?? randomBytes(16).toString("base64url") }
          : {}),
      },
    },
  );
  const contentType = twist.contentType ?? (isBytes ? "application/octet-stream" : "application/json");
  const response = await fetch(base + (twist.sentPath ?? path), {
    method,
    headers: {
      ...flat(signed.headers),
      ...(body === undefined ? {} : { "content-type": contentType }),
      ...twist.headers,
    },
    ...(body === undefined ? {} : { body: twist.sentPieces ?? Buffer.from(twist.sentBody ?? bytes), duplex: "half" }),
  });
  const answer = path === ENDLESS_PATH ? await firstPiece(response) : new Uint8Array(await response.arrayBuffer());
  const logSize = checkedLogSize(response, answer, flat(signed.headers)["Signature"] ?? "", signing.secretariat);
  return {
    status: response.status,
    type: response.headers.get("content-type") ?? "",
    bytes: answer,
    text: new TextDecoder().decode(answer),
    logSize,
    retryAfter: response.headers.get("retry-after"),
  };
}

/** @returns The problem code of a refusal, or the status of anything else. */
export function codeOf(answer: Answer): string {
  if (!answer.type.startsWith("application/problem+json")) return String(answer.status);
  return (JSON.parse(answer.text) as { code: string }).code;
}

async function firstPiece({ body }: Response): Promise<Uint8Array> {
  for await (const piece of body ?? []) return new Uint8Array(piece);
  return new Uint8Array();
}

/** @throws Error if the answer should be signed, and is not as it should be. */
function checkedLogSize(response: Response, body: Uint8Array, requestSignature: string, key: string): number | null {
  const { headers, status } = response;
  const signature = headers.get("signature");
  if (signature === null) {
    if (!response.ok || headers.get("content-type") === "text/event-stream") return null;
    throw new Error("the answer is not signed");
  }
  const treeHead = headers.get(TREE_HEAD_FIELD) ?? "";
  const answer = { status, contentDigest: contentDigestOf(body), treeHead, requestSignature };
  const head = TreeHead.parse(JSON.parse(Buffer.from(treeHead, "base64url").toString()));
  const inputs = { signatureInput: headers.get("signature-input") ?? "", signature };
  if (!isAnswerSigned(publicKeyOf("ed25519", key), answer, inputs) || !isSignedBy(key, "treeHead", head))
    throw new Error("the answer is not signed by the secretariat");
  return head.size;
}

function flat(headers: Record<string, string | string[]>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, [value].flat().join(", ")]));
}
