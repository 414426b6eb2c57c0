/**
 * Errors of disk and database as refusals: no space, read-only, failing. Nothing was taken, and it may be tried again.
 * Codes of errno(3) and of SQLite, https://www.sqlite.org/rescode.html.
 */
import { setTimeout as wait } from "node:timers/promises";
import { LinkageError } from "#engine/errors.ts";

const SYSTEM_CODES: ReadonlySet<string> = new Set([
  "ENOSPC",
  "EDQUOT",
  "EIO",
  "EROFS",
  "EFBIG",
  "EMFILE",
  "ENFILE",
  "ENOMEM",
]);
const PAUSE_MS = 1_000;
/** Primary result codes: what remains of an extended one in its lowest byte. */
const SQLITE_CODES = new Map([
  [5, "SQLITE_BUSY"],
  [7, "SQLITE_NOMEM"],
  [8, "SQLITE_READONLY"],
  [10, "SQLITE_IOERR"],
  [13, "SQLITE_FULL"],
  [14, "SQLITE_CANTOPEN"],
]);

/** @returns `storage-failed`; null for any other error. */
export function storageFailure(error: unknown): LinkageError | null {
  const code = codeOf(error);
  if (code === null) return null;
  return new LinkageError(
    "storage-failed",
    `the server's storage fails (${code}); nothing of this was taken, try again`,
    {
      cause: error,
    },
  );
}

/**
 * Does what frees something that is in work, again and again while storage fails.
 *
 * @param act - May be done twice.
 * @param stopping - Once it aborts nothing is tried again: the next start does it.
 * @returns What `act` returns.
 * @throws Whatever else `act` throws; the last failure when the server stops.
 */
export async function oncePossible<T>(act: () => Promise<T>, stopping: AbortSignal): Promise<T> {
  for (;;)
    try {
      return await act();
    } catch (error) {
      if (storageFailure(error) === null || stopping.aborted) throw error;
      await wait(PAUSE_MS, undefined, { signal: stopping }).catch(() => undefined);
    }
}

function codeOf(error: unknown): string | null {
  if (!(error instanceof Error) || !("code" in error)) return null;
  if (error.code === "ERR_SQLITE_ERROR" && "errcode" in error)
    return SQLITE_CODES.get(Number(error.errcode) & 0xff) ?? null;
  return typeof error.code === "string" && SYSTEM_CODES.has(error.code) ? error.code : null;
}
