/**
 * A key column: what a batch holds for one rule.
 */

/** Keys of one rule in strictly increasing order, as upper and lower halves, and the row that holds each. */
export type KeyColumn = {
  readonly upper: Uint32Array;
  readonly lower: Uint32Array;
  readonly row: Uint32Array;
};
