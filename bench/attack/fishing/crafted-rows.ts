/**
 * Rows whose keys come from several persons: more guesses than rows. What is known of a hit on one is the rules that agreed.
 */
import { memoryCellStore, pickCells } from "#engine/encode/cell-store.ts";
import type { EncodedList } from "#engine/encode/list.ts";

export type CraftedList = {
  readonly list: EncodedList;
  /** Rows of the guesses whose keys a row carries. */
  readonly guessesOf: (row: number) => readonly number[];
  /** Guesses of a row that have a key under every agreed rule: whom a hit may stand for. */
  readonly candidatesOf: (row: number, pattern: number) => readonly number[];
};

/**
 * Fills each row's slots with keys of several guesses, so that every guess gets as many slots as the others.
 *
 * @param carriers - Rows that stand for records, one for each row that is crafted; their own keys are left out.
 * @param guesses - Of a fisher, a row each.
 * @param perRow - Guesses of a row; the first of them belong to row 0.
 */
export function craftRows(carriers: EncodedList, guesses: EncodedList, perRow: number): CraftedList {
  const { profile } = carriers;
  const cells = memoryCellStore();
  const rulesOf = new Map<number, number>();
  profile.rules.forEach(({ slots }, rule) => {
    const column = guesses.cells.read(rule);
    const byRow = Map.groupBy(column.owner.keys(), (cell) => Math.floor((column.owner[cell] ?? 0) / perRow));
    const picked = [...byRow].flatMap(([row, own]) => (row < carriers.rows.length ? takeInTurn(own, rule) : []));
    function takeInTurn(own: readonly number[], turn: number): number[] {
      const ofGuess = [...Map.groupBy(own, (cell) => column.owner[cell] ?? 0).values()];
      const rotated = [...ofGuess.slice(turn % ofGuess.length), ...ofGuess.slice(0, turn % ofGuess.length)];
      const deepest = Math.max(...rotated.map(({ length }) => length));
      const order = Array.from({ length: deepest }, (_, depth) =>
        rotated.flatMap((one) => one.slice(depth, depth + 1)),
      );
      return order.flat().slice(0, slots);
    }
    for (const cell of picked) {
      const guess = column.owner[cell] ?? 0;
      rulesOf.set(guess, (rulesOf.get(guess) ?? 0) | (1 << rule));
    }
    cells.append(
      rule,
      pickCells(column, Uint32Array.from(picked), (cell) => Math.floor((column.owner[cell] ?? 0) / perRow)),
    );
  });
  const everything = new Float32Array(carriers.rows.length).fill(
    guesses.bestBits.reduce((most, bits) => Math.max(most, bits), 0),
  );
  const guessesOf = (row: number): number[] =>
    Array.from({ length: perRow }, (_, at) => row * perRow + at).filter((guess) => guess < guesses.rows.length);
  return {
    list: { ...carriers, cells, bestBits: everything, bestUniqueBits: everything },
    guessesOf,
    candidatesOf: (row, pattern) => guessesOf(row).filter((guess) => ((rulesOf.get(guess) ?? 0) & pattern) === pattern),
  };
}
