/**
 * Server-sent events, read from pieces.
 */
import { Readable } from "node:stream";
import { expect, test } from "vitest";
import { eventData } from "#client/event-stream.ts";

async function read(pieces: readonly Uint8Array[]): Promise<string[]> {
  const events: string[] = [];
  for await (const data of eventData(Readable.from(pieces))) events.push(data);
  return events;
}

test.each(["\n", "\r\n", "\r"])("are the same wherever the stream is cut, with lines that end in %j", async (end) => {
  const lines = [
    "event: progress",
    "data: één",
    "",
    ": still here",
    "",
    "data:two",
    "data:  lines",
    "",
    "data: cut off",
  ];
  const bytes = new TextEncoder().encode(lines.join(end));
  for (let at = 0; at < bytes.length; at++)
    expect(await read([bytes.subarray(0, at), bytes.subarray(at)])).toEqual(["één", "two\n lines"]);
});

test("are refused when one is too long or is not UTF-8", async () => {
  await expect(read([new Uint8Array(65_537).fill(0x61)])).rejects.toThrow(RangeError);
  await expect(read([Uint8Array.of(0xff)])).rejects.toThrow(TypeError);
});
