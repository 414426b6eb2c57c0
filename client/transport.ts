/**
 * Signed requests to one server, with time-outs, retries and one reading of refusals; client/http.ts has the routes.
 * HTTP Message Signatures (RFC 9421), Problem Details (RFC 9457).
 */
import type { KeyObject } from "node:crypto";
import type { z } from "zod";
import { TreeHead } from "#engine/audit/tree-head.ts";
import { LinkageError, type ProblemCode } from "#engine/errors.ts";
import type { Identity, StaffIdentity } from "#engine/round/identity.ts";
import { Problem } from "#engine/round/messages.ts";
import { publicKeyOf } from "#engine/round/raw-key.ts";
import { contentDigestOf } from "#engine/round/requests.ts";
import { isAnswerSigned, TREE_HEAD_FIELD } from "#engine/round/signed-answers.ts";
import type { HeadStore, LogHead } from "./log-head.ts";
import { makeIdempotencyKey, signRequest, signerOf } from "./signature.ts";

/** The server did not do its part; the same again may succeed. */
export const UNREACHABLE: readonly ProblemCode[] = [
  "server-unreachable",
  "server-answer-invalid",
  "overloaded",
  "server-busy",
  "server-starting",
  "storage-failed",
];
const RETRY_STATUSES = [429, 503];
/** Faults before a request's first byte has left. */
const NEVER_SENT = ["ECONNREFUSED", "ENOTFOUND", "EAI_AGAIN", "EHOSTUNREACH", "ENETUNREACH"];
/** Faults of a socket that the server closed while it was idle, as the next request finds them. */
const CLOSED_IDLE = ["ECONNRESET", "EPIPE", "UND_ERR_SOCKET"];

/** Alerts with which TLS refuses a client's certificate or the lack of one (RFC 8446 §6.2), as Node names them. */
const CERTIFICATE_ALERT = /_ALERT_(.*CERTIFICATE.*|UNKNOWN_CA|ACCESS_DENIED)$/;

/** The part of the platform's fetch that is asked of it. */
export type Fetch = (
  url: URL,
  request: {
    readonly method: Method;
    readonly headers: Record<string, string>;
    readonly body?: Uint8Array<ArrayBuffer>;
    readonly redirect: "error";
    readonly signal: AbortSignal;
  },
) => Promise<Response>;

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
  readonly identity: Identity | StaffIdentity;
  /** The secretariat's public key, from a roster that the caller trusts; every answer must be signed with it. */
  readonly secretariat: string;
  /** Where the heads of its audit log are kept; those of this connection alone are compared when left out. */
  readonly heads?: HeadStore;
  readonly fetch?: Fetch;
  readonly log?: (event: RequestEvent) => void;
  readonly now?: () => Date;
  readonly wait?: (durationMs: number) => Promise<void>;
  /** For an answer to begin and end; the manifest, after which the server reads the whole batch, has `manifestMs`. */
  readonly timeouts?: { readonly requestMs: number; readonly chunkMs: number; readonly manifestMs: number };
  /** The pause doubles from `pauseMs` unless the server's Retry-After says another. */
  readonly retry?: { readonly attempts: number; readonly pauseMs: number; readonly longestPauseMs: number };
};

export type Method = "GET" | "PUT" | "POST" | "DELETE";
export type Call = {
  readonly method: Method;
  readonly path: string;
  readonly body?: { readonly bytes: Uint8Array; readonly type: string };
  readonly timeoutMs: number;
  readonly maxBytes: number;
  /** Ends it before the time is up. */
  readonly signal?: AbortSignal;
  /** Of a stream of events that goes on after this one; null for all of it. */
  readonly lastEventId?: string | null;
  /** The same for each attempt; made by {@link sender}. */
  readonly idempotencyKey?: string;
};
export type Answer = {
  readonly status: number;
  readonly type: string;
  readonly bytes: Uint8Array;
  readonly retryAfter: string | null;
};

/** @returns The problem with which the server refused, when `error` comes from such a refusal; otherwise null. */
export function refusalOf(error: unknown): Problem | null {
  if (!(error instanceof LinkageError)) return null;
  const refusal = Problem.safeParse(error.cause);
  return refusal.success ? refusal.data : null;
}

/** An answer as it came, and the signature of the request that it must be to. */
export type Asked = { readonly response: Response; readonly requestSignature: string };

/**
 * Asks once, and once more if the server had closed the idle connection meanwhile: fetch does not tell a connection that
 * was used before from a new one, so that is taken from an answer having come before. A write that was carried out after
 * all changes nothing the second time, or is refused in the round's new state.
 */
export function asker(options: ConnectOptions, origin: string): (call: Call) => Promise<Asked> {
  const signer = signerOf(options.identity);
  const now = options.now ?? (() => new Date());
  let hasAnswered = false;
  return async function ask(call) {
    const timeout = AbortSignal.timeout(call.timeoutMs);
    const signal = call.signal === undefined ? timeout : AbortSignal.any([timeout, call.signal]);
    const url = new URL(call.path, origin);
    const bytes = new Uint8Array(call.body?.bytes ?? []);
    const askOnce = async (): Promise<Asked> => {
      // Signed anew for each attempt: the server takes a nonce once.
      const headers = await signRequest(
        signer,
        call.method,
        url,
        bytes,
        now(),
        call.idempotencyKey ?? makeIdempotencyKey(),
      );
      if (call.body !== undefined) headers["content-type"] = call.body.type;
      if (typeof call.lastEventId === "string") headers["last-event-id"] = call.lastEventId;
      const body = call.body === undefined ? {} : { body: bytes };
      const response = await (options.fetch ?? globalThis.fetch)(url, {
        method: call.method,
        headers,
        ...body,
        redirect: "error",
        signal,
      });
      return { response, requestSignature: headers["signature"] ?? "" };
    };
    const asked = await askOnce().catch((error: unknown) => {
      if (!hasAnswered || !CLOSED_IDLE.includes(causeCode(error))) throw error;
      return askOnce();
    });
    hasAnswered = true;
    return asked;
  };
}

export function sender(
  options: ConnectOptions,
  origin: string,
  ask: (call: Call) => Promise<Asked>,
  logHead: LogHead,
): (call: Call) => Promise<Answer> {
  const secretariat = publicKeyOf("ed25519", options.secretariat);
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
    try {
      const sizeBefore = logHead.size();
      const asked = await ask(call);
      const answer = await readAnswer(asked.response, call);
      // A proxy, or a server that closes, cannot sign that it is busy.
      if (!RETRY_STATUSES.includes(answer.status) || asked.response.headers.has("signature"))
        logHead.see(checkedHead(secretariat, asked, answer, call), sizeBefore);
      record(answer.status);
      return answer;
    } catch (error) {
      record(null);
      if (error instanceof LinkageError) throw error;
      return unreachable(call, origin, error);
    }
  }

  return async function send(asked: Call): Promise<Answer> {
    const call = { ...asked, idempotencyKey: makeIdempotencyKey() };
    for (let attempt = 1; ; attempt++) {
      const answer = await attemptOnce(call, attempt);
      const failed = answer instanceof LinkageError;
      if (!failed && !RETRY_STATUSES.includes(answer.status)) return accepted(answer, call);
      if (attempt >= retry.attempts) {
        if (failed) throw answer;
        return accepted(answer, call);
      }
      const backoffMs = retry.pauseMs * 2 ** (attempt - 1);
      const askedMs = failed ? null : retryAfterMs(answer.retryAfter, now());
      await wait(Math.min(Math.max(askedMs ?? backoffMs, 0), retry.longestPauseMs));
    }
  };
}

export function originOf(serverUrl: string): string {
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
  if (url.protocol === "http:" && !isLoopbackName(url.hostname))
    throw new LinkageError("request-invalid", "beyond this machine the server's address must be https");
  return url.origin;
}

/** @param hostname - As URL has it. */
export function isLoopbackName(hostname: string): boolean {
  return /^(localhost|127(\.\d+){3}|\[::1\])$/.test(hostname);
}

async function readAnswer(response: Response, call: Call): Promise<Answer> {
  const pieces: Uint8Array[] = [];
  let byteLength = 0;
  for await (const piece of bodyOf(response)) {
    byteLength += piece.length;
    if (byteLength > call.maxBytes) throw answerInvalid(call, `is larger than ${call.maxBytes} bytes`);
    pieces.push(piece);
  }
  return {
    status: response.status,
    type: mediaTypeOf(response),
    bytes: new Uint8Array(Buffer.concat(pieces, byteLength)),
    retryAfter: response.headers.get("retry-after"),
  };
}

/**
 * @returns The head of the audit log that came with an answer, not looked at.
 * @throws {@link LinkageError} `server-answer-invalid` if the secretariat did not sign the answer to this very request.
 */
function checkedHead(
  key: KeyObject,
  { response: { headers, status }, requestSignature }: Asked,
  { bytes }: Answer,
  call: Call,
): TreeHead {
  const treeHead = headers.get(TREE_HEAD_FIELD) ?? "";
  const answer = { status, contentDigest: contentDigestOf(bytes), treeHead, requestSignature };
  const signed = {
    signatureInput: headers.get("signature-input") ?? "",
    signature: headers.get("signature") ?? "",
  };
  if (!isAnswerSigned(key, answer, signed))
    throw answerInvalid(call, `(status ${status}) is not signed by the secretariat of the roster`);
  return parseJson(TreeHead, Buffer.from(treeHead, "base64url").toString(), `${call.method} ${call.path}`);
}

export function mediaTypeOf(response: Response): string {
  return response.headers.get("content-type")?.split(";")[0]?.trim() ?? "";
}

export async function* bodyOf({ body }: Response): AsyncGenerator<Uint8Array, void> {
  const stream: ReadableStream<Uint8Array> | null = body;
  if (stream !== null) yield* stream;
}

function accepted(answer: Answer, call: Call): Answer {
  if (answer.status >= 200 && answer.status < 300) return answer;
  if (answer.type !== "application/problem+json")
    throw answerInvalid(call, `has status ${answer.status} and is no problem`);
  const problem = parseAnswer(Problem, answer, `${call.method} ${call.path}`);
  throw new LinkageError(problem.code, problem.detail, { cause: problem });
}

export function parseAnswer<T>(shape: z.ZodType<T>, { bytes }: Answer, request: string): T {
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (error) {
    throw new LinkageError("server-answer-invalid", `the answer to ${request} is not UTF-8`, { cause: error });
  }
  return parseJson(shape, text, request);
}

export function parseJson<T>(shape: z.ZodType<T>, text: string, request: string): T {
  let value: unknown;
  try {
    value = JSON.parse(text);
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
  const reason = timedOut ? `did not answer within ${call.timeoutMs} ms` : reasonOf(code, origin);
  const doubt =
    call.method !== "GET" && !NEVER_SENT.includes(code) && !CERTIFICATE_ALERT.test(code)
      ? "; the request may have been carried out: give the command again"
      : "";
  return new LinkageError("server-unreachable", `${origin} ${reason}${doubt}`, { cause });
}

function reasonOf(code: string, origin: string): string {
  if (CERTIFICATE_ALERT.test(code))
    return `refuses this client's certificate, or asks for one: --tls-cert and --tls-key (${code})`;
  // Servers on Node refuse a certificate of another authority so, without an alert.
  return CLOSED_IDLE.includes(code) && origin.startsWith("https:")
    ? `closed the connection, as it may when it refuses this client's certificate or asks for one: --tls-cert and --tls-key (${code})`
    : `cannot be reached (${code})`;
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
