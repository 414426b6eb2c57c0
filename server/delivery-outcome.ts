/**
 * What is kept of an attempt to bring an announcement: one word, that cannot hold an address or what a receiver said.
 */

export type Outcome = {
  readonly isTaken: boolean;
  /** A status of HTTP or SMTP, or the name of a fault. */
  readonly status: string;
};

const WORD = /^[A-Z][A-Z0-9_]{1,39}$/;

/** @returns The innermost code of a fault, such as ECONNREFUSED; `timeout` or `failed` without one. */
export function faultWord(error: unknown): string {
  if (!(error instanceof Error)) return "failed";
  if (error.cause instanceof Error) return faultWord(error.cause);
  if (error.name === "TimeoutError") return "timeout";
  return "code" in error && typeof error.code === "string" && WORD.test(error.code) ? error.code : "failed";
}
