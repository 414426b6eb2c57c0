/**
 * Key cells: from facts to d, and from d to a key.
 */
import { createCipheriv } from "node:crypto";
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { cellMaker } from "#engine/encode/cells.ts";
import { factDigest } from "#engine/encode/digests.ts";
import { factKind } from "#engine/encode/fact-kinds.ts";
import { factsOf, type RecordFacts } from "#engine/encode/facts.ts";
import { informationOf, shippedTable } from "#engine/encode/information.ts";
import { parsePerson } from "#engine/encode/person.ts";
import { SHIPPED_PROFILE } from "#engine/shipped-profile.ts";
import { vectorFile } from "../batch/vectors.ts";
import { cellsOf, generatedRecords, makeCells, person, type Cell } from "./lists.ts";

const LinkageKeyVectors = z.strictObject({
  cases: z.array(
    z.strictObject({
      name: z.string(),
      keyTag: z.string(),
      profileVersion: z.int(),
      rule: z.string(),
      facts: z.array(z.string()),
      expect: z.strictObject({ d: z.string(), key: z.string(), upper: z.int(), lower: z.int() }),
    }),
  ),
});
const VECTORS = LinkageKeyVectors.parse(vectorFile("linkage-key.json")).cases;
const TABLE = shippedTable(SHIPPED_PROFILE.frequencyTable);

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");
const ruleIndex = (id: string): number => SHIPPED_PROFILE.rules.findIndex((rule) => rule.id === id);

function digestsUnder(rule: string, cells: readonly Cell[]): string[] {
  return cells.filter((cell) => cell.rule === ruleIndex(rule)).map(({ digest }) => hex(digest));
}

describe("the second implementation's vectors", () => {
  test.each(VECTORS)("$name", ({ keyTag, profileVersion, rule, facts, expect: expected }) => {
    const d = factDigest(["aquila/v1/fact", String(profileVersion), rule, ...facts]);
    expect(hex(d)).toBe(expected.d);
    const block = createCipheriv("aes-256-ecb", Buffer.from(keyTag, "hex"), null).setAutoPadding(false).update(d);
    expect(hex(block.subarray(0, 8))).toBe(expected.key);
    expect([block.readUInt32BE(0), block.readUInt32BE(4)]).toEqual([expected.upper, expected.lower]);
  });
});

test("the worked example of the specification is what the encoder makes", () => {
  const page = (name: string): string =>
    readFileSync(new URL(`../../../docs/spec/${name}.md`, import.meta.url), "utf8");
  const example: unknown = JSON.parse(/```json\n([^`]*)```/.exec(page("person"))?.[1] ?? "");
  const { cells } = cellsOf(factsOf(parsePerson(example, 1)));
  const rows = [...page("encoding").matchAll(/^\| `([a-z-]+)` \| .* \| ([\d.]+) \| `([0-9a-f]{32})` \|$/gm)];
  expect(rows).toHaveLength(3);
  for (const [, rule = "", bits = "", d] of rows) {
    const cell = cells.find((found) => found.rule === ruleIndex(rule));
    expect([hex(cell?.digest ?? new Uint8Array()), Number(cell?.bits.toFixed(2))]).toEqual([d, Number(bits)]);
  }
});

describe("the cells of a record", () => {
  test("never fill more than a rule's slots, and what is beyond is counted", () => {
    for (const record of generatedRecords(200)) {
      const facts = factsOf(record);
      const { cells, surplus } = cellsOf(facts);
      const all = referenceCells(facts);
      expect(surplus).toBe(all.reduce((sum, found, rule) => sum + Math.max(0, found.length - slotsOf(rule)), 0));
      SHIPPED_PROFILE.rules.forEach(({ extraBits }, rule) => {
        const wanted = (all[rule] ?? []).slice(0, slotsOf(rule));
        const found = cells.filter((cell) => cell.rule === rule);
        expect(found.map(({ digest }) => hex(digest))).toEqual(wanted.map(({ digest }) => digest));
        expect(found.map(({ bits }) => bits)).toEqual(wanted.map(({ bits }) => bits - (extraBits ?? 0)));
      });
    }
  });

  test("hold equal values once", () => {
    const once = cellsOf(factsOf(person({ family_name: "Petrov", given_name: "Ivan", dob: "1980-02-03" })));
    const twice = {
      family_name: "Petrov",
      given_name: "Ivan",
      dob: "1980-02-03",
      dob_alternatives: ["3.2.1980"],
      aliases: ["Иван Петров"],
    };
    expect(cellsOf(factsOf(person(twice)))).toEqual(once);
  });

  test("are none where a fact is missing", () => {
    const { cells } = cellsOf(factsOf(person({ family_name: "Petrov", given_name: "Ivan", dob: "1980" })));
    expect(digestsUnder("token-date", cells)).toEqual([]);
    expect(digestsUnder("token-initial-year", cells)).toHaveLength(2);
    expect(cellsOf(factsOf(person({})))).toEqual({ cells: [], surplus: 0 });
  });

  test("differ between rules and between versions of the profile", async () => {
    const facts = factsOf(
      person({ family_name: "Petrov", given_name: "Ivan", dob: "1980-02-03", doc_number: "C01X00T47" }),
    );
    const next = cellsOf(facts, await cellMaker({ ...SHIPPED_PROFILE, version: SHIPPED_PROFILE.version + 1 }, TABLE));
    const digests = [...cellsOf(facts).cells, ...next.cells].map(({ digest }) => hex(digest));
    expect(new Set(digests).size).toBe(digests.length);
  });

  test("do not depend on the records that are encoded with it", () => {
    const facts = generatedRecords(300).map((record) => factsOf(record));
    const { ends, rule, digests, bits, surplus } = makeCells(facts);
    let from = 0;
    facts.forEach((record, at) => {
      const alone = makeCells([record]);
      const end = ends[at] ?? NaN;
      expect(rule.slice(from, end)).toEqual(alone.rule);
      expect(digests.slice(16 * from, 16 * end)).toEqual(alone.digests);
      expect(bits.slice(from, end)).toEqual(alone.bits);
      expect(surplus[at]).toBe(alone.surplus[0]);
      from = end;
    });
    expect(from).toBe(rule.length);
  });

  test("are refused under a rule with an unknown fact", async () => {
    const rules = SHIPPED_PROFILE.rules.map((rule) => ({ ...rule, facts: ["shoe-size"] }));
    await expect(cellMaker({ ...SHIPPED_PROFILE, rules }, TABLE)).rejects.toThrow(/^profile-invalid/);
  });
});

function slotsOf(rule: number): number {
  return SHIPPED_PROFILE.rules[rule]?.slots ?? 0;
}

/** Every choice of one alternative a fact, in order of the sum of ranks, equal ones once: as the specification says it. */
function referenceCells(facts: RecordFacts): { digest: string; bits: number }[][] {
  const information = informationOf(TABLE);
  return SHIPPED_PROFILE.rules.map((rule) => {
    let choices: { values: string[]; bits: number; rank: number }[] = [{ values: [], bits: 0, rank: 0 }];
    for (const name of rule.facts) {
      const alternatives = factKind(name)(facts, information);
      choices = choices.flatMap((choice) =>
        alternatives.map(({ value, bits }, rank) => ({
          values: [...choice.values, value],
          bits: choice.bits + bits,
          rank: choice.rank + rank,
        })),
      );
    }
    const found = new Map<string, number>();
    for (const { values, bits } of choices.toSorted((one, other) => one.rank - other.rank)) {
      const digest = hex(factDigest(["aquila/v1/fact", String(SHIPPED_PROFILE.version), rule.id, ...values]));
      if (!found.has(digest)) found.set(digest, bits);
    }
    return [...found].map(([digest, bits]) => ({ digest, bits }));
  });
}
