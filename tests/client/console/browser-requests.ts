/**
 * A page of the console for tests, as far as HTTP goes: its cookie and key, its requests, and its stream of events.
 */
import { request, type IncomingMessage } from "node:http";
import { z } from "zod";
import { eventsOf } from "./sent-events.ts";

export type PageAnswer = {
  readonly status: number;
  readonly headers: IncomingMessage["headers"];
  readonly text: string;
};

/** Sends a request with exactly these headers beside Host. */
export function askConsole(
  url: string,
  method: string,
  path: string,
  headers: Readonly<Record<string, string>> = {},
  body?: string,
): Promise<PageAnswer> {
  return new Promise((resolve, reject) => {
    const sent = request(new URL(path, url), { method, headers, agent: false }, (answer) => {
      const pieces: Buffer[] = [];
      answer.on("data", (piece: Buffer) => pieces.push(piece));
      answer.once("end", () => {
        resolve({ status: answer.statusCode ?? 0, headers: answer.headers, text: Buffer.concat(pieces).toString() });
      });
      answer.once("error", reject);
    });
    sent.once("error", reject);
    sent.end(body);
  });
}

/** A page with a session. */
export class Page {
  readonly #url: string;
  readonly #cookie: string;
  readonly #key: string;

  private constructor(url: string, cookie: string, key: string) {
    this.#url = url;
    this.#cookie = cookie;
    this.#key = key;
  }

  /** @param address - As the console gives it out. */
  static async open(address: string): Promise<Page> {
    const { origin, hash } = new URL(address);
    const body = JSON.stringify({ token: hash.slice("#t=".length) });
    const headers = { origin, "content-type": "application/json" };
    const answer = await askConsole(origin, "POST", "/api/session", headers, body);
    const [cookie] = answer.headers["set-cookie"]?.[0]?.split(";") ?? [];
    if (answer.status !== 200 || cookie === undefined) throw new Error(`no session: ${answer.status}`);
    return new Page(origin, cookie, z.strictObject({ key: z.string() }).parse(JSON.parse(answer.text)).key);
  }

  get headers(): Record<string, string> {
    return { origin: this.#url, cookie: this.#cookie, "aquila-key": this.#key, "content-type": "application/json" };
  }

  send(method: string, path: string, body?: unknown): Promise<PageAnswer> {
    return askConsole(this.#url, method, path, this.headers, body === undefined ? undefined : JSON.stringify(body));
  }

  /** @throws Error if the answer is no 2xx of this shape. */
  async get<T>(shape: z.ZodType<T>, path: string): Promise<T> {
    const { status, text } = await this.send("GET", path);
    if (status !== 200) throw new Error(`${path}: ${status} ${text}`);
    return shape.parse(JSON.parse(text));
  }

  /**
   * Waits for an event.
   *
   * @param until - Gives what was waited for, or undefined.
   * @param begun - Called when the stream is open.
   */
  async event<T>(
    until: (name: string, data: unknown) => T | undefined,
    begun: () => Promise<void> | void = () => undefined,
  ): Promise<T> {
    const end = new AbortController();
    const response = await fetch(new URL("/api/events", this.#url), { headers: this.headers, signal: end.signal });
    if (response.body === null) throw new Error("no stream");
    try {
      const events = eventsOf(response.body);
      const act = Promise.resolve(begun());
      for await (const { name, data } of events) {
        const found = until(name, JSON.parse(data) as unknown);
        if (found === undefined) continue;
        await act;
        return found;
      }
      throw new Error("the stream ended");
    } finally {
      end.abort();
    }
  }
}
