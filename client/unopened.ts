/**
 * Why the hits with a counterpart are not open, for people. It is what the server shows of the pairing: nothing is reported by it.
 */
import type { RoundView } from "#engine/round/messages.ts";
import { hasReached } from "#engine/round/states.ts";
import { isOver, type Fault } from "./report.ts";
import type { Vault } from "./vault.ts";

export type Unopened = {
  readonly counterpart: string;
  /** Only what is `waiting` can still open; `invalid`: the section does not open with its key. */
  readonly why: "waiting" | "dropped" | "left-out" | "closed" | "invalid";
  /** Who of the two has not acknowledged; nobody where that is not known. */
  readonly unacknowledged: readonly string[];
};

/**
 * @param view - As the server shows the round; null where no server is asked.
 * @returns The counterparts in `closed`, in their order.
 */
export function unopenedOf(
  vault: Vault,
  round: string,
  view: Pick<RoundView, "pairings" | "state"> | null,
  { closed, faults }: { readonly closed: readonly string[]; readonly faults: readonly Fault[] },
  now: Date,
): Unopened[] {
  const { party } = vault.identity;
  const descriptor = vault.descriptor(round);
  const isLate =
    (descriptor !== null && isOver(descriptor, "acknowledgements", now)) ||
    (view !== null && hasReached(view.state, "followed-up"));
  return closed.map((counterpart) => {
    const shown = view?.pairings.find(({ pairing }) => pairing.includes(counterpart));
    const unacknowledged = [party, counterpart].filter((id) => shown?.acknowledged.includes(id) === false);
    const isInvalid = faults.some((fault) => fault.counterpart === counterpart && fault.kind === "section-invalid");
    if (isInvalid) return { counterpart, why: "invalid", unacknowledged };
    if (shown?.state === "dropped" || shown?.state === "left-out")
      return { counterpart, why: shown.state, unacknowledged };
    return { counterpart, why: isLate || shown?.state === "closed" ? "closed" : "waiting", unacknowledged };
  });
}

/** @returns One line about one counterpart. */
export function unopenedText({ counterpart, why, unacknowledged }: Unopened): string {
  const whom = unacknowledged.length === 0 ? "" : ` by ${unacknowledged.join(" and ")}`;
  const words = {
    waiting: whom === "" ? "waiting for its key" : `waiting, not acknowledged yet${whom}`,
    dropped: "dropped by a data-protection officer, opened to neither side",
    "left-out": "left out of the matching: a batch or a seal was missing, or a party withdrew",
    closed: whom === "" ? "closed, not opened here in time" : `closed, not acknowledged in time${whom}`,
    invalid: "its section does not open with the key that was given for it",
  };
  return `${counterpart}: ${words[why]}`;
}
