/**
 * What the signature of an announcement covers that is brought by webhook: HTTP Message Signatures (RFC 9421) by the
 * secretariat over method, authority, path and body. docs/spec/announcements.md, "Webhook"
 */
import { sign, type KeyObject } from "node:crypto";
import { canonicalBytes } from "../canonical-json.ts";
import type { Announcement } from "./announcement.ts";
import { contentDigestOf, SIGNATURE_ALGORITHM, SIGNATURE_LABEL, SIGNATURE_TAG, signatureBase } from "./requests.ts";
import { SECRETARIAT_KEY_ID } from "./signed-answers.ts";

const METHOD = "POST";
const COMPONENTS = ['"@method"', '"@authority"', '"@path"', '"content-digest"'] as const;

/** A request that brings an announcement, as it is sent. */
export type SignedAnnouncement = {
  readonly method: typeof METHOD;
  /** By lower-case names. */
  readonly headers: Readonly<Record<"content-type" | "content-digest" | "signature-input" | "signature", string>>;
  readonly body: Uint8Array;
};

/**
 * @param key - The secretariat's private key.
 * @param url - Of the receiver, without query.
 */
export function signAnnouncement(
  key: KeyObject,
  announcement: Announcement,
  url: URL,
  created: Date,
): SignedAnnouncement {
  const body = canonicalBytes(announcement);
  const contentDigest = contentDigestOf(body);
  const seconds = Math.floor(created.getTime() / 1_000);
  const covered = `(${COMPONENTS.join(" ")});created=${seconds};keyid="${SECRETARIAT_KEY_ID}";alg="${SIGNATURE_ALGORITHM}";tag="${SIGNATURE_TAG}"`;
  const values = [METHOD, url.host, url.pathname, contentDigest];
  const base = signatureBase(
    COMPONENTS.map((identifier, at) => [identifier, values[at] ?? ""]),
    covered,
  );
  const signature = sign(null, Buffer.from(base), key).toString("base64");
  return {
    method: METHOD,
    headers: {
      "content-type": "application/json",
      "content-digest": contentDigest,
      "signature-input": `${SIGNATURE_LABEL}=${covered}`,
      signature: `${SIGNATURE_LABEL}=:${signature}:`,
    },
    body,
  };
}
