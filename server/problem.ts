/**
 * Problem codes as HTTP answers.
 * RFC 9457, "Problem Details for HTTP APIs"; docs/spec/problems.md says what each code means and what to do.
 */
import type { ProblemCode } from "#engine/errors.ts";
import type { Problem } from "#engine/round/messages.ts";

export const PROBLEM_MEDIA_TYPE = "application/problem+json";
const MAX_DETAIL = 2_000;
const MAX_INSTANCE = 2_000;

/** Status and title of every code; codes that only a party's own machine meets have theirs too, so that the list is whole. */
export const PROBLEM_ANSWERS = {
  "list-empty": { status: 400, title: "The list holds no record" },
  "list-header-unknown": { status: 400, title: "The list has an unknown column" },
  "list-encoding-invalid": { status: 400, title: "The list is not in the encoding named" },
  "list-malformed": { status: 400, title: "The list cannot be read" },
  "record-invalid": { status: 400, title: "A record is not valid" },
  "profile-invalid": { status: 400, title: "The profile is not valid" },
  "profile-mismatch": { status: 409, title: "The round names another profile" },
  "batch-malformed": { status: 422, title: "The batch does not have the format's shape" },
  "batch-truncated": { status: 422, title: "The batch ends too early" },
  "batch-column-order": { status: 422, title: "The keys of a column do not increase" },
  "batch-row-range": { status: 422, title: "A cell names a row that does not exist" },
  "batch-row-count": { status: 422, title: "A column does not hold every row as often as the rule has slots" },
  "batch-class-thin": { status: 422, title: "A coverage class has too few rows" },
  "batch-size-class": { status: 422, title: "The batch does not have the size class declared" },
  "batch-too-large": { status: 422, title: "The batch has more rows than were declared" },
  "batch-profile-mismatch": { status: 422, title: "The batch was made under another profile" },
  "batch-round-mismatch": { status: 422, title: "The batch was made for another round" },
  "batch-pairing-mismatch": { status: 422, title: "The batch was made for another pairing" },
  "batch-key-mismatch": { status: 422, title: "The batch was made under another key" },
  "batch-digest-mismatch": { status: 422, title: "The bytes stored are not those of the manifest" },
  "batch-duplicate": { status: 409, title: "The batch is already in" },
  "batch-missing": { status: 409, title: "A batch is not in yet" },
  "chunk-invalid": { status: 422, title: "The chunk cannot belong to the batch" },
  "round-unknown": { status: 404, title: "No such round" },
  "round-state": { status: 409, title: "The round is in another state" },
  "round-deadline": { status: 409, title: "The deadline for this has passed" },
  "round-held": { status: 409, title: "A pairing is held for the data-protection officer" },
  "quota-exceeded": { status: 409, title: "A party would test more rows than an agreement allows in a year" },
  "round-descriptor-invalid": { status: 422, title: "The round's descriptor is not valid" },
  "round-key-signature": { status: 422, title: "The round key is not signed by its party" },
  "round-key-conflict": { status: 409, title: "Another key or confirmation was posted before" },
  "round-key-missing": { status: 409, title: "A round key is not in yet" },
  "round-confirmation-failed": { status: 409, title: "The two sides of the pairing do not hold the same keys" },
  "round-seal-missing": { status: 409, title: "A party has not sealed the round yet" },
  "pairing-unknown": { status: 404, title: "No such pairing" },
  "package-unavailable": { status: 409, title: "There is no package to fetch" },
  "package-invalid": { status: 422, title: "The package cannot be opened" },
  "answers-unavailable": { status: 409, title: "The answers of both sides are not in" },
  "answers-duplicate": { status: 409, title: "Other answers are in already" },
  "hit-unknown": { status: 404, title: "No such hit" },
  "announcement-unknown": { status: 404, title: "No such announcement" },
  "statement-signature": { status: 422, title: "The statement is not signed by its author" },
  "answers-invalid": { status: 422, title: "The answers cannot be taken" },
  "statistics-budget-spent": { status: 409, title: "The year's privacy budget is spent" },
  "statistics-conflict": { status: 409, title: "Other statistics were sent before" },
  "audit-invalid": { status: 500, title: "The audit log does not verify" },
  "audit-fork": { status: 409, title: "The server shows two histories" },
  "request-invalid": { status: 400, title: "The request is not valid" },
  "request-encoding": { status: 415, title: "The body is encoded" },
  "request-signature": { status: 401, title: "The request's signature does not hold" },
  "request-forbidden": { status: 403, title: "The caller may not do this" },
  "request-too-large": { status: 413, title: "The request is too large" },
  "not-found": { status: 404, title: "Not found" },
  "idempotency-conflict": { status: 422, title: "The idempotency key was used for another request" },
  overloaded: { status: 429, title: "Too many requests" },
  "server-starting": { status: 503, title: "The server has just started" },
  "server-busy": { status: 503, title: "The server has too much to do" },
  "limit-reached": { status: 409, title: "As many are open as may be at once" },
  "storage-failed": { status: 503, title: "The server's storage fails" },
  "storage-damaged": { status: 500, title: "What the server stored is damaged" },
  internal: { status: 500, title: "The server failed" },
  "identity-invalid": { status: 400, title: "The identity is not valid" },
  "roster-invalid": { status: 400, title: "The roster is not valid" },
  "roster-key-changed": { status: 409, title: "The roster changes, adds or drops a key" },
  "vault-invalid": { status: 400, title: "The vault is not valid" },
  "bundle-invalid": { status: 400, title: "The bundle is not valid" },
  "bundle-out-of-order": { status: 409, title: "The bundle is not the next one of its round" },
  "passphrase-invalid": { status: 400, title: "The passphrase cannot be used" },
  "passphrase-wrong": { status: 403, title: "The passphrase does not open this" },
  "file-unreadable": { status: 500, title: "A file cannot be read" },
  "file-exists": { status: 409, title: "The file exists already" },
  "browser-unavailable": { status: 500, title: "There is no browser that prints" },
  "server-unreachable": { status: 502, title: "The server cannot be reached" },
  "server-answer-invalid": { status: 502, title: "The server's answer is not valid" },
} as const satisfies Record<ProblemCode, { readonly status: number; readonly title: string }>;

/**
 * @param detail - Holds no field's value, key or handle.
 * @param instance - Path of the request.
 */
export function problemOf(code: ProblemCode, detail: string, instance: string): Problem {
  return {
    type: `urn:aquila:problem:${code}`,
    ...PROBLEM_ANSWERS[code],
    code,
    detail: detail.slice(0, MAX_DETAIL),
    instance: instance.slice(0, MAX_INSTANCE),
  };
}
