/**
 * Fellegi–Sunter match weights over fact groups.
 * Fellegi & Sunter (1969), "A Theory for Record Linkage", JASA 64(328); one term per fact, so that the sum can be
 * shown as a waterfall and no fact counts twice. docs/spec/matching.md
 */
import type { Profile } from "../profile.ts";
import { weightsAt, type ThresholdGroup } from "./threshold-weights.ts";

/** One fact group's part in a match weight. */
export type WeightTerm = { readonly group: string; readonly level: string; readonly bits: number };

/** A profile's weights prepared for lookup by pattern and pair of coverage classes. */
export type WeightModel = {
  readonly profile: Profile;
  /** Bits that any agreeing key carries by the information threshold; see {@link informationThreshold}. */
  readonly thresholdBits: number;
};

/**
 * Bits that the facts of a key must carry to travel (design §2, rule 3).
 *
 * @param largerRowCount - Rows of the larger batch of the pairing, padding included.
 */
export function informationThreshold(profile: Pick<Profile, "informationMarginBits">, largerRowCount: number): number {
  return Math.log2(largerRowCount) + profile.informationMarginBits;
}

/**
 * The terms of one pair's match weight: the threshold, the intercept, then each fact group in profile order.
 *
 * @param pattern - Bit r is set when rule r of the profile agrees.
 * @param classA - Coverage class of row a.
 * @param classB - Coverage class of row b.
 */
export function weightTerms(model: WeightModel, pattern: number, classA: number, classB: number): WeightTerm[] {
  const { profile } = model;
  const shared = sharedCoverage(profile, classA, classB);
  const levels = agreedLevels(profile, pattern);
  const { interceptBits, groups } = weightsAt(profile, model.thresholdBits);
  return [
    { group: "threshold", level: "rare", bits: model.thresholdBits },
    { group: "intercept", level: "any", bits: interceptBits },
    ...groups.map((group) => termOf(group, levels.get(group.id), shared)),
  ];
}

/**
 * Match weights of candidate pairs, in bits.
 * Terms are worked out once for each distinct pattern and pair of classes.
 *
 * @param classesA - Coverage class of each row of batch a.
 */
export function matchWeights(
  model: WeightModel,
  pairs: { readonly rowA: Uint32Array; readonly rowB: Uint32Array; readonly pattern: Uint32Array },
  classesA: Uint8Array,
  classesB: Uint8Array,
): Float64Array {
  const known = new Map<number, number>();
  const weights = new Float64Array(pairs.rowA.length);
  for (let at = 0; at < weights.length; at++) {
    const pattern = pairs.pattern[at] as number;
    const classA = classesA[pairs.rowA[at] as number] as number;
    const classB = classesB[pairs.rowB[at] as number] as number;
    const situation = pattern * 64 + classA * 8 + classB;
    let bits = known.get(situation);
    if (bits === undefined) {
      bits = weightTerms(model, pattern, classA, classB).reduce((sum, term) => sum + term.bits, 0);
      known.set(situation, bits);
    }
    weights[at] = bits;
  }
  return weights;
}

/** @returns Group → index of the highest level that an agreeing rule grants. */
function agreedLevels(profile: Profile, pattern: number): Map<string, number> {
  const reached = new Map<string, number>();
  profile.rules.forEach((rule, index) => {
    if (((pattern >>> index) & 1) === 0) return;
    for (const group of profile.weights.groups) {
      const level = group.levels.findIndex(({ id }) => id === rule.evidence[group.id]);
      if (level > (reached.get(group.id) ?? -1)) reached.set(group.id, level);
    }
  });
  return reached;
}

function sharedCoverage(profile: Profile, classA: number, classB: number): Set<string> {
  const factsB = new Set(profile.coverageClasses[classB]?.facts);
  return new Set((profile.coverageClasses[classA]?.facts ?? []).filter((fact) => factsB.has(fact)));
}

function termOf(group: ThresholdGroup, reached: number | undefined, shared: ReadonlySet<string>): WeightTerm {
  const level = reached === undefined ? undefined : group.levels[reached];
  if (level !== undefined) return { group: group.id, level: level.id, bits: level.bits };
  if (group.coverage === null || shared.has(group.coverage))
    return { group: group.id, level: "disagrees", bits: group.disagreeBits };
  return { group: group.id, level: "missing", bits: group.missingBits };
}
