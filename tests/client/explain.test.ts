/**
 * Explanations: terms that sum to the weight, what became of each rule, hits of a kept package, text and picture.
 */
import { execFile } from "node:child_process";
import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { parse } from "csv-parse/sync";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { explainHit, explainPair, rowOfReference, type ExplainedRow, type PairExplanation } from "#client/explain.ts";
import { hitText, hitWaterfall, pairText, pairWaterfall } from "#client/explanation-text.ts";
import { linkLists } from "#client/link.ts";
import { waterfallSvg } from "#client/waterfall.ts";
import { informationOf, shippedTable } from "#engine/encode/information.ts";
import type { PersonRecord } from "#engine/encode/person.ts";
import { profileDigest } from "#engine/profile.ts";
import { weightsAt } from "#engine/match/threshold-weights.ts";
import { SHIPPED_PROFILE } from "#engine/shipped-profile.ts";
import { CLASSED_PROFILE, encoded, makeCells, person } from "../engine/encode/lists.ts";
import { descriptorOf, identitiesOf, rosterOf } from "../engine/round/parties.ts";
import { SMALL, smallRecords, smallTruth } from "./encoded-lists.ts";
import { temporaryFolder, vaultOf } from "./folders.ts";

const ENCODER = { makeCells, information: informationOf(shippedTable(SHIPPED_PROFILE.frequencyTable)) };
const RULES = SHIPPED_PROFILE.rules;
const AT = linkable(smallRecords("AT"));
const HR = linkable(smallRecords("HR"));
const LINKED = linkLists(AT.list, HR.list);

function linkable(records: readonly PersonRecord[]) {
  return { list: encoded(records), records };
}

function rowOf({ list, records }: ReturnType<typeof linkable>, ref: string): ExplainedRow {
  const row = rowOfReference(list, ref, "--ref");
  return { list, row, records: records.filter(({ rec_id }) => list.rows.at(row).refs.includes(rec_id)) };
}

function explained(refA: string, refB: string, a = AT, b = HR, linked = LINKED): PairExplanation {
  return explainPair(rowOf(a, refA), rowOf(b, refB), linked, ENCODER);
}

const micro = (bits: number): number => Math.round(bits * 1e6);

describe("a candidate pair of the small lists", () => {
  const explanations = LINKED.pairs.map((pair) => ({ pair, explanation: explained(pair.refA, pair.refB) }));

  test("has terms that sum to the weight that link writes, to the last decimal", () => {
    expect(explanations.length).toBeGreaterThan(50);
    for (const { pair, explanation } of explanations) {
      const terms = explanation.score?.terms ?? [];
      expect(terms.reduce((sum, { bits }) => sum + micro(bits), 0)).toBe(micro(pair.weightBits));
      expect(explanation.score?.weightBits.toFixed(6)).toBe(pair.weightBits.toFixed(6));
    }
  });

  test("has weight, prior and probability that fit together", () => {
    for (const { pair, explanation } of explanations) {
      const { weightBits = NaN, priorBits = NaN, probability, band } = explanation.score ?? {};
      expect({ probability, band }).toEqual({ probability: pair.probability, band: pair.band });
      expect(probability).toBeCloseTo(1 / (1 + 2 ** -(weightBits + priorBits)), 9);
    }
  });

  test("agrees on the rules of its pattern and no other, each with facts that both have", () => {
    for (const { pair, explanation } of explanations) {
      explanation.rules.forEach(({ outcome, values, facts }, rule) => {
        expect(outcome === "agrees").toBe(((pair.pattern >>> rule) & 1) === 1);
        if (outcome !== "agrees") return;
        expect(values.length).toBeGreaterThan(0);
        expect(values.every((combination) => combination.length === facts.length)).toBe(true);
      });
    }
  });

  test("has one term a fact group, and each level is granted by a rule that agreed", () => {
    for (const { explanation } of explanations) {
      const terms = explanation.score?.terms ?? [];
      const groups = SHIPPED_PROFILE.weights.groups.map(({ id }) => id);
      expect(terms.map(({ group }) => group)).toEqual(["threshold", "intercept", ...groups]);
      for (const { level, rules } of terms.slice(2))
        expect(rules.length > 0).toBe(!["disagrees", "missing"].includes(level));
    }
  });
});

describe("a pair that is no candidate", () => {
  test("has a reason for every rule, and no picture", () => {
    const found = new Set(LINKED.pairs.map(({ refA, refB }) => `${refA} ${refB}`));
    const missed = smallTruth("AT", "HR").filter(([a, b]) => !found.has(`${a} ${b}`));
    expect(missed.length).toBeGreaterThan(5);
    for (const [refA, refB] of missed) {
      const explanation = explained(refA, refB);
      expect(explanation.score).toBeNull();
      expect(pairWaterfall(explanation)).toBeNull();
      expect(explanation.rules.map(({ outcome }) => outcome)).not.toContain("agrees");
    }
  });

  const base = { family_name: "Stojadinović", given_name: "Miloš", dob: "1979-11-05", sex: "M" };
  const outcomes = (recordsA: PersonRecord[], recordsB: PersonRecord[]) => {
    const [a, b] = [linkable(recordsA), linkable(recordsB)];
    const { rules, ...rest } = explained("a", "b", a, b, linkLists(a.list, b.list));
    return { ...rest, of: new Map(rules.map((rule) => [rule.rule, rule])) };
  };

  test("because a key is shared within one list is silenced there", () => {
    const shared = { doc_number: "RS7712345" };
    const { of, score } = outcomes(
      [
        person({ rec_id: "a", family_name: "Kos", given_name: "Jana", dob: "1951-02-03", ...shared }),
        person({ rec_id: "c", family_name: "Hoxha", given_name: "Agim", dob: "1990-08-19", ...shared }),
        // Among many others, so that one number alone does not make the two one person.
        ...Array.from({ length: 900 }, (_, at) => person({ rec_id: `other-${at}`, doc_number: `XX${1000000 + at}` })),
      ],
      [person({ rec_id: "b", ...base, ...shared })],
    );
    expect(score).toBeNull();
    expect(of.get("document")).toMatchObject({ outcome: "silenced", sides: ["a"], values: [["RS7712345"]] });
  });

  test("because its facts are too common for lists of this size is thin", () => {
    const profile = { ...SHIPPED_PROFILE, informationMarginBits: 30 };
    const strict = ({ list, records }: ReturnType<typeof linkable>) => ({ list: { ...list, profile }, records });
    const [a, b] = ["a", "b"].map((rec_id) => strict(linkable([person({ rec_id, ...base })])));
    if (a === undefined || b === undefined) throw new RangeError("two lists are wanted");
    const { rules, score, thresholdBits, visibilityA } = explained("a", "b", a, b, linkLists(a.list, b.list));
    expect(score).toBeNull();
    expect(visibilityA).toBe("thin");
    const thin = rules.filter(({ outcome }) => outcome === "thin");
    expect(thin.length).toBeGreaterThan(3);
    for (const { bits } of thin) expect(bits).toBeLessThan(thresholdBits);
  });

  test("because nothing is the same differs or lacks facts", () => {
    const { of } = outcomes(
      [person({ rec_id: "a", ...base })],
      [person({ rec_id: "b", family_name: "Kos", given_name: "Jana", dob: "1951" })],
    );
    expect(of.get("skeleton-near-year")?.outcome).toBe("differs");
    expect(of.get("token-date")).toMatchObject({ outcome: "missing", sides: ["b"] });
    expect(of.get("document")).toMatchObject({ outcome: "missing", sides: ["a", "b"] });
  });
});

test("a reference that the list does not have is refused without saying it", () => {
  expect(() => rowOf(AT, "HR-000001")).toThrow(/^not-found: --ref/);
  expect(() => rowOf(AT, "HR-000001")).not.toThrow(/HR-000001/);
});

describe("a hit", () => {
  const handle = (letter: string): string => `${letter.repeat(21)}A`;
  function vaultWithHit(pattern: number) {
    const identities = identitiesOf(["AT", "HR"]);
    const [identity] = identities;
    if (identity === undefined) throw new RangeError("no identity");
    const roster = rosterOf(identities);
    const vault = vaultOf(identity, roster);
    const descriptor = descriptorOf(identities, roster, { profile: profileDigest(SHIPPED_PROFILE) });
    vault.keepDescriptor(descriptor);
    vault.writeHandleMap(descriptor.id, "HR", [{ handle: handle("H"), refs: ["AT-1", "AT-7"], row: 0 }]);
    const hit = { band: "medium", cells: "", handle: handle("H"), hit: handle("i"), pattern } as const;
    const keys = {
      keyTag: Buffer.alloc(32, 1),
      keyProof: Buffer.alloc(32, 2),
      keyNotice: Buffer.alloc(32, 3),
      keyId: "A".repeat(22),
    };
    vault.keepPairings(descriptor.id, [{ counterpart: "HR", ...keys }]);
    vault.keepSection(descriptor.id, {
      counterpart: "HR",
      hitCount: 1,
      decoys: 0,
      decoysMissing: 0,
      noRecord: 0,
      hits: [hit],
    });
    return { vault, round: descriptor.id };
  }

  test("shows the levels that agreed, and leaves open what depends on the counterpart's coverage class", () => {
    const tokenDate = RULES.findIndex(({ id }) => id === "token-date");
    const { vault, round } = vaultWithHit(2 ** tokenDate);
    const explanation = explainHit(vault, round, handle("i"), CLASSED_PROFILE);
    expect(explanation).toMatchObject({ refs: ["AT-1", "AT-7"], band: "medium", rules: ["token-date"] });
    const evidence = RULES[tokenDate]?.evidence ?? {};
    for (const [group, level] of Object.entries(evidence))
      expect(explanation.terms).toContainEqual(expect.objectContaining({ group, level, rules: ["token-date"] }));
    const threshold = explanation.terms.find(({ group }) => group === "threshold")?.bits ?? 0;
    const { groups } = weightsAt(CLASSED_PROFILE, threshold);
    const open = groups.filter(({ id, coverage }) => coverage !== null && !(id in evidence));
    expect(explanation.openTerms.map(({ group }) => group)).toEqual(open.map(({ id }) => id));
    const known = explanation.terms.reduce((sum, { bits }) => sum + micro(bits), 0);
    const least = open.reduce((sum, group) => sum + micro(Math.min(group.disagreeBits, group.missingBits)), known);
    expect(micro(explanation.leastBits)).toBe(least);
    expect(explanation.mostBits).toBeGreaterThan(explanation.leastBits);
    const text = hitText(explanation);
    expect(text).toContain("depends on");
    expect(waterfallSvg(hitWaterfall(explanation))).toContain("url(#open)");
  });

  test("of a round without kept results, or of another id, is refused", () => {
    const { vault, round } = vaultWithHit(1);
    const code = (run: () => unknown): unknown => {
      try {
        return run();
      } catch (error) {
        return (error as { code: string }).code;
      }
    };
    expect(code(() => explainHit(vault, "2020-1", handle("i"), SHIPPED_PROFILE))).toBe("package-unavailable");
    expect(code(() => explainHit(vault, round, handle("x"), SHIPPED_PROFILE))).toBe("not-found");
  });
});

describe("a picture", () => {
  const [best] = LINKED.pairs;
  if (best === undefined) throw new RangeError("the small lists have pairs");
  const explanation = explained(best.refA, best.refB);
  const waterfall = pairWaterfall(explanation);
  if (waterfall === null) throw new RangeError("a candidate pair has a waterfall");

  test("has a bar for each term, references and no fact of a record", () => {
    const svg = waterfallSvg(waterfall);
    expect(svg.match(/<rect [^>]*height="16"/g)).toHaveLength(waterfall.bars.length);
    expect(svg).toContain(best.refA);
    const texts = [...rowOf(AT, best.refA).records, ...rowOf(HR, best.refB).records].flatMap(
      ({ family_name, given_name, dob }) => [family_name, given_name, dob].filter((fact) => fact !== ""),
    );
    expect(texts.length).toBeGreaterThan(2);
    for (const fact of texts) expect(svg).not.toContain(fact);
  });

  test("is well-formed whatever a reference holds", () => {
    const svg = waterfallSvg({ ...waterfall, title: `<script>"&'\u0000]]>` });
    expect(svg).toContain("&lt;script&gt;&quot;&amp;']]&gt;");
    expect(svg).not.toContain("<script");
  });

  test("stands in the text too, beside what both records say", () => {
    const text = pairText(explanation, rowOf(AT, best.refA).records, rowOf(HR, best.refB).records);
    expect(text).toContain(best.weightBits.toFixed(6));
    expect(text).toContain("█");
    expect(text.split("\n").filter((line) => line.startsWith("  A  "))).toHaveLength(explanation.refsA.length);
  });
});

describe("the command", () => {
  const MAIN = new URL("../../client/main.ts", import.meta.url).pathname;
  const LISTS = [join(SMALL, "AT.jsonl"), join(SMALL, "HR.jsonl")];
  const Told = z.looseObject({ score: z.looseObject({ terms: z.array(z.looseObject({ bits: z.number() })) }) });

  function aquila(folder: string, ...args: readonly string[]) {
    return new Promise<{ exitCode: number; stdout: string; stderr: string }>((resolve) => {
      const env = { PATH: process.env["PATH"] };
      const child = execFile(process.execPath, [MAIN, ...args], { cwd: folder, env }, (_error, stdout, stderr) => {
        resolve({ exitCode: child.exitCode ?? -1, stdout, stderr });
      });
    });
  }

  test("prints terms that sum to the weight in the file of link, and writes a picture only its owner can read", async () => {
    const folder = temporaryFolder();
    await aquila(folder, "link", ...LISTS, "--out", "pairs.csv");
    const rows: Record<string, string>[] = parse(readFileSync(join(folder, "pairs.csv")), { columns: true });
    const { ref_a: refA = "", ref_b: refB = "", weight_bits: weightBits } = rows.at(-1) ?? {};
    const asked = ["--ref-a", refA, "--ref-b", refB, "--svg", "pair.svg", "--json"];
    const { exitCode, stdout, stderr } = await aquila(folder, "explain", ...LISTS, ...asked);
    expect(`${exitCode} ${stderr}`).toBe("0 ");
    const { terms } = Told.parse(JSON.parse(stdout)).score;
    expect((terms.reduce((sum, { bits }) => sum + micro(bits), 0) / 1e6).toFixed(6)).toBe(weightBits);
    expect(statSync(join(folder, "pair.svg")).mode & 0o777).toBe(0o600);
    const again = await aquila(folder, "explain", ...LISTS, ...asked);
    expect(again.exitCode).toBe(3);
    expect(again.stderr).toMatch(/^aquila: file-exists: /);
  });

  test("says what it needs when it is asked for half a pair, with exit code 2", async () => {
    const { exitCode, stderr } = await aquila(temporaryFolder(), "explain", ...LISTS, "--ref-a", "AT-000001");
    expect(exitCode).toBe(2);
    expect(stderr).toContain("--ref-b");
  });
});
