/**
 * The secretariat's Fastify app: limits, signatures, routes, documents and the log line of each request.
 */
import helmet from "@fastify/helmet";
import rateLimit from "@fastify/rate-limit";
import swagger from "@fastify/swagger";
import swaggerUi from "@fastify/swagger-ui";
import fastify, {
  LogController,
  type FastifyBaseLogger,
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
  type RawReplyDefaultExpression,
  type RawRequestDefaultExpression,
  type RawServerDefault,
} from "fastify";
import { serializerCompiler, validatorCompiler, type ZodTypeProvider } from "fastify-type-provider-zod";
import { LinkageError, type ProblemCode } from "#engine/errors.ts";
import { signAnswers } from "./answers.ts";
import { bodyBytes, takeBodies } from "./body.ts";
import { CALLER, callerName, callerOf, signersOf, type Caller } from "./caller.ts";
import { openEventStreams } from "./event-streams.ts";
import { holdToKeys, writeOf } from "./idempotency.ts";
import { JSON_LIMIT_BYTES, makeListener, watchUnused, type Timeouts, type Tls } from "./listener.ts";
import { loggable } from "./log.ts";
import { makeNonces, type Nonces } from "./nonces.ts";
import { API_DESCRIPTION, DOCS_PAGE, toJsonSchema, withComponents } from "./openapi.ts";
import { refuseOverload } from "./overload.ts";
import { pageRoutes } from "./pages.ts";
import { answerProblem } from "./refusal.ts";
import { announcementRoutes } from "./routes/announcements.ts";
import { watchResources } from "./resources.ts";
import { auditRoutes } from "./routes/audit.ts";
import { batchRoutes } from "./routes/batches.ts";
import { keyRoutes } from "./routes/keys.ts";
import { machineRoutes } from "./routes/machine.ts";
import { metricsRoute, operationRoutes } from "./routes/operations.ts";
import { followUpRoutes } from "./routes/follow-up.ts";
import { releaseRoutes } from "./routes/release.ts";
import { roundRoutes } from "./routes/rounds.ts";
import { statisticsRoutes } from "./routes/statistics.ts";
import type { Secretariat } from "./secretariat.ts";
import { insertNonce, listNonces } from "./store/nonces.ts";
import { checkContentDigest, expiryOf, requireContentDigest, verifySignature } from "./signature.ts";

/** The app as routes see it. */
export type App = FastifyInstance<
  RawServerDefault,
  RawRequestDefaultExpression,
  RawReplyDefaultExpression,
  FastifyBaseLogger,
  ZodTypeProvider
>;

type AppOptions = {
  /** Store, clock, logger, worker pool and what else the routes work with. */
  readonly secretariat: Secretariat;
  /** Null for plain HTTP. */
  readonly tls: Tls | null;
  /** For each signer. */
  readonly requestsPerMinute: number;
  /** Those of server/listener.ts when left out. */
  readonly timeouts?: Timeouts | undefined;
};

type ApiOptions = AppOptions & {
  /** Whether /metrics is served here. */
  readonly withMetrics: boolean;
  readonly samplesEveryMs?: number | undefined;
  /** Of built pages; the project's own when left out. */
  readonly pagesFolder?: string | undefined;
};

const MINUTE_MS = 60_000;
/** Parties may share an address, so it may send as much as this many signers. */
const SIGNERS_PER_ADDRESS = 20;
const MAX_PARAM_LENGTH = 100;

/** Name of the request's decorator that holds the code it was refused with. */
const REFUSED_WITH = "refusedWith";

/** The docs page brings its own scripts and sets styles inline. */
const DOCS_POLICY =
  "default-src 'self'; img-src 'self' data:; style-src 'self' 'unsafe-inline'; object-src 'none'; frame-ancestors 'none'";

/** @returns The app, not yet started. Closing it closes neither store nor pool; server/open.ts does. */
export async function buildApp(options: ApiOptions): Promise<App> {
  const { secretariat, tls, requestsPerMinute, withMetrics, samplesEveryMs, pagesFolder } = options;
  const app = await bareApp(options);
  refuseOverload(app);
  const listResources = watchResources(app, secretariat, samplesEveryMs);
  await app.register(swagger, {
    openapi: API_DESCRIPTION,
    transform: toJsonSchema,
    transformObject: withComponents,
  });
  await app.register(swaggerUi, { ...DOCS_PAGE, staticCSP: DOCS_POLICY });

  operationRoutes(app, secretariat);
  if (withMetrics) metricsRoute(app, secretariat);
  await pageRoutes(app, pagesFolder);
  const nonces = makeNonces();
  const now = secretariat.clock().getTime();
  for (const { nonce, expires_at: expiry } of await listNonces(secretariat.store, now)) nonces.use(nonce, expiry, now);
  await app.register(
    (v1: App, _options, done) => {
      requireSignatures(v1, secretariat, nonces, tls === null ? "http" : "https");
      signAnswers(v1, secretariat);
      v1.addHook(
        "preHandler",
        limitOf(app, requestsPerMinute, (request) => callerName(callerOf(request))),
      );
      holdToKeys(v1, secretariat);
      const streams = openEventStreams(v1);
      roundRoutes(v1, secretariat, streams);
      keyRoutes(v1, secretariat);
      batchRoutes(v1, secretariat);
      releaseRoutes(v1, secretariat);
      followUpRoutes(v1, secretariat);
      statisticsRoutes(v1, secretariat);
      auditRoutes(v1, secretariat);
      announcementRoutes(v1, secretariat, streams);
      machineRoutes(v1, secretariat, listResources);
      done();
    },
    { prefix: "/v1" },
  );
  return app;
}

/** @returns An app of /metrics alone, for an address of its own. */
export async function buildMetricsApp(options: AppOptions): Promise<App> {
  const app = await bareApp(options);
  metricsRoute(app, options.secretariat);
  return app;
}

/** @returns An app without routes: limits, problems, headers, log lines. */
async function bareApp({ secretariat, tls, requestsPerMinute, timeouts }: AppOptions): Promise<App> {
  const { log, metrics } = secretariat;
  const app: App = fastify({
    loggerInstance: log,
    childLoggerFactory: (logger, bindings, options) => logger.child(loggable(bindings), options),
    logController: new LogController({ disableRequestLogging: true }),
    bodyLimit: JSON_LIMIT_BYTES,
    routerOptions: { maxParamLength: MAX_PARAM_LENGTH, caseSensitive: true, ignoreTrailingSlash: false },
    return503OnClosing: true,
    serverFactory: (handler) => makeListener(tls, handler, timeouts),
    frameworkErrors: (error, request, reply) => {
      answerProblem(metrics, error, request, reply);
    },
  }).withTypeProvider<ZodTypeProvider>();
  app.setValidatorCompiler(validatorCompiler);
  app.setSerializerCompiler(serializerCompiler);
  app.setErrorHandler((error: LinkageError, request, reply) => {
    request.setDecorator(REFUSED_WITH, answerProblem(metrics, error, request, reply));
  });
  app.setNotFoundHandler((request, reply) => {
    const error = new LinkageError("not-found", "there is nothing here");
    request.setDecorator(REFUSED_WITH, answerProblem(metrics, error, request, reply));
  });

  const endUnused = watchUnused(app.server, tls);
  app.addHook("preClose", (done) => {
    endUnused();
    done();
  });
  takeBodies(app);
  app.decorateRequest(CALLER, null);
  app.decorateRequest(REFUSED_WITH, null);
  observeRequests(app, secretariat);
  await app.register(helmet, {
    contentSecurityPolicy: { useDefaults: false, directives: { defaultSrc: ["'none'"], frameAncestors: ["'none'"] } },
    hsts: tls !== null,
  });
  await app.register(rateLimit, { global: false });
  app.addHook(
    "onRequest",
    limitOf(app, requestsPerMinute * SIGNERS_PER_ADDRESS, (request) => request.ip),
  );
  return app;
}

/** The head is verified before the body is read, the body's digest before anything is made of it. */
function requireSignatures(
  v1: App,
  { roster, store, clock, openedSecond }: Secretariat,
  nonces: Nonces,
  scheme: "http" | "https",
): void {
  const check = { signers: signersOf(roster), nonces, clock, openedSecond, scheme };
  v1.addHook("onRequest", async (request) => {
    const { caller, nonce, createdMs, expiresMs } = verifySignature(check, request);
    // Dated ahead of this clock: it would pass again after a restart.
    if (createdMs > clock().getTime()) await insertNonce(store, { nonce, expires_at: expiryOf(expiresMs) });
    request.setDecorator<Caller>(CALLER, { ...caller, write: writeOf(request) });
  });
  v1.addHook("preValidation", (request, _reply, done) => {
    // A chunk is long: the worker that stores it holds it against its digest.
    if (request.routeOptions.config.isChunk === true) requireContentDigest(request);
    else checkContentDigest(request, bodyBytes(request));
    done();
  });
}

/** One log line and one count for each request: by route, never by what was asked or sent. */
function observeRequests(app: App, { metrics }: Secretariat): void {
  app.addHook("onResponse", (request, reply, done) => {
    const route = request.routeOptions.url ?? "none";
    const { method } = request;
    const status = reply.statusCode;
    metrics.requests.inc({ method, route, status: String(status) });
    metrics.requestSeconds.observe({ method, route }, reply.elapsedTime / 1_000);
    const caller = request.getDecorator<Caller | null>(CALLER);
    const code = request.getDecorator<ProblemCode | null>(REFUSED_WITH);
    request.log.info(
      {
        method,
        route,
        status,
        durationMs: Math.round(reply.elapsedTime),
        ...(caller === null ? {} : { caller: callerName(caller) }),
        ...(code === null ? {} : { code }),
      },
      "request",
    );
    done();
  });
}

/** @returns A hook that counts by `keyGenerator` and refuses what is over `max` in a minute. */
function limitOf(app: App, max: number, keyGenerator: (request: FastifyRequest) => string) {
  const count = app.createRateLimit({ max, timeWindow: MINUTE_MS, keyGenerator });
  return async (request: FastifyRequest, reply: FastifyReply): Promise<void> => {
    const counted = await count(request);
    if (counted.isAllowed || !counted.isExceeded) return;
    void reply.header("retry-after", String(counted.ttlInSeconds));
    throw new LinkageError("overloaded", "too many requests in this minute; wait and try again");
  };
}
