/**
 * Who may use the console: a token that works once, in the address that the terminal shows, for a cookie and a key that end with
 * the process; and requests that come from its own pages. docs/spec/console.md, "Session"
 */
import { createHash, randomBytes } from "node:crypto";
import { LinkageError } from "#engine/errors.ts";

const TOKEN_BYTES = 16;
const SECRET_BYTES = 32;
const TOKEN_MS = 600_000;
/** Of each kind; the oldest goes. */
const MOST = 8;

/** What a request says of where it comes from. */
export type Provenance = {
  readonly method: string;
  readonly host: string | undefined;
  readonly origin: string | undefined;
};

/** @throws {@link LinkageError} `request-forbidden` unless the request comes to and from the console's own address. */
export function requireOwnAddress(address: string, { method, host, origin }: Provenance): void {
  if (host !== new URL(address).host)
    throw new LinkageError("request-forbidden", "the console is not called by this name");
  const isRead = method === "GET" || method === "HEAD";
  if (origin === undefined ? !isRead : origin !== address)
    throw new LinkageError("request-forbidden", "the request does not come from the console's own page");
}

/** Only digests are held, so that looking one up tells nothing by its time. */
export class Sessions {
  /** Digest of a token → until when it works, milliseconds. */
  readonly #tokens = new Map<string, number>();
  /** Digests of a cookie with its key. */
  readonly #sessions = new Set<string>();
  readonly #now: () => Date;

  constructor(now: () => Date) {
    this.#now = now;
  }

  /** @returns A fresh token, good for one session within ten minutes. */
  issue(): string {
    const token = randomBytes(TOKEN_BYTES).toString("base64url");
    this.#tokens.set(digestOf(token), this.#now().getTime() + TOKEN_MS);
    dropOldest(this.#tokens);
    return token;
  }

  /** @returns The cookie's value, and the key without which it is worth nothing. @throws {@link LinkageError} `request-forbidden` if the token is none, was used, or is too old. */
  open(token: string): { readonly cookie: string; readonly key: string } {
    const digest = digestOf(token);
    const until = this.#tokens.get(digest);
    this.#tokens.delete(digest);
    if (until === undefined || this.#now().getTime() > until)
      throw new LinkageError(
        "request-forbidden",
        "this address was used already, or is too old; press Enter at the terminal of aquila console for another",
      );
    const [cookie, key] = [secret(), secret()];
    this.#sessions.add(digestOf(`${cookie} ${key}`));
    dropOldest(this.#sessions);
    return { cookie, key };
  }

  /** @throws {@link LinkageError} `request-forbidden` unless a cookie of this name was given together with this key. */
  require(cookieHeader: string | undefined, name: string, key: string): void {
    const values = (cookieHeader ?? "").split(";").map((pair) => pair.trim().split("="));
    const isOpen = (cookie: string): boolean => this.#sessions.has(digestOf(`${cookie} ${key}`));
    if (!values.some(([called, value]) => called === name && value !== undefined && isOpen(value)))
      throw new LinkageError(
        "request-forbidden",
        "there is no session; open the address that aquila console prints, or press Enter there for another",
      );
  }
}

function secret(): string {
  return randomBytes(SECRET_BYTES).toString("base64url");
}

function digestOf(text: string): string {
  return createHash("sha256").update(text).digest("base64url");
}

function dropOldest(kept: Map<string, number> | Set<string>): void {
  const [oldest] = kept.keys();
  if (kept.size > MOST && oldest !== undefined) kept.delete(oldest);
}
