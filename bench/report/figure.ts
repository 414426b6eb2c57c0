/**
 * A picture of the report.
 */
import type { SpeedLine } from "./lines.ts";

export type Figure = {
  /** Of its file. */
  readonly name: string;
  readonly title: string;
  readonly svg: string;
  /** What it shows and how to read it. */
  readonly caption: string;
  /** Lines that it was drawn from. */
  readonly lines: readonly SpeedLine[];
};
