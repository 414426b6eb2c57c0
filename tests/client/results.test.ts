/**
 * Results: acknowledged, opened, checked, named by own references, written.
 */
import { createHash, randomBytes } from "node:crypto";
import { parse } from "csv-parse/sync";
import { describe, expect, test } from "vitest";
import { acknowledgePackage, openHits } from "#client/release.ts";
import { RESULT_NOTE, resultsCsv, resultsJson, resultsOf, statusesByHit } from "#client/results.ts";
import { unopenedOf, unopenedText } from "#client/unopened.ts";
import { profileDigest } from "#engine/profile.ts";
import type { HitStatus, Status } from "#engine/round/acts.ts";
import type { RoundDescriptor } from "#engine/round/descriptor.ts";
import {
  PACKAGE_KEY_BYTES,
  sealPackage,
  sealPackageKey,
  type Hit,
  type PackageContent,
} from "#engine/round/package.ts";
import { signStatement } from "#engine/round/statement.ts";
import { SHIPPED_PROFILE } from "#engine/shipped-profile.ts";
import { descriptorOf, identitiesOf, rosterOf } from "../engine/round/parties.ts";
import { connectionOf, fakeSecretariat } from "./fake-secretariat.ts";
import { vaultOf } from "./folders.ts";

const ROUND = "2026-4";
const OF = { round: ROUND, keptUntil: "2027-03-01T00:00:00.000Z" };
const BEFORE = new Date("2026-11-27T12:00:00Z");
const T2 = "B".repeat(42) + "A";
const ruleIds = SHIPPED_PROFILE.rules.map((rule) => rule.id);
/** Of a hit that the counterpart has not answered yet, of a record without a code. */
const UNANSWERED = { finding: "waiting", accuracy: "", proposedAccuracy: null, notice: null, counterparts: 1 } as const;

function hitOf(change: Partial<Hit>): Hit {
  return { band: "low", cells: "", handle: handle("H"), hit: handle("i"), pattern: 1, ...change };
}

function handle(letter: string): string {
  return letter.repeat(21) + "A";
}

function setUp(change: Partial<RoundDescriptor> = {}) {
  const identities = identitiesOf(["AT", "HR", "SI"]);
  const roster = rosterOf(identities);
  const [identity] = identities;
  if (identity === undefined) throw new RangeError("no identity");
  const vault = vaultOf(identity, roster);
  const descriptor = descriptorOf(identities, roster, { profile: profileDigest(SHIPPED_PROFILE), ...change });
  vault.keepDescriptor(descriptor);
  vault.keepPairings(
    ROUND,
    ["HR", "SI"].map((counterpart) => ({
      counterpart,
      keyTag: new Uint8Array(32).fill(1),
      keyProof: new Uint8Array(32).fill(2),
      keyNotice: new Uint8Array(32).fill(3),
      keyId: handle("K"),
    })),
  );
  vault.writeHandleMap(ROUND, "HR", [
    { handle: handle("H"), refs: ["AT-1", "AT-7"], row: 0 },
    { handle: handle("J"), refs: ["=cmd"], row: 1 },
  ]);
  vault.keepSeal(ROUND, T2);
  const fake = fakeSecretariat();
  fake.t2 = T2;
  const connection = connectionOf(fake, descriptor, "AT");
  /** @param hits - Of each section, by counterpart. */
  const release = async (
    hits: Readonly<Record<string, readonly Hit[]>>,
    change: Partial<PackageContent> = {},
  ): Promise<Uint8Array> => {
    const sections = Object.entries(hits).map(([counterpart, found]) => ({
      counterpart,
      key: new Uint8Array(randomBytes(PACKAGE_KEY_BYTES)),
      hits: found,
    }));
    const content = { round: ROUND, t2: T2, party: "AT", sections, ...change };
    const keys = sections.map(async ({ counterpart, key }) => ({
      counterpart,
      sealedKey: await sealPackageKey(key, identity.boxKey),
    }));
    const sealed = await sealPackage(content, identity.boxKey);
    fake.packages.set("AT", { sealed, keys: await Promise.all(keys) });
    return sealed;
  };
  const open = async () => {
    await acknowledgePackage(connection, vault, ROUND);
    return openHits(connection, vault, ROUND, SHIPPED_PROFILE, BEFORE);
  };
  const results = async () => {
    await open();
    return resultsOf(vault, ROUND, SHIPPED_PROFILE, BEFORE);
  };
  return { release, open, results, vault, connection, fake, identities };
}

describe("results", () => {
  test("name each hit by the party's own references and the rules that agreed, most certain first", async () => {
    const { release, results } = setUp();
    const second = hitOf({ handle: handle("J"), hit: handle("k"), band: "high" });
    await release({ HR: [hitOf({ pattern: 0b101 }), second], SI: [] });
    expect(await results()).toEqual([
      { refs: ["=cmd"], counterpart: "HR", hit: handle("k"), band: "high", rules: [ruleIds[0]], ...UNANSWERED },
      {
        refs: ["AT-1", "AT-7"],
        counterpart: "HR",
        hit: handle("i"),
        band: "low",
        rules: [ruleIds[0], ruleIds[2]],
        ...UNANSWERED,
      },
    ]);
  });

  test("keep their package in the vault, and a package that is refused is neither kept nor acknowledged", async () => {
    const { release, results, vault, fake } = setUp();
    await release({ HR: [hitOf({})], SI: [] }, { round: "2026-5" });
    await expect(results()).rejects.toMatchObject({ code: "package-invalid" });
    expect(vault.packageBox(ROUND)).toBeNull();
    expect(fake.acknowledgements).toEqual([]);
    const sealed = await release({ HR: [hitOf({})], SI: [] });
    await results();
    expect(Buffer.compare(vault.packageBox(ROUND) ?? new Uint8Array(), sealed)).toBe(0);
    expect(vault.section(ROUND, "HR")?.hits).toEqual([hitOf({})]);
    const digest = createHash("sha256").update(sealed).digest("base64url");
    expect(fake.acknowledgements).toMatchObject([{ party: "AT", round: ROUND, t2: T2, digest }]);
  });

  test("before release are unavailable", async () => {
    const { results, connection, vault } = setUp();
    const unavailable = { code: "package-unavailable" };
    await expect(results()).rejects.toMatchObject(unavailable);
    await expect(openHits(connection, vault, ROUND, SHIPPED_PROFILE, BEFORE)).rejects.toMatchObject(unavailable);
    expect(() => resultsOf(vault, ROUND, SHIPPED_PROFILE, BEFORE)).toThrow(expect.objectContaining(unavailable));
  });

  const sound = { HR: [hitOf({})], SI: [] };
  test.each<[string, Readonly<Record<string, readonly Hit[]>>, Partial<PackageContent>]>([
    ["of another round", sound, { round: "2026-5" }],
    ["of another T2", sound, { t2: "C".repeat(42) + "A" }],
    ["for another party", sound, { party: "HR" }],
    ["without a section of a pairing", { HR: [hitOf({})] }, {}],
    ["with a section of no pairing", { ...sound, XX: [] }, {}],
  ])("%s are refused", async (_name, hits, content) => {
    const { release, results } = setUp();
    await release(hits, content);
    await expect(results()).rejects.toMatchObject({ code: "package-invalid" });
  });

  test.each<[string, readonly Hit[]]>([
    ["a hit that is there twice", [hitOf({}), hitOf({ handle: handle("J") })]],
    ["a band below the round's lowest", [hitOf({ band: "medium" })]],
    ["rules that the profile does not have", [hitOf({ pattern: 0xffff_ffff })]],
  ])("of a section with %s are not kept, and those of others are", async (name, hits) => {
    const { release, open, vault } = setUp(name.includes("band") ? { lowestBand: "high" } : {});
    await release({ HR: hits, SI: [] });
    const faults = [{ counterpart: "HR", kind: "section-invalid", count: 1, of: 1 }];
    expect(await open()).toEqual({ opened: ["SI"], closed: ["HR"], faults, refused: [] });
    expect(vault.section(ROUND, "HR")).toBeNull();
  });

  test("with a counterpart for whom nothing was encoded are of no record", async () => {
    const { release, results, open } = setUp();
    await release({ HR: [], SI: [hitOf({})] });
    expect((await open()).faults).toEqual([{ counterpart: "SI", kind: "no-record", count: 1, of: 1 }]);
    expect(await results()).toEqual([]);
  });

  // Of two rounds the one with the later deadline may well be played first.
  test.each([
    [true, "2026-01-01T00:00:00Z", "2026-11-26T12:00:00.000Z", "known-before"],
    [true, "2026-01-01T00:00:00Z", undefined, "known-before"],
    [true, "2030-01-01T00:00:00Z", "2026-11-26T12:00:00.000Z", "known-before"],
    [true, "2026-01-01T00:00:00Z", "2026-11-28T12:00:00.000Z", "origin-unknown"],
    [false, "2026-01-01T00:00:00Z", "2026-11-26T12:00:00.000Z", "origin-unknown"],
  ])(
    "of a row with another hit, proven: %s, keys until %s, opened at %s, are %s",
    async (wasProven, until, openedAt, finding) => {
      const { release, results, vault } = setUp();
      const earlier = "2026-3";
      const descriptor = vault.descriptor(ROUND);
      if (descriptor === null) throw new RangeError("there is no descriptor");
      const deadlines = { ...descriptor.deadlines, keys: until };
      vault.keepDescriptor({ ...descriptor, id: earlier, deadlines });
      const keys = {
        keyTag: new Uint8Array(32).fill(3),
        keyProof: new Uint8Array(32).fill(4),
        keyNotice: new Uint8Array(32).fill(5),
        keyId: handle("L"),
      };
      vault.keepPairings(earlier, [{ counterpart: "HR", ...keys }]);
      vault.writeHandleMap(earlier, "HR", [{ handle: handle("M"), refs: ["AT-1"], row: 3 }]);
      const hits = [hitOf({ handle: handle("M"), hit: handle("n") })];
      vault.keepSection(earlier, {
        counterpart: "HR",
        hitCount: 1,
        decoys: 0,
        decoysMissing: 0,
        noRecord: 0,
        hits,
        openedAt,
      });
      const none = { accuracy: "", handling: "", reliability: "", originTags: [], riskIndicators: [] } as const;
      const notice = { ...none, contact: "desk", originTags: [], riskIndicators: [] };
      vault.keepAnswers(earlier, "HR", [{ hit: handle("n"), notice, ownOriginTags: [], proven: wasProven }]);
      await release({ HR: [hitOf({})], SI: [] });
      vault.keepAnswers(ROUND, "HR", [{ hit: handle("i"), notice, ownOriginTags: [], proven: true }]);
      expect((await results()).map((row) => row.finding)).toEqual([finding]);
    },
  );

  test.each([
    ["matched", ["AT"], BEFORE, [], "waiting", "HR: waiting, not acknowledged yet by HR"],
    ["opened", ["AT", "HR"], BEFORE, [], "waiting", "HR: waiting for its key"],
    ["dropped", ["AT"], BEFORE, [], "dropped", "HR: dropped by a data-protection officer, opened to neither side"],
    ["closed", ["HR"], BEFORE, [], "closed", "HR: closed, not acknowledged in time by AT"],
    // The server has not worked the deadline off yet.
    ["matched", ["AT"], new Date("2099-01-01T00:00:00Z"), [], "closed", "HR: closed, not acknowledged in time by HR"],
    [
      "opened",
      ["AT", "HR"],
      BEFORE,
      ["section-invalid"],
      "invalid",
      "HR: its section does not open with the key that was given for it",
    ],
  ] as const)(
    "say of a pairing that is %s, acknowledged by %j, at %s, with faults %j, that it is %s",
    (state, acknowledged, now, kinds, why, text) => {
      const { vault } = setUp();
      const faults = kinds.map((kind) => ({ counterpart: "HR", kind, count: 1, of: 1 }));
      const pairings = [
        { pairing: ["AT", "HR"] as [string, string], state, acknowledged: [...acknowledged], answered: [], hits: null },
      ];
      const found = unopenedOf(vault, ROUND, { pairings, state: "released" }, { closed: ["HR"], faults }, now);
      expect(found).toMatchObject([{ counterpart: "HR", why }]);
      expect(found.map(unopenedText)).toEqual([text]);
    },
  );

  test("are written as CSV with the note in each row and no formula, and as JSON, with both sides' statuses", async () => {
    const { release, results, vault, identities } = setUp();
    await release({ HR: [hitOf({}), hitOf({ handle: handle("J"), hit: handle("k"), band: "high" })], SI: [] });
    const rows = await results();
    const said = (author: string, by: string, status: HitStatus, hit = handle("k"), round = ROUND): Status => {
      const signer = identities.find(({ party }) => party === by) ?? expect.fail(by);
      return signStatement(signer, "status", { hit, party: author, round, status });
    };
    const statuses = statusesByHit(vault, ROUND, [
      said("AT", "AT", "confirmed"),
      said("HR", "HR", "channel-siena"),
      // What the counterpart did not sign for this round says nothing.
      said("HR", "SI", "refuted", handle("i")),
      said("HR", "HR", "refuted", handle("i"), "2026-3"),
    ]);
    const common = {
      ...{ counterpart: "HR", rules: ruleIds[0], finding: "waiting", accuracy: "", proposed_accuracy: "" },
      ...{ their_reliability: "", their_accuracy: "", their_handling: "", their_risk_indicators: "", contact: "" },
      ...{ note: RESULT_NOTE, round: ROUND, kept_until: OF.keptUntil },
    };
    const parsed: unknown = parse(resultsCsv(OF, rows, statuses), { columns: true });
    expect(parsed).toEqual([
      {
        ...common,
        references: "'=cmd",
        band: "high",
        hit: handle("k"),
        own_status: "confirmed",
        their_status: "channel-siena",
      },
      { ...common, references: "AT-1 | AT-7", band: "low", hit: handle("i"), own_status: "", their_status: "" },
    ]);
    const [first, second] = rows;
    expect(JSON.parse(resultsJson(OF, rows, statuses))).toEqual({
      note: RESULT_NOTE,
      ...OF,
      hits: [
        { ...first, status: { own: "confirmed", theirs: "channel-siena" } },
        { ...second, status: { own: null, theirs: null } },
      ],
    });
    expect(resultsCsv(OF, [], new Map())).toBe(
      "references,counterpart,band,hit,rules,finding,accuracy,proposed_accuracy,their_reliability,their_accuracy," +
        "their_handling,their_risk_indicators,contact,own_status,their_status,round,kept_until,note\r\n",
    );
  });
});
