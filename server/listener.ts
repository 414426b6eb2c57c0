/**
 * The HTTP server under Fastify, with every limit on time and size of a connection set.
 */
import { createServer, type RequestListener, type Server } from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { Socket } from "node:net";
import { CHUNK_BYTES } from "#engine/batch/layout.ts";

/** Certificate chain, private key and, if clients have to show certificates, the authorities that sign those; PEM. */
export type Tls = { readonly cert: string; readonly key: string; readonly ca?: string };

/** Bodies of everything but chunks and manifests, bytes. */
export const JSON_LIMIT_BYTES = 65_536;
/** A manifest names every chunk: enough for 90 GB. */
export const MANIFEST_LIMIT_BYTES = 1_048_576;
export const CHUNK_LIMIT_BYTES = CHUNK_BYTES;
/** A descriptor holds two agreements for each pairing: enough for 32 parties. */
export const DESCRIPTOR_LIMIT_BYTES = 1_048_576;

/** Milliseconds. */
export type Timeouts = {
  /** From the first byte of a request to its last. */
  readonly request: number;
  /** To the last byte of its head. */
  readonly headers: number;
  /** Without a byte in either direction; a manifest's answer may take this long. */
  readonly idle: number;
  /** Between two requests. */
  readonly keepAlive: number;
  /** How often connections are held against `request` and `headers`. */
  readonly checkEvery: number;
};
const TIMEOUTS: Timeouts = { request: 120_000, headers: 15_000, idle: 300_000, keepAlive: 30_000, checkEvery: 5_000 };
const MAX_HEADER_BYTES = 16_384;
const MAX_HEADERS = 64;

/** @param tls - Null for plain HTTP, which is for loopback only. */
export function makeListener(tls: Tls | null, handler: RequestListener, timeouts = TIMEOUTS): Server {
  const options = {
    maxHeaderSize: MAX_HEADER_BYTES,
    requireHostHeader: true,
    connectionsCheckingInterval: timeouts.checkEvery,
  };
  const server =
    tls === null
      ? createServer(options, handler)
      : createTlsServer(
          {
            ...options,
            ...tls,
            minVersion: "TLSv1.3",
            requestCert: tls.ca !== undefined,
            rejectUnauthorized: tls.ca !== undefined,
          },
          handler,
        );
  server.requestTimeout = timeouts.request;
  server.headersTimeout = timeouts.headers;
  server.timeout = timeouts.idle;
  server.keepAliveTimeout = timeouts.keepAlive;
  server.maxHeadersCount = MAX_HEADERS;
  return server;
}

/**
 * Node does not count a connection as idle over which nothing was asked yet, and would wait for it when the server closes;
 * clients open such ones ahead, also when a stream of theirs ends.
 *
 * @returns What ends them, and all that come later.
 */
export function watchUnused(server: Server, tls: Tls | null): () => void {
  const unused = new Set<Socket>();
  let isClosing = false;
  server.on(tls === null ? "connection" : "secureConnection", (socket: Socket) => {
    if (isClosing) {
      socket.destroy();
      return;
    }
    unused.add(socket);
    socket.once("close", () => unused.delete(socket));
  });
  server.on("request", ({ socket }) => unused.delete(socket));
  return () => {
    isClosing = true;
    for (const socket of unused) socket.destroy();
  };
}
