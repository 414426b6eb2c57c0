/**
 * Where the party stands in a round: its steps in order, whose turn it is, and for whom they wait.
 * In: the round as the server shows it, or as the vault lets conclude, and what the vault has. Out: RoundStanding's steps.
 */
import { counterpartsOf, DEADLINES, type RoundDescriptor } from "#engine/round/descriptor.ts";
import type { RoundView } from "#engine/round/messages.ts";
import { hasReached, type RoundState } from "#engine/round/states.ts";
import { hasAnswered, isAnswerLate } from "../answers.ts";
import { momentOf } from "../console-files.ts";
import { endingText } from "../ending.ts";
import { isOver } from "../report.ts";
import { keptUntil } from "../retention.ts";
import type { Vault } from "../vault.ts";
import { STEPS, type RoundStanding } from "./shapes.ts";

const OPERATORS = "operators";

/** What is not the round's own: work, hits, the last failure. */
type Beside = Pick<RoundStanding, "work" | "hits" | "fault">;
type Step = (typeof STEPS)[number];
/** Null when the step is done. */
type Turn = { readonly isOurs: boolean; readonly waitingFor: readonly string[] } | null;

const OURS: Turn = { isOurs: true, waitingFor: [] };
const waitingFor = (whom: readonly string[]): Turn => ({ isOurs: false, waitingFor: whom });

/** @param view - Null where the server was not asked yet, or shows the round no more. */
export function standingOf(
  vault: Vault,
  descriptor: RoundDescriptor,
  view: RoundView | null,
  beside: Beside,
  now: Date,
): RoundStanding {
  const state = view?.state ?? concludedState(vault, descriptor, now);
  const ending = view === null || view.ending === null ? null : endingText(view);
  const next = DEADLINES.find((name) => Date.parse(descriptor.deadlines[name]) > now.getTime());
  const isOverForAll = ending !== null || hasReached(state, "followed-up");
  return {
    round: descriptor.id,
    state,
    ending,
    purpose: descriptor.purpose,
    legalBasis: descriptor.legalBasis,
    lowestBand: descriptor.lowestBand,
    counterparts: counterpartsOf(descriptor, vault.identity.party),
    deadline: isOverForAll || next === undefined ? null : { name: next, at: descriptor.deadlines[next] },
    keptUntil: momentOf(keptUntil(descriptor)),
    steps: stepsOf(vault, descriptor, view, isOverForAll, now),
    ...beside,
  };
}

function stepsOf(
  vault: Vault,
  descriptor: RoundDescriptor,
  view: RoundView | null,
  isOverForAll: boolean,
  now: Date,
): RoundStanding["steps"] {
  const turns = turnsOf(vault, descriptor, view, now);
  const current = STEPS.findIndex((step) => turns[step] !== null);
  return STEPS.map((step, at) => {
    const turn = turns[step];
    if (turn === null && (current === -1 || at < current)) return { step, state: "done", waitingFor: [] };
    if (turn === null || at !== current || isOverForAll) return { step, state: "later", waitingFor: [] };
    return { step, state: turn.isOurs ? "ours" : "waiting", waitingFor: [...turn.waitingFor] };
  });
}

function turnsOf(
  vault: Vault,
  descriptor: RoundDescriptor,
  view: RoundView | null,
  now: Date,
): Readonly<Record<Step, Turn>> {
  const { party } = vault.identity;
  const round = descriptor.id;
  const state = view?.state ?? concludedState(vault, descriptor, now);
  const all = counterpartsOf(descriptor, party);
  const pairingWith = (counterpart: string): RoundView["pairings"][number] | undefined =>
    view?.pairings.find(({ pairing }) => pairing.includes(counterpart));
  const counterparts = all.filter((counterpart) => pairingWith(counterpart)?.state !== "left-out");
  const isComplete = (from: string, to: string): boolean =>
    view?.batches.some((batch) => batch.from === from && batch.to === to && batch.state === "complete") === true;
  const isSent = (counterpart: string): boolean =>
    isComplete(party, counterpart) || (view === null && vault.receipt(round, counterpart) !== null);
  const isPastSubmission = hasReached(state, "sealed");
  return {
    keys: vault.pairings(round) === null ? keysTurn(party, all, view) : null,
    encode:
      isPastSubmission || counterparts.every((each) => isSent(each) || vault.holdsHandleMap(round, each)) ? null : OURS,
    submit: isPastSubmission || counterparts.every(isSent) ? null : OURS,
    seal: sealTurn(party, counterparts, state, view, isComplete),
    matching: hasReached(state, "reviewed") ? null : matchingTurn(descriptor, state, view),
    release: hasReached(state, "released") ? null : waitingFor([OPERATORS]),
    open: openTurn(vault, descriptor, counterparts, pairingWith, now),
    answers: answersTurn(vault, round, counterparts, view, now),
  };
}

function keysTurn(party: string, counterparts: readonly string[], view: RoundView | null): Turn {
  if (view === null || view.state === "draft") return waitingFor([OPERATORS]);
  if (!view.keys.some((key) => key.party === party)) return OURS;
  const keyless = view.descriptor.parties
    .map(({ id }) => id)
    .filter((id) => !view.keys.some((key) => key.party === id));
  if (keyless.length > 0) return waitingFor(keyless);
  const hasConfirmed = (from: string, to: string): boolean =>
    view.confirmations.some((each) => each.from === from && each.to === to);
  if (counterparts.some((counterpart) => !hasConfirmed(party, counterpart))) return OURS;
  const silent = counterparts.filter((counterpart) => !hasConfirmed(counterpart, party));
  // All is there: the own client has to check it.
  return silent.length === 0 ? OURS : waitingFor(silent);
}

function sealTurn(
  party: string,
  counterparts: readonly string[],
  state: RoundState,
  view: RoundView | null,
  isComplete: (from: string, to: string) => boolean,
): Turn {
  if (hasReached(state, "matching") || view?.seals.some((seal) => seal.party === party) === true) return null;
  if (view !== null && view.t2 !== null) return OURS;
  const late = view === null ? [] : counterparts.filter((counterpart) => !isComplete(counterpart, party));
  return waitingFor(late.length > 0 ? late : [OPERATORS]);
}

function matchingTurn({ parties }: RoundDescriptor, state: RoundState, view: RoundView | null): Turn {
  const unsealed = parties
    .map(({ id }) => id)
    .filter((id) => view?.seals.some((seal) => seal.party === id) === false && !view.withdrawn.includes(id));
  return waitingFor(state === "sealed" && unsealed.length > 0 ? unsealed : [OPERATORS]);
}

function openTurn(
  vault: Vault,
  descriptor: RoundDescriptor,
  counterparts: readonly string[],
  pairingWith: (counterpart: string) => RoundView["pairings"][number] | undefined,
  now: Date,
): Turn {
  const { party } = vault.identity;
  const isLate = isOver(descriptor, "acknowledgements", now);
  const closed = counterparts.filter((counterpart) => {
    const state = pairingWith(counterpart)?.state;
    if (vault.section(descriptor.id, counterpart) !== null || state === "dropped" || state === "closed") return false;
    return !isLate || state === "opened";
  });
  if (closed.length === 0) return null;
  const isOurTurn = (counterpart: string): boolean => {
    const pairing = pairingWith(counterpart);
    return pairing === undefined || pairing.state === "opened" || !pairing.acknowledged.includes(party);
  };
  return closed.some(isOurTurn) ? OURS : waitingFor(closed);
}

function answersTurn(
  vault: Vault,
  round: string,
  counterparts: readonly string[],
  view: RoundView | null,
  now: Date,
): Turn {
  const { party } = vault.identity;
  const open = counterparts.filter((counterpart) => vault.section(round, counterpart) !== null);
  const missing = open.filter((counterpart) => vault.answers(round, counterpart) === null);
  if (missing.length === 0 || isAnswerLate(vault, round, now)) return null;
  if (view === null) return OURS;
  const silent = missing.filter((counterpart) => !hasAnswered(view, counterpart, party));
  const isOurTurn = silent.length < missing.length || missing.some((each) => !hasAnswered(view, party, each));
  return isOurTurn ? OURS : waitingFor(silent);
}

/** @returns The latest state that what the vault has of the round lets conclude. */
function concludedState(vault: Vault, descriptor: RoundDescriptor, now: Date): RoundState {
  const round = descriptor.id;
  if (isOver(descriptor, "followUp", now)) return "followed-up";
  const pairings = vault.pairings(round);
  if (pairings === null) return "opened";
  const isReleased = pairings.some(({ counterpart }) => vault.section(round, counterpart) !== null);
  if (isReleased || vault.packageBox(round) !== null) return "released";
  return vault.seal(round) === null ? "submitting" : "sealed";
}
