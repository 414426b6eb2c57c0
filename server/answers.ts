/**
 * Signs what the secretariat answers, with the audit log's last head; docs/spec/api.md, "Answers".
 */
import { canonicalBytes } from "#engine/canonical-json.ts";
import { toBase64url } from "#engine/round/binary.ts";
import { privateKeyOf } from "#engine/round/raw-key.ts";
import { contentDigestOf } from "#engine/round/requests.ts";
import { signAnswer, TREE_HEAD_FIELD } from "#engine/round/signed-answers.ts";
import type { TreeHead } from "#engine/audit/tree-head.ts";
import type { App } from "./app.ts";
import type { AuditLog } from "./audit.ts";
import type { Secretariat } from "./secretariat.ts";

const FIRST_REFUSAL = 400;
const NONE = new Uint8Array();

/** Streams go unsigned: nobody acts on progress. So does the answer to a request that is not signed itself. */
export function signAnswers(
  v1: App,
  { audit, clock, signing }: Pick<Secretariat, "audit" | "clock" | "signing">,
): void {
  const key = privateKeyOf("ed25519", signing.signSecret);
  v1.addHook("onSend", async (request, reply, payload) => {
    // The content of an answer to HEAD is empty (RFC 9530, B.2).
    const body = request.method === "HEAD" ? NONE : bytesOf(payload);
    const { signature: requestSignature } = request.headers;
    if (body === null || typeof requestSignature !== "string") return;
    const head = await headFor(audit, reply.statusCode);
    if (head === null) return;
    const treeHead = toBase64url(canonicalBytes(head));
    const contentDigest = contentDigestOf(body);
    const signed = signAnswer(key, { status: reply.statusCode, contentDigest, treeHead, requestSignature }, clock());
    if (signed === null) return;
    void reply
      .header("content-digest", contentDigest)
      .header(TREE_HEAD_FIELD, treeHead)
      .header("signature-input", signed.signatureInput)
      .header("signature", signed.signature);
  });
}

/**
 * What was done is acknowledged under a head that covers it, on the disk; a refusal goes out with the one before when the
 * disk takes no other.
 *
 * @returns Null if none was ever signed.
 */
async function headFor(audit: AuditLog, status: number): Promise<TreeHead | null> {
  try {
    return await audit.head();
  } catch (error) {
    if (status < FIRST_REFUSAL) throw error;
    return audit.lastHead();
  }
}

/** @returns Null for a stream. */
function bytesOf(payload: unknown): Uint8Array | null {
  if (payload === undefined || payload === null) return NONE;
  if (typeof payload === "string") return Buffer.from(payload);
  return payload instanceof Uint8Array ? payload : null;
}
