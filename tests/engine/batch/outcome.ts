/**
 * What a call comes to, in the words of the vectors.
 */
import { LinkageError } from "#engine/errors.ts";

/** @returns `ok`, or the code of the refusal; any other error is thrown. */
export function outcome(call: () => unknown): string {
  try {
    call();
    return "ok";
  } catch (error) {
    if (error instanceof LinkageError) return error.code;
    throw error;
  }
}
