/**
 * Who sends a request: a party of the roster or an operator, known by the key that signs.
 */
import type { KeyObject } from "node:crypto";
import type { FastifyRequest } from "fastify";
import { LinkageError } from "#engine/errors.ts";
import { publicKeyOf } from "#engine/round/raw-key.ts";
import { keyIdOfOperator, keyIdOfParty } from "#engine/round/requests.ts";
import type { Roster } from "#engine/round/roster.ts";

export type Caller = { readonly kind: "party" | "operator"; readonly id: string };

/** An operator's id and Ed25519 public key, base64url. */
export type Operator = { readonly id: string; readonly signKey: string };

/** One who may sign, with the key to verify it. */
export type Signer = { readonly caller: Caller; readonly key: KeyObject };

/** Name of the request's decorator that holds its caller. */
export const CALLER = "caller";

/** @returns Signers by `keyid`. */
export function signersOf(roster: Roster, operators: readonly Operator[]): ReadonlyMap<string, Signer> {
  const signers = new Map<string, Signer>();
  for (const { id, signKey } of roster.parties)
    signers.set(keyIdOfParty(id), { caller: { kind: "party", id }, key: publicKeyOf("ed25519", signKey) });
  for (const { id, signKey } of operators)
    signers.set(keyIdOfOperator(id), { caller: { kind: "operator", id }, key: publicKeyOf("ed25519", signKey) });
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

/**
 * @returns The calling party's id.
 * @throws {@link LinkageError} `request-forbidden` unless a party calls.
 */
export function requireParty(request: FastifyRequest): string {
  const caller = callerOf(request);
  if (caller.kind !== "party") throw new LinkageError("request-forbidden", "only a party may do this");
  return caller.id;
}
