/**
 * The problem handler: every error becomes one problem answer, counted and logged by its code.
 */
import type { FastifyError, FastifyReply, FastifyRequest } from "fastify";
import { hasZodFastifySchemaValidationErrors } from "fastify-type-provider-zod";
import { LinkageError, type ProblemCode } from "#engine/errors.ts";
import { faultOf } from "./log.ts";
import type { Metrics } from "./metrics.ts";
import { storageFailure } from "./storage-failure.ts";
import { PROBLEM_MEDIA_TYPE, problemOf } from "./problem.ts";

const MOST_FAULTS = 5;
/** What somebody has to look after. */
const ALARMING: ReadonlySet<ProblemCode> = new Set(["internal", "storage-failed", "storage-damaged"]);
const RETRY_AFTER_S: Partial<Record<ProblemCode, number>> = {
  "server-starting": 1,
  "server-busy": 5,
  "storage-failed": 5,
};

/**
 * Sends a refusal; what is not a {@link LinkageError} says only whose fault it was.
 *
 * @param request - May be one that the router refused: it has no decorators then.
 * @returns The code.
 */
export function answerProblem(
  metrics: Pick<Metrics, "refusals">,
  error: FastifyError | LinkageError,
  request: FastifyRequest,
  reply: FastifyReply,
): ProblemCode {
  const { code, detail } = refusalOf(error);
  if (ALARMING.has(code)) request.log.error({ code, fault: faultOf(error) }, "request failed");
  const problem = problemOf(code, detail, request.url.split("?", 1)[0] ?? request.url);
  metrics.refusals.inc({ code });
  const retryAfter = RETRY_AFTER_S[code];
  if (retryAfter !== undefined) void reply.header("retry-after", String(retryAfter));
  // The client may have more of the body to send.
  if (code === "request-too-large") void reply.header("connection", "close");
  // As text, so that no route's own answer shape is asked about it.
  void reply.code(problem.status).type(PROBLEM_MEDIA_TYPE).send(JSON.stringify(problem));
  return code;
}

function refusalOf(error: FastifyError | LinkageError): LinkageError {
  if (error instanceof LinkageError) return error;
  if (hasZodFastifySchemaValidationErrors(error)) return new LinkageError("request-invalid", faultsOf(error));
  if (error.code === "FST_ERR_CTP_BODY_TOO_LARGE")
    return new LinkageError("request-too-large", "the body is larger than this route takes");
  if (error.code === "FST_ERR_CTP_INVALID_MEDIA_TYPE")
    return new LinkageError("request-invalid", "the route does not take this Content-Type");
  if (error.statusCode !== undefined && error.statusCode >= 400 && error.statusCode < 500)
    return new LinkageError("request-invalid", "the request cannot be read");
  const failure = storageFailure(error);
  if (failure !== null) return failure;
  return new LinkageError("internal", "the server failed; its log has the request");
}

/** Where the request has another shape, and how; never what it held. */
function faultsOf(error: {
  readonly validationContext?: string | undefined;
  readonly validation: readonly { readonly instancePath: string; readonly keyword: string }[];
}): string {
  return error.validation
    .slice(0, MOST_FAULTS)
    .map(({ instancePath, keyword }) => `${error.validationContext ?? "request"}${instancePath}: ${keyword}`)
    .join("; ");
}
