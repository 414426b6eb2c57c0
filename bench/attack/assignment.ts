/**
 * Assignment of nodes by cost, greedily: the cheapest pair first, each node once.
 */

export type Assignment = {
  /** For each row its column; −1 if none was left that it can have. */
  readonly partner: Int32Array;
  /** @returns Assigned rows, as many as wanted, from those on whose second choice costs most by comparison. */
  readonly surest: (wanted: number) => Uint32Array;
};

/** Costs are told apart to one part in 2³⁰ of the highest. */
const STEPS = 2 ** 30;

/** @param costs - Row by row, at least 0, infinite where there must be no pair; at most 2²² of them. */
export function greedyAssignment(costs: Float64Array, columns: number): Assignment {
  const rows = costs.length / columns;
  const highest = costs.reduce((most, cost) => (cost > most && cost < Infinity ? cost : most), Number.MIN_VALUE);
  const order = new Float64Array(costs.length);
  let count = 0;
  const margin = new Float64Array(rows);
  for (let row = 0; row < rows; row++) {
    let [best, second] = [Infinity, Infinity];
    for (let at = row * columns; at < (row + 1) * columns; at++) {
      const cost = costs[at] as number;
      if (cost === Infinity) continue;
      order[count++] = Math.floor((cost / highest) * (STEPS - 1)) * costs.length + at;
      if (cost < best) [best, second] = [cost, best];
      else if (cost < second) second = cost;
    }
    margin[row] = second === Infinity ? 0 : (second - best) / (second + Number.MIN_VALUE);
  }
  const partner = new Int32Array(rows).fill(-1);
  const taken = new Uint8Array(columns);
  for (const packed of order.subarray(0, count).sort()) {
    const at = packed % costs.length;
    const [row, column] = [Math.floor(at / columns), at % columns];
    if (partner[row] !== -1 || taken[column] === 1) continue;
    partner[row] = column;
    taken[column] = 1;
  }
  return {
    partner,
    surest: (wanted) =>
      Uint32Array.from(partner.keys())
        .filter((row) => partner[row] !== -1)
        .sort((one, other) => (margin[other] as number) - (margin[one] as number))
        .subarray(0, wanted),
  };
}
