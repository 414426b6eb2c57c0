/**
 * Whom a round waits for, from what the server shows of it; docs/spec/round.md, "States".
 */
import type { DeadlineName } from "#engine/round/descriptor.ts";
import type { RoundView } from "#engine/round/messages.ts";

/** What has to be done next, by whom, until when; nobody is named where it is the server. */
export type Wait = {
  readonly step:
    | "open"
    | "key"
    | "confirmation"
    | "batch"
    | "close"
    | "seal"
    | "match"
    | "matching"
    | "decision"
    | "release"
    | "acknowledgement"
    | "answers"
    | "follow-up";
  readonly who: readonly string[];
  readonly deadline: DeadlineName;
};

/** Parties or operators of whom nobody in particular has to act. */
export const OPERATORS = "operators";
export const OFFICERS = "officers";
const DAY_MS = 86_400_000;

/** @returns In the order of the round; none of one that has ended. */
export function waitsOf(view: RoundView): Wait[] {
  const { descriptor, pairings } = view;
  const parties = descriptor.parties.map(({ id }) => id);
  const isIn = (party: string): boolean =>
    pairings.some(({ pairing, state }) => pairing.includes(party) && state !== "left-out");
  switch (view.state) {
    case "draft":
      return [{ step: "open", who: [OPERATORS], deadline: "keys" }];
    case "opened": {
      const who = parties.filter((party) => !view.keys.some((key) => key.party === party));
      return [{ step: "key", who, deadline: "keys" }];
    }
    case "keyed":
      return [
        {
          step: "confirmation",
          who: parties.filter((party) => confirmedBy(view, party).missing > 0),
          deadline: "keys",
        },
      ];
    case "submitting": {
      const who = parties.filter((party) => isIn(party) && batchesOf(view, party).missing > 0);
      return who.length > 0
        ? [{ step: "batch", who, deadline: "submission" }]
        : [{ step: "close", who: [OPERATORS], deadline: "submission" }];
    }
    case "sealed": {
      const who = parties.filter((party) => isIn(party) && !view.seals.some((seal) => seal.party === party));
      return who.length > 0
        ? [{ step: "seal", who, deadline: "seals" }]
        : [{ step: "match", who: [OPERATORS], deadline: "release" }];
    }
    case "matching":
      return [{ step: "matching", who: [], deadline: "release" }];
    case "reviewed":
      return pairings.some(({ state }) => state === "held")
        ? [{ step: "decision", who: [OFFICERS], deadline: "release" }]
        : [{ step: "release", who: [OPERATORS], deadline: "release" }];
    case "released":
      return releasedWaits(view);
    case "followed-up":
    case "erased":
      return [];
  }
}

function releasedWaits({ descriptor, pairings }: RoundView): Wait[] {
  const silent = (state: string, said: "acknowledged" | "answered"): string[] =>
    descriptor.parties
      .map(({ id }) => id)
      .filter((party) =>
        pairings.some((one) => one.state === state && one.pairing.includes(party) && !one[said].includes(party)),
      );
  const waits: Wait[] = [
    { step: "acknowledgement", who: silent("matched", "acknowledged"), deadline: "acknowledgements" },
    { step: "answers", who: silent("opened", "answered"), deadline: "answers" },
  ];
  const open = waits.filter(({ who }) => who.length > 0);
  return open.length > 0 ? open : [{ step: "follow-up", who: [], deadline: "followUp" }];
}

/** How many of a party's things are in, and how many are not. */
export type Count = { readonly done: number; readonly missing: number };

function countOf<Item>(items: readonly Item[], isDone: (item: Item) => boolean): Count {
  const done = items.filter(isDone).length;
  return { done, missing: items.length - done };
}

export function confirmedBy({ descriptor, confirmations }: RoundView, party: string): Count {
  const counterparts = descriptor.pairings.filter((pairing) => pairing.includes(party));
  return countOf(counterparts, (pairing) =>
    confirmations.some(({ from, to }) => from === party && pairing.includes(to)),
  );
}

/** Batches of pairings that were left out do not count. */
export function batchesOf({ batches, pairings }: RoundView, party: string): Count & { readonly chunks: number } {
  const isAdmitted = (to: string): boolean =>
    pairings.some(({ pairing, state }) => pairing.includes(party) && pairing.includes(to) && state !== "left-out");
  const own = batches.filter(({ from, to }) => from === party && isAdmitted(to));
  const chunks = own.reduce((sum, { chunksStored }) => sum + chunksStored, 0);
  return { ...countOf(own, ({ state }) => state === "complete"), chunks };
}

export function saidBy({ pairings }: RoundView, party: string, said: "acknowledged" | "answered"): Count {
  const own = pairings.filter(
    ({ pairing, state }) => pairing.includes(party) && ["matched", "held", "opened", "closed"].includes(state),
  );
  return countOf(own, (pairing) => pairing[said].includes(party));
}

/** @returns How near a deadline is: `soon` is less than a day. */
export function lateness(deadline: string, nowMs: number): "over" | "soon" | "far" {
  const leftMs = Date.parse(deadline) - nowMs;
  if (leftMs <= 0) return "over";
  return leftMs < DAY_MS ? "soon" : "far";
}
