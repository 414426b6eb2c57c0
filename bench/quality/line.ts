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

/** For people: `measure  data set  key value  key value …`; below it one indented line for each bin, band or other part. */
export function lineText({ measure, dataSet, ...rest }: QualityLine): string {
  const entries = Object.entries(rest);
  const own = entries.flatMap(([key, value]) => (isPart(value) ? [] : [cell(key, value)]));
  const parts = entries.flatMap(([key, value]) => (isPart(value) ? partLines(key, value) : []));
  return [[measure.padEnd(13), dataSet.padEnd(24), ...own].join("  "), ...parts].join("\n");
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

type Part = Exclude<LineValue, string | number | boolean | null>;

function partLines(key: string, part: Part): string[] {
  const entries = Object.entries(part);
  const own = entries.flatMap(([name, value]) => (isPart(value) ? [] : [cell(name, value)]));
  const lines = own.length === 0 ? [] : [`${" ".repeat(15)}${key.padEnd(24)}  ${own.join("  ")}`];
  return [...lines, ...entries.flatMap(([name, value]) => (isPart(value) ? partLines(`${key} ${name}`, value) : []))];
}

function cell(key: string, value: LineValue): string {
  if (typeof value === "number" && !Number.isInteger(value)) return `${key} ${value.toFixed(4)}`;
  return `${key} ${typeof value === "object" ? "not reached" : String(value)}`;
}

function isPart(value: LineValue): value is Part {
  return typeof value === "object" && value !== null;
}

function isList(value: LineValue): value is readonly LineValue[] {
  return Array.isArray(value);
}
