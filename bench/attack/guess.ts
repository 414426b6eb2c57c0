/**
 * Guesses which of some candidates each node of a graph is, no candidate twice, and what the guesses are worth.
 * Sinkhorn and Knopp (1967), "Concerning Nonnegative Matrices and Doubly Stochastic Matrices", Pacific J. Math. 21(2).
 */

/** What was guessed of one node. */
export type Guess = {
  readonly node: number;
  /** What it can be. */
  readonly candidates: Uint32Array;
  /** Probability of each candidate. */
  readonly probabilities: Float64Array;
};

const SCALINGS = 20;

function weightsOf(scores: Float64Array): Float64Array {
  const best = scores.reduce((most, score) => Math.max(most, score), -Infinity);
  return scores.map((score) => Math.exp(score - best));
}

/**
 * Each node is one candidate, and no candidate is more than one node: scales in turn.
 *
 * @param scored - Natural logarithms of how likely each candidate is.
 * @param count - Candidates are numbers below it.
 */
export function scaledGuesses(
  scored: readonly { readonly node: number; readonly candidates: Uint32Array; readonly scores: Float64Array }[],
  count: number,
): Guess[] {
  const guesses = scored.map(({ node, candidates, scores }) => ({
    node,
    candidates,
    probabilities: weightsOf(scores),
  }));
  const sums = new Float64Array(count);
  for (let turn = 0; turn < SCALINGS; turn++) {
    sums.fill(0);
    for (const { candidates, probabilities } of guesses) {
      const sum = probabilities.reduce((total, probability) => total + probability, 0);
      candidates.forEach((row, at) => {
        const probability = (probabilities[at] as number) / sum;
        probabilities[at] = probability;
        sums[row] = (sums[row] as number) + probability;
      });
    }
    if (turn < SCALINGS - 1)
      for (const { candidates, probabilities } of guesses)
        candidates.forEach((row, at) => {
          probabilities[at] = (probabilities[at] as number) / Math.max(1, sums[row] as number);
        });
  }
  return guesses;
}

/** What guesses are worth, in rows. */
export type GuessedRows = {
  /** Right, best guess first; equally good guesses share one. */
  readonly right: number;
  /** Those with one candidate. */
  readonly certain: number;
  /** Those with ten candidates or fewer. */
  readonly narrowed: number;
  /** Those of which one candidate has a probability of nine in ten or more, and how many of these are right. */
  readonly claimed: number;
  readonly claimedRight: number;
  /** What a guess among the candidates without any likelihood would get right. */
  readonly blind: number;
};

const EQUALLY_GOOD = 1 - 1e-9;
const NARROWED = 10;
const CLAIMED = 0.9;

/** @param isRight - Whether the known row is whom the node stands for. */
export function judgeGuesses(guesses: readonly Guess[], isRight: (node: number, row: number) => boolean): GuessedRows {
  const found = { right: 0, certain: 0, narrowed: 0, claimed: 0, claimedRight: 0, blind: 0 };
  for (const { node, candidates, probabilities } of guesses) {
    const most = probabilities.reduce((best, probability) => Math.max(best, probability), 0);
    const best = candidates.filter((_, at) => (probabilities[at] as number) >= most * EQUALLY_GOOD);
    const rightOf = (rows: Uint32Array): number =>
      rows.length === 0 ? 0 : rows.filter((row) => isRight(node, row)).length / rows.length;
    found.right += rightOf(best);
    found.blind += rightOf(candidates);
    found.certain += Number(candidates.length === 1 && rightOf(candidates) === 1);
    found.narrowed += Number(candidates.length <= NARROWED && rightOf(candidates) > 0);
    found.claimed += Number(most >= CLAIMED);
    found.claimedRight += most >= CLAIMED ? rightOf(best) : 0;
  }
  return found;
}
