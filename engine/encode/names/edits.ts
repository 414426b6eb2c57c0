/**
 * Values of one fold that a misspelt fold of the same name shares with it.
 */

/**
 * The first and the last `length` letters of a fold; the whole fold twice if it is shorter.
 * One edit in a fold of at least twice that length leaves one of the two whole.
 *
 * @param length - 2 to 8.
 * @returns Two values, led by `h:` and `t:` so that a head never meets a tail.
 */
export function foldEnds(fold: string, length: number): readonly [string, string] {
  if (!Number.isInteger(length) || length < 2 || length > 8) throw new RangeError("length is 2 to 8");
  return [`h:${fold.slice(0, length)}`, `t:${fold.slice(-length)}`];
}
