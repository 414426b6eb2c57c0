/**
 * Requests as text, sent over sockets of our own: no client library puts them right.
 */
import { once } from "node:events";
import { connect, type Socket } from "node:net";

export type RawAnswer = {
  readonly status: number;
  readonly body: string;
  readonly milliseconds: number;
};

/** One connection at a time, opened again when the server closes it. */
export class RawClient {
  readonly #port: number;
  #socket: Socket | null = null;

  constructor(url: string) {
    this.#port = Number(new URL(url).port);
  }

  /**
   * @param text - The whole request, one byte a character.
   * @returns Null if the server closed the connection without an answer.
   */
  async ask(text: string): Promise<RawAnswer | null> {
    const isFresh = this.#socket === null;
    const answer = await this.#askOnce(text);
    // An old connection may have been closing after the answer before.
    return answer === null && !isFresh ? this.#askOnce(text) : answer;
  }

  async #askOnce(text: string): Promise<RawAnswer | null> {
    const socket = this.#socket ?? (await this.#open());
    const begun = performance.now();
    let received = "";
    const answer = await new Promise<Omit<RawAnswer, "milliseconds"> | null>((resolve) => {
      const take = (piece: Buffer): void => {
        received += piece.toString("latin1");
        const found = answerIn(received, text.startsWith("HEAD "));
        if (found !== null) finish(found);
      };
      const ended = (): void => {
        this.#socket = null;
        finish(null);
      };
      const finish = (found: Omit<RawAnswer, "milliseconds"> | null): void => {
        socket.off("data", take).off("close", ended);
        resolve(found);
      };
      socket.on("data", take).on("close", ended);
      socket.write(text, "latin1");
    });
    if (/\r\nconnection: close/i.test(received)) this.close();
    return answer === null ? null : { ...answer, milliseconds: performance.now() - begun };
  }

  close(): void {
    this.#socket?.destroy();
    this.#socket = null;
  }

  async #open(): Promise<Socket> {
    const socket = connect(this.#port, "127.0.0.1");
    // What was sent to a connection that the server ends is its "close".
    socket.on("error", () => undefined);
    await once(socket, "connect");
    socket.once("close", () => {
      if (this.#socket === socket) this.#socket = null;
    });
    this.#socket = socket;
    return socket;
  }
}

/** @returns Null until it is whole. */
function answerIn(received: string, isHead: boolean): { status: number; body: string } | null {
  const end = received.indexOf("\r\n\r\n");
  if (end === -1) return null;
  const status = Number(/^HTTP\/1\.1 (\d{3})/.exec(received)?.[1]);
  const length = isHead ? 0 : Number(/\r\ncontent-length: (\d+)/i.exec(received.slice(0, end))?.[1] ?? 0);
  const body = received.slice(end + 4);
  return body.length < length ? null : { status, body };
}
