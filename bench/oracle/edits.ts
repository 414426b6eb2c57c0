/**
 * Values of a text that a misspelt one shares with it, for blocks in the clear. Measured against the ends of a fold in docs/spec/names.md.
 */

/**
 * The fold and each fold with one letter left out; two folds one edit apart share at least one of them.
 *
 * @returns Sorted, unique; only the fold itself if it has fewer than five letters.
 */
export function deletionNeighbours(fold: string): readonly string[] {
  const neighbours = new Set([fold]);
  if (fold.length >= 5) for (let i = 0; i < fold.length; i++) neighbours.add(fold.slice(0, i) + fold.slice(i + 1));
  return [...neighbours].sort();
}

/** The 32-bit finaliser of MurmurHash3 (Appleby, public domain): a fixed bijection. */
function mixed(value: number): number {
  let h = value;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

/**
 * Min-wise bands: for each band the two bigrams of the padded fold that a band's own mixing puts first.
 *
 * @param bandCount - 1 to 16.
 * @returns One value a band, in order of bands, each led by its band's letter so that bands never meet.
 */
export function bigramBands(fold: string, bandCount: number): readonly string[] {
  if (!Number.isInteger(bandCount) || bandCount < 1 || bandCount > 16) throw new RangeError("bandCount is 1 to 16");
  const padded = `_${fold}_`;
  const bands: string[] = [];
  for (let band = 0; band < bandCount; band++) {
    let first = "";
    let second = "";
    let firstRank = Infinity;
    let secondRank = Infinity;
    for (let i = 0; i + 1 < padded.length; i++) {
      const bigram = padded.slice(i, i + 2);
      const rank = mixed(((band + 1) << 16) ^ (bigram.charCodeAt(0) << 8) ^ bigram.charCodeAt(1));
      if (rank < firstRank) {
        [second, secondRank] = [first, firstRank];
        [first, firstRank] = [bigram, rank];
      } else if (rank > firstRank && rank < secondRank) [second, secondRank] = [bigram, rank];
    }
    bands.push(`${String.fromCharCode(97 + band)}:${[first, second].sort().join("")}`);
  }
  return bands;
}
