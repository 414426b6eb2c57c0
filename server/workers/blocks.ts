/**
 * Blocks: row pairs parted by row a, so that evidence is folded in pieces of bounded size.
 */

/**
 * @param pairs - Interleaved row a, row b.
 * @returns Pairs by block of `blockRows` rows a, each block's in their order; blocks without pairs are left out.
 */
export function blocksOf(pairs: Uint32Array, rowCountA: number, blockRows: number): Map<number, Uint32Array> {
  if (pairs.length === 0) return new Map();
  if (rowCountA <= blockRows) return new Map([[0, pairs]]);
  const sizes = new Uint32Array(Math.ceil(rowCountA / blockRows));
  for (let at = 0; at < pairs.length; at += 2) {
    const block = Math.floor((pairs[at] as number) / blockRows);
    sizes[block] = (sizes[block] as number) + 2;
  }
  const blocks = Array.from(sizes, (size) => new Uint32Array(size));
  sizes.fill(0);
  for (let at = 0; at < pairs.length; at += 2) {
    const block = Math.floor((pairs[at] as number) / blockRows);
    const used = sizes[block] as number;
    blocks[block]?.set(pairs.subarray(at, at + 2), used);
    sizes[block] = used + 2;
  }
  return new Map([...blocks.entries()].filter(([, { length }]) => length > 0));
}
