/**
 * A round from its draft to its erasure, turn by turn: who is next follows from what the server says, so that a round goes on
 * wherever it stopped.
 */
import type { Connection } from "#client/http.ts";
import type { ApprovedAct, ErasureCertificate } from "#engine/round/acts.ts";
import type { StaffIdentity } from "#engine/round/identity.ts";
import type { RoundView } from "#engine/round/messages.ts";
import { signStatement } from "#engine/round/statement.ts";

/** Turns in which a round has to come to its end at one server. */
const MOST_TURNS = 60;
const PROGRESS_MS = 60_000;

export type Operator = { readonly identity: StaffIdentity; readonly connection: Connection };

export type RoundTurns = {
  readonly round: string;
  /** The first of them does what one alone may do. */
  readonly operators: readonly [Operator, Operator];
  /** Takes every party as far as it can go. @returns Whether every party is done. */
  readonly walkAll: () => Promise<boolean>;
  /** Told the round before each turn. */
  readonly onTurn: (view: RoundView) => Promise<void> | void;
  /** Called before the erasure, again if that is cut off. */
  readonly beforeErasure: () => Promise<void>;
};

/**
 * Plays a round that is drafted, or further.
 *
 * @throws Error if it does not come to its end.
 */
export async function playTurns(turns: RoundTurns): Promise<ErasureCertificate> {
  const { round, operators, walkAll, onTurn, beforeErasure } = turns;
  const operator = operators[0].connection;
  for (let turn = 0; turn < MOST_TURNS; turn++) {
    const view = await operator.round(round);
    await onTurn(view);
    if (view.state === "erased") return operator.certificate(round);
    if (view.state === "matching") {
      await operator.followProgress(round, PROGRESS_MS, () => undefined);
      continue;
    }
    if (view.state === "draft") {
      await approveAll(operators, view, "open");
      continue;
    }
    const isDone = await walkAll();
    const after = await operator.round(round);
    if (after.state === "submitting" && after.batches.every(({ state }) => state === "complete"))
      await operator.closeRound(round);
    else if (after.state === "sealed" && after.seals.length === after.descriptor.parties.length)
      await operator.matchRound(round);
    else if (after.state === "reviewed") await approveAll(operators, after, "release");
    else if (after.state === "released" && isDone) {
      await beforeErasure();
      await approveAll(operators, after, "erase");
    }
  }
  throw new Error(`the round did not come to its end in ${MOST_TURNS} turns`);
}

export async function approveAll(
  operators: readonly Operator[],
  { descriptor, t0, t2 }: RoundView,
  act: ApprovedAct,
): Promise<void> {
  const { id: round } = descriptor;
  for (const { identity, connection } of operators)
    await connection.approve(signStatement(identity, "approval", { act, operator: identity.id, round, t0, t2 }));
}
