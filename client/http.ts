/**
 * The way to the server: one method for each route under /v1, every request signed.
 * HTTP Message Signatures (RFC 9421), Digest Fields (RFC 9530), Problem Details (RFC 9457).
 */
import { z } from "zod";
import { canonicalBytes, type Json } from "#engine/canonical-json.ts";
import { LinkageError } from "#engine/errors.ts";
import type { SignedManifest } from "#engine/batch/manifest.ts";
import {
  ErasureCertificate,
  type Acknowledgement,
  type Approval,
  type Dispute,
  type Hold,
  type Report,
  type Seal,
  type Status,
  type Withdrawal,
} from "#engine/round/acts.ts";
import type { RoundDescriptor } from "#engine/round/descriptor.ts";
import type { Identity, StaffIdentity } from "#engine/round/identity.ts";
import type { Confirmation, RoundKey } from "#engine/round/keys.ts";
import {
  ActLog,
  BatchStatus,
  FollowUp,
  PackageKeys,
  Problem,
  Progress,
  ReportList,
  RoundList,
  RoundView,
  StatusList,
} from "#engine/round/messages.ts";
import { MAX_HITS, sectionLength } from "#engine/round/package.ts";
import { Roster } from "#engine/round/roster.ts";
import { eventData } from "./event-stream.ts";
import { YearStatistics, type PartyStatistics } from "#engine/statistics/published.ts";
import { signRequest, signerOf } from "./signature.ts";

const MAX_JSON_BYTES = 64 * 1_048_576;
/** More than the largest package: base64url and seal around the sections. */
const MAX_PACKAGE_BYTES = 2 * sectionLength(MAX_HITS);
const MAX_ANSWERS_BYTES = 80 * 2 ** 20;
const JSON_TYPE = "application/json";
const OCTETS = "application/octet-stream";
const RETRY_STATUSES = [429, 503];
/** Faults before a request's first byte has left. */
const NEVER_SENT = ["ECONNREFUSED", "ENOTFOUND", "EAI_AGAIN", "EHOSTUNREACH", "ENETUNREACH"];
/** Faults of a socket that the server closed while it was idle, as the next request finds them. */
const CLOSED_IDLE = ["ECONNRESET", "EPIPE", "UND_ERR_SOCKET"];

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
  readonly approve: (approval: Approval) => Promise<RoundView>;
  readonly closeRound: (round: string) => Promise<RoundView>;
  readonly matchRound: (round: string) => Promise<RoundView>;
  readonly cancelRound: (round: string) => Promise<RoundView>;
  /** Ends an attempt before its release. */
  readonly abortRound: (round: string) => Promise<RoundView>;
  readonly decide: (hold: Hold) => Promise<RoundView>;
  readonly postRoundKey: (round: string, key: RoundKey) => Promise<RoundView>;
  readonly postConfirmation: (round: string, confirmation: Confirmation) => Promise<RoundView>;
  readonly postDispute: (round: string, dispute: Dispute) => Promise<RoundView>;
  readonly withdraw: (withdrawal: Withdrawal) => Promise<RoundView>;
  readonly postSeal: (seal: Seal) => Promise<RoundView>;
  readonly recallBatch: (round: string, from: string, to: string) => Promise<BatchStatus>;
  readonly batchStatus: (round: string, from: string, to: string) => Promise<BatchStatus>;
  readonly putChunk: (round: string, from: string, to: string, index: number, chunk: Uint8Array) => Promise<void>;
  readonly putManifest: (round: string, manifest: SignedManifest) => Promise<BatchStatus>;
  readonly progress: (round: string) => Promise<Progress>;
  /**
   * Tells each progress of a matching until it ends, the stream is cut or the time is up. Anything but a stream is as
   * one that is cut at once.
   *
   * @returns The last that was told; null if none was.
   */
  readonly followProgress: (
    round: string,
    timeoutMs: number,
    onProgress: (progress: Progress) => void,
  ) => Promise<Progress | null>;
  /** The sealed box, unopened. */
  readonly fetchPackage: (round: string, party: string) => Promise<Uint8Array>;
  readonly acknowledge: (acknowledgement: Acknowledgement) => Promise<RoundView>;
  readonly packageKeys: (round: string, party: string) => Promise<PackageKeys>;
  readonly putAnswers: (round: string, from: string, to: string, sealed: Uint8Array) => Promise<void>;
  /** The sealed box, unopened. */
  readonly fetchAnswers: (round: string, from: string, to: string) => Promise<Uint8Array>;
  readonly putStatuses: (round: string, party: string, statuses: readonly Status[]) => Promise<void>;
  readonly statuses: (round: string, party: string) => Promise<StatusList>;
  readonly putReport: (report: Report) => Promise<void>;
  readonly reports: (round: string) => Promise<ReportList>;
  readonly acts: (round: string) => Promise<ActLog>;
  readonly followUp: (round: string) => Promise<FollowUp>;
  readonly certificate: (round: string) => Promise<ErasureCertificate>;
  readonly putStatistics: (statistics: PartyStatistics) => Promise<void>;
  /** @param year - UTC. */
  readonly statistics: (year: number) => Promise<YearStatistics>;
};

type Method = "GET" | "PUT" | "POST" | "DELETE";
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
  const ask = asker(options, origin);
  const send = sender(options, origin, ask);
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
      ...(json === undefined ? {} : { body: { bytes: canonicalBytes(json), type: JSON_TYPE } }),
      timeoutMs: timeoutMs ?? timeouts.requestMs,
      maxBytes: MAX_JSON_BYTES,
    });
    return parseAnswer(shape, answer, `${method} ${path}`);
  }
  const roundPath = (round: string) => `/v1/rounds/${round}`;
  const batchPath = (round: string, from: string, to: string) => `${roundPath(round)}/batches/${from}/${to}`;
  const answersPath = (round: string, from: string, to: string) => `${roundPath(round)}/answers/${from}/${to}`;
  const putNothingBack = async (path: string, bytes: Uint8Array, type: string): Promise<void> => {
    await send({
      method: "PUT",
      path,
      body: { bytes, type },
      timeoutMs: timeouts.chunkMs,
      maxBytes: MAX_JSON_BYTES,
    });
  };
  const fetchBytes = async (path: string, maxBytes: number): Promise<Uint8Array> =>
    (await send({ method: "GET", path, timeoutMs: timeouts.chunkMs, maxBytes })).bytes;

  return {
    roster: () => asJson(Roster, "GET", "/v1/roster"),
    createRound: (descriptor) => asJson(RoundView, "POST", "/v1/rounds", descriptor),
    rounds: () => asJson(RoundList, "GET", "/v1/rounds"),
    round: (round) => asJson(RoundView, "GET", `/v1/rounds/${round}`),
    approve: (approval) =>
      asJson(RoundView, "PUT", `${roundPath(approval.round)}/approvals/${approval.act}/${approval.operator}`, approval),
    closeRound: (round) => asJson(RoundView, "POST", `/v1/rounds/${round}/close`),
    matchRound: (round) => asJson(RoundView, "POST", `/v1/rounds/${round}/match`),
    cancelRound: (round) => asJson(RoundView, "POST", `/v1/rounds/${round}/cancel`),
    abortRound: (round) => asJson(RoundView, "POST", `/v1/rounds/${round}/abort`),
    decide: (hold) => asJson(RoundView, "PUT", `${roundPath(hold.round)}/holds/${hold.officer}`, hold),
    postRoundKey: (round, key) => asJson(RoundView, "PUT", `/v1/rounds/${round}/keys/${key.party}`, key),
    postConfirmation: (round, confirmation) =>
      asJson(
        RoundView,
        "PUT",
        `/v1/rounds/${round}/confirmations/${confirmation.from}/${confirmation.to}`,
        confirmation,
      ),
    postDispute: (round, dispute) => asJson(RoundView, "POST", `${roundPath(round)}/disputes`, dispute),
    withdraw: (withdrawal) =>
      asJson(RoundView, "PUT", `${roundPath(withdrawal.round)}/withdrawals/${withdrawal.party}`, withdrawal),
    postSeal: (seal) => asJson(RoundView, "PUT", `${roundPath(seal.round)}/seals/${seal.party}`, seal),
    recallBatch: (round, from, to) => asJson(BatchStatus, "DELETE", batchPath(round, from, to)),
    batchStatus: (round, from, to) => asJson(BatchStatus, "GET", batchPath(round, from, to)),
    putChunk: (round, from, to, index, chunk) =>
      putNothingBack(`${batchPath(round, from, to)}/chunks/${index}`, chunk, OCTETS),
    putManifest: (round, signed) =>
      asJson(
        BatchStatus,
        "PUT",
        `${batchPath(round, signed.manifest.from, signed.manifest.to)}/manifest`,
        signed,
        timeouts.manifestMs,
      ),
    progress: (round) => asJson(Progress, "GET", `/v1/rounds/${round}/progress`),
    followProgress: async (round, timeoutMs, onProgress) => {
      const path = `/v1/rounds/${round}/progress/events`;
      let last: Progress | null = null;
      try {
        const response = await ask({ method: "GET", path, timeoutMs, maxBytes: MAX_JSON_BYTES });
        if (response.status !== 200 || mediaTypeOf(response) !== "text/event-stream") {
          await response.body?.cancel();
          return null;
        }
        for await (const data of eventData(bodyOf(response))) {
          last = parseJson(Progress, data, `GET ${path}`);
          onProgress(last);
        }
      } catch (error) {
        if (error instanceof LinkageError) throw error;
      }
      return last;
    },
    fetchPackage: (round, party) => fetchBytes(`${roundPath(round)}/packages/${party}`, MAX_PACKAGE_BYTES),
    acknowledge: (said) => asJson(RoundView, "PUT", `${roundPath(said.round)}/acknowledgements/${said.party}`, said),
    packageKeys: (round, party) => asJson(PackageKeys, "GET", `${roundPath(round)}/packages/${party}/keys`),
    putAnswers: (round, from, to, sealed) => putNothingBack(answersPath(round, from, to), sealed, OCTETS),
    fetchAnswers: (round, from, to) => fetchBytes(answersPath(round, from, to), MAX_ANSWERS_BYTES),
    putStatuses: (round, party, statuses) =>
      putNothingBack(`${roundPath(round)}/statuses/${party}`, canonicalBytes(statuses), JSON_TYPE),
    statuses: (round, party) => asJson(StatusList, "GET", `${roundPath(round)}/statuses/${party}`),
    putReport: (report) =>
      putNothingBack(`${roundPath(report.round)}/reports/${report.party}`, canonicalBytes(report), JSON_TYPE),
    reports: (round) => asJson(ReportList, "GET", `${roundPath(round)}/reports`),
    acts: (round) => asJson(ActLog, "GET", `${roundPath(round)}/log`),
    followUp: (round) => asJson(FollowUp, "GET", `${roundPath(round)}/follow-up`),
    certificate: (round) => asJson(ErasureCertificate, "GET", `${roundPath(round)}/certificate`),
    putStatistics: (statistics) =>
      putNothingBack(
        `${roundPath(statistics.round)}/statistics/${statistics.party}`,
        canonicalBytes(statistics),
        JSON_TYPE,
      ),
    statistics: (year) => asJson(YearStatistics, "GET", `/v1/statistics?year=${year}`),
  };
}

/** @returns The problem with which the server refused, when `error` comes from such a refusal; otherwise null. */
export function refusalOf(error: unknown): Problem | null {
  if (!(error instanceof LinkageError)) return null;
  const refusal = Problem.safeParse(error.cause);
  return refusal.success ? refusal.data : null;
}

/**
 * Asks once, and once more if the server had closed the idle connection meanwhile: fetch does not tell a connection that
 * was used before from a new one, so that is taken from an answer having come before. A write that was carried out after
 * all changes nothing the second time, or is refused in the round's new state.
 */
function asker(options: ConnectOptions, origin: string): (call: Call) => Promise<Response> {
  const signer = signerOf(options.identity);
  const now = options.now ?? (() => new Date());
  let hasAnswered = false;
  return async function ask(call) {
    const signal = AbortSignal.timeout(call.timeoutMs);
    const url = new URL(call.path, origin);
    const bytes = new Uint8Array(call.body?.bytes ?? []);
    const askOnce = async (): Promise<Response> => {
      // Signed anew for each attempt: the server takes a nonce once.
      const headers = await signRequest(signer, call.method, url, bytes, now());
      if (call.body !== undefined) headers["content-type"] = call.body.type;
      const body = call.body === undefined ? {} : { body: bytes };
      return (options.fetch ?? globalThis.fetch)(url, {
        method: call.method,
        headers,
        ...body,
        redirect: "error",
        signal,
      });
    };
    const response = await askOnce().catch((error: unknown) => {
      if (!hasAnswered || !CLOSED_IDLE.includes(causeCode(error))) throw error;
      return askOnce();
    });
    hasAnswered = true;
    return response;
  };
}

function sender(
  options: ConnectOptions,
  origin: string,
  ask: (call: Call) => Promise<Response>,
): (call: Call) => Promise<Answer> {
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
      const response = await ask(call);
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

function mediaTypeOf(response: Response): string {
  return response.headers.get("content-type")?.split(";")[0]?.trim() ?? "";
}

async function* bodyOf({ body }: Response): AsyncGenerator<Uint8Array, void> {
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

function parseAnswer<T>(shape: z.ZodType<T>, { bytes }: Answer, request: string): T {
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (error) {
    throw new LinkageError("server-answer-invalid", `the answer to ${request} is not UTF-8`, { cause: error });
  }
  return parseJson(shape, text, request);
}

function parseJson<T>(shape: z.ZodType<T>, text: string, request: string): T {
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
