/**
 * Progress as server-sent events.
 */
import { expect, test } from "vitest";
import type { Progress } from "#engine/round/messages.ts";
import { progressEvents } from "#server/progress-events.ts";

const progress = (bytesDone: number): Progress => ({
  stage: "joining",
  bytesDone,
  bytesTotal: 9,
  pairingsDone: 0,
  pairingsTotal: 1,
});

test("each change is one event, the last one that of the end", async () => {
  const states = [1, 1, 5, 9].map((bytes, at) => ({ progress: progress(bytes), isRunning: at < 3 }));
  const told: string[] = [];
  const look = () => Promise.resolve(states.shift() ?? { progress: progress(0), isRunning: false });
  for await (const event of progressEvents(look, new AbortController().signal)) told.push(event);
  expect(told).toEqual([1, 5, 9].map((bytes) => `event: progress\ndata: ${JSON.stringify(progress(bytes))}\n\n`));
});

test("a closing server ends the stream at once", async () => {
  const closing = new AbortController();
  const events = progressEvents(() => Promise.resolve({ progress: progress(1), isRunning: true }), closing.signal);
  expect((await events.next()).done).toBe(false);
  closing.abort();
  expect((await events.next()).done).toBe(true);
});
