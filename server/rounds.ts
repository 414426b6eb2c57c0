/**
 * A round as the server reads it: who may see it, its data key, its deadlines, and the log of what is done to it.
 * Each act on a round is one transaction that reads the state, checks and writes, so that a round is never between two states.
 */
import type { AuditAct } from "#engine/audit/entry.ts";
import { LinkageError } from "#engine/errors.ts";
import { counterpartsOf, requireBeforeDeadline, RoundDescriptor, type DeadlineName } from "#engine/round/descriptor.ts";
import { ROUND_STATES } from "#engine/round/states.ts";
import { callerName, type Caller } from "./caller.ts";
import { readKeyFile } from "./data-key-file.ts";
import { unwrapDataKey } from "./data-key.ts";
import type { Clock, Secretariat } from "./secretariat.ts";
import type { PairingName, PairingRow } from "./store/pairings.ts";
import { findRound, type RoundRow } from "./store/rounds.ts";
import type { Store } from "./store/tables.ts";
import { insertWrite } from "./store/writes.ts";

/** A round as stored, its descriptor read. */
export type Round = Omit<RoundRow, "descriptor"> & { readonly descriptor: RoundDescriptor };

/** States in which an attempt can still be aborted. */
export const ABORTABLE = ROUND_STATES.slice(0, ROUND_STATES.indexOf("released"));

/**
 * @returns The round, if the caller is staff or one of its parties.
 * @throws {@link LinkageError} `round-unknown`, the same for a round that is not there and one that is not the caller's.
 */
export async function requireRound(store: Store, id: string, caller: Caller): Promise<Round> {
  const row = await findRound(store, id);
  const round = row === null ? null : readRound(row);
  if (round === null || (caller.kind === "party" && !isIn(round.descriptor, caller.id)))
    throw new LinkageError("round-unknown", "there is no such round");
  return round;
}

export function readRound(row: RoundRow): Round {
  return { ...row, descriptor: readDescriptor(row) };
}

/** Descriptors that stay read, at most. */
const KEPT_DESCRIPTORS = 64;
/** By T0, which is their hash: no round's descriptor ever changes. Longest unread first. */
const descriptors = new Map<string, RoundDescriptor>();

/** @returns What all readers share, so nobody may change it. */
function readDescriptor({ t0, descriptor: text }: RoundRow): RoundDescriptor {
  const descriptor = descriptors.get(t0) ?? RoundDescriptor.parse(JSON.parse(text));
  descriptors.delete(t0);
  descriptors.set(t0, descriptor);
  const [longestUnread] = descriptors.keys();
  if (descriptors.size > KEPT_DESCRIPTORS && longestUnread !== undefined) descriptors.delete(longestUnread);
  return descriptor;
}

/** @throws {@link LinkageError} `round-deadline` once the deadline has passed. */
export function requireBefore({ descriptor }: Round, deadline: DeadlineName, clock: Clock): void {
  requireBeforeDeadline(descriptor, deadline, clock());
}

export function isPast({ deadlines }: RoundDescriptor, deadline: DeadlineName, clock: Clock): boolean {
  return clock().getTime() > Date.parse(deadlines[deadline]);
}

/**
 * @returns The data key that opens the round's files.
 * @throws {@link LinkageError} `round-state` if it is destroyed, or its file is missing or not what was written.
 */
export async function dataKeyOf(
  { keyFolder, serverKey }: Pick<Secretariat, "keyFolder" | "serverKey">,
  round: Pick<Round, "id" | "key_id">,
): Promise<Uint8Array> {
  if (round.key_id === null) throw new LinkageError("round-state", "the round is erased");
  const wrapped = await readKeyFile(keyFolder, round.id, round.key_id);
  if (wrapped === null)
    throw new LinkageError("round-state", "the round's key file is missing; the round can only be erased");
  try {
    return unwrapDataKey(serverKey, round.id, wrapped);
  } catch (error) {
    throw new LinkageError("round-state", "the round's key file is damaged; the round can only be erased", {
      cause: error,
    });
  }
}

/** @returns Whether the round's data key can be read. */
export async function hasDataKey(secretariat: Secretariat, round: Round): Promise<boolean> {
  return dataKeyOf(secretariat, round).then(
    () => true,
    (error: unknown) => {
      if (error instanceof LinkageError) return false;
      throw error;
    },
  );
}

/** @returns Both directions of every pairing. */
export function directionsOf(descriptor: RoundDescriptor): (readonly [from: string, to: string])[] {
  return descriptor.pairings.flatMap(([lower, higher]) => [[lower, higher] as const, [higher, lower] as const]);
}

/** @throws {@link LinkageError} `pairing-unknown` unless the round admits the pairing. */
export function requirePairing(descriptor: RoundDescriptor, from: string, to: string): void {
  if (!counterpartsOf(descriptor, from).includes(to))
    throw new LinkageError("pairing-unknown", "the round has no such pairing");
}

/** @returns The pairing of two parties, lower id first. */
export function pairingOf(from: string, to: string): PairingName {
  return from < to ? [from, to] : [to, from];
}

/** @returns Whether `party` is one of the two. */
export function isSideOf({ lower, higher }: Pick<PairingRow, "lower" | "higher">, party: string): boolean {
  return party === lower || party === higher;
}

/**
 * Enters an act on a round in the audit log, in the transaction that does it.
 *
 * @param actor - Null for the server itself.
 * @param about - Parties, pairings, counts, digests; never a handle, a hit id or a key.
 * @param recipients - Parties to whom it discloses something, in order.
 */
export async function recordAct(
  store: Store,
  { audit, clock }: Pick<Secretariat, "audit" | "clock">,
  id: string,
  actor: Caller | null,
  act: AuditAct,
  about = "",
  recipients: readonly string[] = [],
): Promise<void> {
  const row = await findRound(store, id);
  if (row === null) throw new RangeError("recordAct: there is no such round");
  const { field, legalBasis } = readDescriptor(row);
  const write = actor?.write ?? null;
  if (write !== null && actor !== null)
    await insertWrite(store, { caller: callerName(actor), ...write, at: clock().toISOString() });
  await audit.enter(store, {
    act,
    actor: actor === null ? "server" : callerName(actor),
    recipients: recipients.map((party) => callerName({ kind: "party", id: party })),
    round: id,
    purpose: field,
    justification: legalBasis,
    about,
  });
}

function isIn(descriptor: RoundDescriptor, party: string): boolean {
  return descriptor.parties.some(({ id }) => id === party);
}
