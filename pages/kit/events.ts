/**
 * Server-sent events over fetch, so that a request can be signed. WHATWG HTML §9.2.6.
 */
import { signal } from "@preact/signals";
import { answered, Refusal } from "./api.ts";

/** Whether what is on the page follows what happens: false from a lost stream until the next is open. */
export const isLive = signal(true);

/** Longest event that is taken, characters: all of 10,000 hits. */
const MAX_EVENT_LENGTH = 32 * 1024 * 1024;
const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 15_000;

export type StreamEvent = { readonly name: string; readonly data: unknown };

export type Stream = {
  /** Asks for the stream; called again after each loss. */
  readonly open: (signal: AbortSignal) => Promise<Response>;
  readonly onEvent: (event: StreamEvent) => void;
  /** The stream is open once more, and what happened meanwhile is not in it. */
  readonly onReopened: () => void;
  /** The server does not know this page any more: no further try. */
  readonly onRefused: (refusal: Refusal) => void;
};

/**
 * Follows a stream until it is refused, opening it again with growing waits.
 *
 * @returns Ends it.
 */
export function follow(stream: Stream): () => void {
  const ending = new AbortController();
  void run(stream, ending.signal);
  return () => {
    ending.abort();
  };
}

async function run(stream: Stream, ended: AbortSignal): Promise<void> {
  let waitMs = FIRST_WAIT_MS;
  let wasOpen = false;
  const isOver = (): boolean => ended.aborted;
  while (!isOver()) {
    try {
      const response = await answered(stream.open(ended));
      if (wasOpen) stream.onReopened();
      wasOpen = true;
      isLive.value = true;
      waitMs = FIRST_WAIT_MS;
      if (response.body !== null) await readEvents(response.body, stream.onEvent);
    } catch (error) {
      if (isOver()) return;
      if (error instanceof Refusal && error.status >= 400 && error.status < 500 && error.status !== 429) {
        stream.onRefused(error);
        return;
      }
    }
    isLive.value = false;
    await pause(waitMs, ended);
    waitMs = Math.min(2 * waitMs, LONGEST_WAIT_MS);
  }
}

/**
 * @param body - UTF-8, cut anywhere.
 * @param onEvent - Called for each event whose data is JSON.
 */
async function readEvents(body: ReadableStream<Uint8Array>, onEvent: Stream["onEvent"]): Promise<void> {
  const reader = body.getReader();
  const decoder = new TextDecoder();
  let text = "";
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      text += decoder.decode(value, { stream: true });
      const blocks = text.split(/\r\n\r\n|\n\n|\r\r/);
      text = blocks.pop() ?? "";
      if (text.length > MAX_EVENT_LENGTH) throw new Refusal("server-answer-invalid", "", 0);
      for (const block of blocks) {
        const event = eventOf(block);
        if (event !== null) onEvent(event);
      }
    }
  } finally {
    await reader.cancel().catch(() => undefined);
  }
}

function eventOf(block: string): StreamEvent | null {
  const lines = block.split(/\r\n|\n|\r/);
  const valuesOf = (field: string): string[] =>
    lines.flatMap((line) => (line.startsWith(`${field}:`) ? [line.slice(field.length + 1).replace(/^ /, "")] : []));
  const data = valuesOf("data").join("\n");
  return data === "" ? null : { name: valuesOf("event").at(-1) ?? "message", data: JSON.parse(data) as unknown };
}

function pause(timeMs: number, ended: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, timeMs);
    ended.addEventListener("abort", () => {
      clearTimeout(timer);
      resolve();
    });
  });
}
