/**
 * Parts of a list: on one thread and on several.
 */
import { createHash } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { stringify } from "csv-stringify/sync";
import { beforeAll, describe, expect, test } from "vitest";
import { encodeListFile, type ListOptions, type ReadListResult } from "#client/list.ts";
import type { ListFormat } from "#engine/encode/read-list.ts";
import { SHIPPED_PROFILE } from "#engine/shipped-profile.ts";
import { generateRecords } from "#fixtures/people.ts";
import { temporaryFolder } from "./folders.ts";

/** Six parts, the fewest that go to workers. */
const RECORD_COUNT = 21_000;
const JSONL: ListFormat = { kind: "jsonl", encoding: "utf-8", delimiter: ",", headerMap: {} };

const text = { jsonl: "", csv: "" };

beforeAll(() => {
  const options = {
    seed: 5,
    recordsPerParty: RECORD_COUNT,
    parties: ["AT", "HR"],
    overlap: 0.1,
    preset: "life",
  } as const;
  const records: Record<string, unknown>[] = [...generateRecords(options, "HR")].map((record, at) => {
    if (at % 5000 === 17) return { ...record, sex: "male" };
    // The first one of these is in the first part, the others are in others.
    return at % 6000 === 3 ? { ...record, rec_id: "again" } : record;
  });
  text.jsonl = records.map((record) => JSON.stringify(record)).join("\n");
  const rows = records.map((record) =>
    Object.fromEntries(
      Object.entries(record).map(([field, value]) => [field, Array.isArray(value) ? value.join("|") : value]),
    ),
  );
  text.csv = stringify(rows, { header: true, columns: [...new Set(rows.flatMap((row) => Object.keys(row)))] });
});

function encode(content: string, change: Partial<ListOptions>): Promise<ReadListResult> {
  const path = join(temporaryFolder(), "list");
  writeFileSync(path, content);
  return encodeListFile(path, { format: JSONL, strict: false, ...change });
}

/** Digest of all that a list holds. */
function digestOf({ list, refused, ...counts }: ReadListResult): string {
  const { rows, coverage, classes, provenance, bestBits, bestUniqueBits, report } = list;
  const hash = createHash("sha256");
  for (const bytes of [coverage, classes, provenance, bestBits, bestUniqueBits]) hash.update(bytes);
  SHIPPED_PROFILE.rules.forEach((_, rule) => {
    const { digests, owner, bits } = list.cells.read(rule);
    hash.update(digests).update(owner).update(bits);
  });
  const refusals = refused.map(({ code, detail }) => [code, detail]);
  return hash.update(JSON.stringify([rows, report, counts, refusals])).digest("hex");
}

describe("a list encoded by workers", () => {
  test.each<[string, keyof typeof text, Partial<ListOptions>]>([
    ["JSONL", "jsonl", {}],
    ["CSV", "csv", { format: { ...JSONL, kind: "csv" } }],
    ["of some categories", "jsonl", { categories: new Set(["suspect", "other"]) }],
  ])("is byte by byte that of one thread: %s", async (_name, kind, change) => {
    const alone = await encode(text[kind], { ...change, workers: 0 });
    const together = await encode(text[kind], { ...change, workers: 2 });
    expect(alone.refusedCount).toBe(5 + 3);
    expect(digestOf(together)).toBe(digestOf(alone));
  });

  test("stops at the first refusal under strict, whichever worker finds one", async () => {
    for (const workers of [0, 2])
      await expect(encode(text.jsonl, { strict: true, workers })).rejects.toThrow(
        "record-invalid: line 18: sex: not one of the admitted codes",
      );
  });

  test("is refused as a whole for the same reason, and under strict for what stands before it", async () => {
    const format: ListFormat = { ...JSONL, kind: "csv" };
    const malformed = `${text.csv}"a quote that\nnothing closes`;
    for (const workers of [0, 2]) {
      await expect(encode(malformed, { format, workers })).rejects.toThrow(/^list-malformed/);
      await expect(encode(malformed, { format, workers, strict: true })).rejects.toThrow(/^record-invalid: line 19/);
    }
  });
});
