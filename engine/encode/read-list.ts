/**
 * A party's list, line by line.
 * In: bytes of a JSONL or CSV file in a named encoding. Out: person records and refusals, each with its line.
 */
import { parse as parseCsv } from "csv-parse";
import { LinkageError } from "../errors.ts";
import { LIST_FIELDS, parsePerson, PERSON_FIELDS, type PersonField, type PersonRecord } from "./person.ts";

export const ENCODINGS = ["utf-8", "windows-1250", "windows-1251", "windows-1253"] as const;
export type Encoding = (typeof ENCODINGS)[number];

/**
 * CSV header → field of the person record; null leaves the column out. Columns mapped to one field are joined by a blank,
 * those of a field with several values become values of it.
 */
export type HeaderMap = Readonly<Record<string, PersonField | null>>;

export type ListFormat = {
  readonly kind: "jsonl" | "csv";
  readonly encoding: Encoding;
  /** CSV only: one character. */
  readonly delimiter: string;
  /** CSV only: what to do with headers that are no field's name. */
  readonly headerMap: HeaderMap;
};

type RefusedLine = { readonly line: number; readonly refused: LinkageError };
/** One line of a list: a record, or why it is refused. */
export type ListLine = { readonly line: number; readonly record: PersonRecord } | RefusedLine;
/** A line that is not yet read as a record: JSON text or, of CSV, the fields that it has. */
export type UnreadLine = { readonly line: number; readonly content: string | object } | RefusedLine;

const MAX_LINE_CHARACTERS = 1_000_000;
const SEVERAL_VALUES = "|";

/**
 * Reads a list as a stream.
 *
 * @throws {@link LinkageError} `list-empty`, `list-encoding-invalid`, `list-header-unknown` or `list-malformed`: what concerns the whole list.
 */
export async function* readList(bytes: AsyncIterable<Uint8Array>, format: ListFormat): AsyncGenerator<ListLine> {
  for await (const line of readLines(bytes, format)) yield readRecord(line);
}

/** Parts a list into lines, for {@link readRecord}; throws as {@link readList}. */
export async function* readLines(bytes: AsyncIterable<Uint8Array>, format: ListFormat): AsyncGenerator<UnreadLine> {
  const text = decode(bytes, format.encoding);
  let lines = 0;
  for await (const line of format.kind === "jsonl" ? jsonLines(text) : csvLines(text, format)) {
    lines++;
    yield line;
  }
  if (lines === 0) throw new LinkageError("list-empty", "the list has no records");
}

/** @returns The record, or why the line is refused; depends on this line alone. */
export function readRecord(unread: UnreadLine): ListLine {
  if ("refused" in unread) return unread;
  const { line, content } = unread;
  return takenOrRefused(line, () => ({
    line,
    record: parsePerson(typeof content === "string" ? jsonValue(content, line) : content, line),
  }));
}

async function* decode(bytes: AsyncIterable<Uint8Array>, encoding: Encoding): AsyncGenerator<string> {
  const decoder = new TextDecoder(encoding, { fatal: true });
  const refuseUtf8 = encoding === "utf-8" ? () => undefined : utf8Refuser(encoding);
  let line = 1;
  let bytesSeen = 0;
  for await (const chunk of bytes) {
    refuseUtf16(chunk, bytesSeen);
    refuseUtf8(chunk);
    bytesSeen += chunk.length;
    const text = decodeOrRefuse(() => decoder.decode(chunk, { stream: true }), encoding, line);
    for (let at = text.indexOf("\n"); at >= 0; at = text.indexOf("\n", at + 1)) line++;
    yield text;
  }
  refuseUtf8(undefined);
  yield decodeOrRefuse(() => decoder.decode(), encoding, line);
}

function decodeOrRefuse(decodeText: () => string, encoding: Encoding, line: number): string {
  try {
    return decodeText();
  } catch (cause) {
    throw new LinkageError(
      "list-encoding-invalid",
      `at or after line ${line}: bytes that are not ${encoding}; name the file's encoding (${ENCODINGS.join(", ")})`,
      { cause },
    );
  }
}

const UTF16_SEARCHED_BYTES = 1024;

/** UTF-16 has a zero byte in every Latin letter and line end; no encoding read here has one. */
function refuseUtf16(chunk: Uint8Array, bytesBefore: number): void {
  if (chunk.subarray(0, Math.max(0, UTF16_SEARCHED_BYTES - bytesBefore)).includes(0))
    throw new LinkageError("list-encoding-invalid", "the file is UTF-16 or no text; export it as UTF-8");
}

/** So many letters beyond ASCII that are valid UTF-8 are no chance in a text of another encoding. */
const SURE_UTF8_LETTERS = 20;

/**
 * UTF-8 read as a Windows code page decodes without an error and matches nothing: the whole text is watched.
 *
 * @returns Takes each chunk in turn, then undefined at the end; throws when the text is UTF-8.
 */
function utf8Refuser(encoding: Encoding): (chunk: Uint8Array | undefined) => void {
  const decoder = new TextDecoder("utf-8", { fatal: true });
  let isPossible = true;
  let letters = 0;
  return (chunk) => {
    if (!isPossible) return;
    try {
      const text = chunk === undefined ? decoder.decode() : decoder.decode(chunk, { stream: true });
      letters += text.match(/[^\0-\x7f]/gu)?.length ?? 0;
    } catch {
      isPossible = false; // Not UTF-8, as the caller said.
      return;
    }
    if (letters >= SURE_UTF8_LETTERS || (chunk === undefined && letters > 0))
      throw new LinkageError(
        "list-encoding-invalid",
        `the file is valid UTF-8, not ${encoding}; leave the encoding out`,
      );
  };
}

async function* jsonLines(text: AsyncIterable<string>): AsyncGenerator<UnreadLine> {
  let rest = "";
  let line = 0;
  for await (const piece of text) {
    const parts = (rest + piece).split("\n");
    rest = parts.pop() ?? "";
    if (rest.length > MAX_LINE_CHARACTERS)
      throw new LinkageError(
        "list-malformed",
        `line ${line + parts.length + 1} is longer than ${MAX_LINE_CHARACTERS} characters; is this JSONL?`,
      );
    for (const part of parts) {
      line++;
      if (part.trim() !== "") yield { line, content: part };
    }
  }
  if (rest.trim() !== "") yield { line: line + 1, content: rest };
}

function jsonValue(text: string, line: number): unknown {
  try {
    return JSON.parse(text.replace(/^\uFEFF/, ""));
  } catch {
    // The parser's own message quotes the text, so it is not passed on.
    throw new LinkageError("record-invalid", `line ${line}: not valid JSON`);
  }
}

function takenOrRefused<Line>(line: number, take: () => Line): Line | RefusedLine {
  try {
    return take();
  } catch (error) {
    if (error instanceof LinkageError) return { line, refused: error };
    throw error;
  }
}

const RECORD_DELIMITERS = ["\r\n", "\n", "\r"];

type CsvRow = { readonly record: readonly string[]; readonly info: { readonly lines: number } };

async function* csvLines(text: AsyncIterable<string>, format: ListFormat): AsyncGenerator<UnreadLine> {
  const parser = parseCsv({
    delimiter: format.delimiter,
    bom: true,
    info: true,
    relax_column_count: true,
    relax_quotes: true,
    record_delimiter: RECORD_DELIMITERS,
    skip_empty_lines: true,
    max_record_size: MAX_LINE_CHARACTERS,
  });
  const rows = feed(text, parser) as AsyncIterable<CsvRow>;
  let columns: readonly (PersonField | null)[] | undefined;
  for await (const { record, info } of rows) {
    if (columns === undefined) {
      columns = columnsOf(record, format);
      continue;
    }
    const known = columns;
    const line = info.lines - record.reduce((count, value) => count + lineBreaksIn(value), 0);
    // A quote that nothing closes swallows the lines up to the next one: they would be lost as one bad record.
    if (record.length !== known.length && line < info.lines) throw malformedCsv(line);
    yield takenOrRefused(line, () => {
      if (record.some((value) => mayHoldOtherLines(value, format.delimiter)))
        throw new LinkageError(
          "record-invalid",
          `line ${line}: a value that goes on to line ${info.lines} and holds quotes or delimiters; is a quote left open?`,
        );
      return { line, content: fieldsOf(record, known, line) };
    });
  }
}

function lineBreaksIn(value: string): number {
  return value.match(/\r\n|\n|\r/g)?.length ?? 0;
}

/** Whether a value looks like one that swallowed lines, not like an address of several lines. */
function mayHoldOtherLines(value: string, delimiter: string): boolean {
  return lineBreaksIn(value) > 0 && (value.includes(delimiter) || value.includes('"'));
}

async function* feed(text: AsyncIterable<string>, parser: ReturnType<typeof parseCsv>): AsyncGenerator {
  const closed = new Promise((resolve) => parser.once("close", resolve));
  const feeding = (async () => {
    try {
      for await (const piece of text) {
        if (parser.destroyed) return;
        if (!parser.write(piece)) await Promise.race([closed, new Promise((resolve) => parser.once("drain", resolve))]);
      }
      parser.end();
    } catch (error) {
      parser.destroy(error instanceof Error ? error : new Error("reading failed"));
    }
  })();
  try {
    yield* parser;
  } catch (cause) {
    if (cause instanceof LinkageError) throw cause;
    const line = typeof cause === "object" && cause !== null && "lines" in cause ? Number(cause.lines) : 0;
    // The parser's own message may quote a value, so it is not passed on.
    throw malformedCsv(line);
  } finally {
    await feeding;
  }
}

function malformedCsv(line: number): LinkageError {
  return new LinkageError("list-malformed", `line ${line}: not readable as CSV; check quotes and --delimiter`);
}

function columnsOf(headers: readonly string[], format: ListFormat): (PersonField | null)[] {
  const fields = new Map<string, PersonField | null>(PERSON_FIELDS.map((field) => [field, field]));
  for (const [header, field] of Object.entries(format.headerMap)) fields.set(header.trim(), field);
  return headers.map((header, index) => {
    const field = fields.get(header.trim());
    if (field === undefined)
      throw new LinkageError(
        "list-header-unknown",
        `column ${index + 1} has a header that is no field; map it with --map, or to null to leave it out (a wrong --delimiter looks like this too)`,
      );
    return field;
  });
}

function fieldsOf(values: readonly string[], columns: readonly (PersonField | null)[], line: number): object {
  if (values.length !== columns.length)
    throw new LinkageError(
      "record-invalid",
      `line ${line}: ${values.length} columns where the header has ${columns.length}`,
    );
  const texts = new Map<PersonField, string>();
  columns.forEach((field, index) => {
    const value = values[index]?.trim() ?? "";
    if (field === null || value === "") return;
    const before = texts.get(field);
    const separator = LIST_FIELDS.has(field) ? SEVERAL_VALUES : " ";
    texts.set(field, before === undefined ? value : `${before}${separator}${value}`);
  });
  return Object.fromEntries(
    [...texts].map(([field, value]) => [
      field,
      LIST_FIELDS.has(field) ? value.split(SEVERAL_VALUES).map((part) => part.trim()) : value,
    ]),
  );
}
