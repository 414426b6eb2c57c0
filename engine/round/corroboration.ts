/**
 * Corroboration: what the counterparts' notices say for one own row. docs/spec/round.md, "Corroboration".
 * In: the row's origins and accuracy, and its hits. Out: a finding for each hit, and whether the analyst may raise the accuracy.
 */
import type { Notice } from "./notice.ts";

/** A hit of the row, with the counterpart's answer. */
export type AnsweredHit = {
  readonly hit: string;
  readonly counterpart: string;
  readonly notice: Pick<Notice, "originTags">;
  /** The row's own tags under the same pairing's K_proof. */
  readonly ownOriginTags: readonly string[];
  /** Whether the counterpart's proof held. */
  readonly proven: boolean;
  /** Whether the party has had a hit of the same row with this counterpart in an earlier round. */
  readonly knownBefore: boolean;
};

/** `independent`: both origins are known and differ, the hit is new and proven. The first of the others that applies, in this order. */
export type Finding = "unproven" | "known-before" | "origin-unknown" | "same-origin" | "independent";

export type Corroboration = {
  /** Of each hit, in their order. */
  readonly findings: readonly { readonly hit: string; readonly counterpart: string; readonly finding: Finding }[];
  /** Proposed to the analyst, never set: 3 instead of 4 (4×4 code); null: nothing is proposed. */
  readonly proposedAccuracy: "3" | null;
};

/**
 * Tags of two pairings are under two keys, so that nobody sees whether two counterparts have one origin: however many hits are
 * independent of the row, they corroborate it once.
 *
 * @param accuracy - The row's 4×4 code; empty: not given.
 */
export function corroborate(accuracy: Notice["accuracy"], hits: readonly AnsweredHit[]): Corroboration {
  const findings = hits.map((each) => ({ hit: each.hit, counterpart: each.counterpart, finding: findingOf(each) }));
  const corroborated = findings.some(({ finding }) => finding === "independent");
  return { findings, proposedAccuracy: corroborated && accuracy === "4" ? "3" : null };
}

function findingOf({ notice, ownOriginTags, proven, knownBefore }: AnsweredHit): Finding {
  if (!proven) return "unproven";
  if (knownBefore) return "known-before";
  if (ownOriginTags.length === 0 || notice.originTags.length === 0) return "origin-unknown";
  return ownOriginTags.some((tag) => notice.originTags.includes(tag)) ? "same-origin" : "independent";
}
