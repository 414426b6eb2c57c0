/**
 * Leaks planted on purpose, in copies: the search that finds nothing must find these.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { ENCODINGS, type Encoding } from "./leak-encoding.ts";
import type { Leak } from "./leak-search.ts";

/** Where a planted leak stands: bytes `start` to `end` of the copy. */
type PlantedLeak = { readonly encoding: Encoding; readonly start: number; readonly end: number };

/** Copies a file and adds one line for each encoding; each holds `text` in the middle of a message. */
export function plantInEveryEncoding(source: string, copy: string, text: string): PlantedLeak[] {
  const original = readFileSync(source);
  const pieces: Uint8Array[] = [original];
  let at = original.length;
  const planted = ENCODINGS.map((encoding): PlantedLeak => {
    const line = encodedMessage(text, encoding);
    pieces.push(line, Buffer.from("\n"));
    const start = at;
    at += line.length + 1;
    return { encoding, start, end: at };
  });
  writeFileSync(copy, Buffer.concat(pieces));
  return planted;
}

/** Copies a file and writes `text` over bytes in its middle. */
export function plantInside(source: string, copy: string, text: string): PlantedLeak[] {
  const bytes = readFileSync(source);
  const start = bytes.length >>> 1;
  const end = start + bytes.write(text, start, "utf8");
  writeFileSync(copy, bytes);
  return [{ encoding: "utf-8", start, end }];
}

/** @returns Those of `planted` in which the search found something. */
export function foundAmong(planted: readonly PlantedLeak[], leaks: readonly Leak[]): PlantedLeak[] {
  return planted.filter(({ start, end }) => leaks.some(({ offset }) => offset >= start && offset < end));
}

/** A log line about `text`, written as another program would write it. */
function encodedMessage(text: string, encoding: Encoding): Buffer {
  const message = `{"level":"info","name":"${text}","msg":"person found"}`;
  const shifted = (alignment: number): string => {
    const nameAt = Buffer.byteLength(message.slice(0, message.indexOf(text)));
    return " ".repeat((3 + alignment - (nameAt % 3)) % 3) + message;
  };
  const escaped = (digitCase: (digits: string) => string): string =>
    Array.from(message, (letter) => {
      const code = letter.codePointAt(0) ?? 0;
      return code < 0x80 ? letter : `\\u${digitCase(code.toString(16).padStart(4, "0"))}`;
    }).join("");
  switch (encoding) {
    case "utf-8":
      return Buffer.from(message, "utf8");
    case "utf-16le":
      return Buffer.from(message, "utf16le");
    case "utf-16be":
      return Buffer.from(message, "utf16le").swap16();
    case "latin-1":
      return Buffer.from(message, "latin1");
    case "json":
      return Buffer.from(escaped((digits) => digits));
    case "json upper":
      return Buffer.from(escaped((digits) => digits.toUpperCase()));
    case "hex":
      return Buffer.from(Buffer.from(message).toString("hex"));
    case "hex upper":
      return Buffer.from(Buffer.from(message).toString("hex").toUpperCase());
    case "base64+0":
    case "base64+1":
    case "base64+2":
      return Buffer.from(Buffer.from(shifted(Number(encoding.at(-1)))).toString("base64"));
    case "base64url+0":
    case "base64url+1":
    case "base64url+2":
      return Buffer.from(Buffer.from(shifted(Number(encoding.at(-1)))).toString("base64url"));
  }
}
