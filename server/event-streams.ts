/**
 * How many streams of events each signer has open: each looks into the store again and again while it is.
 */
import type { Readable } from "node:stream";
import { LinkageError } from "#engine/errors.ts";
import { callerName, type Caller } from "./caller.ts";

/** For each signer. */
const MAX_STREAMS = 4;

/** Counts a stream until it is closed. */
export type CountStream = (caller: Caller, makeStream: () => Readable) => Readable;

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
