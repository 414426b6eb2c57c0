/**
 * A party's package, opened, checked and named by own references; results as they are written.
 */
import { parse } from "csv-parse/sync";
import { describe, expect, test } from "vitest";
import { acknowledgePackage, openHits } from "#client/release.ts";
import { RESULT_NOTE, resultsCsv, resultsJson, resultsOf, statusesByHit } from "#client/results.ts";
import type { Report } from "#engine/round/acts.ts";
import { profileDigest } from "#engine/profile.ts";
import type { Notice } from "#engine/round/notice.ts";
import { sealPackage, sealPackageKey, type Hit, type PackageContent } from "#engine/round/package.ts";
import { SHIPPED_PROFILE } from "#engine/shipped-profile.ts";
import { descriptorOf, identitiesOf, rosterOf } from "../engine/round/parties.ts";
import { connectionOf, fakeSecretariat } from "./fake-secretariat.ts";
import { vaultOf } from "./folders.ts";

const ROUND = "2026-4";
const T2 = "B".repeat(42) + "A";
const COUNTERPARTS = ["HR", "SI"];
const ruleIds = SHIPPED_PROFILE.rules.map((rule) => rule.id);

function handle(letter: string): string {
  return letter.repeat(21) + "A";
}

function hitOf(change: Partial<Hit> = {}): Hit {
  return { band: "low", cells: "", handle: handle("H"), hit: handle("i"), pattern: 1, ...change };
}

/** AT's vault with rows for HR alone, sealed, and a secretariat that gives out what is released. */
function setUp() {
  const identities = identitiesOf(["AT", ...COUNTERPARTS]);
  const roster = rosterOf(identities);
  const [identity] = identities;
  if (identity === undefined) throw new RangeError("no identity");
  const vault = vaultOf(identity, roster);
  const descriptor = descriptorOf(identities, roster, { profile: profileDigest(SHIPPED_PROFILE) });
  vault.keepDescriptor(descriptor);
  const agreed = { keyTag: Buffer.alloc(32, 1), keyProof: Buffer.alloc(32, 2), keyId: "A".repeat(22) };
  vault.keepPairings(
    ROUND,
    COUNTERPARTS.map((counterpart) => ({ counterpart, ...agreed })),
  );
  vault.keepSeal(ROUND, T2);
  vault.writeHandleMap(ROUND, "HR", [
    { handle: handle("H"), refs: ["AT-1", "AT-7"], row: 0, accuracy: "4" },
    { handle: handle("J"), refs: ["=cmd"], row: 1 },
  ]);
  const shown = connectionOf(fakeSecretariat(), descriptor, "AT");
  let released: Uint8Array | null = null;
  const acknowledged: string[] = [];
  const reports: Report[] = [];
  const keyOf = (counterpart: string): Buffer => Buffer.alloc(32, COUNTERPARTS.indexOf(counterpart));
  const release = async (hits: Hit[], change: Partial<PackageContent> = {}, withWhom = "HR") => {
    const sections = COUNTERPARTS.map((counterpart) => ({
      counterpart,
      key: keyOf(counterpart),
      hits: counterpart === withWhom ? hits : [],
    }));
    released = await sealPackage({ round: ROUND, t2: T2, party: "AT", sections, ...change }, identity.boxKey);
  };
  const server = {
    fetchPackage: () => (released === null ? Promise.reject(new Error("not released")) : Promise.resolve(released)),
    acknowledge: ({ digest }: { digest: string }) => {
      acknowledged.push(digest);
      return shown.round(ROUND);
    },
    packageKeys: () =>
      Promise.all(
        COUNTERPARTS.map(async (counterpart) => ({
          counterpart,
          sealedKey: await sealPackageKey(keyOf(counterpart), identity.boxKey),
        })),
      ),
    putReport: (report: Report) => {
      reports.push(report);
      return Promise.resolve();
    },
  };
  const take = async () => {
    await acknowledgePackage(server, vault, ROUND);
    return openHits(server, vault, ROUND, SHIPPED_PROFILE);
  };
  const results = async () => {
    await take();
    return resultsOf(vault, ROUND, SHIPPED_PROFILE);
  };
  return { release, take, results, vault, acknowledged, reports };
}

const two = [hitOf({ pattern: 0b101 }), hitOf({ handle: handle("J"), hit: handle("k"), band: "high" })];

describe("results", () => {
  test("name each hit by the party's own references and the rules that agreed, most certain first", async () => {
    const { release, results } = setUp();
    await release(two);
    const unanswered = { counterpart: "HR", finding: "waiting", proposedAccuracy: null, notice: null, counterparts: 1 };
    expect(await results()).toEqual([
      { ...unanswered, refs: ["=cmd"], hit: handle("k"), band: "high", rules: [ruleIds[0]], accuracy: "" },
      {
        ...unanswered,
        refs: ["AT-1", "AT-7"],
        hit: handle("i"),
        band: "low",
        rules: [ruleIds[0], ruleIds[2]],
        accuracy: "4",
      },
    ]);
  });

  test("keep their package in the vault and acknowledge it; one that is refused is neither kept nor acknowledged", async () => {
    const { release, take, vault, acknowledged } = setUp();
    await release([], { round: "2026-5" });
    await expect(take()).rejects.toMatchObject({ code: "package-invalid" });
    expect([vault.packageBox(ROUND), acknowledged]).toEqual([null, []]);
    await release([hitOf()]);
    await take();
    expect(vault.section(ROUND, "HR")?.hits).toEqual([hitOf()]);
    expect(acknowledged).toHaveLength(1);
  });

  test("that are not open yet are unavailable", () => {
    const { vault } = setUp();
    expect(() => resultsOf(vault, ROUND, SHIPPED_PROFILE)).toThrow(/^package-unavailable/);
  });

  test.each<[string, Partial<Hit>, Partial<PackageContent>, string]>([
    ["of another round", {}, { round: "2026-5" }, "HR"],
    ["of another T2", {}, { t2: "C".repeat(42) + "A" }, "HR"],
    ["for another party", {}, { party: "HR" }, "HR"],
    ["with fewer sections than pairings", {}, { sections: [] }, "HR"],
    ["with a handle that was never sent", { handle: handle("x") }, {}, "HR"],
    ["with rules that the profile does not have", { pattern: 0xffff_ffff }, {}, "HR"],
  ])("%s are refused", async (_name, hit, content, withWhom) => {
    const { release, take, vault } = setUp();
    await release([hitOf(hit)], content, withWhom);
    await expect(take()).rejects.toMatchObject({ code: "package-invalid" });
    expect(vault.section(ROUND, "HR")).toBeNull();
  });

  test("with a counterpart for whom nothing was encoded are refused", async () => {
    const { release, take, vault } = setUp();
    await release([hitOf()], {}, "SI");
    await expect(take()).rejects.toThrow();
    expect(vault.section(ROUND, "SI")).toBeNull();
  });

  test("of a record with two counterparts say of each what it corroborates, and what the counterpart says", () => {
    const { vault } = setUp();
    vault.writeHandleMap(ROUND, "SI", [{ handle: handle("H"), refs: ["AT-1", "AT-7"], row: 0, accuracy: "4" }]);
    const notice: Notice = {
      ...{ accuracy: "2", contact: "+43 1", handling: "H1", originTags: [handle("t")], reliability: "B" },
      riskIndicators: ["armed", "flight"],
    };
    const hits = { HR: [hitOf(), hitOf({ handle: handle("J"), hit: handle("k") })], SI: [hitOf({ hit: handle("m") })] };
    for (const [counterpart, found] of Object.entries(hits))
      vault.keepSection(ROUND, { counterpart, hitCount: found.length, decoys: 0, decoysMissing: 0, hits: found });
    const answered = { notice, ownOriginTags: [handle("o")], proven: true };
    vault.keepAnswers(ROUND, "HR", [
      { ...answered, hit: handle("i") },
      { ...answered, hit: handle("k"), proven: false },
    ]);
    vault.keepAnswers(ROUND, "SI", [{ ...answered, hit: handle("m"), ownOriginTags: [handle("t")] }]);
    const rows = resultsOf(vault, ROUND, SHIPPED_PROFILE);
    expect(rows.map(({ refs, counterpart, counterparts }) => [refs[0], counterpart, counterparts])).toEqual([
      ["=cmd", "HR", 1],
      ["AT-1", "HR", 2],
      ["AT-1", "SI", 2],
    ]);
    expect(rows.map(({ finding, proposedAccuracy }) => [finding, proposedAccuracy])).toEqual([
      ["unproven", null],
      ["independent", "3"],
      ["same-origin", null],
    ]);
    expect(rows[1]?.notice).toEqual(notice);
    const written: unknown = parse(resultsCsv(rows.slice(1, 2), new Map()), { columns: true });
    expect(written).toMatchObject([
      {
        ...{ accuracy: "4", proposed_accuracy: "3", their_reliability: "B", their_accuracy: "2", their_handling: "H1" },
        ...{ their_risk_indicators: "armed flight", contact: "'+43 1" },
      },
    ]);
  });

  test("are written as CSV with the note in each row and no formula, and as JSON, with both sides' statuses", async () => {
    const { release, results } = setUp();
    await release([hitOf(), ...two.slice(1)]);
    const rows = await results();
    const statuses = statusesByHit("AT", [
      { hit: handle("k"), party: "AT", round: ROUND, status: "confirmed", signature: "" },
      { hit: handle("k"), party: "HR", round: ROUND, status: "channel-siena", signature: "" },
    ]);
    const parsed: unknown = parse(resultsCsv(rows, statuses), { columns: true });
    const common = { counterpart: "HR", rules: ruleIds[0], finding: "waiting", note: RESULT_NOTE };
    expect(parsed).toMatchObject([
      {
        ...{ ...common, references: "'=cmd", band: "high", hit: handle("k") },
        ...{ own_status: "confirmed", their_status: "channel-siena" },
      },
      { ...common, references: "AT-1 | AT-7", band: "low", hit: handle("i"), own_status: "", their_status: "" },
    ]);
    const nothing = { own: null, theirs: null };
    expect(JSON.parse(resultsJson(ROUND, rows, statuses))).toEqual({
      note: RESULT_NOTE,
      round: ROUND,
      hits: rows.map((row) => ({ ...row, status: statuses.get(row.hit) ?? nothing })),
    });
    expect(resultsCsv([], new Map()).split("\r\n")).toEqual([
      expect.stringMatching(/^references,counterpart,band,hit,rules,finding,.*,own_status,their_status,note$/),
      "",
    ]);
  });
});
