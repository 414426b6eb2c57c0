/**
 * Streams of events, counted by signer.
 */
import { once } from "node:events";
import { Readable } from "node:stream";
import { expect, test } from "vitest";
import { makeStreamCount } from "#server/event-streams.ts";

const overloaded = expect.objectContaining({ code: "overloaded" }) as Error;

test("a signer has four open at most, however each ends; another's do not count", async () => {
  const count = makeStreamCount();
  const open = (id: string): Readable => count({ kind: "party", id }, () => Readable.from(["event"]));
  const streams = Array.from({ length: 4 }, () => open("AT"));
  expect(() => open("AT")).toThrow(overloaded);
  const other = open("HR");
  const [first, second] = streams;
  if (first === undefined || second === undefined) throw new RangeError("no stream");
  // One is dropped by its reader, one is read to its end.
  first.destroy();
  await once(first, "close");
  const again = open("AT");
  expect(() => open("AT")).toThrow(overloaded);
  second.resume();
  await once(second, "close");
  const last = open("AT");
  for (const stream of [...streams, other, again, last]) stream.destroy();
});
