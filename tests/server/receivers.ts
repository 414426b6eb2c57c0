/**
 * Receivers of announcements as a party runs them: a listening webhook that checks what it gets, and a mail server.
 */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { createVerifier, httpbis } from "http-message-signatures";
import { SMTPServer, type SMTPServerOptions } from "smtp-server";
import { Announcement } from "#engine/round/announcement.ts";
import { publicKeyOf } from "#engine/round/raw-key.ts";
import { contentDigestOf } from "#engine/round/requests.ts";

export type WebhookAnswer = (response: ServerResponse, request: IncomingMessage) => void;

export type Receiver = {
  readonly url: string;
  readonly port: number;
  /** Everything that came, repeats among it, in order. */
  readonly received: readonly Announcement[];
  /** Of requests that were not as they must be. */
  readonly faults: readonly string[];
  /** Waits until so many have come. */
  readonly until: (count: number) => Promise<void>;
  answer: WebhookAnswer;
  readonly close: () => Promise<void>;
};

export const taken: WebhookAnswer = (response) => void response.writeHead(204).end();

/** @param secretariat - Its public key. @param port - Any free one when left out. */
export async function openReceiver(secretariat: string, answer: WebhookAnswer = taken, port = 0): Promise<Receiver> {
  const received: Announcement[] = [];
  const faults: string[] = [];
  const waiting = new Set<() => void>();
  const server = createServer((request, response) => {
    void takeFrom(request, secretariat).then(
      (announcement) => {
        received.push(announcement);
        receiver.answer(response, request);
        for (const look of waiting) look();
      },
      (error: unknown) => {
        faults.push(String(error));
        response.writeHead(400).end();
      },
    );
  });
  await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
  const { port: taking } = server.address() as AddressInfo;
  const receiver: Receiver = {
    url: `http://127.0.0.1:${taking}/aquila`,
    port: taking,
    received,
    faults,
    until: (count) =>
      new Promise((resolve) => {
        const look = (): void => {
          if (received.length < count) return;
          waiting.delete(look);
          resolve();
        };
        waiting.add(look);
        look();
      }),
    answer,
    close: () =>
      new Promise((resolve) => {
        server.close(() => {
          resolve();
        });
        server.closeAllConnections();
      }),
  };
  return receiver;
}

async function takeFrom(request: IncomingMessage, secretariat: string): Promise<Announcement> {
  const pieces: Buffer[] = [];
  for await (const piece of request) pieces.push(piece as Buffer);
  const body = Buffer.concat(pieces);
  if (request.headers["content-digest"] !== contentDigestOf(body)) throw new Error("another body");
  const isSigned = await httpbis.verifyMessage(
    {
      keyLookup: () =>
        Promise.resolve({
          id: "secretariat",
          algs: ["ed25519"],
          verify: createVerifier(publicKeyOf("ed25519", secretariat), "ed25519"),
        }),
      requiredFields: ["@method", "@authority", "@path", "content-digest"],
      // The test's clock may be ahead.
      notAfter: new Date(8.64e15),
    },
    {
      method: request.method ?? "",
      url: `http://${request.headers.host ?? ""}${request.url ?? ""}`,
      headers: Object.fromEntries(Object.entries(request.headers).map(([name, value]) => [name, String(value)])),
    },
  );
  if (isSigned !== true) throw new Error("not signed by the secretariat");
  return Announcement.parse(JSON.parse(body.toString()));
}

export type MailReceiver = {
  readonly port: number;
  /** Envelope and text of each message, as they came. */
  readonly messages: readonly { readonly to: readonly string[]; readonly text: string }[];
  readonly passwords: readonly string[];
  readonly until: (count: number) => Promise<void>;
  readonly close: () => Promise<void>;
};

/** @param refusals - Statuses with which the first messages are refused. */
export async function openMailReceiver(
  options: SMTPServerOptions = {},
  refusals: readonly number[] = [],
): Promise<MailReceiver> {
  const messages: { to: string[]; text: string }[] = [];
  const passwords: string[] = [];
  const refusing = [...refusals];
  const waiting = new Set<() => void>();
  const server = new SMTPServer({
    authOptional: true,
    allowInsecureAuth: true,
    disableReverseLookup: true,
    onAuth: ({ username, password }, _session, done) => {
      passwords.push(password ?? "");
      done(null, { user: username });
    },
    onData: (stream, session, done) => {
      let text = "";
      stream.on("data", (piece: Buffer) => (text += piece.toString()));
      stream.on("end", () => {
        messages.push({ to: session.envelope.rcptTo.map(({ address }) => address), text });
        const status = refusing.shift();
        done(status === undefined ? null : Object.assign(new Error("said why"), { responseCode: status }));
        for (const look of waiting) look();
      });
    },
    ...options,
  });
  // A client that trusts no certificate hangs up.
  server.on("error", () => undefined);
  const listening = server.listen(0, "127.0.0.1");
  await new Promise<void>((resolve) => listening.once("listening", resolve));
  return {
    port: (listening.address() as AddressInfo).port,
    messages,
    passwords,
    until: (count) =>
      new Promise((resolve) => {
        const look = (): void => {
          if (messages.length < count) return;
          waiting.delete(look);
          resolve();
        };
        waiting.add(look);
        look();
      }),
    close: () =>
      new Promise((resolve) => {
        server.close(() => {
          resolve();
        });
      }),
  };
}
