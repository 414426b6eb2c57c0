/**
 * The certificate that this client shows to a server which lets nobody past the handshake without one (mutual TLS,
 * RFC 8446 §4.4.2), and requests that show it, for which the platform's fetch has no place.
 */
import { createPrivateKey, X509Certificate, type KeyObject } from "node:crypto";
import type { IncomingMessage } from "node:http";
import { Agent, request } from "node:https";
import { ReadableStream } from "node:stream/web";
import { LinkageError } from "#engine/errors.ts";
import { readWhole, requirePrivate } from "./durable-file.ts";
import type { Fetch } from "./transport.ts";

/** Statuses of answers without a body (RFC 9110 §6.4.1). */
const BODILESS = [204, 205, 304];

/** PEM: the certificate, which others may follow up to its authority, and its private key. */
export type ClientCertificate = { readonly cert: string; readonly key: string };

/**
 * @param certPath - PEM; the client's own certificate first.
 * @param keyPath - PEM without a passphrase, which only its owner can read.
 * @throws {@link LinkageError} `file-unreadable` if either is missing or not what it should be, others can read the key,
 * or it is not the certificate's.
 */
export function readClientCertificate(certPath: string, keyPath: string): ClientCertificate {
  requirePrivate(keyPath, "the certificate's private key", "file-unreadable");
  const cert = new TextDecoder().decode(readWhole(certPath));
  const key = new TextDecoder().decode(readWhole(keyPath));
  const certificate = parsed(certPath, "certificate in PEM", () => new X509Certificate(cert));
  const privateKey: KeyObject = parsed(keyPath, "private key in PEM without a passphrase", () => createPrivateKey(key));
  if (!certificate.checkPrivateKey(privateKey))
    throw new LinkageError("file-unreadable", `${keyPath} is not the private key of the certificate in ${certPath}`);
  return { cert, key };
}

/** @returns A fetch over TLS 1.3 that shows the certificate; it follows no redirect. */
export function fetchShowing(certificate: ClientCertificate): Fetch {
  const agent = new Agent({ ...certificate, keepAlive: true, minVersion: "TLSv1.3" });
  return (url, { method, headers, body, signal }) =>
    new Promise((resolve, reject) => {
      const asked = request(url, { agent, headers, method, signal }, (answer) => {
        resolve(responseOf(answer, signal));
      });
      asked.on("error", (error) => {
        reject(faultOf(error, signal));
      });
      asked.end(body);
    });
}

function responseOf(answer: IncomingMessage, signal: AbortSignal): Response {
  const headers = Object.entries(answer.headersDistinct).flatMap(([name, values = []]) =>
    values.map((value): [string, string] => [name, value]),
  );
  const { statusCode: status = 0 } = answer;
  if (!BODILESS.includes(status))
    return new Response(ReadableStream.from(piecesOf(answer, signal)), { status, headers });
  answer.resume();
  return new Response(null, { status, headers });
}

async function* piecesOf(answer: AsyncIterable<Uint8Array>, signal: AbortSignal): AsyncGenerator<Uint8Array, void> {
  try {
    yield* answer;
  } catch (error) {
    throw faultOf(error, signal);
  }
}

/** @returns As fetch rejects: with the signal's reason once it is given. */
function faultOf(error: unknown, { aborted, reason }: AbortSignal): Error {
  const fault: unknown = aborted ? reason : error;
  return fault instanceof Error ? fault : new Error("the request failed", { cause: fault });
}

function parsed<T>(path: string, what: string, parse: () => T): T {
  try {
    return parse();
  } catch {
    // Without its cause: nothing of a key goes further.
    throw new LinkageError("file-unreadable", `${path} is no ${what}`);
  }
}
