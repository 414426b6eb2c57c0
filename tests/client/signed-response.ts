/**
 * A response of a test's own server, signed as the secretariat signs its answers.
 */
import type { IncomingMessage, ServerResponse } from "node:http";
import { signTreeHead } from "#engine/audit/tree-head.ts";
import { canonicalBytes } from "#engine/canonical-json.ts";
import { toBase64url } from "#engine/round/binary.ts";
import type { SigningKeys } from "#engine/round/identity.ts";
import { privateKeyOf } from "#engine/round/raw-key.ts";
import { contentDigestOf } from "#engine/round/requests.ts";
import { signAnswer, TREE_HEAD_FIELD } from "#engine/round/signed-answers.ts";

const EMPTY_LOG = { size: 0, root: "47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU" };

/** Signs what is sent by one `end`, with a head of a log; what is streamed goes unsigned. */
export function signed(
  request: IncomingMessage,
  response: ServerResponse,
  keys: SigningKeys,
  { size, root } = EMPTY_LOG,
): ServerResponse {
  const writeHead = response.writeHead.bind(response);
  const write = response.write.bind(response);
  const end = response.end.bind(response);
  let head: [number, Record<string, string>] = [200, {}];
  const begin = (headers: Record<string, string>): void => {
    response.writeHead = writeHead;
    response.writeHead(head[0], { ...head[1], ...headers });
  };
  response.writeHead = ((status: number, headers: Record<string, string> = {}) => {
    head = [status, headers];
    if (headers["content-type"] === "text/event-stream") begin({});
    return response;
  }) as typeof writeHead;
  response.write = ((...parameters: Parameters<typeof write>) => {
    response.write = write;
    if (!response.headersSent) begin({});
    return response.write(...parameters);
  }) as typeof write;
  response.end = ((text = "") => {
    response.end = end;
    if (response.headersSent) return response.end(text);
    const treeHead = toBase64url(canonicalBytes(signTreeHead(keys, size, root, new Date())));
    const contentDigest = contentDigestOf(Buffer.from(text));
    const requestSignature = String(request.headers["signature"]);
    const answer = { status: head[0], contentDigest, treeHead, requestSignature };
    const made = signAnswer(privateKeyOf("ed25519", keys.signSecret), answer, new Date());
    begin({
      "content-digest": contentDigest,
      [TREE_HEAD_FIELD]: treeHead,
      "signature-input": made?.signatureInput ?? "",
      signature: made?.signature ?? "",
    });
    return response.end(text);
  }) as typeof end;
  return response;
}
