/**
 * What an attack found, and what it may find: the gate of a release.
 */
import type { Scale } from "../measurement.ts";

/** Who is attacked: the product, or a naive program on which the attack has to succeed, or it is none. */
export type Against = "ours" | "control";

export type Finding = {
  /** What was attacked with what, in one line of words: `5,000 records`, `one list known`. */
  readonly variant: string;
  readonly against: Against;
  /** What the figure is, with its unit: `share of rows made unique`. */
  readonly measure: string;
  readonly figure: number;
  /** Most that ours may show before the build fails. */
  readonly most?: number;
  /** Most that ours should show, where {@link Finding.most} is more: docs/attacks.md says why it is missed. */
  readonly wanted?: number;
  /** Least that a control has to show, and more. */
  readonly above?: number;
  /** Sizes and further figures, by name. */
  readonly also?: Readonly<Record<string, number>>;
};

export type Attack = {
  readonly name: string;
  /** One line for the table: what the attacker knows, and the paper. */
  readonly about: string;
  /** @param seed - Everything random in data and attacker depends on it; keys, fillers and shuffles never do. */
  readonly run: (scale: Scale, seed: number) => AsyncIterable<Finding> | Iterable<Finding>;
};

/** @returns Whether it is as it may be; a figure without a bound is told, not judged. */
export function holds({ figure, most, above }: Finding): boolean {
  if (Number.isNaN(figure)) return false;
  return (most === undefined || figure <= most) && (above === undefined || figure > above);
}
