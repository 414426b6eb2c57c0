/**
 * Round keys and confirmations as the parties post them, and what ends an attempt whose keys do not fit together.
 */
import { LinkageError } from "#engine/errors.ts";
import type { Dispute } from "#engine/round/acts.ts";
import {
  checkRoundKey,
  checkUsable,
  isEquivocation,
  transcriptT1,
  type Confirmation,
  type RoundKey,
} from "#engine/round/keys.ts";
import type { Ending } from "#engine/round/messages.ts";
import { partyOf } from "#engine/round/roster.ts";
import { requireState } from "#engine/round/states.ts";
import { checkStatement } from "#engine/round/statement.ts";
import { SERVER, type Caller } from "./caller.ts";
import { abortRound, endAttempt, eraseRound } from "./erasure.ts";
import { ABORTABLE, recordAct, requireBefore, requirePairing, requireRound } from "./rounds.ts";
import type { Secretariat } from "./secretariat.ts";
import { insertConfirmation, insertRoundKey, listConfirmations, listRoundKeys } from "./store/keys.ts";
import { moveRound, setTranscript } from "./store/rounds.ts";

/** Nothing proves who lies. */
const DISPUTED: Ending = { reason: "disputed", parties: [], evidence: [], raised: null };

/**
 * Takes a party's round key; the last one makes T1 and moves the round to keyed.
 *
 * @throws {@link LinkageError} `round-unknown`, `round-key-signature`, also of a key that no secret can be made with, `round-state`, `round-deadline`; `round-key-conflict`
 * if the party posted another key before.
 */
export async function postRoundKey(secretariat: Secretariat, id: string, caller: Caller, key: RoundKey): Promise<void> {
  await secretariat.store.transaction().execute(async (store) => {
    const round = await requireRound(store, id, caller);
    checkRoundKey(secretariat.roster, round.t0, key);
    checkUsable(key);
    const keys = await listRoundKeys(store, id);
    const known = keys.find(({ party }) => party === key.party);
    if (known?.publicKey === key.publicKey) return;
    if (known !== undefined) throw new LinkageError("round-key-conflict", "this party posted another round key before");
    requireState(round.state, ["opened"]);
    requireBefore(round, "keys", secretariat.clock);
    await insertRoundKey(store, id, key);
    await recordAct(store, secretariat, id, caller, "round-key");
    if (keys.length + 1 < round.descriptor.parties.length) return;
    await setTranscript(store, id, transcriptT1(round.t0, [...keys, key]));
    await moveRound(store, id, "opened", "keyed");
  });
}

/**
 * Takes a confirmation; the last one moves the round to submitting. Only the counterpart can check its MAC, but two sides
 * that name different keys are found here: whoever of them lies, the attempt ends with both on record, and nobody is late.
 *
 * @throws {@link LinkageError} `round-unknown`, `pairing-unknown`, `round-state`, `round-deadline`; `round-key-conflict` if
 * the party posted another confirmation before.
 */
export async function postConfirmation(
  secretariat: Secretariat,
  id: string,
  caller: Caller,
  confirmation: Confirmation,
): Promise<void> {
  const { from, to, keyId, mac } = confirmation;
  const isDisputed = await secretariat.store.transaction().execute(async (store) => {
    const round = await requireRound(store, id, caller);
    const { descriptor, state } = round;
    requirePairing(descriptor, from, to);
    const posted = await listConfirmations(store, id);
    const known = posted.find((other) => other.from === from && other.to === to);
    if (known?.keyId === keyId && known.mac === mac) return false;
    if (known !== undefined)
      throw new LinkageError("round-key-conflict", "this party posted another confirmation before");
    requireState(state, ["keyed"]);
    requireBefore(round, "keys", secretariat.clock);
    const opposite = posted.find((other) => other.from === to && other.to === from);
    await insertConfirmation(store, id, confirmation);
    await recordAct(store, secretariat, id, caller, "confirmation", `${from}-${to}`);
    if (opposite !== undefined && opposite.keyId !== keyId) {
      await endAttempt(store, secretariat, id, SERVER, DISPUTED);
      return true;
    }
    if (posted.length + 1 === 2 * descriptor.pairings.length) await moveRound(store, id, "keyed", "submitting");
    return false;
  });
  if (isDisputed) await eraseRound(secretariat, id, SERVER, "disputed");
}

/**
 * Aborts an attempt whose keys do not fit together. Two keys of one party, both signed over T0, name that party; a
 * confirmation that fails names nobody but the one who says so.
 *
 * @throws {@link LinkageError} `round-unknown`, `pairing-unknown`, `round-state`; `round-key-signature` if the two keys are
 * no evidence; `statement-signature` if the word on a confirmation is not the caller's on this attempt.
 */
export async function dispute(secretariat: Secretariat, id: string, caller: Caller, found: Dispute): Promise<void> {
  const { store, roster } = secretariat;
  const round = await requireRound(store, id, caller);
  requireState(
    round.state,
    ABORTABLE.filter((state) => state !== "draft" && state !== "matching" && state !== "reviewed"),
  );
  if (found.kind === "confirmation") {
    requirePairing(round.descriptor, caller.id, found.counterpart);
    checkStatement(partyOf(roster, caller.id).signKey, "dispute", found);
    if (found.party !== caller.id || found.round !== id || found.t0 !== round.t0)
      throw new LinkageError("statement-signature", "the dispute is of another party or another attempt");
    await abortRound(secretariat, id, caller, { reason: "disputed", parties: [], evidence: [], raised: found });
    return;
  }
  const { first, second } = found;
  const isIn = round.descriptor.parties.some(({ id: party }) => party === first.party);
  if (!isIn || !isEquivocation(roster, round.t0, first, second))
    throw new LinkageError("round-key-signature", "these are not two keys that one party signed for this attempt");
  const ending = { reason: "equivocated" as const, parties: [first.party], evidence: [first, second], raised: null };
  await abortRound(secretariat, id, caller, ending);
}
