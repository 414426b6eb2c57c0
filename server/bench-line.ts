/**
 * A line of a bench as its process printed it: JSON of which numbers, their names and a few words are taken.
 */
import { z } from "zod";
import { BenchLine, MAX_FIGURES } from "./operations-shapes.ts";

const Printed = z.looseObject({
  bench: z.string(),
  asked: z.string().optional(),
  size: z.record(z.string(), z.unknown()),
  checksum: z.string().optional(),
  machine: z.string().optional(),
});

/** @returns Null if it is no line of this bench. */
export function readBenchLine(text: string, bench: string): BenchLine | null {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return null;
  }
  const printed = Printed.safeParse(value);
  if (!printed.success || printed.data.bench !== bench) return null;
  const { asked = null, size, checksum = null, machine = null, ...others } = printed.data;
  const line = BenchLine.safeParse({ asked, size: numbersOf(size), figures: numbersOf(others), checksum, machine });
  return line.success ? line.data : null;
}

function numbersOf(values: Readonly<Record<string, unknown>>): Record<string, number> {
  const numbers = Object.entries(values).filter((entry): entry is [string, number] => Number.isFinite(entry[1]));
  return Object.fromEntries(numbers.slice(0, MAX_FIGURES));
}
