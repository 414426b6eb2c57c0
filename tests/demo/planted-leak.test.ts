/** The planted leak proves the search only if a search that is blind to it fails. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { findLeaks } from "../../demo/leak-search.ts";
import { ENCODINGS } from "../../demo/leak-encoding.ts";
import { indexNeedles } from "../../demo/needle-index.ts";
import { foundAmong, plantInEveryEncoding, plantInside } from "../../demo/planted-leak.ts";

const planted = "Jürgen Größl";
const index = indexNeedles([{ kind: "full name", text: planted }]);
let folder: string;
let log: string;
let copy: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "aquila-planted-"));
  log = join(folder, "server.log");
  copy = join(folder, "copy");
  writeFileSync(log, '{"level":"info","msg":"listening"}\n'.repeat(100));
});
afterAll(() => {
  rmSync(folder, { recursive: true });
});

test("a name planted in every encoding is found in every one, and the original is left alone", () => {
  const before = readFileSync(log);
  const leaks = plantInEveryEncoding(log, copy, planted);
  expect(leaks.map(({ encoding }) => encoding)).toEqual(ENCODINGS);
  expect(foundAmong(leaks, findLeaks(index, readFileSync(copy)))).toEqual(leaks);
  expect(readFileSync(log)).toEqual(before);
  expect(findLeaks(index, before)).toEqual([]);
});

test("a search for other names finds none of them", () => {
  const other = indexNeedles([{ kind: "full name", text: "Jürgen Größer" }]);
  const leaks = plantInEveryEncoding(log, copy, planted);
  expect(foundAmong(leaks, findLeaks(other, readFileSync(copy)))).toEqual([]);
});

test("a name written into the middle of a file is found there", () => {
  const leaks = plantInside(log, copy, planted);
  const found = findLeaks(index, readFileSync(copy));
  expect(found.map(({ offset }) => offset)).toEqual([leaks[0]?.start]);
  expect(foundAmong(leaks, found)).toEqual(leaks);
});
