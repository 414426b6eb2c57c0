/**
 * Streams of server-sent events: how many each signer has open, and what ends them all.
 */
import { Readable } from "node:stream";
import { z } from "zod";
import { LinkageError } from "#engine/errors.ts";
import type { App } from "./app.ts";
import { callerName, type Caller } from "./caller.ts";

/** For each signer. */
const MAX_STREAMS = 4;

/** Counts a stream until it is closed. */
export type CountStream = (caller: Caller, makeStream: () => Readable) => Readable;

export type EventStreams = {
  readonly count: CountStream;
  /** Aborts when the server closes, which would wait for open streams. */
  readonly closing: AbortSignal;
};

/** A stream of events, or all of them; JSON Schema says nothing about it, its media type does. */
export const Events = z.custom<Readable | string>(
  (value) => value instanceof Readable || typeof value === "string",
  "must be a stream or a text",
);

/** @returns One count for all routes of the app. */
export function openEventStreams(app: App): EventStreams {
  const closing = new AbortController();
  app.addHook("preClose", (done) => {
    closing.abort();
    done();
  });
  return { count: makeStreamCount(), closing: closing.signal };
}

/** @returns What throws a {@link LinkageError} `overloaded` when the caller has as many open as it may. */
export function makeStreamCount(): CountStream {
  const open = new Map<string, number>();
  return (caller, makeStream) => {
    const name = callerName(caller);
    const count = open.get(name) ?? 0;
    if (count >= MAX_STREAMS)
      throw new LinkageError("overloaded", `at most ${MAX_STREAMS} streams of events for each signer; close one`);
    open.set(name, count + 1);
    return makeStream().once("close", () => {
      const left = (open.get(name) ?? 1) - 1;
      if (left === 0) open.delete(name);
      else open.set(name, left);
    });
  };
}
