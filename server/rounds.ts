/**
 * What is done to a round: create, open, post keys and confirmations, close, erase.
 * Each is one transaction that reads the state, checks and writes, so that a round is never between two states.
 */
import { mkdir, rm } from "node:fs/promises";
import { canonicalBytes } from "#engine/canonical-json.ts";
import { LinkageError } from "#engine/errors.ts";
import { profileDigest } from "#engine/profile.ts";
import { checkDescriptor, counterpartsOf, descriptorT0, RoundDescriptor } from "#engine/round/descriptor.ts";
import { checkRoundKey, transcriptT1, type Confirmation, type RoundKey } from "#engine/round/keys.ts";
import { rosterDigest } from "#engine/round/roster.ts";
import { requireState, ROUND_STATES } from "#engine/round/states.ts";
import type { Caller } from "./caller.ts";
import { destroyKeyFile, readKeyFile, writeKeyFile } from "./data-key-file.ts";
import { makeDataKey, unwrapDataKey, wrapDataKey } from "./data-key.ts";
import { syncFolder } from "./encrypted-file.ts";
import { folderOf, type Secretariat } from "./secretariat.ts";
import { insertConfirmation, insertRoundKey, listConfirmations, listRoundKeys } from "./store/keys.ts";
import { deletePackages } from "./store/packages.ts";
import {
  findRound,
  insertRound,
  insertRoundParties,
  moveRound,
  setErased,
  setTranscript,
  type RoundRow,
} from "./store/rounds.ts";
import type { Store } from "./store/tables.ts";
import { deleteRoundChunks, listUploads } from "./store/uploads.ts";

/** A round as stored, its descriptor read. */
export type Round = Omit<RoundRow, "descriptor"> & { readonly descriptor: RoundDescriptor };

/** An erasure that no worker is in the way of. */
const ERASABLE = ROUND_STATES.filter((state) => state !== "matching" && state !== "erased");

/**
 * @returns The round, if the caller is an operator or one of its parties.
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

/**
 * @returns The data key that opens the round's files.
 * @throws {@link LinkageError} `round-state` if it is destroyed, or its file is missing or not what was written.
 */
export async function dataKeyOf({ keyFolder, serverKey }: Secretariat, round: Round): Promise<Uint8Array> {
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

/**
 * Creates a round in state draft; the same descriptor again changes nothing.
 *
 * @throws {@link LinkageError} `round-descriptor-invalid` if it contradicts itself, the roster or the server's limits, or
 * its id belongs to another round; `profile-mismatch` if it names a profile that the server does not have.
 */
export async function createRound(secretariat: Secretariat, descriptor: RoundDescriptor): Promise<void> {
  checkDescriptor(descriptor);
  checkAgainstServer(secretariat, descriptor);
  const { id } = descriptor;
  const t0 = descriptorT0(descriptor);
  await secretariat.store.transaction().execute(async (store) => {
    const known = await findRound(store, id);
    if (known?.t0 === t0) return;
    if (known !== null) throw new LinkageError("round-descriptor-invalid", "another round has this id");
    await mkdir(folderOf(secretariat, id), { recursive: true, mode: 0o700 });
    syncFolder(secretariat.roundsFolder);
    const wrapped = wrapDataKey(secretariat.serverKey, id, makeDataKey());
    await insertRound(store, {
      id,
      state: "draft",
      descriptor: new TextDecoder().decode(canonicalBytes(descriptor)),
      t0,
      t1: null,
      key_id: await writeKeyFile(secretariat.keyFolder, id, wrapped),
      created_at: secretariat.clock().toISOString(),
    });
    await insertRoundParties(
      store,
      id,
      descriptor.parties.map((party) => party.id),
    );
  });
}

/** @throws {@link LinkageError} `round-state` unless the round is a draft. */
export async function openRound({ store }: Secretariat, id: string, caller: Caller): Promise<void> {
  await store.transaction().execute(async (transaction) => {
    const round = await requireRound(transaction, id, caller);
    requireState(round.state, ["draft"]);
    await moveRound(transaction, id, "draft", "opened");
  });
}

/**
 * Takes a party's round key; the last one makes T1 and moves the round to keyed.
 *
 * @throws {@link LinkageError} `round-unknown`, `round-key-signature`, `round-state`; `round-key-conflict` if the party
 * posted another key before.
 */
export async function postRoundKey(secretariat: Secretariat, id: string, caller: Caller, key: RoundKey): Promise<void> {
  await secretariat.store.transaction().execute(async (store) => {
    const round = await requireRound(store, id, caller);
    checkRoundKey(secretariat.roster, round.t0, key);
    const keys = await listRoundKeys(store, id);
    const known = keys.find(({ party }) => party === key.party);
    if (known?.publicKey === key.publicKey) return;
    if (known !== undefined) throw new LinkageError("round-key-conflict", "this party posted another round key before");
    requireState(round.state, ["opened"]);
    await insertRoundKey(store, id, key);
    if (keys.length + 1 < round.descriptor.parties.length) return;
    await setTranscript(store, id, transcriptT1(round.t0, [...keys, key]));
    await moveRound(store, id, "opened", "keyed");
  });
}

/**
 * Takes a confirmation; the last one moves the round to submitting. Only the counterpart can check its MAC, but two sides
 * that name different keys are found here.
 *
 * @throws {@link LinkageError} `round-unknown`, `pairing-unknown`, `round-state`; `round-key-conflict` if the party posted
 * another confirmation before; `round-confirmation-failed` if the counterpart named another key.
 */
export async function postConfirmation(
  secretariat: Secretariat,
  id: string,
  caller: Caller,
  confirmation: Confirmation,
): Promise<void> {
  const { from, to, keyId, mac } = confirmation;
  await secretariat.store.transaction().execute(async (store) => {
    const { descriptor, state } = await requireRound(store, id, caller);
    requirePairing(descriptor, from, to);
    const posted = await listConfirmations(store, id);
    const known = posted.find((other) => other.from === from && other.to === to);
    if (known?.keyId === keyId && known.mac === mac) return;
    if (known !== undefined)
      throw new LinkageError("round-key-conflict", "this party posted another confirmation before");
    requireState(state, ["keyed"]);
    const opposite = posted.find((other) => other.from === to && other.to === from);
    if (opposite !== undefined && opposite.keyId !== keyId)
      throw new LinkageError("round-confirmation-failed", `${to} names another key for this pairing`);
    await insertConfirmation(store, id, confirmation);
    if (posted.length + 1 === 2 * descriptor.pairings.length) await moveRound(store, id, "keyed", "submitting");
  });
}

/**
 * Ends submission.
 *
 * @throws {@link LinkageError} `round-unknown`, `round-state`; `batch-missing` naming the batches that are not in.
 */
export async function closeRound({ store }: Secretariat, id: string, caller: Caller): Promise<void> {
  await store.transaction().execute(async (transaction) => {
    const { descriptor, state } = await requireRound(transaction, id, caller);
    requireState(state, ["submitting"]);
    const uploads = await listUploads(transaction, id);
    const complete = new Set(
      uploads.filter((row) => row.state === "complete").map((row) => `${row.sender}-${row.recipient}`),
    );
    const missing = directionsOf(descriptor)
      .map(([from, to]) => `${from}-${to}`)
      .filter((direction) => !complete.has(direction));
    if (missing.length > 0) throw new LinkageError("batch-missing", `not in: ${missing.join(", ")}`);
    await moveRound(transaction, id, "submitting", "sealed");
  });
}

/**
 * Destroys the round's data key and every file of the round. What stays: descriptor, keys, confirmations, batch digests.
 * The key goes first: cut off after that, the round is unreadable and can be erased again.
 *
 * @throws {@link LinkageError} `round-unknown`; `round-state` while it is matched or once it is erased.
 */
export async function eraseRound(secretariat: Secretariat, id: string, caller: Caller): Promise<void> {
  await secretariat.store.transaction().execute(async (store) => {
    const { state, key_id: keyId } = await requireRound(store, id, caller);
    requireState(state, ERASABLE);
    if (keyId !== null) await destroyKeyFile(secretariat.keyFolder, id, keyId);
    await deleteRoundChunks(store, id);
    await deletePackages(store, id);
    await setErased(store, id);
  });
  await rm(folderOf(secretariat, id), { recursive: true, force: true, maxRetries: 3 });
  secretariat.log.info({ round: id, state: "erased" }, "round erased");
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

function isIn(descriptor: RoundDescriptor, party: string): boolean {
  return descriptor.parties.some(({ id }) => id === party);
}

function checkAgainstServer({ profile, roster, maxRecords }: Secretariat, descriptor: RoundDescriptor): void {
  if (descriptor.profile !== profileDigest(profile))
    throw new LinkageError("profile-mismatch", `this server matches under profile ${profile.id} ${profile.version}`);
  if (descriptor.roster !== rosterDigest(roster))
    throw new LinkageError("round-descriptor-invalid", "the descriptor names another roster than the server's");
  const listed = new Set(roster.parties.map(({ id }) => id));
  for (const { id, declaredRecords } of descriptor.parties) {
    if (!listed.has(id)) throw new LinkageError("round-descriptor-invalid", `party ${id} is not in the roster`);
    if (declaredRecords > maxRecords)
      throw new LinkageError("round-descriptor-invalid", `party ${id} declares more than ${maxRecords} records`);
  }
}
