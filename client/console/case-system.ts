/**
 * The way to the party's own case system: one signed POST for each alert; docs/spec/console.md, "Alerts".
 * HTTP Message Signatures (RFC 9421) with HMAC-SHA256, Digest Fields (RFC 9530).
 */
import { readFileSync } from "node:fs";
import { createSigner, httpbis, type SigningKey } from "http-message-signatures";
import { z } from "zod";
import { LinkageError } from "#engine/errors.ts";
import { contentDigestOf } from "#engine/round/requests.ts";
import { requirePrivate } from "../durable-file.ts";
import { isLoopbackName, type Fetch } from "../transport.ts";
import type { HitRow } from "./shapes.ts";

const TIMEOUT_MS = 10_000;
const SECRET_BYTES = { least: 32, most: 1_024 };
const KEY_ID = "aquila";

/** What is named by --case-system. */
export const CaseSystemFile = z.strictObject({
  url: z.string().max(2_000),
  secretFile: z.string().max(4_096).optional(),
});
export type CaseSystemFile = z.infer<typeof CaseSystemFile>;

export type Alert = Pick<HitRow, "round" | "hit" | "counterpart" | "band" | "refs"> & {
  /** The same whenever it is sent. */
  readonly id: string;
  readonly note: string;
};

/** Sends an alert once. @returns Whether it was accepted. */
export type SendAlert = (alert: Alert) => Promise<boolean>;

/** @throws {@link LinkageError} `request-invalid` if the address is not to be used; `file-unreadable` if the secret is not. */
export function caseSystem({ url: text, secretFile }: CaseSystemFile, fetch: Fetch, now: () => Date): SendAlert {
  const url = addressOf(text);
  const key = secretFile === undefined ? null : createSigner(readSecret(secretFile), "hmac-sha256", KEY_ID);
  return async (alert) => {
    const body = new TextEncoder().encode(JSON.stringify(alert));
    const headers = { "content-type": "application/json", "content-digest": contentDigestOf(body) };
    try {
      const response = await fetch(url, {
        method: "POST",
        headers: key === null ? headers : { ...headers, ...(await signatureOf(key, url, headers, now())) },
        body,
        redirect: "error",
        signal: AbortSignal.timeout(TIMEOUT_MS),
      });
      await response.body?.cancel();
      return response.ok;
    } catch {
      return false;
    }
  };
}

function addressOf(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : null;
  const isUsable =
    url !== null &&
    url.username === "" &&
    url.password === "" &&
    (url.protocol === "https:" || (url.protocol === "http:" && isLoopbackName(url.hostname)));
  if (!isUsable)
    throw new LinkageError(
      "request-invalid",
      "--case-system: url must be https, or http to this machine, without a name",
    );
  return url;
}

/** The content without one line feed, or CR LF, at its end. */
function readSecret(path: string): Buffer {
  requirePrivate(path, "the case system's secret", "file-unreadable");
  const text = readFileSync(path);
  let { length } = text;
  if (text[length - 1] === 0x0a) length -= text[length - 2] === 0x0d ? 2 : 1;
  if (length < SECRET_BYTES.least || length > SECRET_BYTES.most)
    throw new LinkageError(
      "file-unreadable",
      `the case system's secret must be ${SECRET_BYTES.least} to ${SECRET_BYTES.most} bytes: ${path}`,
    );
  return text.subarray(0, length);
}

async function signatureOf(
  key: SigningKey,
  url: URL,
  headers: Readonly<Record<string, string>>,
  created: Date,
): Promise<Record<string, string>> {
  const signed = await httpbis.signMessage(
    {
      key,
      name: "sig",
      fields: ["@method", "@target-uri", "content-digest"],
      params: ["created", "keyid", "alg", "tag"],
      paramValues: { created, tag: "aquila-alert" },
    },
    { method: "POST", url, headers },
  );
  return Object.fromEntries(
    ["Signature", "Signature-Input"].map((name) => [
      name.toLowerCase(),
      [signed.headers[name] ?? ""].flat().join(", "),
    ]),
  );
}
