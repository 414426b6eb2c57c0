/**
 * Decoys: rows that both sides of a pairing derive from K_proof and put into their batches, so that hits left out show.
 * HMAC-SHA256 (RFC 2104); docs/spec/round.md, "Decoys".
 */
import { createHmac } from "node:crypto";
import { LinkageError } from "../errors.ts";
import { informationThreshold } from "../match/weight.ts";
import type { DecoyPattern, Profile } from "../profile.ts";
import { labelled } from "./binary.ts";

const DIGEST_BYTES = 16;
const LEAST = 2;
const MOST = 16;
/** Rows of the smaller batch up to which there are {@link LEAST}. */
const LEAST_ROWS = 1_000;

/** The same at both sides. */
export type Decoy = {
  /** Coverage classes, of the lower party's row and of the higher party's. */
  readonly classes: readonly [number, number];
  /** Cells of the rules that agree, with what stands in place of d, 16 bytes. */
  readonly cells: readonly { readonly rule: number; readonly digest: Uint8Array }[];
};

/** @param smallerRowCount - Size class of the pairing's smaller batch. */
export function decoyCount(smallerRowCount: number): number {
  let count = LEAST;
  for (let rows = LEAST_ROWS; rows < smallerRowCount && count < MOST; rows *= 2) count++;
  return count;
}

/**
 * @param keyProof - K_proof of the pairing.
 * @param rowCounts - Size classes of its two batches, in any order.
 * @throws {@link LinkageError} `profile-invalid` when the profile has no decoy patterns.
 */
export function decoysOf(profile: Profile, keyProof: Uint8Array, rowCounts: readonly [number, number]): Decoy[] {
  const patterns = patternsAt(profile, informationThreshold(profile, Math.max(...rowCounts)));
  return Array.from({ length: decoyCount(Math.min(...rowCounts)) }, (_, decoy) => {
    const drawn = macOf(keyProof, "aquila/v1/decoy-pattern", decoy).readUInt32BE() % patterns.length;
    const { cells, classes } = patterns[drawn] as DecoyPattern;
    return {
      classes,
      cells: Array.from(cells).flatMap((count, rule) =>
        Array.from({ length: Number(count) }, (_cell, cell) => ({
          rule,
          digest: new Uint8Array(macOf(keyProof, "aquila/v1/decoy", decoy, rule, cell).subarray(0, DIGEST_BYTES)),
        })),
      ),
    };
  });
}

/** @returns The patterns counted at the threshold next to the pairing's, the lower one of two as near. */
function patternsAt({ decoyPatterns, weights }: Profile, thresholdBits: number): readonly DecoyPattern[] {
  const distances = weights.thresholdBits.map((knot) => Math.abs(knot - thresholdBits));
  const patterns = decoyPatterns?.[distances.indexOf(Math.min(...distances))];
  if (patterns === undefined) throw new LinkageError("profile-invalid", "the profile has no decoy patterns");
  return patterns;
}

function macOf(keyProof: Uint8Array, label: string, ...numbers: readonly number[]): Buffer {
  const bytes = Buffer.alloc(4 * numbers.length);
  numbers.forEach((number, at) => bytes.writeUInt32BE(number, 4 * at));
  return createHmac("sha256", keyProof).update(labelled(label, bytes)).digest();
}
