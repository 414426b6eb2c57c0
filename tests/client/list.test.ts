/**
 * Reading and encoding a list from a file.
 */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { encodeListFile, type ListOptions } from "#client/list.ts";
import { LinkageError } from "#engine/errors.ts";
import { temporaryFolder } from "./folders.ts";

const JSONL: ListOptions = {
  format: { kind: "jsonl", encoding: "utf-8", delimiter: ",", headerMap: {} },
  strict: false,
};

function listFile(records: readonly Record<string, unknown>[]): string {
  const path = join(temporaryFolder(), "list.jsonl");
  writeFileSync(path, records.map((record) => JSON.stringify(record)).join("\n"));
  return path;
}

const RECORDS = Array.from({ length: 1000 }, (_, at) => ({
  rec_id: `R${at}`,
  family_name: `Petrov${"abcdefghij"[at % 10] ?? ""}`,
}));

describe("a list with bad records", () => {
  const bad = RECORDS.map((record, at) =>
    at === 500 ? { ...record, sex: "male" } : at === 600 ? { ...record, rec_id: "R1" } : record,
  );

  test("is taken without them, each counted with line, field and reason", async () => {
    const { list, refused, refusedCount } = await encodeListFile(listFile(bad), JSONL);
    expect([list.report.records, refusedCount]).toEqual([998, 2]);
    expect(refused.map(({ detail }) => detail)).toEqual([
      "line 501: sex: not one of the admitted codes",
      "line 601: rec_id: the same reference occurs earlier",
    ]);
  });

  test("stops at the first under strict", async () => {
    await expect(encodeListFile(listFile(bad), { ...JSONL, strict: true })).rejects.toThrow(
      new LinkageError("record-invalid", "line 501: sex: not one of the admitted codes"),
    );
  });

  test("keeps a thousand refusals and counts all", async () => {
    const path = listFile([{ rec_id: "good" }, ...Array.from({ length: 1500 }, () => ({ rec_id: "" }))]);
    const { refused, refusedCount, list } = await encodeListFile(path, JSONL);
    expect([refused.length, refusedCount, list.report.records]).toEqual([1000, 1500, 1]);
  });
});

describe("data-subject categories", () => {
  const path = () =>
    listFile([{ rec_id: "1", category: "suspect" }, { rec_id: "2", category: "witness" }, { rec_id: "3" }]);
  test.each([
    [["suspect"], ["1"], 2],
    [["other"], ["3"], 2],
    [["suspect", "witness", "other"], ["1", "2", "3"], 0],
  ])("%j admit %j and leave out and count the others", async (categories, refs, left) => {
    const { list, notAdmitted } = await encodeListFile(path(), { ...JSONL, categories: new Set(categories) });
    expect([[...list.rows].flatMap((row) => row.refs), notAdmitted]).toEqual([refs, left]);
  });

  test("that are not limited admit all", async () => {
    const { list, notAdmitted } = await encodeListFile(path(), JSONL);
    expect([list.report.records, notAdmitted]).toEqual([3, 0]);
  });
});

test("progress ends at the size of the file", async () => {
  const seen: number[][] = [];
  await encodeListFile(listFile(RECORDS), { ...JSONL, onProgress: (...step) => seen.push(step) });
  const [done, total] = seen.at(-1) ?? [];
  expect(done).toBe(total);
  expect(total).toBeGreaterThan(30_000);
});

test("a file that is not there and a folder cannot be read", async () => {
  for (const path of [join(temporaryFolder(), "none.jsonl"), temporaryFolder()])
    await expect(encodeListFile(path, JSONL)).rejects.toThrow(/^file-unreadable: cannot read /);
});
