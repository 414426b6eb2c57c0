/**
 * Who is signed in at this page: a key that signs each request, and the server's key that each answer is held against. It is gone with the page, by
 * its button, or after a quarter of an hour in which nobody touched it; docs/spec/pages.md, "Sign-in".
 */
import { signal } from "@preact/signals";
import type { TreeHead } from "#engine/audit/tree-head.ts";
import type { SignedHead } from "#engine/round/messages.ts";
import type { Roster } from "#engine/round/roster.ts";
import { getJson, Refusal, type Ask } from "../kit/api.ts";
import { utf8 } from "./bytes.ts";
import { signerFingerprint } from "./fingerprint.ts";
import { openKeyFile, type StaffKey } from "./key-file.ts";
import { freshMoment, importPublicKey, isAnswerSigned, signedHeaders } from "./signatures.ts";

export type Session = {
  readonly key: StaffKey;
  readonly roster: Roster;
  /** Of the secretariat's key, to be compared by telephone. */
  readonly fingerprint: string;
  /** The audit log's, when the session began. */
  readonly firstHead: TreeHead;
  readonly ask: Ask;
  readonly get: <Body>(path: string) => Promise<Body>;
  /** @throws Refusal; one that says `unreachable` may have been carried out. */
  readonly send: <Body>(method: "POST" | "PUT" | "DELETE", path: string, body?: unknown) => Promise<Body>;
};

/** Statuses that a proxy or a closing server may give unsigned. */
const UNSIGNED = [429, 503];
/** Where streams are, which alone come unsigned: the answer's own media type is the word of whoever gave it. */
const STREAMS = /\/events$/;
const IDLE_MS = 15 * 60_000;
const LOOK_EVERY_MS = 10_000;
const TOUCHES = ["keydown", "pointerdown", "pointermove", "touchstart", "wheel"] as const;

/** Null while the page is locked. */
export const session = signal<Session | null>(null);
/** Why the page is locked; null before the first sign-in. */
export const lockedBy = signal<"button" | "idle" | null>(null);
let endWatch: (() => void) | null = null;

/**
 * @param file - Text of the key file.
 * @throws Refusal of the file, the passphrase, or the server.
 */
export async function signIn(file: string, passphrase: string): Promise<void> {
  const key = await openKeyFile(file, passphrase);
  const ask = makeAsk(key);
  const roster = await getJson<Roster>("/v1/roster", ask);
  const get = <Body>(path: string): Promise<Body> => getJson<Body>(path, ask);
  const { head } = await get<SignedHead>("/v1/audit/head");
  session.value = {
    key,
    roster,
    fingerprint: await signerFingerprint(roster.secretariat),
    firstHead: head,
    ask,
    get,
    send: <Body>(method: "POST" | "PUT" | "DELETE", path: string, body?: unknown): Promise<Body> =>
      getJson<Body>(path, (asked) => ask(asked, writeOf(method, body))),
  };
  lockedBy.value = null;
  endWatch = watchIdleness();
}

/** Every act is answered with what it acted on, also one that goes on after its answer (202). */
function writeOf(method: string, body: unknown): RequestInit {
  if (body === undefined) return { method };
  return { method, body: JSON.stringify(body), headers: { "content-type": "application/json" } };
}

export function lock(why: "button" | "idle"): void {
  endWatch?.();
  endWatch = null;
  session.value = null;
  lockedBy.value = why;
}

/** @returns The session of a page that is shown in one only. */
export function useSession(): Session {
  if (session.value === null) throw new RangeError("useSession: the page is locked");
  return session.value;
}

/** Signs each request; the first answer must be the roster that names the key of its own signature, and every later one has to have that key's. */
function makeAsk(key: StaffKey): Ask {
  let secretariat: CryptoKey | null = null;
  return async (path, init = {}) => {
    const url = new URL(path, location.origin);
    const method = init.method ?? "GET";
    const body = typeof init.body === "string" ? utf8(init.body) : null;
    const signed = await signedHeaders(key, method, url, body ?? new Uint8Array(), freshMoment());
    const response = await fetch(url, {
      method,
      headers: { ...Object.fromEntries(new Headers(init.headers)), ...signed },
      body,
      cache: "no-store",
      credentials: "omit",
      redirect: "error",
      signal: init.signal ?? null,
    });
    const isStream = response.ok && STREAMS.test(url.pathname);
    if (isStream || UNSIGNED.includes(response.status)) return response;
    const { status, headers } = response;
    const bytes = new Uint8Array(await response.arrayBuffer());
    const answer = { status, headers, body: bytes, requestSignature: signed["signature"] ?? "" };
    if (secretariat === null && status === 200) {
      const { secretariat: named } = JSON.parse(new TextDecoder().decode(bytes)) as Roster;
      secretariat = await importPublicKey(named);
    }
    // Before the roster is known there is nothing to hold a refusal against.
    if (secretariat !== null && !(await isAnswerSigned(secretariat, answer)))
      throw new Refusal("server-answer-invalid", "the answer is not signed by the secretariat of the roster", status);
    return new Response(bytes.length === 0 ? null : bytes, { status, headers });
  };
}

/** @returns Ends it. */
function watchIdleness(): () => void {
  let touchedAt = Date.now();
  const isIdle = (): boolean => Date.now() - touchedAt >= IDLE_MS;
  const touch = (): void => {
    // After a sleep the touch that wakes the machine can come before the clock is looked at.
    if (isIdle()) lock("idle");
    else touchedAt = Date.now();
  };
  for (const name of TOUCHES) addEventListener(name, touch, { passive: true });
  // By the clock: a machine that slept counts as idle.
  const looking = setInterval(() => {
    if (isIdle()) lock("idle");
  }, LOOK_EVERY_MS);
  return () => {
    clearInterval(looking);
    for (const name of TOUCHES) removeEventListener(name, touch);
  };
}
