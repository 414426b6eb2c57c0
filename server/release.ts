/**
 * The release: packages that nobody can open yet, acknowledgements, openings of a pairing for both its sides, and answers
 * that are handed over in pairs.
 */
import { createHash } from "node:crypto";
import { LinkageError } from "#engine/errors.ts";
import type { Acknowledgement } from "#engine/round/acts.ts";
import type { PackageKeys } from "#engine/round/messages.ts";
import { sealPackageKey } from "#engine/round/package.ts";
import { partyOf } from "#engine/round/roster.ts";
import { requireState } from "#engine/round/states.ts";
import { checkStatement } from "#engine/round/statement.ts";
import { contextOf, decrypt, encrypt } from "./aead.ts";
import type { Caller } from "./caller.ts";
import { deleteFiles, freshFileName, packageContext, readEncrypted, writeEncrypted } from "./encrypted-file.ts";
import { rosterOf } from "./round-roster.ts";
import { dataKeyOf, isSideOf, pairingOf, recordAct, requireBefore, requireRound, type Round } from "./rounds.ts";
import { folderOf, type Secretariat } from "./secretariat.ts";
import { findAnswer, findPackage, insertAcknowledgement, insertAnswer, listAcknowledged } from "./store/packages.ts";
import { findPairing, listPairings, updatePairing, type PairingName } from "./store/pairings.ts";
import type { Store } from "./store/tables.ts";
import type { Direction } from "./store/uploads.ts";

/**
 * @returns A party's sealed package.
 * @throws {@link LinkageError} `round-unknown`; `package-unavailable` before release.
 */
export async function readPackage(
  secretariat: Secretariat,
  id: string,
  party: string,
  caller: Caller,
): Promise<Uint8Array> {
  const round = await requireRound(secretariat.store, id, caller);
  const found = round.state === "released" ? await findPackage(secretariat.store, id, party) : null;
  if (found === null) throw new LinkageError("package-unavailable", `the round is ${round.state}`);
  const dataKey = await dataKeyOf(secretariat, round);
  return readEncrypted(folderOf(secretariat, id), found.file, dataKey, packageContext(id, party));
}

/**
 * Takes a party's word that it holds its package, once; opens each pairing whose two sides have given theirs, for both at once.
 *
 * @throws {@link LinkageError} `round-unknown`, `round-state`, `round-deadline`, `statement-signature`; `package-invalid` if
 * the digest is not that of the party's package.
 */
export async function acknowledge(
  secretariat: Secretariat,
  caller: Caller,
  acknowledgement: Acknowledgement,
): Promise<void> {
  const { digest, party, round: id, signature, t2 } = acknowledgement;
  checkStatement(partyOf(secretariat.roster, party).signKey, "acknowledgement", acknowledgement);
  await secretariat.store.transaction().execute(async (store) => {
    const round = await requireRound(store, id, caller);
    requireState(round.state, ["released"]);
    if (round.t2 !== t2 || (await findPackage(store, id, party))?.digest !== digest)
      throw new LinkageError("package-invalid", "the acknowledgement is not for this party's package");
    const acknowledged = await listAcknowledged(store, id);
    if (acknowledged.includes(party)) return;
    requireBefore(round, "acknowledgements", secretariat.clock);
    await insertAcknowledgement(store, { round: id, party, signature });
    await recordAct(store, secretariat, id, caller, "acknowledged", digest);
    await openPairings(store, secretariat, id, party, new Set(acknowledged));
  });
}

/**
 * @returns Package keys of the party's opened pairings, in order of counterpart.
 * @throws {@link LinkageError} `round-unknown`, `round-state`.
 */
export async function packageKeysOf(
  secretariat: Secretariat,
  id: string,
  party: string,
  caller: Caller,
): Promise<PackageKeys> {
  const { store } = secretariat;
  const round = await requireRound(store, id, caller);
  requireState(round.state, ["released"]);
  const dataKey = await dataKeyOf(secretariat, round);
  const { boxKey } = partyOf(await rosterOf(secretariat, round), party);
  const opened = (await listPairings(store, id)).filter(
    (pairing) => pairing.state === "opened" && isSideOf(pairing, party),
  );
  const keys: PackageKeys = [];
  for (const { lower, higher, wrapped_key: wrapped } of opened) {
    if (wrapped === null) throw new RangeError("an opened pairing has no package key");
    const key = unwrapPackageKey(dataKey, id, [lower, higher], wrapped);
    keys.push({ counterpart: party === lower ? higher : lower, sealedKey: await sealPackageKey(key, boxKey) });
    key.fill(0);
  }
  return keys.sort((a, b) => (a.counterpart < b.counterpart ? -1 : 1));
}

/** @returns A pairing's package key as it is stored: under the round's data key. */
export function wrapPackageKey(dataKey: Uint8Array, round: string, pairing: PairingName, key: Uint8Array): Uint8Array {
  return encrypt(dataKey, contextOf("aquila/v1/package-key", round, ...pairing), key);
}

/**
 * Stores one side's answers; the same again changes nothing.
 *
 * @throws {@link LinkageError} `round-unknown`, `pairing-unknown`, `round-state`, `round-deadline`; `answers-duplicate` if
 * other answers are in.
 */
export async function storeAnswers(
  secretariat: Secretariat,
  direction: Direction,
  caller: Caller,
  bytes: Uint8Array,
): Promise<void> {
  const { store, clock } = secretariat;
  const { round: id, from, to } = direction;
  const digest = createHash("sha256").update(bytes).digest("base64url");
  const round = await requireOpened(store, direction, caller);
  if (await isIn(store, direction, digest)) return;
  requireBefore(round, "answers", clock);
  const folder = folderOf(secretariat, id);
  const file = freshFileName();
  await writeEncrypted(folder, file, await dataKeyOf(secretariat, round), answersContext(direction), bytes);
  try {
    await store.transaction().execute(async (transaction) => {
      await requireOpened(transaction, direction, caller);
      if (await isIn(transaction, direction, digest))
        throw new LinkageError("overloaded", "the same answers are coming in");
      await insertAnswer(transaction, { round: id, sender: from, recipient: to, file, digest });
      await recordAct(transaction, secretariat, id, caller, "answered", `${from}-${to}`);
    });
  } catch (error) {
    await deleteFiles(folder, [file]);
    throw error;
  }
}

/**
 * @returns The answers that `from` sealed for `to`, once those of both are in.
 * @throws {@link LinkageError} `round-unknown`, `pairing-unknown`, `round-state`; `answers-unavailable` naming the silent side.
 */
export async function readAnswers(secretariat: Secretariat, direction: Direction, caller: Caller): Promise<Uint8Array> {
  const { store } = secretariat;
  const { round: id, from, to } = direction;
  const round = await requireOpened(store, direction, caller);
  const found = await findAnswer(store, direction);
  const own = await findAnswer(store, { round: id, from: to, to: from });
  if (found === null || own === null)
    throw new LinkageError("answers-unavailable", `${found === null ? from : to} has not answered`);
  const dataKey = await dataKeyOf(secretariat, round);
  return readEncrypted(folderOf(secretariat, id), found.file, dataKey, answersContext(direction));
}

/** @throws {@link LinkageError} `round-unknown`, `pairing-unknown`; `round-state` unless the pairing is opened. */
async function requireOpened(store: Store, { round: id, from, to }: Direction, caller: Caller): Promise<Round> {
  const round = await requireRound(store, id, caller);
  const pairing = await findPairing(store, id, pairingOf(from, to));
  if (pairing === null) throw new LinkageError("pairing-unknown", "the round has no such pairing");
  requireState(round.state, ["released"]);
  if (pairing.state !== "opened") throw new LinkageError("round-state", `the pairing is ${pairing.state}, not opened`);
  return round;
}

async function openPairings(
  store: Store,
  secretariat: Secretariat,
  id: string,
  party: string,
  acknowledged: ReadonlySet<string>,
): Promise<void> {
  for (const { lower, higher, state } of await listPairings(store, id)) {
    const other = party === lower ? higher : lower;
    if (state !== "matched" || !isSideOf({ lower, higher }, party) || !acknowledged.has(other)) continue;
    await updatePairing(store, id, [lower, higher], { state: "opened" });
    await recordAct(store, secretariat, id, null, "pairing-opened", `${lower}-${higher}`);
  }
}

function unwrapPackageKey(dataKey: Uint8Array, round: string, pairing: PairingName, wrapped: Uint8Array): Uint8Array {
  return decrypt(dataKey, contextOf("aquila/v1/package-key", round, ...pairing), wrapped);
}

/** @throws {@link LinkageError} `answers-duplicate` if other answers are in. */
async function isIn(store: Store, direction: Direction, digest: string): Promise<boolean> {
  const known = await findAnswer(store, direction);
  if (known !== null && known.digest !== digest)
    throw new LinkageError("answers-duplicate", "this party sent other answers before");
  return known !== null;
}

/** What the bytes are bound to. */
export function answersContext({ round, from, to }: Direction): Uint8Array {
  return contextOf("aquila/v1/answers", round, from, to);
}
