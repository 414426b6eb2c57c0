/**
 * What a signed answer covers: HTTP Message Signatures (RFC 9421) by the secretariat over status, body, tree head and the
 * signature of the request that it answers (§2.4), so that no answer can be given to another request.
 */
import { sign, verify, type KeyObject } from "node:crypto";
import { SIGNATURE_ALGORITHM, SIGNATURE_LABEL, SIGNATURE_TAG, signatureBase } from "./requests.ts";

/** Header field of the audit log's last tree head: canonical JSON in base64url. */
export const TREE_HEAD_FIELD = "aquila-tree-head";
export const SECRETARIAT_KEY_ID = "secretariat";

const COMPONENTS = [
  '"@status"',
  '"content-digest"',
  `"${TREE_HEAD_FIELD}"`,
  `"signature";req;key="${SIGNATURE_LABEL}"`,
] as const;
const LABEL = `${SIGNATURE_LABEL}=`;
const COVERED = `(${COMPONENTS.join(" ")})`;
const INPUT = new RegExp(
  `^${escaped(`${LABEL}${COVERED}`)};created=[0-9]{1,15};keyid="${SECRETARIAT_KEY_ID}";alg="${SIGNATURE_ALGORITHM}";tag="${escaped(SIGNATURE_TAG)}"$`,
);
const ONE_SIGNATURE = new RegExp(`^${LABEL}(:[A-Za-z0-9+/]{86}==:)$`);

export type SignedAnswer = {
  readonly status: number;
  readonly contentDigest: string;
  /** Value of {@link TREE_HEAD_FIELD}. */
  readonly treeHead: string;
  /** Value of the request's Signature. */
  readonly requestSignature: string;
};

/** Values of Signature-Input and Signature. */
export type AnswerSignature = { readonly signatureInput: string; readonly signature: string };

/**
 * @param key - The secretariat's private key.
 * @returns Null if the request's Signature is not one entry of Ed25519.
 */
export function signAnswer(key: KeyObject, answer: SignedAnswer, created: Date): AnswerSignature | null {
  if (!ONE_SIGNATURE.test(answer.requestSignature)) return null;
  const seconds = Math.floor(created.getTime() / 1_000);
  const covered = `${COVERED};created=${seconds};keyid="${SECRETARIAT_KEY_ID}";alg="${SIGNATURE_ALGORITHM}";tag="${SIGNATURE_TAG}"`;
  const signature = sign(null, answerBase(answer, covered), key).toString("base64");
  return { signatureInput: LABEL + covered, signature: `${LABEL}:${signature}:` };
}

/**
 * @param key - The secretariat's public key.
 * @returns Whether the secretariat gave this answer to this request.
 */
export function isAnswerSigned(key: KeyObject, answer: SignedAnswer, headers: AnswerSignature): boolean {
  const signature = ONE_SIGNATURE.exec(headers.signature)?.[1];
  if (signature === undefined || !INPUT.test(headers.signatureInput)) return false;
  const base = answerBase(answer, headers.signatureInput.slice(LABEL.length));
  return verify(null, base, key, Buffer.from(signature.slice(1, -1), "base64"));
}

function answerBase({ status, contentDigest, treeHead, requestSignature }: SignedAnswer, covered: string): Buffer {
  // The member that the label names, serialised (RFC 9421 §2.1.2): the byte sequence alone.
  const member = ONE_SIGNATURE.exec(requestSignature)?.[1] ?? "";
  const values = [String(status), contentDigest, treeHead, member];
  return Buffer.from(
    signatureBase(
      COMPONENTS.map((identifier, at) => [identifier, values[at] ?? ""]),
      covered,
    ),
  );
}

function escaped(text: string): string {
  return text.replaceAll(/[()[\].*+?^$|/]/g, String.raw`\$&`);
}
