/**
 * Lists as police exports are: encodings, delimiters, broken lines, broken files.
 */
import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parsePerson, PERSON_FIELDS, type PersonRecord } from "#engine/encode/person.ts";
import { ENCODINGS, readList, type Encoding, type HeaderMap, type ListFormat } from "#engine/encode/read-list.ts";
import { LinkageError } from "#engine/errors.ts";

type Taken = { line: number; family: string } | { line: number; refused: string };

const FORMAT: ListFormat = { kind: "csv", encoding: "utf-8", delimiter: ",", headerMap: {} };

async function* chunksOf(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield await Promise.resolve(bytes.subarray(at, at + size));
}

async function recordsOf(bytes: Uint8Array, change: Partial<ListFormat> = {}, chunk = 65_536): Promise<PersonRecord[]> {
  const records: PersonRecord[] = [];
  for await (const line of readList(chunksOf(bytes, chunk), { ...FORMAT, ...change })) {
    if ("refused" in line) throw line.refused;
    records.push(line.record);
  }
  return records;
}

async function linesOf(text: string, change: Partial<ListFormat> = {}, chunk = 65_536): Promise<Taken[]> {
  const lines: Taken[] = [];
  for await (const line of readList(chunksOf(Buffer.from(text), chunk), { ...FORMAT, ...change }))
    lines.push(
      "refused" in line
        ? { line: line.line, refused: line.refused.detail }
        : { line: line.line, family: line.record.family_name },
    );
  return lines;
}

async function codeOf(reading: Promise<unknown>): Promise<string> {
  try {
    await reading;
  } catch (error) {
    if (error instanceof LinkageError) return `${error.code}: ${error.detail}`;
    throw error;
  }
  return "read";
}

/** Bytes of a text in a one-byte encoding, by turning the decoder round. */
function encodeAs(text: string, encoding: Encoding): Uint8Array {
  if (encoding === "utf-8") return Buffer.from(text);
  const decoder = new TextDecoder(encoding);
  const byteOf = new Map(Array.from({ length: 256 }, (_, byte) => [decoder.decode(Uint8Array.of(byte)), byte]));
  return Uint8Array.from(text, (letter) => {
    const byte = byteOf.get(letter);
    if (byte === undefined) throw new RangeError(`${encoding} has no ${letter}`);
    return byte;
  });
}

const NAMES: Record<Encoding, string[]> = {
  "utf-8": ["Đurić", "Ђурић", "Παπαδόπουλος", "Șerban", "𐍈"],
  "windows-1250": ["Đurić", "Kovačević", "Müller", "Şerban", "Ľubić"],
  "windows-1251": ["Ђурић", "Ковачевић", "Яворов", "Љубић"],
  "windows-1253": ["Παπαδόπουλος", "Γεωργίου", "Ώρα"],
};

describe("encodings", () => {
  test.each(ENCODINGS.flatMap((encoding) => [1, 2, 3, 7, 65_536].map((chunk) => [encoding, chunk] as const)))(
    "%s gives the names that were written, in chunks of %d bytes",
    async (encoding, chunk) => {
      const names = NAMES[encoding];
      const csv = encodeAs(
        `rec_id,family_name\r\n${names.map((name, at) => `${at},${name}`).join("\r\n")}\r\n`,
        encoding,
      );
      const jsonl = encodeAs(
        names.map((name, at) => JSON.stringify({ rec_id: at, family_name: name })).join("\n"),
        encoding,
      );
      const read = [
        await recordsOf(csv, { encoding }, chunk),
        await recordsOf(jsonl, { encoding, kind: "jsonl" }, chunk),
      ];
      for (const records of read) expect(records.map((record) => record.family_name)).toEqual(names);
    },
  );

  test.each(["csv", "jsonl"] as const)("a byte order mark at the start of %s is no part of it", async (kind) => {
    const text = kind === "csv" ? "rec_id,family_name\n1,Đurić\n" : '{"rec_id":"1","family_name":"Đurić"}\n';
    for (const chunk of [1, 65_536]) {
      const records = await recordsOf(Buffer.from(`\uFEFF${text}`), { kind }, chunk);
      expect(records.map((record) => record.family_name)).toEqual(["Đurić"]);
    }
  });

  test.each(["windows-1250", "windows-1251", "windows-1253"] as const)(
    "%s read as UTF-8 is refused",
    async (encoding) => {
      const rows = NAMES[encoding].map((name, at) => `${at},${name}\n`).join("");
      const bytes = encodeAs(`rec_id,family_name\n${rows}`, encoding);
      expect(await codeOf(recordsOf(bytes))).toMatch(
        /^list-encoding-invalid: at or after line \d+: bytes that are not utf-8/,
      );
    },
  );

  test.each(["windows-1250", "windows-1251", "windows-1253"] as const)(
    "UTF-8 read as %s is refused",
    async (encoding) => {
      const early = `rec_id,family_name\n${"1,Đurić\n".repeat(3)}`;
      const late = `rec_id,family_name\n${"1,Duric\n".repeat(10_000)}2,Đurić\n`;
      for (const text of [early, late])
        for (const chunk of [100, 65_536])
          expect(await codeOf(recordsOf(Buffer.from(text), { encoding }, chunk))).toMatch(/^list-encoding-invalid/);
    },
  );

  test("a last letter that could begin a letter of UTF-8 does not make a file UTF-8", async () => {
    const bytes = encodeAs("rec_id,family_name\n1,Đurić", "windows-1250");
    expect((await recordsOf(bytes, { encoding: "windows-1250" })).map((record) => record.family_name)).toEqual([
      "Đurić",
    ]);
  });

  test("UTF-16 is refused with what to do", async () => {
    const text = "\uFEFFrec_id,family_name\n1,Иванов\n";
    const little = Buffer.from(text, "utf16le");
    const big = Buffer.from(little).swap16();
    const unmarked = little.subarray(2);
    for (const bytes of [little, big, unmarked])
      for (const encoding of ENCODINGS)
        expect(await codeOf(recordsOf(bytes, { encoding }))).toContain("list-encoding-invalid");
    expect(await codeOf(recordsOf(unmarked))).toContain("export it as UTF-8");
  });

  test("a file cut in the middle of a letter is refused", async () => {
    const bytes = Buffer.from('{"rec_id":"1"}\n{"rec_id":"2","family_name":"Đ').subarray(0, -1);
    expect(await codeOf(recordsOf(bytes, { kind: "jsonl" }))).toMatch(/^list-encoding-invalid: at or after line 2/);
  });
});

describe("bad lines", () => {
  const rows = Array.from({ length: 1000 }, (_, at) => ({ rec_id: `R${at}`, family_name: `N${at}`, dob: "1980" }));
  const bad = 616;

  test("one bad line in a thousand of JSONL is told and the rest is taken", async () => {
    const text = rows.map((row, at) => JSON.stringify(at === bad ? { ...row, dob: "Petrov" } : row)).join("\n");
    for (const chunk of [61, 65_536]) {
      const lines = await linesOf(text, { kind: "jsonl" }, chunk);
      expect(lines.filter((line) => "refused" in line)).toEqual([
        { line: 617, refused: "line 617: dob: not a date (write YYYY-MM-DD, YYYY-MM or YYYY)" },
      ]);
      expect(lines.filter((line) => "family" in line)).toHaveLength(999);
    }
  });

  test("one bad line in a thousand of CSV is told and the rest is taken", async () => {
    const text = rows
      .map((row, at) => `${row.rec_id},${row.family_name},${at === bad ? "Petrov" : row.dob}`)
      .join("\n");
    for (const chunk of [61, 65_536]) {
      const lines = await linesOf(`rec_id,family_name,dob\n${text}\n`, {}, chunk);
      expect(lines.filter((line) => "refused" in line)).toEqual([
        { line: 618, refused: "line 618: dob: not a date (write YYYY-MM-DD, YYYY-MM or YYYY)" },
      ]);
      expect(lines.filter((line) => "family" in line)).toHaveLength(999);
    }
  });

  test("a line that is no JSON is told without its text", async () => {
    expect(await linesOf('{"rec_id":"1"}\nIvan Petrov\n\n[1]\n', { kind: "jsonl" })).toEqual([
      { line: 1, family: "" },
      { line: 2, refused: "line 2: not valid JSON" },
      { line: 4, refused: "line 4: a record is a JSON object" },
    ]);
  });

  test("a CSV line with too few or too many columns is told", async () => {
    expect(await linesOf("rec_id,family_name\n1\n2,A\n3,B,C\n")).toEqual([
      { line: 2, refused: "line 2: 1 columns where the header has 2" },
      { line: 3, family: "A" },
      { line: 4, refused: "line 4: 3 columns where the header has 2" },
    ]);
  });

  test("a CSV record over several lines is told by its first line", async () => {
    expect(await linesOf('rec_id,family_name,dob\n1,"A\nB",soon\n\n2,C,1980\n3,D,soon\n')).toEqual([
      { line: 2, refused: "line 2: dob: not a date (write YYYY-MM-DD, YYYY-MM or YYYY)" },
      { line: 5, family: "C" },
      { line: 6, refused: "line 6: dob: not a date (write YYYY-MM-DD, YYYY-MM or YYYY)" },
    ]);
  });

  test("quotes inside a CSV value are part of it", async () => {
    expect(await linesOf('rec_id,family_name\n1,Ivan "Vanja" Petrov\n2,"Ana ""A"" B"\n3,C\n')).toEqual([
      { line: 2, family: 'Ivan "Vanja" Petrov' },
      { line: 3, family: 'Ana "A" B' },
      { line: 4, family: "C" },
    ]);
  });

  test.each([
    ["to the end", 'rec_id,family_name\n1,A\n2,"B\n3,C\n4,D\n'],
    ["in the first column", 'rec_id,family_name\n1,A\n"2,B\n3,"C"\n4,D\n'],
  ])("a quote left open %s stops the list", async (_, text) => {
    expect(await codeOf(linesOf(text))).toMatch(/^list-malformed: line \d: not readable as CSV; check quotes/);
  });

  test("a value that swallowed lines is told with all of them", async () => {
    expect(await linesOf('rec_id,family_name\n1,A\n2,"B\n3,C\n4,D"\n5,"E\nF"\n')).toEqual([
      { line: 2, family: "A" },
      {
        line: 3,
        refused: "line 3: a value that goes on to line 5 and holds quotes or delimiters; is a quote left open?",
      },
      { line: 6, family: "E\nF" },
    ]);
  });
});

describe("whole lists", () => {
  test.each([
    ["an empty file", "", "jsonl"],
    ["an empty file", "", "csv"],
    ["blank lines only", "\n \n\r\n", "jsonl"],
    ["a header only", "rec_id,family_name\n", "csv"],
  ] as const)("%s is refused: %j as %s", async (_, text, kind) => {
    expect(await codeOf(linesOf(text, { kind }))).toBe("list-empty: the list has no records");
  });

  test.each([
    ["an unknown header", "rec_id,surname\n1,A\n", {}, "column 2"],
    ["another delimiter", "rec_id;family_name\n1;A\n", {}, "column 1"],
    ["a map to nothing of the file", "rec_id,surname\n1,A\n", { Surname: "family_name" }, "column 2"],
  ] as const)("%s is refused by its column, not by its name", async (_, text, headerMap, where) => {
    const outcome = await codeOf(linesOf(text, { headerMap }));
    expect(outcome).toMatch(/^list-header-unknown/);
    expect(outcome).toContain(where);
    expect(outcome).not.toMatch(/surname/i);
  });

  test.each(["jsonl", "csv"] as const)("a line without end is refused as %s", async (kind) => {
    const text =
      kind === "csv" ? `rec_id,family_name\n1,"${"a".repeat(1_500_000)}` : `{"rec_id":"${"a".repeat(1_500_000)}`;
    expect(await codeOf(linesOf(text, { kind }))).toMatch(/^list-malformed/);
  });

  test("a fault of reading comes through as it is, and the reader is closed", async () => {
    let isClosed = false;
    async function* failing(): AsyncGenerator<Uint8Array> {
      try {
        yield await Promise.resolve(Buffer.from("rec_id,family_name\n1,A\n"));
        throw new LinkageError("file-unreadable", "gone");
      } finally {
        isClosed = true;
      }
    }
    for (const kind of ["jsonl", "csv"] as const) {
      const reading = (async () => {
        for await (const line of readList(failing(), { ...FORMAT, kind })) expect(line.line).toBeLessThan(3);
      })();
      expect(await codeOf(reading)).toBe("file-unreadable: gone");
      expect(isClosed).toBe(true);
    }
  });

  test.each(["jsonl", "csv"] as const)("whoever stops early closes the file read as %s", async (kind) => {
    let isClosed = false;
    async function* endless(): AsyncGenerator<Uint8Array> {
      try {
        yield await Promise.resolve(Buffer.from(kind === "csv" ? "rec_id,family_name\n" : ""));
        for (;;) yield await Promise.resolve(Buffer.from(kind === "csv" ? "1,A\n".repeat(9_999) : '{"rec_id":"1"}\n'));
      } finally {
        isClosed = true;
      }
    }
    for await (const { line } of readList(endless(), { ...FORMAT, kind })) if (line > 2) break;
    expect(isClosed).toBe(true);
  });
});

describe("CSV columns", () => {
  test("values of a list field are parted by |, columns of one field joined", async () => {
    const headerMap: HeaderMap = {
      no: "address_street",
      street: "address_street",
      tel1: "phones",
      tel2: "phones",
      note: null,
    };
    const text = "rec_id;aliases;no;street;tel1;tel2;note\n1; Vanja | Ivo;12;Ilica;111;222;x\n2;;;Ilica;;333;\n";
    const records = await recordsOf(Buffer.from(text), { delimiter: ";", headerMap });
    expect(records.map(({ aliases, address_street, phones }) => ({ aliases, address_street, phones }))).toEqual([
      { aliases: ["Vanja", "Ivo"], address_street: "12 Ilica", phones: ["111", "222"] },
      { aliases: [], address_street: "Ilica", phones: ["333"] },
    ]);
  });

  test.each(["\n", "\r\n", "\r"])("lines may end with %j", async (end) => {
    for (const chunk of [1, 2, 65_536]) {
      const records = await recordsOf(Buffer.from(["rec_id,family_name", "1,A", "2,B", ""].join(end)), {}, chunk);
      expect(records.map(({ family_name }) => family_name)).toEqual(["A", "B"]);
    }
  });

  test("what CSV or JSONL writes is read back, whatever the chunks", async () => {
    const word = fc.stringMatching(/^[A-Za-zČčШшΩ"';,. ]{0,12}$/).map((text) => text.trim());
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(word, word), { minLength: 1, maxLength: 20 }),
        fc.integer({ min: 1, max: 50 }),
        async (names, chunk) => {
          const quoted = (text: string): string => `"${text.replaceAll('"', '""')}"`;
          const csv = names.map(([family, given], at) => `${at},${quoted(family)},${quoted(given)}`).join("\n");
          const jsonl = names.map(([family_name, given_name], at) =>
            JSON.stringify({ rec_id: at, family_name, given_name }),
          );
          const read = [
            await recordsOf(Buffer.from(`rec_id,family_name,given_name\n${csv}`), {}, chunk),
            await recordsOf(Buffer.from(jsonl.join("\r\n")), { kind: "jsonl" }, chunk),
          ];
          for (const records of read) expect(records.map((one) => [one.family_name, one.given_name])).toEqual(names);
        },
      ),
    );
  });

  test("the specification's example of a header map gives the record that it says", async () => {
    const page = readFileSync(new URL("../../../docs/spec/person.md", import.meta.url), "utf8");
    const headerMap = JSON.parse(/```json\n(\{\n {2}"surname"[^`]*)```/.exec(page)?.[1] ?? "") as HeaderMap;
    const headers = /have the headers `([^`]*)`/.exec(page)?.[1] ?? "";
    const row = /The row `([^`]*)`/.exec(page)?.[1] ?? "";
    const record = JSON.parse(/is then\n`([^`]*)`/.exec(page)?.[1] ?? "") as Record<string, string>;
    const text = `${headers.replaceAll("\n", " ")}\n${row}\n`;
    expect(await recordsOf(Buffer.from(text), { headerMap })).toEqual([parsePerson(record, 2)]);
  });

  test("every field of a record is a header", async () => {
    const text = `${PERSON_FIELDS.join(",")}\n${PERSON_FIELDS.map((field) => (field === "rec_id" ? "1" : "")).join(",")}\n`;
    expect(await recordsOf(Buffer.from(text))).toHaveLength(1);
  });
});
