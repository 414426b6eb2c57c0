/**
 * Server-sent events (WHATWG HTML §9.2) of the console to all of its pages that are open.
 */
import { Readable } from "node:stream";
import { LinkageError } from "#engine/errors.ts";
import type { ConsoleEvents, HitList } from "./shapes.ts";

const MOST_STREAMS = 16;
const COMMENT_EVERY_MS = 15_000;
/** A page that is so far behind asks for all again. */
const MOST_WAITING_CHARACTERS = 64 * 1_048_576;
const HITS_AT_ONCE = 500;

export class EventFeed {
  readonly #streams = new Set<Readable>();
  readonly #comments: NodeJS.Timeout;

  constructor() {
    this.#comments = setInterval(() => {
      this.#send(": still here\n\n");
    }, COMMENT_EVERY_MS);
    this.#comments.unref();
  }

  publish<Name extends keyof ConsoleEvents>(name: Name, data: ConsoleEvents[Name]): void {
    if (this.#streams.size > 0) this.#send(`event: ${name}\ndata: ${JSON.stringify(data)}\n\n`);
  }

  publishHits(hits: HitList): void {
    for (let at = 0; at < hits.length; at += HITS_AT_ONCE) this.publish("hits", hits.slice(at, at + HITS_AT_ONCE));
  }

  /** @throws {@link LinkageError} `overloaded` */
  open(): Readable {
    if (this.#streams.size >= MOST_STREAMS)
      throw new LinkageError("overloaded", `at most ${MOST_STREAMS} pages of the console can be open; close one`);
    const stream = new Readable({ read: () => undefined, encoding: "utf8" });
    stream.once("close", () => this.#streams.delete(stream));
    this.#streams.add(stream);
    stream.push(": here\n\n");
    return stream;
  }

  /** Ends every stream. */
  close(): void {
    clearInterval(this.#comments);
    for (const stream of this.#streams) stream.push(null);
  }

  #send(text: string): void {
    for (const stream of this.#streams) {
      stream.push(text);
      if (stream.readableLength > MOST_WAITING_CHARACTERS) stream.destroy();
    }
  }
}
