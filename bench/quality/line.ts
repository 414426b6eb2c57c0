/**
 * A line of the quality bench: one measurement, as JSON or as text, with a checksum over what it says.
 */
import { createHash } from "node:crypto";

export type LineValue = string | number | boolean | null | readonly LineValue[] | { readonly [key: string]: LineValue };

export type QualityLine = {
  /** Kind of measurement: `operating`, `group`, `reliability`, … */
  readonly measure: string;
  readonly dataSet: string;
  readonly [key: string]: LineValue;
};

/** Numbers to four decimals; not a number is null. */
export function lineJson(line: QualityLine): string {
  const body = rounded(line);
  return JSON.stringify({ bench: "quality", ...body, checksum: checksumOf(JSON.stringify(body)) });
}

/** For people: `measure  data set  key value  key value …`; nested values as `key.part value`. */
export function lineText({ measure, dataSet, ...rest }: QualityLine): string {
  const cells = Object.entries(rest).flatMap(([key, value]) => cellsOf(key, value));
  return [measure.padEnd(13), dataSet.padEnd(24), ...cells].join("  ");
}

/** @returns 16 hexadecimal digits of SHA-256. */
export function checksumOf(text: string): string {
  return createHash("sha256").update(text).digest("hex").slice(0, 16);
}

function rounded(value: QualityLine): { readonly [key: string]: LineValue } {
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, roundedValue(each)]));
}

function roundedValue(value: LineValue): LineValue {
  if (typeof value === "number") return Number.isFinite(value) ? Number(value.toFixed(4)) : null;
  if (isList(value)) return value.map(roundedValue);
  if (typeof value === "object" && value !== null)
    return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, roundedValue(each)]));
  return value;
}

function cellsOf(key: string, value: LineValue): string[] {
  if (isList(value)) return value.flatMap((each, at) => cellsOf(`${key}.${at}`, each));
  if (typeof value === "object" && value !== null)
    return Object.entries(value).flatMap(([part, each]) => cellsOf(`${key}.${part}`, each));
  if (typeof value === "number" && !Number.isInteger(value)) return [`${key} ${value.toFixed(4)}`];
  return [`${key} ${String(value ?? "not reached")}`];
}

function isList(value: LineValue): value is readonly LineValue[] {
  return Array.isArray(value);
}
