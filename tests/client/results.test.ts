/**
 * Results: hits named by the party's own references, ordered, and written.
 */
import { parse } from "csv-parse/sync";
import { describe, expect, test } from "vitest";
import { RESULT_NOTE, resultsCsv, resultsJson, resultsOf, statusesByHit } from "#client/results.ts";
import type { KeptAnswer } from "#client/round-files.ts";
import type { Vault } from "#client/vault.ts";
import { makeIdentity } from "#engine/round/identity.ts";
import { signStatement } from "#engine/round/statement.ts";
import type { Notice } from "#engine/round/notice.ts";
import type { Hit } from "#engine/round/package.ts";
import { SHIPPED_PROFILE, SHIPPED_PROFILE_DIGEST } from "#engine/shipped-profile.ts";
import { descriptorOf, identitiesOf, rosterOf } from "../engine/round/parties.ts";
import { vaultOf } from "./folders.ts";

const ROUND = "2026-4";
const ruleIds = SHIPPED_PROFILE.rules.map((rule) => rule.id);
const handle = (letter: string): string => `${letter.repeat(21)}A`;

const NOTICE: Notice = {
  accuracy: "2",
  contact: "desk 7",
  handling: "H1",
  originTags: [handle("t")],
  reliability: "B",
  riskIndicators: ["armed", "flight"],
};

function hitOf(change: Partial<Hit>): Hit {
  return { band: "low", cells: "", handle: handle("H"), hit: handle("i"), pattern: 1, ...change };
}

function setUp() {
  const identities = identitiesOf(["AT", "HR", "SI"]);
  const roster = rosterOf(identities);
  const [identity] = identities;
  if (identity === undefined) throw new RangeError("no identity");
  const vault = vaultOf(identity, roster);
  vault.keepDescriptor(descriptorOf(identities, roster, { profile: SHIPPED_PROFILE_DIGEST }));
  const keys = { keyTag: Buffer.alloc(32, 1), keyProof: Buffer.alloc(32, 2), keyId: "A".repeat(22) };
  vault.keepPairings(
    ROUND,
    ["HR", "SI"].map((counterpart) => ({ counterpart, ...keys })),
  );
  for (const counterpart of ["HR", "SI"])
    vault.writeHandleMap(ROUND, counterpart, [
      { handle: handle("H"), refs: ["AT-1", "AT-7"], row: 0, accuracy: "4" },
      { handle: handle("J"), refs: ["=cmd"], row: 1 },
    ]);
  return vault;
}

function keepHits(vault: Vault, counterpart: string, ...hits: Hit[]): void {
  vault.keepSection(ROUND, { counterpart, hitCount: hits.length + 2, decoys: 2, decoysMissing: 0, hits });
}

function answerOf(hit: string, change: Partial<KeptAnswer> = {}): KeptAnswer {
  return { hit, notice: NOTICE, ownOriginTags: [handle("o")], proven: true, ...change };
}

const rowsOf = (vault: Vault) => resultsOf(vault, ROUND, SHIPPED_PROFILE);

describe("results", () => {
  test("name each hit by the party's own references and the rules that agreed, most certain first", () => {
    const vault = setUp();
    keepHits(vault, "HR", hitOf({ pattern: 0b101 }), hitOf({ handle: handle("J"), hit: handle("k"), band: "high" }));
    const waiting = { finding: "waiting", proposedAccuracy: null, notice: null, counterparts: 1 } as const;
    expect(rowsOf(vault)).toEqual([
      {
        ...{ refs: ["=cmd"], counterpart: "HR", hit: handle("k"), band: "high", rules: [ruleIds[0]], accuracy: "" },
        ...waiting,
      },
      {
        ...{ refs: ["AT-1", "AT-7"], counterpart: "HR", hit: handle("i"), band: "low", accuracy: "4" },
        ...{ rules: [ruleIds[0], ruleIds[2]], ...waiting },
      },
    ]);
  });

  test("of a record with two counterparts propose to raise its accuracy by each that is independent, unproven ones not", () => {
    const vault = setUp();
    keepHits(vault, "HR", hitOf({}), hitOf({ handle: handle("J"), hit: handle("k") }));
    keepHits(vault, "SI", hitOf({ hit: handle("m") }));
    vault.keepAnswers(ROUND, "HR", [answerOf(handle("i")), answerOf(handle("k"), { proven: false })]);
    vault.keepAnswers(ROUND, "SI", [answerOf(handle("m"), { ownOriginTags: [handle("t")] })]);
    const rows = rowsOf(vault);
    expect(
      rows.map(({ refs, counterpart, finding, proposedAccuracy, counterparts }) => [
        refs[0],
        counterpart,
        finding,
        proposedAccuracy,
        counterparts,
      ]),
    ).toEqual([
      ["=cmd", "HR", "unproven", null, 1],
      ["AT-1", "HR", "independent", "3", 2],
      ["AT-1", "SI", "same-origin", null, 2],
    ]);
    expect(rows[1]?.notice).toEqual(NOTICE);
  });

  test("before a pairing is open are unavailable", () => {
    expect(() => rowsOf(setUp())).toThrow(expect.objectContaining({ code: "package-unavailable" }));
  });

  test("are written as CSV with the note in each row and no formula, and as JSON", () => {
    const vault = setUp();
    keepHits(vault, "HR", hitOf({}), hitOf({ handle: handle("J"), hit: handle("k"), band: "high" }));
    vault.keepAnswers(ROUND, "HR", [
      answerOf(handle("i")),
      answerOf(handle("k"), { notice: { ...NOTICE, contact: "+1" } }),
    ]);
    const said = (party: string, status: "confirmed" | "refuted") =>
      signStatement(makeIdentity(party), "status", { hit: handle("i"), party, round: ROUND, status });
    const statuses = statusesByHit("AT", [said("AT", "confirmed"), said("HR", "refuted")]);
    const rows = rowsOf(vault);
    const theirs = {
      ...{ rules: ruleIds[0], finding: "independent", note: RESULT_NOTE, counterpart: "HR" },
      ...{ their_reliability: "B", their_accuracy: "2", their_handling: "H1", their_risk_indicators: "armed flight" },
    };
    const parsed: unknown = parse(resultsCsv(rows, statuses), { columns: true });
    expect(parsed).toEqual([
      {
        ...{ ...theirs, references: "'=cmd", band: "high", hit: handle("k"), contact: "'+1" },
        ...{ accuracy: "", proposed_accuracy: "", own_status: "", their_status: "" },
      },
      {
        ...{ ...theirs, references: "AT-1 | AT-7", band: "low", hit: handle("i"), contact: "desk 7" },
        ...{ accuracy: "4", proposed_accuracy: "3", own_status: "confirmed", their_status: "refuted" },
      },
    ]);
    const [first, second] = rows;
    expect(JSON.parse(resultsJson(ROUND, rows, statuses))).toEqual({
      note: RESULT_NOTE,
      round: ROUND,
      hits: [
        { ...first, status: { own: null, theirs: null } },
        { ...second, status: { own: "confirmed", theirs: "refuted" } },
      ],
    });
    expect(resultsCsv([], new Map())).toMatch(/^references,counterpart,band,[a-z_,]*,note\r\n$/);
  });
});
