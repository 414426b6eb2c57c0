/**
 * A party's co-signature of what was submitted; docs/spec/round.md, "Seal and T2".
 * Can be called again and again: it goes on where it stopped and says for what it waits.
 */
import { LinkageError } from "#engine/errors.ts";
import { counterpartsOf, requireBeforeDeadline } from "#engine/round/descriptor.ts";
import { hasReached } from "#engine/round/states.ts";
import { signStatement } from "#engine/round/statement.ts";
import { checkSealed } from "#engine/round/transcript.ts";
import type { Connection } from "./http.ts";
import { endingText } from "./ending.ts";
import { countSealed, requireQuotasHeld } from "./quota.ts";
import type { Vault } from "./vault.ts";

export type SealOutcome =
  | { readonly state: "waiting" }
  | {
      readonly state: "sealed";
      readonly t2: string;
      /** Counterparts whose pairing is left out: a batch was missing, a party withdrew, or this party's seal is too late. */
      readonly leftOut: readonly string[];
    };

/**
 * Checks T2 against what this party sent, destroys the keys with which batches are encoded, and co-signs it.
 *
 * @throws {@link LinkageError} `round-confirmation-failed` if the server wants something else sealed than was sent, or
 * another T2 than before, `round-deadline` once it may not be signed any more, `quota-exceeded` if another round took what was left: nothing is signed then; `round-state` if the vault agreed on no keys in the round, or the attempt was aborted.
 */
export async function sealRound(
  connection: Pick<Connection, "round" | "postSeal">,
  vault: Vault,
  round: string,
  now: Date,
): Promise<SealOutcome> {
  const { party } = vault.identity;
  const descriptor = vault.descriptor(round);
  const t1 = vault.transcript(round);
  if (descriptor === null || t1 === null)
    throw new LinkageError("round-state", `this vault agreed on no keys in round ${round}; run: aquila round join`);
  const view = await connection.round(round);
  if (view.ending !== null) throw new LinkageError("round-state", `round ${round} was ${endingText(view)}`);
  if (view.t2 === null) return { state: "waiting" };
  const counterparts = counterpartsOf(descriptor, party);
  const digests = new Map(
    counterparts.flatMap((counterpart) => {
      const receipt = vault.receipt(round, counterpart);
      return receipt === null ? [] : [[counterpart, receipt.digest] as const];
    }),
  );
  checkSealed(descriptor, t1, view.t2, view.sealed, { party, digests });
  const sealed = new Set(view.sealed.filter(({ from }) => from === party).map(({ to }) => to));
  const leftOut = counterparts.filter((counterpart) => !sealed.has(counterpart));
  if (vault.seal(round) === null) {
    requireQuotasHeld(vault, descriptor, now);
    countSealed(vault, descriptor, leftOut, now);
  }
  vault.keepSeal(round, view.t2);
  vault.keepSealedBatches(round, view.sealed);
  // Before it is said: also a seal that comes too late ends what can be encoded.
  vault.destroyTagKeys(round);
  const { t2 } = view;
  const seal = async (): Promise<void> => {
    requireBeforeDeadline(descriptor, "seals", now);
    await connection.postSeal(signStatement(vault.identity, "seal", { party, round, t2 }));
  };
  const isTaken =
    view.seals.some((one) => one.party === party) || (!hasReached(view.state, "matching") && (await isSealTaken(seal)));
  // The vault inside keeps its own, to audit; outside it is of no more use.
  if (vault.carriage(round)?.side === "outside")
    for (const counterpart of counterparts) vault.destroyBatch(round, counterpart);
  return { state: "sealed", t2: view.t2, leftOut: isTaken ? leftOut : counterparts };
}

/** @returns False when the deadline `seals` is over: the party's pairings are left out then. */
async function isSealTaken(seal: () => Promise<void>): Promise<boolean> {
  try {
    await seal();
    return true;
  } catch (error) {
    if (error instanceof LinkageError && (error.code === "round-deadline" || error.code === "round-state"))
      return false;
    throw error;
  }
}
