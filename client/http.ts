/**
 * The way to the server: one method for each route under /v1, every request signed.
 * HTTP Message Signatures (RFC 9421), Digest Fields (RFC 9530), Problem Details (RFC 9457).
 */
import { z } from "zod";
import { canonicalBytes, type Json } from "#engine/canonical-json.ts";
import { LinkageError } from "#engine/errors.ts";
import type { SignedManifest } from "#engine/batch/manifest.ts";
import type { RoundDescriptor } from "#engine/round/descriptor.ts";
import type { Identity, OperatorIdentity } from "#engine/round/identity.ts";
import type { Confirmation, RoundKey } from "#engine/round/keys.ts";
import { BatchStatus, Problem, Progress, RoundList, RoundView } from "#engine/round/messages.ts";
import { MAX_HITS, packageLength } from "#engine/round/package.ts";
import { Roster } from "#engine/round/roster.ts";
import { YearStatistics, type PartyStatistics } from "#engine/statistics/published.ts";
import { signRequest, signerOf } from "./signature.ts";

const MAX_JSON_BYTES = 64 * 1_048_576;
/** What a sealed box adds to its content: an X25519 key and a Poly1305 tag. */
const SEAL_BYTES = 48;
const RETRY_STATUSES = [429, 503];
/** Faults before a request's first byte has left. */
const NEVER_SENT = ["ECONNREFUSED", "ENOTFOUND", "EAI_AGAIN", "EHOSTUNREACH", "ENETUNREACH"];

/** What happened on the wire; nothing of a body. */
export type RequestEvent = {
  readonly method: string;
  readonly path: string;
  readonly attempt: number;
  /** Null when no answer came. */
  readonly status: number | null;
  readonly durationMs: number;
};

export type ConnectOptions = {
  /** Origin of the server; https, or http to a loopback address. */
  readonly serverUrl: string;
  readonly identity: Identity | OperatorIdentity;
  readonly fetch?: typeof globalThis.fetch;
  readonly log?: (event: RequestEvent) => void;
  readonly now?: () => Date;
  readonly wait?: (durationMs: number) => Promise<void>;
  /** For an answer to begin and end; the manifest, after which the server reads the whole batch, has `manifestMs`. */
  readonly timeouts?: { readonly requestMs: number; readonly chunkMs: number; readonly manifestMs: number };
  /** For GET and PUT; the pause doubles from `pauseMs` unless the server's Retry-After says another. */
  readonly retry?: { readonly attempts: number; readonly pauseMs: number; readonly longestPauseMs: number };
};

export type Connection = {
  readonly roster: () => Promise<Roster>;
  readonly createRound: (descriptor: RoundDescriptor) => Promise<RoundView>;
  readonly rounds: () => Promise<RoundView[]>;
  readonly round: (round: string) => Promise<RoundView>;
  readonly openRound: (round: string) => Promise<RoundView>;
  readonly closeRound: (round: string) => Promise<RoundView>;
  readonly matchRound: (round: string) => Promise<RoundView>;
  readonly cancelRound: (round: string) => Promise<RoundView>;
  readonly eraseRound: (round: string) => Promise<RoundView>;
  readonly postRoundKey: (round: string, key: RoundKey) => Promise<RoundView>;
  readonly postConfirmation: (round: string, confirmation: Confirmation) => Promise<RoundView>;
  readonly batchStatus: (round: string, from: string, to: string) => Promise<BatchStatus>;
  readonly putChunk: (round: string, from: string, to: string, index: number, chunk: Uint8Array) => Promise<void>;
  readonly putManifest: (round: string, manifest: SignedManifest) => Promise<BatchStatus>;
  readonly progress: (round: string) => Promise<Progress>;
  /** The sealed box, unopened. */
  readonly fetchPackage: (round: string, party: string) => Promise<Uint8Array>;
  readonly putStatistics: (statistics: PartyStatistics) => Promise<void>;
  /** @param year - UTC. */
  readonly statistics: (year: number) => Promise<YearStatistics>;
};

type Method = "GET" | "PUT" | "POST";
type Call = {
  readonly method: Method;
  readonly path: string;
  readonly body?: { readonly bytes: Uint8Array; readonly type: string };
  readonly timeoutMs: number;
  readonly maxBytes: number;
};
type Answer = {
  readonly status: number;
  readonly type: string;
  readonly bytes: Uint8Array;
  readonly retryAfter: string | null;
};

/**
 * Every method throws a {@link LinkageError}: the server's own code when it refuses (see {@link refusalOf}),
 * `server-unreachable` when no answer comes in time, `server-answer-invalid` when the answer has another shape.
 *
 * @throws {@link LinkageError} `request-invalid` if `serverUrl` is no origin, or is http beyond loopback.
 */
export function connect(options: ConnectOptions): Connection {
  const origin = originOf(options.serverUrl);
  const send = sender(options, origin);
  const timeouts = options.timeouts ?? { requestMs: 30_000, chunkMs: 120_000, manifestMs: 290_000 };

  async function asJson<T>(
    shape: z.ZodType<T>,
    method: Method,
    path: string,
    json?: Json,
    timeoutMs?: number,
  ): Promise<T> {
    const answer = await send({
      method,
      path,
      ...(json === undefined ? {} : { body: { bytes: canonicalBytes(json), type: "application/json" } }),
      timeoutMs: timeoutMs ?? timeouts.requestMs,
      maxBytes: MAX_JSON_BYTES,
    });
    return parseAnswer(shape, answer, `${method} ${path}`);
  }
  const batchPath = (round: string, from: string, to: string) => `/v1/rounds/${round}/batches/${from}/${to}`;

  return {
    roster: () => asJson(Roster, "GET", "/v1/roster"),
    createRound: (descriptor) => asJson(RoundView, "POST", "/v1/rounds", descriptor),
    rounds: () => asJson(RoundList, "GET", "/v1/rounds"),
    round: (round) => asJson(RoundView, "GET", `/v1/rounds/${round}`),
    openRound: (round) => asJson(RoundView, "POST", `/v1/rounds/${round}/open`),
    closeRound: (round) => asJson(RoundView, "POST", `/v1/rounds/${round}/close`),
    matchRound: (round) => asJson(RoundView, "POST", `/v1/rounds/${round}/match`),
    cancelRound: (round) => asJson(RoundView, "POST", `/v1/rounds/${round}/cancel`),
    eraseRound: (round) => asJson(RoundView, "POST", `/v1/rounds/${round}/erase`),
    postRoundKey: (round, key) => asJson(RoundView, "PUT", `/v1/rounds/${round}/keys/${key.party}`, key),
    postConfirmation: (round, confirmation) =>
      asJson(
        RoundView,
        "PUT",
        `/v1/rounds/${round}/confirmations/${confirmation.from}/${confirmation.to}`,
        confirmation,
      ),
    batchStatus: (round, from, to) => asJson(BatchStatus, "GET", batchPath(round, from, to)),
    putChunk: async (round, from, to, index, chunk) => {
      await send({
        method: "PUT",
        path: `${batchPath(round, from, to)}/chunks/${index}`,
        body: { bytes: chunk, type: "application/octet-stream" },
        timeoutMs: timeouts.chunkMs,
        maxBytes: MAX_JSON_BYTES,
      });
    },
    putManifest: (round, signed) =>
      asJson(
        BatchStatus,
        "PUT",
        `${batchPath(round, signed.manifest.from, signed.manifest.to)}/manifest`,
        signed,
        timeouts.manifestMs,
      ),
    progress: (round) => asJson(Progress, "GET", `/v1/rounds/${round}/progress`),
    fetchPackage: async (round, party) => {
      const answer = await send({
        method: "GET",
        path: `/v1/rounds/${round}/packages/${party}`,
        timeoutMs: timeouts.chunkMs,
        maxBytes: packageLength(MAX_HITS) + SEAL_BYTES,
      });
      return answer.bytes;
    },
    putStatistics: async (statistics) => {
      await send({
        method: "PUT",
        path: `/v1/rounds/${statistics.round}/statistics/${statistics.party}`,
        body: { bytes: canonicalBytes(statistics), type: "application/json" },
        timeoutMs: timeouts.requestMs,
        maxBytes: MAX_JSON_BYTES,
      });
    },
    statistics: (year) => asJson(YearStatistics, "GET", `/v1/statistics?year=${year}`),
  };
}

/** @returns The problem with which the server refused, when `error` comes from such a refusal; otherwise null. */
export function refusalOf(error: unknown): Problem | null {
  if (!(error instanceof LinkageError)) return null;
  const refusal = Problem.safeParse(error.cause);
  return refusal.success ? refusal.data : null;
}

function sender(options: ConnectOptions, origin: string): (call: Call) => Promise<Answer> {
  const signer = signerOf(options.identity);
  const wait = options.wait ?? ((durationMs) => new Promise((resolve) => setTimeout(resolve, durationMs)));
  const now = options.now ?? (() => new Date());
  const retry = options.retry ?? { attempts: 4, pauseMs: 500, longestPauseMs: 30_000 };

  async function attemptOnce(call: Call, attempt: number): Promise<Answer | LinkageError> {
    const startedMs = performance.now();
    const record = (status: number | null) =>
      options.log?.({
        method: call.method,
        path: call.path,
        attempt,
        status,
        durationMs: performance.now() - startedMs,
      });
    const bytes = call.body?.bytes ?? new Uint8Array(0);
    // Signed anew for each attempt: the server takes a nonce once.
    const headers = await signRequest(signer, call.method, new URL(call.path, origin), bytes, now());
    if (call.body !== undefined) headers["content-type"] = call.body.type;
    try {
      const response = await (options.fetch ?? globalThis.fetch)(new URL(call.path, origin), {
        method: call.method,
        headers,
        ...(call.body === undefined ? {} : { body: new Uint8Array(bytes) }),
        redirect: "error",
        signal: AbortSignal.timeout(call.timeoutMs),
      });
      const answer = await readAnswer(response, call);
      record(response.status);
      return answer;
    } catch (error) {
      record(null);
      if (error instanceof LinkageError) throw error;
      return unreachable(call, origin, error);
    }
  }

  return async function send(call: Call): Promise<Answer> {
    const attempts = call.method === "POST" ? 1 : retry.attempts;
    for (let attempt = 1; ; attempt++) {
      const answer = await attemptOnce(call, attempt);
      const failed = answer instanceof LinkageError;
      if (!failed && !RETRY_STATUSES.includes(answer.status)) return accepted(answer, call);
      if (attempt >= attempts) {
        if (failed) throw answer;
        return accepted(answer, call);
      }
      const backoffMs = retry.pauseMs * 2 ** (attempt - 1);
      const askedMs = failed ? null : retryAfterMs(answer.retryAfter, now());
      await wait(Math.min(Math.max(askedMs ?? backoffMs, 0), retry.longestPauseMs));
    }
  };
}

function originOf(serverUrl: string): string {
  const url = URL.canParse(serverUrl) ? new URL(serverUrl) : null;
  if (
    url === null ||
    !["http:", "https:"].includes(url.protocol) ||
    url.pathname !== "/" ||
    url.search !== "" ||
    url.username !== ""
  )
    throw new LinkageError(
      "request-invalid",
      "the server's address must be an origin such as https://aquila.example:8443",
    );
  if (url.protocol === "http:" && !/^(localhost|127(\.\d+){3}|\[::1\])$/.test(url.hostname))
    throw new LinkageError("request-invalid", "beyond this machine the server's address must be https");
  return url.origin;
}

async function readAnswer(response: Response, call: Call): Promise<Answer> {
  const pieces: Uint8Array[] = [];
  let byteLength = 0;
  const stream: ReadableStream<Uint8Array> | null = response.body;
  for await (const piece of stream ?? []) {
    byteLength += piece.length;
    if (byteLength > call.maxBytes) throw answerInvalid(call, `is larger than ${call.maxBytes} bytes`);
    pieces.push(piece);
  }
  const type = response.headers.get("content-type")?.split(";")[0]?.trim() ?? "";
  return {
    status: response.status,
    type,
    bytes: new Uint8Array(Buffer.concat(pieces, byteLength)),
    retryAfter: response.headers.get("retry-after"),
  };
}

function accepted(answer: Answer, call: Call): Answer {
  if (answer.status >= 200 && answer.status < 300) return answer;
  if (answer.type !== "application/problem+json")
    throw answerInvalid(call, `has status ${answer.status} and is no problem`);
  const problem = parseAnswer(Problem, answer, `${call.method} ${call.path}`);
  throw new LinkageError(problem.code, problem.detail, { cause: problem });
}

function parseAnswer<T>(shape: z.ZodType<T>, answer: Answer, request: string): T {
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(answer.bytes));
  } catch (error) {
    throw new LinkageError("server-answer-invalid", `the answer to ${request} is not JSON`, { cause: error });
  }
  const parsed = shape.safeParse(value);
  if (parsed.success) return parsed.data;
  const where = parsed.error.issues[0]?.path.join(".") ?? "";
  throw new LinkageError(
    "server-answer-invalid",
    `the answer to ${request} has another shape${where === "" ? "" : ` at ${where}`}; do client and server have the same version?`,
  );
}

function answerInvalid(call: Call, fault: string): LinkageError {
  return new LinkageError("server-answer-invalid", `the answer to ${call.method} ${call.path} ${fault}`);
}

function unreachable(call: Call, origin: string, cause: unknown): LinkageError {
  const code = causeCode(cause);
  const timedOut = cause instanceof Error && cause.name === "TimeoutError";
  const reason = timedOut ? `did not answer within ${call.timeoutMs} ms` : `cannot be reached (${code})`;
  const doubt =
    call.method === "POST" && !NEVER_SENT.includes(code)
      ? "; the request may have been carried out: ask for the round's status"
      : "";
  return new LinkageError("server-unreachable", `${origin} ${reason}${doubt}`, { cause });
}

/** @returns The innermost system error code, such as ECONNREFUSED or a TLS fault's name. */
function causeCode(error: unknown): string {
  if (!(error instanceof Error)) return "unknown";
  const code = "code" in error && typeof error.code === "string" ? error.code : error.name;
  return error.cause instanceof Error ? causeCode(error.cause) : code;
}

/** Retry-After in seconds or as a date (RFC 9110 §10.2.3). */
function retryAfterMs(value: string | null, now: Date): number | null {
  if (value === null) return null;
  if (/^\d+$/.test(value)) return Number(value) * 1_000;
  const date = Date.parse(value);
  return Number.isNaN(date) ? null : date - now.getTime();
}
