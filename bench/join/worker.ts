/**
 * A thread of bench `join`: joins columns in shared memory, reads words one after the other, or only computes.
 */
import type { KeyColumn } from "#engine/batch/column.ts";
import { joinColumns } from "#engine/match/join.ts";
import { wordsChecksum } from "../words-checksum.ts";

/** Columns in shared memory, joined `times` times. */
export type JoinTask = { readonly a: KeyColumn; readonly b: KeyColumn; readonly times: number };
export type ReadTask = { readonly words: Uint32Array };
export type ComputeTask = { readonly turns: number };

/** @returns Checksum of the last join's pairs. */
export function join({ a, b, times }: JoinTask): string {
  let pairs = joinColumns(a, b);
  for (let time = 1; time < times; time++) pairs = joinColumns(a, b);
  return wordsChecksum(pairs);
}

/** Words or turns of one call: many calls, so that each thread soon runs the compiler's best code. */
const BLOCK = 2 ** 16;

/** Reads every word once, in order. @returns A checksum of them. */
export function readWords({ words }: ReadTask): string {
  let sum = 0;
  for (let at = 0; at < words.length; at += BLOCK) sum = (Math.imul(sum, 31) + blockSum(words, at, at + BLOCK)) | 0;
  return wordsChecksum(Uint32Array.of(sum));
}

/** Several sums, so that no read waits for the addition before it. */
function blockSum(words: Uint32Array, start: number, end: number): number {
  let [a, b, c, d] = [0, 0, 0, 0];
  for (let at = start; at < end; at += 4) {
    a = (a + (words[at] as number)) | 0;
    b = (b ^ (words[at + 1] as number)) | 0;
    c = (c + (words[at + 2] as number)) | 0;
    d = (d ^ (words[at + 3] as number)) | 0;
  }
  return a ^ b ^ c ^ d;
}

/** Arithmetic that touches no memory. @returns A checksum of its result. */
export function compute({ turns }: ComputeTask): string {
  let value = 1;
  for (let turn = 0; turn < turns; turn += BLOCK) value = blockValue(value, turn);
  return wordsChecksum(Uint32Array.of(value));
}

function blockValue(start: number, firstTurn: number): number {
  let value = start;
  for (let turn = firstTurn; turn < firstTurn + BLOCK; turn++) value = (Math.imul(value, 31) + turn) | 0;
  return value;
}
