/**
 * The one list of problem codes and the one error type of the project.
 * A code is never renamed or reused; docs/spec/problems.md says what each means and what to do.
 */

export const PROBLEM_CODES = [
  // a party's own list
  "list-empty",
  "list-header-unknown",
  "list-encoding-invalid",
  "list-malformed",
  "record-invalid",
  // profile and frequency table
  "profile-invalid",
  "profile-mismatch",
  // batch
  "batch-malformed",
  "batch-truncated",
  "batch-column-order",
  "batch-row-range",
  "batch-row-count",
  "batch-class-thin",
  "batch-size-class",
  "batch-too-large",
  "batch-profile-mismatch",
  "batch-round-mismatch",
  "batch-pairing-mismatch",
  "batch-key-mismatch",
  "batch-digest-mismatch",
  "batch-duplicate",
  "batch-missing",
  "chunk-invalid",
  // round
  "round-unknown",
  "round-state",
  "round-deadline",
  "round-held",
  "quota-exceeded",
  "round-descriptor-invalid",
  "round-key-signature",
  "round-key-conflict",
  "round-key-missing",
  "round-confirmation-failed",
  "round-seal-missing",
  "pairing-unknown",
  "package-unavailable",
  "package-invalid",
  "answers-unavailable",
  "answers-duplicate",
  "hit-unknown",
  "announcement-unknown",
  "statement-signature",
  "answers-invalid",
  // statistics
  "statistics-budget-spent",
  "statistics-conflict",
  // audit log
  "audit-invalid",
  "audit-fork",
  // requests
  "request-invalid",
  "request-encoding",
  "request-signature",
  "request-forbidden",
  "request-too-large",
  "not-found",
  "idempotency-conflict",
  "overloaded",
  "server-starting",
  "server-busy",
  "limit-reached",
  "storage-failed",
  "storage-damaged",
  "internal",
  // a party's own files and the way to the server
  "identity-invalid",
  "roster-invalid",
  "roster-key-changed",
  "vault-invalid",
  "bundle-invalid",
  "bundle-out-of-order",
  "passphrase-invalid",
  "passphrase-wrong",
  "file-unreadable",
  "file-exists",
  "browser-unavailable",
  "server-unreachable",
  "server-answer-invalid",
] as const;

export type ProblemCode = (typeof PROBLEM_CODES)[number];

/** A refusal with a stable code. */
export class LinkageError extends Error {
  readonly code: ProblemCode;
  readonly detail: string;

  /**
   * @param detail - Says where and what to do; goes to logs and answers, so it never holds a field's value, a key or a handle.
   */
  constructor(code: ProblemCode, detail: string, options?: ErrorOptions) {
    super(`${code}: ${detail}`, options);
    this.name = "LinkageError";
    this.code = code;
    this.detail = detail;
  }
}
