/**
 * Why an attempt was aborted, in words.
 */
import type { RoundView } from "#engine/round/messages.ts";

/**
 * @param view - As the server shows it; a party's has confirmations and batches of its own pairings only.
 * @returns The reason, whom it names and, if time ran out, at which deadline and who had not sealed by then.
 */
export function endingText(view: RoundView): string {
  const { ending } = view;
  if (ending === null) return "not aborted";
  const named = ending.parties.length === 0 ? "" : ` (${ending.parties.join(", ")})`;
  return `aborted: ${ending.reason}${ending.reason === "expired" ? expiredAt(view) : ""}${named}`;
}

function expiredAt({ batches, confirmations, descriptor, seals, t1, t2 }: RoundView): string {
  const isKeyed = t1 !== null && confirmations.length === batches.length;
  const phase = t2 !== null ? "release" : isKeyed ? "submission" : "keys";
  const unsealed = descriptor.parties.map(({ id }) => id).filter((id) => !seals.some(({ party }) => party === id));
  const lacking = phase !== "release" || unsealed.length === 0 ? "" : `, not sealed by ${unsealed.join(", ")}`;
  return ` at the deadline ${phase}, ${descriptor.deadlines[phase]}${lacking}`;
}
