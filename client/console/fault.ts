/**
 * A failure as the console shows it: its code and what to do.
 */
import { LinkageError } from "#engine/errors.ts";
import type { Fault } from "./shapes.ts";

const MOST_CHARACTERS = 2_000;

/** @returns Of what is no {@link LinkageError} only that it was: its message may hold anything. */
export function faultOf(error: unknown): Fault {
  return error instanceof LinkageError
    ? { code: error.code, detail: error.detail.slice(0, MOST_CHARACTERS) }
    : { code: "internal", detail: "an unexpected fault of the console; please report it" };
}
