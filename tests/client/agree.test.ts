/**
 * Key agreement between several parties' real clients over a secretariat in memory.
 */
import { describe, expect, test } from "vitest";
import { agreeKeys, type KeyAgreement } from "#client/agree.ts";
import type { Vault } from "#client/vault.ts";
import { descriptorT0, type RoundDescriptor } from "#engine/round/descriptor.ts";
import { makeIdentity, type Identity } from "#engine/round/identity.ts";
import { makeRoundKey, signRoundKey, transcriptT1 } from "#engine/round/keys.ts";
import type { RoundView } from "#engine/round/messages.ts";
import { SHIPPED_PROFILE } from "#engine/shipped-profile.ts";
import { signStatement } from "#engine/round/statement.ts";
import { approvalsOf, descriptorOf, identitiesOf, NOW, rosterOf } from "../engine/round/parties.ts";
import { connectionOf, fakeSecretariat, type FakeSecretariat } from "./fake-secretariat.ts";
import { vaultOf } from "./folders.ts";

const IDS = ["AT", "HR", "SI"];
const DAY_MS = 86_400_000;
const PROFILES = ["A".repeat(43)];

function setUp(change: Partial<RoundDescriptor> = {}) {
  const identities = identitiesOf(IDS);
  const roster = rosterOf(identities);
  const descriptor = descriptorOf(identities, roster, change);
  const fake = fakeSecretariat();
  const vaults = identities.map((identity) => vaultOf(identity, roster));
  const agree = (vault: Vault, profiles = PROFILES, now = NOW): Promise<KeyAgreement> =>
    agreeKeys(connectionOf(fake, descriptor, vault.identity.party), vault, roster, "2026-4", profiles, now);
  const [at, hr, si] = vaults;
  if (at === undefined || hr === undefined || si === undefined) throw new RangeError("three vaults are wanted");
  return { identities, roster, descriptor, fake, vaults, at, hr, si, agree };
}

function identityIn(identities: readonly Identity[], party: string): Identity {
  const found = identities.find((identity) => identity.party === party);
  if (found === undefined) throw new RangeError(`no identity of ${party}`);
  return found;
}

async function agreeAll({ vaults, agree }: ReturnType<typeof setUp>): Promise<KeyAgreement[]> {
  for (const vault of vaults) await agree(vault);
  for (const vault of vaults) await agree(vault);
  return Promise.all(vaults.map((vault) => agree(vault)));
}

function showing(fake: FakeSecretariat, party: string, change: (view: RoundView) => Partial<RoundView>): void {
  fake.distort = (view, to) => (to === party ? { ...view, ...change(view) } : view);
}

describe("agreeing on keys", () => {
  test("ends with the same keys on both sides of each pairing, and no ephemeral secret left", async () => {
    const all = setUp();
    const agreements = await agreeAll(all);
    const keys = new Map<string, string>();
    agreements.forEach((agreement, index) => {
      if (agreement.state !== "agreed") throw new RangeError("not agreed");
      expect(agreement.pairings.map(({ counterpart }) => counterpart)).toEqual(IDS.filter((id) => id !== IDS[index]));
      for (const { counterpart, keyTag, keyProof, keyId } of agreement.pairings) {
        const name = [IDS[index], counterpart].sort().join("-");
        const text = `${keyId} ${Buffer.from(keyTag ?? []).toString("hex")} ${Buffer.from(keyProof ?? []).toString("hex")}`;
        expect(keys.get(name) ?? text).toBe(text);
        keys.set(name, text);
      }
    });
    expect(new Set(keys.values()).size).toBe(3);
    for (const vault of all.vaults) expect(vault.roundSecret("2026-4")).toBeNull();
  });

  test("says for whom it waits", async () => {
    const { at, hr, si, agree, fake } = setUp();
    fake.state = "draft";
    expect(await agree(at)).toEqual({ state: "waiting", for: "opening", missing: [] });
    fake.state = "opened";
    expect(await agree(at)).toEqual({ state: "waiting", for: "keys", missing: ["HR", "SI"] });
    expect(await agree(hr)).toEqual({ state: "waiting", for: "keys", missing: ["SI"] });
    expect(await agree(si)).toEqual({ state: "waiting", for: "confirmations", missing: ["AT", "HR"] });
    expect(await agree(at)).toEqual({ state: "waiting", for: "confirmations", missing: ["HR"] });
    expect(await agree(hr)).toMatchObject({ state: "agreed" });
    expect(await agree(at)).toMatchObject({ state: "agreed" });
  });

  test("called again posts nothing again and gives the same keys", async () => {
    const all = setUp();
    const before = await agreeAll(all);
    const posts = all.fake.calls.filter((call) => call !== "round").length;
    expect(await Promise.all(all.vaults.map((vault) => all.agree(vault)))).toEqual(before);
    expect(all.fake.calls.filter((call) => call !== "round").length).toBe(posts);
    expect(all.fake.keys.length).toBe(3);
    expect(all.fake.confirmations.length).toBe(6);
  });

  test.each(["round", "postRoundKey", "postConfirmation"])("goes on after the answer to %s was lost", async (call) => {
    const all = setUp();
    await all.agree(all.hr);
    await all.agree(all.si);
    all.fake.loseAnswerOf = call;
    await expect(all.agree(all.at)).rejects.toMatchObject({ code: "server-unreachable" });
    for (const agreement of await agreeAll(all)) expect(agreement.state).toBe("agreed");
    expect(all.fake.confirmations.length).toBe(6);
  });

  test("does not overwrite a secret that another process of the party kept meanwhile", async () => {
    const all = setUp();
    const [first] = await Promise.all([all.agree(all.at), all.agree(all.at)]);
    expect(first.state).toBe("waiting");
    expect(all.fake.keys.length).toBe(1);
  });
});

describe("what the server shows", () => {
  const refused = async (all: ReturnType<typeof setUp>, code: string) => {
    await expect(all.agree(all.at)).rejects.toMatchObject({ code });
    expect(all.at.pairings("2026-4")).toBeNull();
  };

  test("another roster, profile, T0, id or party list is refused before anything is posted", async () => {
    const otherRoster = setUp({ roster: "B".repeat(42) + "A" });
    await refused(otherRoster, "round-descriptor-invalid");
    const otherProfile = setUp();
    await expect(otherProfile.agree(otherProfile.at, [])).rejects.toMatchObject({ code: "profile-mismatch" });
    const otherT0 = setUp();
    showing(otherT0.fake, "AT", () => ({ t0: "C".repeat(42) + "A" }));
    await refused(otherT0, "round-descriptor-invalid");
    const otherId = setUp({ id: "2026-5" });
    await refused(otherId, "round-descriptor-invalid");
    const without = setUp();
    const others = without.descriptor.parties.filter((party) => party.id !== "AT");
    const pairings: [string, string][] = [["HR", "SI"]];
    const agreements = without.descriptor.agreements.filter(({ from, to }) => ![from, to].includes("AT"));
    const descriptor = { ...without.descriptor, agreements, parties: others, pairings };
    showing(without.fake, "AT", () => ({ descriptor, t0: descriptorT0(descriptor) }));
    await refused(without, "pairing-unknown");
    for (const { fake } of [otherRoster, otherProfile, otherT0, otherId, without]) expect(fake.keys).toEqual([]);
  });

  test("a round that two operators did not sign to open is refused before anything is posted", async () => {
    const all = setUp();
    const [first, second] = approvalsOf(all.descriptor, "open", null);
    if (first === undefined || second === undefined) throw new RangeError("two operators are wanted");
    const others = approvalsOf({ ...all.descriptor, retentionDays: 3_650 }, "open", null);
    const lies = [
      [],
      [first],
      [first, { ...first, operator: second.operator }],
      [first, first],
      others,
      approvalsOf(all.descriptor, "release", null),
      [first, { ...second, act: "release" as const }],
    ];
    for (const approvals of lies) {
      showing(all.fake, "AT", () => ({ approvals }));
      await refused(all, "statement-signature");
    }
    expect(all.fake.keys).toEqual([]);
  });

  test("a margin below the profile's is refused, one above it taken", async () => {
    const below = setUp({ informationMarginBits: SHIPPED_PROFILE.informationMarginBits - 0.1 });
    await refused(below, "round-descriptor-invalid");
    expect(below.fake.keys).toEqual([]);
    const above = setUp({ informationMarginBits: SHIPPED_PROFILE.informationMarginBits + 1 });
    expect(await above.agree(above.at)).toMatchObject({ state: "waiting", for: "keys" });
  });

  test("a round is not joined after its deadline for keys, or under an agreement that is not valid now", async () => {
    const all = setUp();
    const { deadlines } = all.descriptor;
    const late = new Date(Date.parse(deadlines.keys) + 1_000);
    await expect(all.agree(all.at, PROFILES, late)).rejects.toMatchObject({ code: "round-deadline" });
    expect(all.fake.keys).toEqual([]);
    const tooEarly = new Date(NOW.getTime() - 6 * 365 * DAY_MS);
    await expect(all.agree(all.at, PROFILES, tooEarly)).rejects.toMatchObject({ code: "round-descriptor-invalid" });
    expect(all.fake.keys).toEqual([]);

    for (const vault of all.vaults) await all.agree(vault);
    await expect(all.agree(all.at, PROFILES, late)).rejects.toMatchObject({ code: "round-deadline" });
    expect(all.fake.confirmations.filter(({ from }) => from === "AT")).toEqual([]);
    // What was posted in time is not lost.
    await all.agree(all.at);
    await all.agree(all.hr);
    expect(await all.agree(all.at, PROFILES, late)).toMatchObject({ state: "agreed" });
  });

  test("a descriptor that changes between two calls is refused", async () => {
    const all = setUp();
    await all.agree(all.at);
    const descriptor = { ...all.descriptor, purpose: "another" };
    showing(all.fake, "AT", () => ({ descriptor, t0: descriptorT0(descriptor) }));
    await refused(all, "round-descriptor-invalid");
  });

  test("a key that its party did not sign is refused", async () => {
    const all = setUp();
    for (const vault of all.vaults) await all.agree(vault);
    const forged = (view: RoundView) =>
      view.keys.map((key, at) => (at === 1 ? { ...key, publicKey: key.signature.slice(0, 42) + "A" } : key));
    showing(all.fake, "AT", (view) => ({ keys: forged(view) }));
    await refused(all, "round-key-signature");
  });

  test("two histories, each signed, make the confirmation fail", async () => {
    const all = setUp();
    const [, hr] = all.identities;
    if (hr === undefined) throw new RangeError("no HR");
    // A party that colludes with the server signs a second key; AT is shown that one.
    const second = makeRoundKey(hr, descriptorT0(all.descriptor)).posted;
    showing(all.fake, "AT", (view) => {
      const keys = view.keys.map((key) => (key.party === "HR" ? second : key));
      return { keys, t1: keys.length === 3 ? transcriptT1(view.t0, keys) : null };
    });
    for (const vault of all.vaults) await all.agree(vault);
    await refused(all, "round-confirmation-failed");
    expect(all.fake.disputes).toEqual([
      expect.objectContaining({ kind: "confirmation", counterpart: "SI", party: "AT" }),
    ]);
  });

  test("a false confirmation that comes first is disputed before the own is posted: nobody is missed", async () => {
    const all = setUp();
    for (const vault of [all.hr, all.si]) await all.agree(vault);
    all.fake.keys.push(makeRoundKey(identityIn(all.identities, "AT"), descriptorT0(all.descriptor)).posted);
    all.fake.confirmations.push({ from: "AT", to: "HR", keyId: "E".repeat(21) + "A", mac: "E".repeat(42) + "A" });
    await expect(all.agree(all.hr)).rejects.toMatchObject({ code: "round-confirmation-failed" });
    expect(all.fake.disputes).toEqual([
      expect.objectContaining({ kind: "confirmation", counterpart: "AT", party: "HR" }),
    ]);
    expect(all.fake.confirmations).toHaveLength(1);
  });

  test("a key that gives no secret, which a server let through, is disputed", async () => {
    const all = setUp();
    const zero = signRoundKey(identityIn(all.identities, "SI"), descriptorT0(all.descriptor), "A".repeat(43));
    all.fake.keys.push(zero);
    await all.agree(all.hr);
    await expect(all.agree(all.at)).rejects.toMatchObject({ code: "round-key-signature" });
    expect(all.fake.disputes).toEqual([
      expect.objectContaining({ kind: "confirmation", counterpart: "SI", party: "AT" }),
    ]);
    expect(all.fake.confirmations).toEqual([]);
  });

  test("a second key of a party, each signed, is disputed with both; a key of a stranger is not", async () => {
    const all = setUp();
    const [, hr] = all.identities;
    if (hr === undefined) throw new RangeError("no HR");
    await all.agree(all.hr);
    await all.agree(all.at);
    const [first] = all.fake.keys;
    const second = makeRoundKey(hr, descriptorT0(all.descriptor)).posted;
    showing(all.fake, "AT", (view) => ({ keys: view.keys.map((key) => (key.party === "HR" ? second : key)) }));
    await refused(all, "round-key-conflict");
    expect(all.fake.disputes).toEqual([{ kind: "two-keys", first, second }]);
    await expect(all.agree(all.at)).rejects.toThrow(/^round-key-conflict: HR signed two keys/);

    const stranger = makeRoundKey({ ...hr, ...makeIdentity("HR") }, descriptorT0(all.descriptor)).posted;
    showing(all.fake, "AT", (view) => ({ keys: view.keys.map((key) => (key.party === "HR" ? stranger : key)) }));
    await refused(all, "round-key-signature");
    expect(all.fake.disputes).toHaveLength(2);
  });

  test("an attempt that was aborted says why, and names an equivocator only on his two signatures", async () => {
    const all = setUp();
    const [, hr, si] = all.identities;
    if (hr === undefined || si === undefined) throw new RangeError("no HR or SI");
    const keyOf = (identity: Identity) => makeRoundKey(identity, descriptorT0(all.descriptor)).posted;
    const [one, two] = [keyOf(hr), keyOf(hr)];
    const said = async (ending: RoundView["ending"]): Promise<string> => {
      showing(all.fake, "AT", () => ({ ending, state: "erased" }));
      return all.agree(all.at).then(
        () => "",
        (error: unknown) => String(error),
      );
    };
    expect(await said({ reason: "equivocated", parties: ["HR"], evidence: [one, two], raised: null })).toMatch(
      /round-state: .*: equivocated; HR$/,
    );
    const forged = [[one], [one, one], [one, keyOf(si)], [one, { ...two, publicKey: keyOf(hr).publicKey }]];
    for (const evidence of forged)
      expect(await said({ reason: "equivocated", parties: ["HR"], evidence, raised: null })).toMatch(
        /; nobody is named$/,
      );
    const word = { kind: "confirmation", counterpart: "AT", party: "SI", round: "2026-4" } as const;
    const raised = signStatement(si, "dispute", { ...word, t0: descriptorT0(all.descriptor) });
    const disputed = { reason: "disputed", parties: [], evidence: [] } as const;
    const ofSI = await said({ ...disputed, parties: [], evidence: [], raised });
    expect(ofSI).toMatch(/disputed; nobody is named; raised by SI of its pairing with AT$/);
    const others = [null, { ...raised, party: "HR" }, signStatement(si, "dispute", { ...word, t0: "A".repeat(43) })];
    for (const each of others)
      expect(await said({ ...disputed, parties: [], evidence: [], raised: each })).toMatch(
        /; nobody signed the dispute$/,
      );
    expect(await said({ reason: "expired", parties: ["SI"], evidence: [], raised: null })).toMatch(
      /: expired at the deadline keys, .* \(SI\)$/,
    );
    expect(all.fake.keys).toEqual([]);
  });

  test("of an attempt that is over no key stays, whether it was agreed on or not", async () => {
    const ending = { reason: "expired", parties: ["SI"], evidence: [], raised: null } as const;
    const early = setUp();
    await early.agree(early.at);
    expect(early.at.roundSecret("2026-4")).not.toBeNull();
    const late = setUp();
    await agreeAll(late);
    for (const all of [early, late]) {
      showing(all.fake, "AT", () => ({ ending: { ...ending, parties: ["SI"], evidence: [] }, state: "erased" }));
      await expect(all.agree(all.at)).rejects.toMatchObject({ code: "round-state" });
      expect(all.at.roundSecret("2026-4")).toBeNull();
      for (const { keyTag, keyProof } of all.at.pairings("2026-4") ?? [])
        expect([keyTag, keyProof]).toEqual([null, null]);
    }
  });

  test("another T1, also long after it was confirmed, is refused", async () => {
    const early = setUp();
    for (const vault of early.vaults) await early.agree(vault);
    showing(early.fake, "AT", () => ({ t1: "D".repeat(42) + "A" }));
    await refused(early, "round-confirmation-failed");
    const late = setUp();
    await agreeAll(late);
    showing(late.fake, "AT", () => ({ t1: "D".repeat(42) + "A" }));
    await expect(late.agree(late.at)).rejects.toMatchObject({ code: "round-confirmation-failed" });
  });

  test("an own key that is not in this vault is a conflict", async () => {
    const all = setUp();
    await all.agree(all.at);
    all.at.destroyRoundSecret("2026-4");
    await refused(all, "round-key-conflict");
  });
});
