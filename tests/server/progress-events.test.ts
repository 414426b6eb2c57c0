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
  const [first, ...states] = [1, 1, 5, 9].map((bytes, at) => ({ progress: progress(bytes), isRunning: at < 3 }));
  if (first === undefined) throw new RangeError("no state");
  const told: string[] = [];
  const look = () => Promise.resolve(states.shift() ?? { progress: progress(0), isRunning: false });
  for await (const event of progressEvents(first, look, new AbortController().signal)) told.push(event);
  expect(told).toEqual([1, 5, 9].map((bytes) => `event: progress\ndata: ${JSON.stringify(progress(bytes))}\n\n`));
});

test("a closing server ends the stream at once", async () => {
  const closing = new AbortController();
  const running = { progress: progress(1), isRunning: true };
  const events = progressEvents(running, () => Promise.resolve(running), closing.signal);
  expect((await events.next()).done).toBe(false);
  closing.abort();
  expect((await events.next()).done).toBe(true);
});
