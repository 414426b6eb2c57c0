/**
 * The console's Fastify app: its pages, its own API, and who may ask. No request is logged. docs/spec/console.md
 */
import { createServer } from "node:http";
import helmet from "@fastify/helmet";
import serveFiles from "@fastify/static";
import fastify, { type FastifyError, type FastifyInstance, type FastifyReply, type FastifyRequest } from "fastify";
import type { z } from "zod";
import { LinkageError } from "#engine/errors.ts";
import { RoundId } from "#engine/round/ids.ts";
import { Status } from "#engine/round/acts.ts";
import { PAGE_POLICY } from "#pages/built.ts";
import { PROBLEM_MEDIA_TYPE, problemOf } from "#server/problem.ts";
import type { EventFeed } from "./event-feed.ts";
import { requireOwnAddress, type Sessions } from "./session.ts";
import {
  KEY_HEADER,
  SessionRequest,
  StatusRequest,
  type ConsoleView,
  type Coverage,
  type HitView,
  type RoundStanding,
  type SessionAnswer,
} from "./shapes.ts";

const BODY_BYTES = 4_096;
const HEADER_BYTES = 16_384;
const MOST_HEADERS = 64;
const MOST_PARAMETER = 100;
const REQUEST_MS = 10_000;
const IDLE_MS = 60_000;
const CHECK_EVERY_MS = 5_000;

/** What the routes ask for. */
export type Desk = {
  readonly console: () => ConsoleView;
  /** HitList as JSON. */
  readonly hitsJson: () => string;
  readonly hit: (hit: string) => Promise<HitView>;
  readonly mark: (hit: string, status: StatusRequest["status"]) => Promise<HitView>;
  readonly rounds: () => RoundStanding[];
  readonly run: (round: string) => Promise<void>;
  readonly coverage: () => Coverage;
  readonly statistics: (year: number) => Promise<unknown>;
};

export type ConsoleAppOptions = {
  readonly desk: Desk;
  readonly sessions: Sessions;
  readonly feed: EventFeed;
  /** Folder of the built pages. */
  readonly pages: string;
};

/** @returns The app, not yet listening. */
export async function buildConsoleApp({ desk, sessions, feed, pages }: ConsoleAppOptions): Promise<FastifyInstance> {
  const app = fastify({
    logger: false,
    bodyLimit: BODY_BYTES,
    routerOptions: { maxParamLength: MOST_PARAMETER, caseSensitive: true },
    forceCloseConnections: true,
    // Nobody would read a stream that answers HEAD, and nothing would end it.
    exposeHeadRoutes: false,
    serverFactory: (handler) => {
      const server = createServer(
        { maxHeaderSize: HEADER_BYTES, requireHostHeader: true, connectionsCheckingInterval: CHECK_EVERY_MS },
        handler,
      );
      server.requestTimeout = REQUEST_MS;
      server.headersTimeout = REQUEST_MS;
      server.timeout = IDLE_MS;
      server.keepAliveTimeout = IDLE_MS;
      server.maxHeadersCount = MOST_HEADERS;
      return server;
    },
    frameworkErrors: answerProblem,
  });
  app.setErrorHandler(answerProblem);
  app.setNotFoundHandler((request, reply) => {
    answerProblem(new LinkageError("not-found", "there is nothing here"), request, reply);
  });
  takeJsonAlone(app);
  const address = (): string => `http://127.0.0.1:${portOf(app)}`;
  app.addHook("onRequest", (request, _reply, done) => {
    const { host, origin } = request.headers;
    requireOwnAddress(address(), { method: request.method, host, origin });
    done();
  });
  await app.register(helmet, {
    contentSecurityPolicy: { useDefaults: false, directives: PAGE_POLICY },
    hsts: false,
  });
  await app.register(serveFiles, { root: pages, index: "index.html" });
  await app.register(
    (api, _options, done) => {
      apiRoutes(api, { desk, sessions, feed }, () => `aquila-${portOf(app)}`);
      done();
    },
    { prefix: "/api" },
  );
  app.addHook("preClose", (done) => {
    feed.close();
    done();
  });
  return app;
}

function apiRoutes(
  api: FastifyInstance,
  { desk, sessions, feed }: Omit<ConsoleAppOptions, "pages">,
  cookieName: () => string,
): void {
  api.addHook("onRequest", (request, reply, done) => {
    void reply.header("cache-control", "no-store");
    const { cookie, [KEY_HEADER]: key } = request.headers;
    if (request.routeOptions.url !== "/api/session") sessions.require(cookie, cookieName(), String(key ?? ""));
    done();
  });
  api.post("/session", (request, reply) => {
    const { cookie, key } = sessions.open(parsed(SessionRequest, request.body).token);
    const answer: SessionAnswer = { key };
    void reply.header("set-cookie", `${cookieName()}=${cookie}; HttpOnly; SameSite=Strict; Path=/`).send(answer);
  });
  api.get("/console", () => desk.console());
  api.get("/hits", (_request, reply) => reply.type("application/json").send(desk.hitsJson()));
  api.get("/hits/:hit", (request) => desk.hit(hitOf(request)));
  api.put("/hits/:hit/status", (request) => desk.mark(hitOf(request), parsed(StatusRequest, request.body).status));
  api.get("/rounds", () => desk.rounds());
  api.post("/rounds/:round/run", async (request, reply) => {
    const { round } = request.params as { round: string };
    if (!RoundId.safeParse(round).success) throw new LinkageError("round-unknown", "a round id is a-z, 0-9 and -");
    await desk.run(round);
    return reply.code(202).send();
  });
  api.get("/coverage", () => desk.coverage());
  api.get("/statistics", (request) => {
    const { year } = request.query as { year?: unknown };
    if (typeof year !== "string" || !/^\d{4}$/.test(year))
      throw new LinkageError("request-invalid", "year must be four digits");
    return desk.statistics(Number(year));
  });
  api.get("/events", (_request, reply) => reply.type("text/event-stream").send(feed.open()));
}

function portOf({ server }: FastifyInstance): number {
  const address = server.address();
  return typeof address === "object" && address !== null ? address.port : 0;
}

function hitOf(request: FastifyRequest): string {
  const { hit } = request.params as { hit: string };
  if (!Status.shape.hit.safeParse(hit).success) throw new LinkageError("hit-unknown", "there is no such hit");
  return hit;
}

/** @throws {@link LinkageError} `request-invalid` naming the member, never its value. */
function parsed<T>(shape: z.ZodType<T>, body: unknown): T {
  const found = shape.safeParse(body);
  if (found.success) return found.data;
  const where = found.error.issues[0]?.path.join(".") ?? "";
  throw new LinkageError("request-invalid", `the body has another shape${where === "" ? "" : ` at ${where}`}`);
}

function takeJsonAlone(app: FastifyInstance): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser("application/json", { parseAs: "string" }, (_request, body, done) => {
    try {
      done(null, body === "" ? null : (JSON.parse(String(body)) as unknown));
    } catch {
      // Without its cause: the parser's message quotes the text.
      done(new LinkageError("request-invalid", "the body is not JSON"));
    }
  });
}

function answerProblem(error: FastifyError | LinkageError, request: FastifyRequest, reply: FastifyReply): void {
  const { code, detail } = refusalOf(error);
  const problem = problemOf(code, detail, request.url.split("?", 1)[0] ?? "");
  void reply.code(problem.status).type(PROBLEM_MEDIA_TYPE).send(JSON.stringify(problem));
}

/** What is not a {@link LinkageError} says only whose fault it was. */
function refusalOf(error: FastifyError | LinkageError): LinkageError {
  if (error instanceof LinkageError) return error;
  if (error.code === "FST_ERR_CTP_BODY_TOO_LARGE")
    return new LinkageError("request-too-large", "the body is larger than this route takes");
  const isTheirs = error.statusCode !== undefined && error.statusCode >= 400 && error.statusCode < 500;
  return isTheirs
    ? new LinkageError("request-invalid", "the request cannot be read")
    : new LinkageError("internal", "the console failed; please report it");
}
