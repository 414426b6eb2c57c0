/**
 * A listening server that answers as a test says, signed as the secretariat signs, and verifies requests with the library.
 */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { createVerifier, httpbis, type SignatureParameters } from "http-message-signatures";
import { afterEach } from "vitest";
import { connect } from "#client/http.ts";
import type { ConnectOptions, RequestEvent } from "#client/transport.ts";
import { makeIdentity, makeStaffIdentity } from "#engine/round/identity.ts";
import { publicKeyOf } from "#engine/round/raw-key.ts";
import { SIGNATURE_PARAMETERS, signedComponents } from "#engine/round/requests.ts";
import { rosterOf } from "../engine/round/parties.ts";
import { signed } from "./signed-response.ts";

export const identity = makeIdentity("AT");
export const operator = makeStaffIdentity("operator", "anna");
export const secretariat = makeIdentity("ZZ");
export const roster = rosterOf([identity]);
export const trust = { secretariat: secretariat.signKey };

type Received = {
  method: string;
  path: string;
  headers: Record<string, string>;
  body: Buffer;
  verified: boolean | null;
  parameters: SignatureParameters | null;
};
export type Reply = (response: ServerResponse, received: Received) => void;

export const closing: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

/** Serves the replies in turn, the last one for ever. */
export async function serve(...replies: Reply[]) {
  const received: Received[] = [];
  const server = createServer((request, response) => {
    void read(request).then((one) => {
      received.push(one);
      const reply = replies[Math.min(received.length, replies.length) - 1];
      if (reply === undefined) throw new RangeError("no reply");
      reply(signed(request, response, secretariat), one);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  closing.push(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  const { port } = server.address() as AddressInfo;
  const waits: number[] = [];
  const events: RequestEvent[] = [];
  const connectTo = (options: Partial<ConnectOptions> = {}) =>
    connect({
      serverUrl: `http://127.0.0.1:${port}`,
      identity,
      ...trust,
      log: (event) => events.push(event),
      wait: (durationMs) => {
        waits.push(durationMs);
        return Promise.resolve();
      },
      ...options,
    });
  return { received, waits, events, connectTo };
}

/** @returns An address at which a server has just closed. */
export async function nothingListens(): Promise<string> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return `http://127.0.0.1:${port}`;
}

async function read(request: IncomingMessage): Promise<Received> {
  const pieces: Buffer[] = [];
  for await (const piece of request as AsyncIterable<Buffer>) pieces.push(piece);
  const headers = Object.fromEntries(Object.entries(request.headers).map(([name, value]) => [name, String(value)]));
  const method = request.method ?? "";
  let parameters: SignatureParameters | null = null;
  const verified = await httpbis.verifyMessage(
    {
      requiredFields: signedComponents(method),
      requiredParams: SIGNATURE_PARAMETERS,
      keyLookup: (found) => {
        parameters = found;
        const key = found.keyid === "operator:anna" ? operator.signKey : identity.signKey;
        return Promise.resolve({ algs: ["ed25519"], verify: createVerifier(publicKeyOf("ed25519", key), "ed25519") });
      },
    },
    { method, url: `http://${headers["host"] ?? ""}${request.url ?? ""}`, headers },
  );
  return { method, path: request.url ?? "", headers, body: Buffer.concat(pieces), verified, parameters };
}

export function json(value: unknown, status = 200, headers: Record<string, string> = {}): Reply {
  return (response) => {
    response.writeHead(status, { "content-type": "application/json; charset=utf-8", ...headers });
    response.end(JSON.stringify(value));
  };
}

export function problem(status: number, code: string, headers: Record<string, string> = {}): Reply {
  const body = { type: `urn:aquila:problem:${code}`, title: "title", status, code, detail: "what and where" };
  return (response) => {
    response.writeHead(status, { "content-type": "application/problem+json; charset=utf-8", ...headers });
    response.end(JSON.stringify(body));
  };
}

export const hangUp: Reply = (response) => {
  response.destroy();
};
export const silence: Reply = () => undefined;
