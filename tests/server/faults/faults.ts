/**
 * Which writes of a server process fail, and how.
 */

/** Variable that the preload reads. */
export const FAULTS_VARIABLE = "AQUILA_TEST_FAULTS";

/** `short`: half of the bytes are written before there is no space left. */
export const FAULT_KINDS = ["ENOSPC", "EIO", "short"] as const;

export type Faults = {
  readonly kind: (typeof FAULT_KINDS)[number];
  /** Number of the first write that fails, from 1. */
  readonly first: number;
  /** After it, each so many. */
  readonly every: number;
  /** Where each failed write is told, one a line. */
  readonly file: string;
};

export function parseFaults(text: string): Faults {
  return JSON.parse(text) as Faults;
}
