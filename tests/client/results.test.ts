/**
 * Results: opened, checked, named by own references, written.
 */
import { parse } from "csv-parse/sync";
import { describe, expect, test } from "vitest";
import { fetchResults, RESULT_NOTE, resultsCsv, resultsJson } from "#client/results.ts";
import { profileDigest } from "#engine/profile.ts";
import { sealPackage, type Hit, type PackageContent } from "#engine/round/package.ts";
import { SHIPPED_PROFILE } from "#engine/shipped-profile.ts";
import { descriptorOf, identitiesOf, rosterOf } from "../engine/round/parties.ts";
import { connectionOf, fakeSecretariat } from "./fake-secretariat.ts";
import { vaultOf } from "./folders.ts";

const T1 = "B".repeat(42) + "A";
const ruleIds = SHIPPED_PROFILE.rules.map((rule) => rule.id);

function hitOf(change: Partial<Hit>): Hit {
  return { band: "low", counterpart: "HR", handle: handle("H"), hit: handle("i"), pattern: 1, ...change };
}

function handle(letter: string): string {
  return letter.repeat(21) + "A";
}

function setUp() {
  const identities = identitiesOf(["AT", "HR", "SI"]);
  const roster = rosterOf(identities);
  const [identity] = identities;
  if (identity === undefined) throw new RangeError("no identity");
  const vault = vaultOf(identity, roster);
  const descriptor = descriptorOf(roster, { profile: profileDigest(SHIPPED_PROFILE) });
  vault.keepDescriptor(descriptor);
  vault.keepTranscript("2026-4", T1);
  vault.writeHandleMap("2026-4", "HR", [
    { handle: handle("H"), refs: ["AT-1", "AT-7"] },
    { handle: handle("J"), refs: ["=cmd"] },
  ]);
  const fake = fakeSecretariat();
  const connection = connectionOf(fake, descriptor, "AT");
  const release = async (hits: Hit[], change: Partial<PackageContent> = {}) => {
    const content = { round: "2026-4", t1: T1, party: "AT", hits, ...change };
    fake.packages.set("AT", await sealPackage(content, identity.boxKey));
  };
  const results = () => fetchResults(connection, vault, "2026-4", SHIPPED_PROFILE);
  return { release, results, vault };
}

describe("results", () => {
  test("name each hit by the party's own references and the rules that agreed, most certain first", async () => {
    const { release, results } = setUp();
    await release([hitOf({ pattern: 0b101 }), hitOf({ handle: handle("J"), hit: handle("k"), band: "high" })]);
    expect(await results()).toEqual([
      { refs: ["=cmd"], counterpart: "HR", hit: handle("k"), band: "high", rules: [ruleIds[0]] },
      { refs: ["AT-1", "AT-7"], counterpart: "HR", hit: handle("i"), band: "low", rules: [ruleIds[0], ruleIds[2]] },
    ]);
  });

  test("keep their package in the vault, and a package that is refused is not kept", async () => {
    const { release, results, vault } = setUp();
    await release([hitOf({ handle: handle("x") })]);
    await expect(results()).rejects.toMatchObject({ code: "package-invalid" });
    expect(vault.package("2026-4")).toBeNull();
    await release([hitOf({})]);
    await results();
    expect(vault.package("2026-4")?.hits).toEqual([hitOf({})]);
  });

  test("before release are unavailable", async () => {
    await expect(setUp().results()).rejects.toMatchObject({ code: "package-unavailable" });
  });

  test.each([
    ["of another round", {}, { round: "2026-5" }],
    ["of another T1", {}, { t1: "C".repeat(42) + "A" }],
    ["for another party", {}, { party: "HR" }],
    ["with a handle that was never sent", { handle: handle("x") }, {}],
    ["with a counterpart for whom nothing was encoded", { counterpart: "SI" }, {}],
    ["with rules that the profile does not have", { pattern: 0xffff_ffff }, {}],
  ])("%s are refused", async (_name, hit: Partial<Hit>, content: Partial<PackageContent>) => {
    const { release, results } = setUp();
    await release([hitOf(hit)], content);
    await expect(results()).rejects.toMatchObject({ code: "package-invalid" });
  });

  test("are written as CSV with the note in each row and no formula, and as JSON", async () => {
    const { release, results } = setUp();
    await release([hitOf({}), hitOf({ handle: handle("J"), hit: handle("k"), band: "high" })]);
    const rows = await results();
    const parsed: unknown = parse(resultsCsv(rows), { columns: true });
    expect(parsed).toEqual([
      { references: "'=cmd", counterpart: "HR", band: "high", hit: handle("k"), rules: ruleIds[0], note: RESULT_NOTE },
      {
        references: "AT-1 | AT-7",
        counterpart: "HR",
        band: "low",
        hit: handle("i"),
        rules: ruleIds[0],
        note: RESULT_NOTE,
      },
    ]);
    expect(JSON.parse(resultsJson("2026-4", rows))).toEqual({ note: RESULT_NOTE, round: "2026-4", hits: rows });
    expect(resultsCsv([])).toBe("references,counterpart,band,hit,rules,note\r\n");
  });
});
