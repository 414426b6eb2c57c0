/**
 * Alignment of encoded values with plaintext values by how often each occurs, and what blind guessing would give.
 */
import type { Draws } from "#fixtures/draws.ts";

/** A value, encoded or plain. Only values of one kind are aligned: those of one rule, or rows of one class. */
export type Counted = { readonly kind: number; readonly count: number };

/** Places of an encoded and of a plain value that an attacker takes for the same. */
export type Guess = readonly [encoded: number, plain: number];

/**
 * Rank by rank within each kind (Vidanage, Ranbaduge, Christen and Randall 2020, IJPDS 5(1)); ties fall as they come.
 *
 * @returns Guesses at the `most` commonest encoded values of all kinds, commonest first; fewer where plain values run out.
 */
export function alignByRank(encoded: readonly Counted[], plain: readonly Counted[], most: number): Guess[] {
  const plainOf = byKind(plain);
  const next = new Map<number, number>();
  const guesses: Guess[] = [];
  for (const at of commonestFirst(encoded)) {
    if (guesses.length === most) break;
    const { kind } = encoded[at] as Counted;
    const rank = next.get(kind) ?? 0;
    next.set(kind, rank + 1);
    const guess = plainOf.get(kind)?.[rank];
    if (guess !== undefined) guesses.push([at, guess]);
  }
  return guesses;
}

/** @returns Places of the values of each kind, commonest first. */
function byKind(values: readonly Counted[]): Map<number, number[]> {
  const places = new Map<number, number[]>();
  for (const at of commonestFirst(values)) {
    const { kind } = values[at] as Counted;
    const known = places.get(kind);
    if (known === undefined) places.set(kind, [at]);
    else known.push(at);
  }
  return places;
}

function commonestFirst(values: readonly Counted[]): Uint32Array {
  return Uint32Array.from(values.keys()).sort(
    (one, other) => (values[other] as Counted).count - (values[one] as Counted).count || one - other,
  );
}

const PERMUTATIONS = 10_000;

/**
 * Chance: the same encoded values, each with a plain value of its kind drawn blindly.
 *
 * @param isSame - Whether a guess is right.
 * @param level - Share of permutations that may have more right guesses than the bound.
 * @returns Right guesses: their mean over permutations, and the least number that no more than `level` of them exceed.
 */
export function chanceOf(
  guesses: readonly Guess[],
  plain: readonly Counted[],
  isSame: (encoded: number, plain: number) => boolean,
  level: number,
  draws: Draws,
): { readonly mean: number; readonly bound: number } {
  const places = byKind(plain);
  const guessedKinds = Map.groupBy(guesses, ([, at]) => (plain[at] as Counted).kind);
  const right = new Uint32Array(PERMUTATIONS).map(() => {
    let count = 0;
    for (const [kind, ofKind] of guessedKinds) {
      const drawn = places.get(kind) ?? [];
      ofKind.forEach(([encoded], at) => {
        const other = draws.between(at, drawn.length - 1);
        const taken = drawn[other] as number;
        drawn[other] = drawn[at] as number;
        drawn[at] = taken;
        count += Number(isSame(encoded, taken));
      });
    }
    return count;
  });
  right.sort();
  return {
    mean: right.reduce((sum, count) => sum + count, 0) / PERMUTATIONS,
    bound: right[Math.ceil((1 - level) * PERMUTATIONS) - 1] ?? guesses.length,
  };
}

/** A row, encoded or plain: what is counted of it, rule by rule. A count of an encoded row is at most its own plain one. */
export type ProfiledRow = Counted & { readonly profile: Float64Array };

/** What a count weighs that the plain row cannot have: more than all that it could have had and has not. */
const IMPOSSIBLE = 1e6;

/**
 * The commonest encoded rows, each with the plain row of its kind whose counts are nearest; ties fall as they come, to one
 * row each.
 */
export function alignByProfile(encoded: readonly ProfiledRow[], plain: readonly ProfiledRow[], most: number): Guess[] {
  const free = new Set(plain.keys());
  const guesses: Guess[] = [];
  for (const at of commonestFirst(encoded).subarray(0, most)) {
    const row = encoded[at] as ProfiledRow;
    let [best, least] = [-1, Infinity];
    for (const other of free) {
      const candidate = plain[other] as ProfiledRow;
      if (candidate.kind !== row.kind) continue;
      const far = distance(row.profile, candidate.profile);
      if (far < least) [best, least] = [other, far];
    }
    if (best < 0) continue;
    free.delete(best);
    guesses.push([at, best]);
  }
  return guesses;
}

function distance(encoded: Float64Array, plain: Float64Array): number {
  return encoded.reduce((sum, count, rule) => {
    const lacking = (plain[rule] as number) - count;
    return sum + (lacking < 0 ? -IMPOSSIBLE * lacking : lacking);
  }, 0);
}
