/**
 * Who sends a request: a party, operator or officer of the roster, known by the key that signs.
 */
import type { KeyObject } from "node:crypto";
import type { FastifyRequest } from "fastify";
import { LinkageError } from "#engine/errors.ts";
import { publicKeyOf } from "#engine/round/raw-key.ts";
import { keyIdOfParty, keyIdOfStaff } from "#engine/round/requests.ts";
import { requireOfRoster } from "./round-roster.ts";
import { requireRound } from "./rounds.ts";
import type { Secretariat } from "./secretariat.ts";
import type { Roster } from "#engine/round/roster.ts";

export type Caller = {
  readonly kind: "party" | "operator" | "officer";
  readonly id: string;
  /** Of the request that it sends; null or absent for one that changes nothing. */
  readonly write?: Write | null;
};

/** What is kept of a write, so that it is carried out once: its idempotency key and a digest of what was asked. */
export type Write = { readonly key: string; readonly digest: string };

/** The server itself, when a deadline makes it act. */
export const SERVER: Caller = { kind: "operator", id: "server" };

/** One who may sign, with the key to verify it. */
export type Signer = { readonly caller: Caller; readonly key: KeyObject };

/** Name of the request's decorator that holds its caller. */
export const CALLER = "caller";

/** @returns Signers by `keyid`. */
export function signersOf(roster: Roster): ReadonlyMap<string, Signer> {
  const signers = new Map<string, Signer>();
  for (const { id, signKey } of roster.parties)
    signers.set(keyIdOfParty(id), { caller: { kind: "party", id }, key: publicKeyOf("ed25519", signKey) });
  for (const { id, signKey } of roster.operators)
    signers.set(keyIdOfStaff("operator", id), {
      caller: { kind: "operator", id },
      key: publicKeyOf("ed25519", signKey),
    });
  for (const { id, signKey } of roster.officers)
    signers.set(keyIdOfStaff("officer", id), { caller: { kind: "officer", id }, key: publicKeyOf("ed25519", signKey) });
  return signers;
}

/** @returns The caller of a signed request. */
export function callerOf(request: FastifyRequest): Caller {
  const caller = request.getDecorator<Caller | null>(CALLER);
  if (caller === null) throw new RangeError("callerOf: the request is not signed");
  return caller;
}

/** @throws {@link LinkageError} `request-forbidden` unless an operator calls. */
export function requireOperator(request: FastifyRequest): Caller {
  const caller = callerOf(request);
  if (caller.kind !== "operator") throw new LinkageError("request-forbidden", "only an operator may do this");
  return caller;
}

/** @throws {@link LinkageError} `request-forbidden` unless a data-protection officer calls. */
export function requireOfficer(request: FastifyRequest): Caller {
  const caller = callerOf(request);
  if (caller.kind !== "officer")
    throw new LinkageError("request-forbidden", "only a data-protection officer may do this");
  return caller;
}

/** @throws {@link LinkageError} `request-forbidden` unless an operator or officer calls. */
export function requireStaff(request: FastifyRequest): Caller {
  const caller = callerOf(request);
  if (caller.kind === "party") throw new LinkageError("request-forbidden", "only operators and officers may see this");
  return caller;
}

/** @returns The caller as logs name it. */
export function callerName({ kind, id }: Caller): string {
  return `${kind}:${id}`;
}

/**
 * @returns The calling party's id.
 * @throws {@link LinkageError} `request-forbidden` unless a party calls.
 */
export function requireParty(request: FastifyRequest): string {
  const caller = callerOf(request);
  if (caller.kind !== "party") throw new LinkageError("request-forbidden", "only a party may do this");
  return caller.id;
}

/**
 * Another party's object answers like one that is not there.
 *
 * @returns The caller, who is the party of the path and of the round's roster.
 * @throws {@link LinkageError} `request-forbidden` unless a party calls; `not-found`; as {@link requireOfRoster}.
 */
export async function requireSelf(
  secretariat: Pick<Secretariat, "roster" | "store">,
  request: FastifyRequest,
  { round, party }: { readonly round: string; readonly party: string },
): Promise<Caller> {
  const caller = callerOf(request);
  if (requireParty(request) === party) {
    await requireOfRoster(secretariat, round, caller);
    return caller;
  }
  await requireRound(secretariat.store, round, caller);
  throw anothers();
}

/** The refusal of what belongs to another party. */
export function anothers(): LinkageError {
  return new LinkageError("not-found", "there is nothing of that name for the caller");
}

/** @throws {@link LinkageError} `request-invalid` unless the body names what the path (or the caller) names. */
export function requireSame(body: Readonly<Record<string, unknown>>, path: Readonly<Record<string, string>>): void {
  for (const [name, value] of Object.entries(path))
    if (body[name] !== value) throw new LinkageError("request-invalid", `body/${name}: not the one of the path`);
}
