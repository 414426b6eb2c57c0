/**
 * A package that a party opens: kept once it is its own, refused with what was never sent, decoys taken out and missed.
 */
import { randomBytes } from "node:crypto";
import { describe, expect, test } from "vitest";
import { encodeRound } from "#client/encode.ts";
import { acknowledgePackage, openHits } from "#client/release.ts";
import { agreeKeys } from "#client/agree.ts";
import type { Acknowledgement, Report } from "#engine/round/acts.ts";
import type { RoundView } from "#engine/round/messages.ts";
import { sealPackage, sealPackageKey, type Hit, type PackageContent } from "#engine/round/package.ts";
import { isSignedBy } from "#engine/round/statement.ts";
import { SHIPPED_PROFILE, SHIPPED_PROFILE_DIGEST } from "#engine/shipped-profile.ts";
import { person, encoded } from "../engine/encode/lists.ts";
import { approvalsOf, descriptorOf, identitiesOf, rosterOf, sealsOf } from "../engine/round/parties.ts";
import { connectionOf, fakeSecretariat } from "./fake-secretariat.ts";
import { vaultOf } from "./folders.ts";

const ROUND = "2026-4";
const NOW = new Date("2026-11-27T12:00:00Z");
const T2 = "C".repeat(42) + "A";
const LIST = encoded(
  ["Petrov", "Hoxha", "Kos"].map((family_name, at) =>
    person({ rec_id: `AT-${at}`, family_name, given_name: "Ivan", doc_number: `C01X00T4${at}` }),
  ),
);
const id = (): string => randomBytes(16).toString("base64url");

/** AT's vault with batches for HR and SI, sealed with {@link T2}; what the secretariat gives out is set by the test. */
async function setUp() {
  const identities = identitiesOf(["AT", "HR", "SI"]);
  const roster = rosterOf(identities);
  const descriptor = descriptorOf(identities, roster, { profile: SHIPPED_PROFILE_DIGEST });
  const fake = fakeSecretariat();
  const vaults = identities.map((identity) => vaultOf(identity, roster));
  for (let turn = 0; turn < 3; turn++)
    for (const each of vaults)
      await agreeKeys(
        connectionOf(fake, descriptor, each.identity.party),
        each,
        roster,
        ROUND,
        [SHIPPED_PROFILE_DIGEST],
        new Date(),
      );
  const [vault] = vaults;
  if (vault === undefined) throw new RangeError("no vault");
  await encodeRound(vault, ROUND, LIST);
  vault.keepSeal(ROUND, T2);

  const key = randomBytes(32);
  const said: Acknowledgement[] = [];
  const reports: Report[] = [];
  let sealed: Uint8Array = new Uint8Array();
  fake.t2 = T2;
  const connection = {
    fetchPackage: () => Promise.resolve(sealed),
    acknowledge: async (acknowledgement: Acknowledgement) => {
      said.push(acknowledgement);
      return connectionOf(fake, descriptor, "AT").round(ROUND);
    },
    packageKeys: async () => [{ counterpart: "HR", sealedKey: await sealPackageKey(key, vault.identity.boxKey) }],
    round: () => connectionOf(fake, descriptor, "AT").round(ROUND),
    putReport: (report: Report) => Promise.resolve(void reports.push(report)),
  };
  /** The secretariat's package with these hits with HR. */
  const give = async (hits: readonly Hit[], change: Partial<PackageContent> = {}): Promise<void> => {
    const sections = [
      { counterpart: "HR", key, hits },
      { counterpart: "SI", key: randomBytes(32), hits: [] },
    ];
    sealed = await sealPackage({ party: "AT", round: ROUND, t2: T2, sections, ...change }, vault.identity.boxKey);
  };
  const decoys = [...vault.decoys(ROUND, "HR")];
  const handles = [...vault.readHandleMap(ROUND, "HR").keys()];
  const hitOf = (handle: string): Hit => ({ band: "high", cells: "", handle, hit: id(), pattern: 1 });
  const open = async () => {
    await acknowledgePackage(connection, vault, ROUND);
    return openHits(connection, vault, ROUND, SHIPPED_PROFILE, NOW);
  };
  return { vault, said, reports, give, decoys, handles, hitOf, open, connection, fake, descriptor };
}

describe("a package", () => {
  test("is not acknowledged unless two operators released, and every counterpart signed, what the party sealed", async () => {
    const { said, give, handles, hitOf, connection, vault, fake, descriptor } = await setUp();
    await give(handles.map((handle) => hitOf(handle)));
    const released = approvalsOf(descriptor, "release", T2);
    const seals = sealsOf(descriptor, T2);
    const otherT2 = "D".repeat(42) + "A";
    const leftOut = { pairing: ["AT", "SI"] as [string, string], acknowledged: [], answered: [], hits: null };
    const lies: Partial<RoundView>[] = [
      { approvals: approvalsOf(descriptor, "open", null) },
      { approvals: released.slice(1) },
      { approvals: approvalsOf(descriptor, "release", otherT2).map((approval) => ({ ...approval, t2: T2 })) },
      { seals: seals.filter(({ party }) => party !== "HR") },
      { seals: sealsOf(descriptor, otherT2).map((seal) => ({ ...seal, t2: T2 })) },
      { seals: seals.filter(({ party }) => party !== "SI"), pairings: [{ ...leftOut, state: "matched" }] },
    ];
    for (const lie of lies) {
      fake.distort = (view) => ({ ...view, ...lie });
      await expect(acknowledgePackage(connection, vault, ROUND)).rejects.toMatchObject({ code: "statement-signature" });
    }
    expect([said, vault.packageBox(ROUND)]).toEqual([[], null]);
    const withoutSI = seals.filter(({ party }) => party !== "SI");
    fake.distort = (view) => ({ ...view, seals: withoutSI, pairings: [{ ...leftOut, state: "left-out" }] });
    await acknowledgePackage(connection, vault, ROUND);
    expect(said).toHaveLength(1);
  });

  test("is acknowledged with its digest, fetched once, and opened without its decoys where the key is out", async () => {
    const { vault, said, reports, give, decoys, handles, hitOf, open, connection } = await setUp();
    const hits = [...decoys, ...handles].map((handle) => hitOf(handle));
    await give(hits);
    expect(await open()).toEqual({ opened: ["HR"], closed: ["SI"], faults: [], refused: [] });
    const kept = vault.section(ROUND, "HR");
    expect(kept).toMatchObject({ hitCount: 5, decoys: 2, decoysMissing: 0 });
    expect(kept?.hits.map(({ handle }) => handle).sort()).toEqual([...handles].sort());

    const fetchPackage = () => Promise.reject(new Error("it is kept"));
    await acknowledgePackage({ ...connection, fetchPackage }, vault, ROUND);
    expect(await openHits(connection, vault, ROUND, SHIPPED_PROFILE, NOW)).toMatchObject({ opened: ["HR"] });
    const [first, second] = said;
    expect(second).toEqual(first);
    expect(first).toMatchObject({ party: "AT", round: ROUND, t2: T2 });
    if (first === undefined) throw new RangeError("nothing was said");
    expect(isSignedBy(vault.identity.signKey, "acknowledgement", first)).toBe(true);
    expect(reports).toEqual([]);
  });

  test("that lacks a decoy is reported, the same again when it is opened again", async () => {
    const { vault, reports, give, decoys, handles, hitOf, open } = await setUp();
    await give([...decoys.slice(1), ...handles].map((handle) => hitOf(handle)));
    const faults = [{ counterpart: "HR", kind: "decoy-missing", count: 1, of: 2 }];
    expect((await open()).faults).toEqual(faults);
    expect((await open()).faults).toEqual(faults);
    const [first, second] = reports;
    expect(first).toMatchObject({ kind: "decoy-missing", count: 1, of: 2, pairing: ["AT", "HR"], t2: T2 });
    expect(second).toEqual(first);
    if (first === undefined) throw new RangeError("nothing was reported");
    expect(isSignedBy(vault.identity.signKey, "report", first)).toBe(true);
  });

  test("with a hit twice is not taken", async () => {
    const { vault, give, decoys, handles, hitOf, open } = await setUp();
    const hits = [...decoys, ...handles].map((handle) => hitOf(handle));
    await give([...hits, ...hits.slice(-1)]);
    const faults = [{ counterpart: "HR", kind: "section-invalid", count: 1, of: 1 }];
    expect(await open()).toEqual({ opened: [], closed: ["HR", "SI"], faults, refused: [] });
    expect(vault.section(ROUND, "HR")).toBeNull();
  });

  test("gives no hit at a row of no record, and a decoy's one hit only", async () => {
    const { vault, reports, give, decoys, handles, hitOf, open } = await setUp();
    await give([...decoys, ...decoys, id(), ...handles].map((handle) => hitOf(handle)));
    expect((await open()).faults).toEqual([{ counterpart: "HR", kind: "no-record", count: 3, of: 8 }]);
    expect(reports).toMatchObject([{ kind: "no-record", count: 3, of: 8, pairing: ["AT", "HR"], t2: T2 }]);
    const kept = vault.section(ROUND, "HR");
    expect(kept?.hits.map(({ handle }) => handle).sort()).toEqual([...handles].sort());
    expect(kept).toMatchObject({ hitCount: 8, decoys: 2, decoysMissing: 0, noRecord: 3 });
  });

  test("before the release, or in a round that is not sealed, is not there", async () => {
    const { vault, connection } = await setUp();
    await expect(openHits(connection, vault, ROUND, SHIPPED_PROFILE, NOW)).rejects.toMatchObject({
      code: "package-unavailable",
    });
    await expect(acknowledgePackage(connection, vault, "2026-5")).rejects.toMatchObject({ code: "round-state" });
  });
});
