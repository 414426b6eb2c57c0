/**
 * Two classifiers of one's own, linear and of trees, and how well they tell two kinds apart on what they were not trained on.
 */
import { Draws } from "#fixtures/draws.ts";

/** Rows of features, one behind the other; what each stands for is told by {@link kinds}. */
export type Samples = {
  readonly width: number;
  readonly features: Float32Array;
  /** 1 or 0 for each sample. */
  readonly kinds: Uint8Array;
};

/** Learns from the samples numbered, and gives a score of any; higher where it looks like kind 1. */
export type Learner = (samples: Samples, train: readonly number[], seed: number) => (sample: number) => number;

/**
 * Cross-validated area under the ROC curve.
 *
 * @param groups - Of each sample; samples of a group are tested together. As many folds as `folds`, each of whole groups.
 * @returns Mean over the folds of the area on the fold, under what was learnt from the others.
 */
export function crossValidatedArea(
  samples: Samples,
  groups: readonly number[],
  folds: number,
  learn: Learner,
  seed: number,
): number {
  const all = groups.map((_, sample) => sample);
  let sum = 0;
  for (let fold = 0; fold < folds; fold++) {
    const isTest = (sample: number): boolean => (groups[sample] as number) % folds === fold;
    const score = learn(
      samples,
      all.filter((sample) => !isTest(sample)),
      seed + fold,
    );
    const tested = all.filter(isTest);
    sum += areaUnderCurve(
      tested.map(score),
      tested.map((sample) => samples.kinds[sample] === 1),
    );
  }
  return sum / folds;
}

/** @returns Probability that one of kind 1 has the higher score, ties half (Mann and Whitney 1947). */
export function areaUnderCurve(scores: readonly number[], isOne: readonly boolean[]): number {
  const order = scores.map((_, at) => at).sort((a, b) => (scores[a] as number) - (scores[b] as number));
  const ones = isOne.filter(Boolean).length;
  let rankSum = 0;
  for (let from = 0; from < order.length;) {
    let to = from;
    while (to < order.length && scores[order[to] as number] === scores[order[from] as number]) to++;
    // Mean rank of those that tie.
    for (let at = from; at < to; at++) if (isOne[order[at] as number] === true) rankSum += (from + to + 1) / 2;
    from = to;
  }
  return (rankSum - (ones * (ones + 1)) / 2) / (ones * (isOne.length - ones));
}

/**
 * Standard error of an area A: √((A(1−A) + (n−1)(Q₁−A²) + (n−1)(Q₂−A²)) / n²), Q₁ = A/(2−A), Q₂ = 2A²/(1+A).
 * Hanley & McNeil (1982), "The Meaning and Use of the Area under a ROC Curve", Radiology 143(1).
 *
 * @param perKind - Samples of either kind.
 */
export function areaError(area: number, perKind: number): number {
  const [first, second] = [area / (2 - area), (2 * area * area) / (1 + area)];
  const spread = (perKind - 1) * (first + second - 2 * area * area);
  return Math.sqrt((area * (1 - area) + spread) / (perKind * perKind));
}

const STEPS = 80;
/** Of a mean squared weight; standardised features, so that one figure suits all. */
const RIDGE = 0.05;

/** Logistic regression with a ridge on standardised features, by accelerated gradient descent (Nesterov 1983). */
export const linear: Learner = ({ width, features, kinds }, train) => {
  const { mean, inverse } = moments(width, features, train);
  const scaled = new Float32Array(train.length * width);
  train.forEach((sample, at) => {
    for (let column = 0; column < width; column++)
      scaled[at * width + column] =
        ((features[sample * width + column] as number) - (mean[column] as number)) * (inverse[column] as number);
  });
  let weights = new Float64Array(width);
  let ahead = weights.slice();
  // The mean loss curves at most a quarter as much as the features' second moments.
  const rate = 1 / (RIDGE + largestCurvature(scaled, width) / 4);
  for (let step = 0; step < STEPS; step++) {
    const gradient = ahead.map((weight) => RIDGE * weight);
    for (let at = 0; at < train.length; at++) {
      const start = at * width;
      let logit = 0;
      for (let column = 0; column < width; column++)
        logit += (scaled[start + column] as number) * (ahead[column] as number);
      const residual = (1 / (1 + Math.exp(-logit)) - (kinds[train[at] as number] as number)) / train.length;
      for (let column = 0; column < width; column++)
        gradient[column] = (gradient[column] as number) + residual * (scaled[start + column] as number);
    }
    const next = ahead.map((weight, column) => weight - rate * (gradient[column] as number));
    const momentum = step / (step + 3);
    ahead = next.map((weight, column) => weight + momentum * (weight - (weights[column] as number)));
    weights = next;
  }
  return (sample) => {
    let logit = 0;
    for (let column = 0; column < width; column++)
      logit +=
        ((features[sample * width + column] as number) - (mean[column] as number)) *
        (inverse[column] as number) *
        (weights[column] as number);
    return logit;
  };
};

/** @returns Largest eigenvalue of the features' second moments, by power iteration, and a little more. */
function largestCurvature(scaled: Float32Array, width: number): number {
  const count = scaled.length / width;
  let vector = Float64Array.from({ length: width }, (_, column) => 1 + (column % 7) / 7);
  let value = 0;
  for (let step = 0; step < 12; step++) {
    const length = Math.hypot(...vector);
    vector = vector.map((entry) => entry / length);
    const next = new Float64Array(width);
    for (let at = 0; at < count; at++) {
      let product = 0;
      for (let column = 0; column < width; column++)
        product += (scaled[at * width + column] as number) * (vector[column] as number);
      for (let column = 0; column < width; column++)
        next[column] = (next[column] as number) + (product * (scaled[at * width + column] as number)) / count;
    }
    vector = next;
    value = Math.hypot(...next);
  }
  return 1.5 * value + 1e-9;
}

/** @returns Mean of each feature and one over its standard deviation; 0 for one that does not vary. */
function moments(width: number, features: Float32Array, train: readonly number[]) {
  const [mean, square] = [new Float64Array(width), new Float64Array(width)];
  for (const sample of train)
    for (let column = 0; column < width; column++)
      mean[column] = (mean[column] as number) + (features[sample * width + column] as number) / train.length;
  for (const sample of train)
    for (let column = 0; column < width; column++)
      square[column] =
        (square[column] as number) +
        ((features[sample * width + column] as number) - (mean[column] as number)) ** 2 / train.length;
  return { mean, inverse: square.map((variance) => (variance > 1e-12 ? 1 / Math.sqrt(variance) : 0)) };
}

const TREES = 60;
const DEPTH = 3;
const BINS = 32;
const LEARNING_RATE = 0.1;
/** Share of the features that a tree may look at, and fewest. */
const FEATURE_SHARE = 0.1;
const FEWEST_FEATURES = 30;
/** Added to the weight of each leaf. */
const LEAF_RIDGE = 5;

type Binned = { readonly bins: Uint8Array; readonly edges: readonly Float32Array[] };
/** Splits, and values of the leaves, which come last; children of node i are 2i + 1 and 2i + 2. */
type Tree = { readonly column: Int32Array; readonly bin: Uint8Array; readonly value: Float64Array };

/** Gradient boosting of small trees on binned features. Friedman (2001), "Greedy Function Approximation"; Chen & Guestrin (2016). */
export const boosted: Learner = (samples, train, seed) => {
  const { width, features, kinds } = samples;
  const draws = new Draws(seed);
  const binned = binFeatures(samples, train);
  const logits = new Float64Array(train.length);
  const share = Math.max(FEATURE_SHARE, FEWEST_FEATURES / width);
  const trees: Tree[] = [];
  for (let round = 0; round < TREES; round++) {
    const gradient = logits.map((logit, at) => (kinds[train[at] as number] as number) - 1 / (1 + Math.exp(-logit)));
    const columns = Array.from({ length: width }, (_, column) => column).filter(() => draws.chance(share));
    const { tree, node } = growTree(binned, gradient, columns);
    trees.push(tree);
    for (let at = 0; at < train.length; at++)
      logits[at] = (logits[at] as number) + (tree.value[node[at] as number] as number);
  }
  return (sample) =>
    trees.reduce((sum, { column, bin, value }) => {
      let node = 0;
      for (let depth = 0; depth < DEPTH; depth++) {
        const split = column[node] as number;
        const edge = (binned.edges[split] as Float32Array)[bin[node] as number] as number;
        node = 2 * node + ((features[sample * width + split] as number) <= edge ? 1 : 2);
      }
      return sum + (value[node] as number);
    }, 0);
};

/** Bins by quantiles of the training samples, feature by feature; a feature's bin i holds values up to its edge i. */
function binFeatures({ width, features }: Samples, train: readonly number[]): Binned {
  const bins = new Uint8Array(train.length * width);
  const edges = Array.from({ length: width }, (_, column) => {
    const values = Float32Array.from(train, (sample) => features[sample * width + column] as number);
    const sorted = values.slice().sort();
    const found = Float32Array.from(
      { length: BINS - 1 },
      (_edge, edge) => sorted[Math.floor(((edge + 1) * sorted.length) / BINS)] as number,
    );
    values.forEach((value, at) => {
      let bin = 0;
      while (bin < found.length && value > (found[bin] as number)) bin++;
      bins[column * train.length + at] = bin;
    });
    return found;
  });
  return { bins, edges };
}

function growTree({ bins }: Binned, gradient: Float64Array, columns: readonly number[]) {
  const nodes = 2 ** (DEPTH + 1) - 1;
  // A node that nothing splits hands its samples down on one side.
  const tree: Tree = {
    column: new Int32Array(nodes).fill(columns[0] ?? 0),
    bin: new Uint8Array(nodes).fill(BINS - 2),
    value: new Float64Array(nodes),
  };
  const node = new Uint8Array(gradient.length);
  for (let depth = 0, first = 0; depth < DEPTH; depth++, first = 2 * first + 1) {
    const level = 2 ** depth;
    const best = new Float64Array(level).fill(1e-9);
    for (const column of columns) {
      const sums = new Float64Array(level * BINS);
      const counts = new Float64Array(level * BINS);
      const start = column * gradient.length;
      for (let at = 0; at < gradient.length; at++) {
        const place = ((node[at] as number) - first) * BINS + (bins[start + at] as number);
        sums[place] = (sums[place] as number) + (gradient[at] as number);
        counts[place] = (counts[place] as number) + 1;
      }
      for (let at = 0; at < level; at++) {
        const { gain, bin } = bestSplit(sums.subarray(at * BINS, (at + 1) * BINS), counts.subarray(at * BINS));
        if (gain <= (best[at] as number)) continue;
        best[at] = gain;
        tree.column[first + at] = column;
        tree.bin[first + at] = bin;
      }
    }
    for (let at = 0; at < gradient.length; at++) {
      const own = node[at] as number;
      const bin = bins[(tree.column[own] as number) * gradient.length + at] as number;
      node[at] = 2 * own + (bin <= (tree.bin[own] as number) ? 1 : 2);
    }
  }
  const [sums, counts] = [new Float64Array(nodes), new Float64Array(nodes)];
  for (let at = 0; at < gradient.length; at++) {
    const own = node[at] as number;
    sums[own] = (sums[own] as number) + (gradient[at] as number);
    counts[own] = (counts[own] as number) + 1;
  }
  tree.value.forEach((_, at) => {
    tree.value[at] = (LEARNING_RATE * (sums[at] as number)) / ((counts[at] as number) / 4 + LEAF_RIDGE);
  });
  return { tree, node };
}

/** Gain in squared gradient over weight; each sample weighs a quarter, as at even odds. */
function bestSplit(sums: Float64Array, counts: Float64Array): { gain: number; bin: number } {
  let [sum, count] = [0, 0];
  for (let bin = 0; bin < BINS; bin++) {
    sum += sums[bin] as number;
    count += counts[bin] as number;
  }
  const worth = (part: number, size: number): number => (part * part) / (size / 4 + LEAF_RIDGE);
  let best = { gain: 0, bin: 0 };
  let [left, leftCount] = [0, 0];
  for (let bin = 0; bin < BINS - 1; bin++) {
    left += sums[bin] as number;
    leftCount += counts[bin] as number;
    if (leftCount === 0 || leftCount === count) continue;
    const gain = worth(left, leftCount) + worth(sum - left, count - leftCount) - worth(sum, count);
    if (gain > best.gain) best = { gain, bin };
  }
  return best;
}
