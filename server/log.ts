/**
 * The server's log: JSON lines that hold fields from a fixed list and nothing else.
 * Bodies, keys, handles and header values have no field, so no call can log them.
 */
import type { FastifyBaseLogger } from "fastify";
import { pino, type DestinationStream, type Level, type LoggerOptions } from "pino";

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
  "candidatePairsAtMost",
  "matchesPerRowAtMost",
  "pairings",
  "files",
  "address",
  "version",
  "signal",
  "fault",
]);

/**
 * @param destination - Where lines go; standard output when left out.
 * @returns A logger that drops every field it does not know; of an error it keeps type and place, not the message.
 */
export function makeLog(level: Level | "silent" = "info", destination?: DestinationStream): FastifyBaseLogger {
  const options: LoggerOptions = {
    level,
    base: null,
    formatters: { level: (label) => ({ level: label }) },
    hooks: {
      logMethod(said, write) {
        const [first, second] = said as readonly unknown[];
        const message = typeof second === "string" ? second : "said without words";
        if (typeof first === "string") write.call(this, {}, first);
        else if (first instanceof Error) write.call(this, { fault: faultOf(first) }, "error");
        else if (isFields(first) && first["err"] !== undefined)
          write.call(this, { ...loggable(first), fault: faultOf(first["err"]) }, "error");
        else write.call(this, isFields(first) ? loggable(first) : {}, message);
      },
    },
  };
  return destination === undefined ? pino(options) : pino(options, destination);
}

/** @returns The next power of two, for figures that may be told roughly only: logs of two rounds can be subtracted. */
export function powerOfTwoAbove(value: number): number {
  return 2 ** Math.ceil(Math.log2(value));
}

/** @returns The fields that a line may hold; a child logger's bindings go through here too, since pino does not filter them. */
export function loggable(fields: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(fields).filter(([name]) => LOGGED.has(name)));
}

/**
 * @returns What may be logged of an error: its type and where it was thrown. Its message may quote data and stays out.
 */
export function faultOf(error: unknown): string {
  if (!(error instanceof Error)) return typeof error;
  const frames = (error.stack ?? "")
    .replace(error.message, "")
    .split("\n")
    .filter((line) => line.startsWith("    at "));
  const code = "code" in error && typeof error.code === "string" ? ` ${error.code}` : "";
  return [`${error.name}${code}`, ...frames].join("\n");
}

function isFields(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}
