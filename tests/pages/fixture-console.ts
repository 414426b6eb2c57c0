/**
 * A console over HTTP with 10,000 hits of fictional people, for pages, pictures and benches: the routes and shapes of
 * docs/spec/console.md without vault and secretariat. What happens is told to it: {@link FixtureConsole.send}.
 */
import { randomBytes } from "node:crypto";
import { createReadStream } from "node:fs";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { extname, join, normalize } from "node:path";
import {
  KEY_HEADER,
  SessionRequest,
  StatusRequest,
  type ConsoleEvents,
  type ConsoleView,
  type Coverage,
  type HitRow,
  type HitView,
  type RoundStanding,
  type SessionAnswer,
} from "#client/console/shapes.ts";
import { builtFolder, PAGE_POLICY } from "#pages/built.ts";
import { CONSOLE_VIEW, coverage, hitsOf, standings, statisticsOf, viewOf } from "./console-data.ts";

const TYPES: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript",
  ".css": "text/css",
};

export type FixtureConsole = {
  readonly origin: string;
  /** An address with a token that works once. */
  readonly address: () => string;
  /** What the console holds; a test may change it before a page asks. */
  readonly held: {
    view: ConsoleView;
    hits: Map<string, HitRow>;
    rounds: RoundStanding[];
    coverage: Coverage;
    /** Why the list cannot be read; null if it can. */
    listFault: HitView["listFault"];
    /** Paths below `/api/` that answer with this problem instead. */
    readonly failing: Map<string, { readonly status: number; readonly code: string; readonly detail: string }>;
    /** Rounds that were asked to run. */
    readonly run: string[];
  };
  readonly send: <Name extends keyof ConsoleEvents>(name: Name, data: ConsoleEvents[Name]) => void;
  /** Cuts all event streams; the pages open new ones. */
  readonly cut: () => void;
  readonly close: () => Promise<void>;
};

/** @param count - Of hits. */
export async function startFixtureConsole(count = 10_000): Promise<FixtureConsole> {
  const tokens = new Set<string>();
  /** Key by cookie. */
  const sessions = new Map<string, string>();
  const streams = new Set<ServerResponse>();
  const held: FixtureConsole["held"] = {
    view: CONSOLE_VIEW,
    hits: new Map(hitsOf(count).map((row) => [row.hit, row])),
    rounds: standings(),
    coverage: coverage(),
    listFault: null,
    failing: new Map(),
    run: [],
  };
  const server = createServer((request, response) => {
    answer(request, response).catch((error: unknown) => {
      problem(response, 500, "internal", String(error));
    });
  });

  const send: FixtureConsole["send"] = (name, data) => {
    for (const stream of streams) stream.write(`event: ${name}\ndata: ${JSON.stringify(data)}\n\n`);
  };

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    response.setHeader("content-security-policy", policyText());
    response.setHeader("cache-control", "no-store");
    const { pathname: path, searchParams } = new URL(request.url ?? "/", origin);
    const { method = "GET" } = request;
    if (!path.startsWith("/api/")) {
      file(path, response);
      return;
    }
    if (path === "/api/session" && method === "POST") {
      if (!tokens.delete(SessionRequest.parse(await bodyOf(request)).token)) {
        problem(response, 403, "request-forbidden", "the address was used before");
        return;
      }
      const [session, key] = [randomBytes(32).toString("base64url"), randomBytes(32).toString("base64url")];
      sessions.set(session, key);
      response.setHeader("set-cookie", `aquila-console=${session}; HttpOnly; SameSite=Strict; Path=/`);
      json(response, { key } satisfies SessionAnswer);
      return;
    }
    const session = /aquila-console=([\w-]+)/.exec(request.headers.cookie ?? "")?.[1] ?? "";
    if (!sessions.has(session) || sessions.get(session) !== request.headers[KEY_HEADER]) {
      problem(response, 403, "request-forbidden", "no session");
      return;
    }
    const failing = held.failing.get(path.slice("/api/".length));
    if (failing !== undefined) {
      problem(response, failing.status, failing.code, failing.detail);
      return;
    }
    const [, , kind = "", id = "", rest = ""] = path.split("/");
    const row = held.hits.get(decodeURIComponent(id));
    if (kind === "console") json(response, held.view);
    else if (kind === "hits" && id === "") json(response, [...held.hits.values()]);
    else if (kind === "hits" && row === undefined) problem(response, 404, "hit-unknown", "no such hit is open here");
    else if (kind === "hits" && row !== undefined && rest === "status") {
      const { status } = StatusRequest.parse(await bodyOf(request));
      const changed: HitRow = { ...row, status: { ...row.status, own: status } };
      held.hits.set(row.hit, changed);
      json(response, viewOf(changed));
      send("hits", [changed]);
    } else if (kind === "hits" && row !== undefined) {
      const { listFault } = held;
      json(response, { ...viewOf(row), ...(listFault === null ? {} : { records: null, listFault }) });
    } else if (kind === "rounds" && rest === "run") {
      held.run.push(decodeURIComponent(id));
      response.writeHead(202).end();
    } else if (kind === "rounds") json(response, held.rounds);
    else if (kind === "coverage") json(response, held.coverage);
    else if (kind === "statistics") json(response, statisticsOf(Number(searchParams.get("year"))));
    else if (kind === "events") {
      response.writeHead(200, { "content-type": "text/event-stream" });
      response.write(": open\n\n");
      streams.add(response);
      response.on("close", () => streams.delete(response));
    } else problem(response, 404, "not-found", "no such route");
  }

  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    origin,
    address: () => {
      const token = randomBytes(16).toString("base64url");
      tokens.add(token);
      return `${origin}/#t=${token}`;
    },
    held,
    send,
    cut: () => {
      for (const stream of streams) stream.destroy();
    },
    close: async () => {
      const closed = new Promise<void>((resolve) =>
        server.close(() => {
          resolve();
        }),
      );
      server.closeAllConnections();
      await closed;
    },
  };
}

function file(path: string, response: ServerResponse): void {
  const name = normalize(path === "/" ? "/index.html" : path);
  const stream = createReadStream(join(builtFolder("console"), name));
  stream.on("open", () => {
    response.writeHead(200, { "content-type": TYPES[extname(name)] ?? "application/octet-stream" });
    stream.pipe(response);
  });
  stream.on("error", () => {
    problem(response, 404, "not-found", "no such file");
  });
}

function policyText(): string {
  return Object.entries(PAGE_POLICY)
    .map(([name, sources]) => `${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)} ${sources.join(" ")}`)
    .join("; ");
}

function json(response: ServerResponse, body: unknown): void {
  response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(body));
}

function problem(response: ServerResponse, status: number, code: string, detail: string): void {
  const body = { type: `urn:aquila:problem:${code}`, title: code, status, code, detail };
  response.writeHead(status, { "content-type": "application/problem+json" }).end(JSON.stringify(body));
}

async function bodyOf(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
  return JSON.parse(Buffer.concat(chunks).toString("utf8"));
}
