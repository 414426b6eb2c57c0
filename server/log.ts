/**
 * The server's log: JSON lines that hold fields from a fixed list and nothing else.
 * Bodies, keys, handles and header values have no field, so no call can log them.
 */
import type { FastifyBaseLogger } from "fastify";
import { pino, type DestinationStream, type Level } from "pino";

/** Everything that a line can say besides time, level and its fixed message. */
const LOGGED = new Set([
  "reqId",
  "method",
  "route",
  "status",
  "durationMs",
  "code",
  "caller",
  "round",
  "state",
  "pairing",
  "candidatePairs",
  "matchesPerRow",
  "pairings",
  "files",
  "address",
  "version",
  "signal",
  "fault",
]);

/**
 * @param destination - Where lines go; standard output when left out.
 * @returns A logger that drops every field it does not know.
 */
export function makeLog(level: Level | "silent" = "info", destination?: DestinationStream): FastifyBaseLogger {
  const options = {
    level,
    base: null,
    serializers: {},
    formatters: {
      level: (label: string) => ({ level: label }),
      log: allowed,
      bindings: allowed,
    },
  };
  return destination === undefined ? pino(options) : pino(options, destination);
}

/**
 * @returns What may be logged of an error: its type and where it was thrown. Its message may quote data and stays out.
 */
export function faultOf(error: unknown): string {
  if (!(error instanceof Error)) return typeof error;
  const frames = (error.stack ?? "").split("\n").filter((line) => line.startsWith("    at "));
  return [error.name, ...frames].join("\n");
}

function allowed(fields: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(fields).filter(([name]) => LOGGED.has(name)));
}
