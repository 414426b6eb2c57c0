/**
 * The roster that a vault trusts: what takes the place of another, and what is refused.
 */
import { describe, expect, test } from "vitest";
import { makeIdentity, makeStaffIdentity, type Identity, type StaffIdentity } from "#engine/round/identity.ts";
import { rosterEntryOf, signRoster, type Roster } from "#engine/round/roster.ts";
import { castOf } from "#fixtures/cast.ts";
import { SECRETARIAT } from "../engine/round/parties.ts";
import { vaultOf } from "./folders.ts";

/** A vault of AT that has pinned a roster of AT, HR and SI, signed by op-1 and op-2. */
function setUp() {
  const identities = ["AT", "HR", "SI"].map(makeIdentity);
  const { roster, operators, officer } = castOf(identities, SECRETARIAT);
  const [at, hr] = identities;
  if (at === undefined || hr === undefined) throw new RangeError("no identity");
  return { vault: vaultOf(at, roster), roster, operators, officer, at, hr };
}

/** The roster with these changes, signed anew; of the next serial. */
function next(roster: Roster, signers: readonly StaffIdentity[], changes: Partial<Roster> = {}): Roster {
  const unsigned: Roster = { ...roster, serial: roster.serial + 1, ...changes, signatures: [] };
  return signers.reduce(signRoster, unsigned);
}

/** The parties with `identity` in the place of the one of its id, or added in its place. */
function withParty({ parties }: Roster, identity: Identity): Roster["parties"] {
  const others = parties.filter(({ id }) => id !== identity.party);
  return [...others, rosterEntryOf(identity)].sort((a, b) => (a.id < b.id ? -1 : 1));
}

const publicOf = ({ id, signKey }: StaffIdentity) => ({ id, signKey });
const refused = (code: string, detail = "") =>
  expect.objectContaining({ code, detail: expect.stringContaining(detail) as string }) as Error;

describe("keys that differ from those pinned", () => {
  test("are refused, naming whose, until each of them is accepted by id", () => {
    const { vault, roster, operators, at, hr } = setUp();
    const box = makeIdentity("HR");
    const changed = next(roster, operators, {
      parties: withParty(
        // HR has a new box key alone; MK is new.
        { ...roster, parties: withParty(roster, { ...hr, boxKey: box.boxKey, boxSecret: box.boxSecret }) },
        makeIdentity("MK"),
      ),
      officers: [publicOf(makeStaffIdentity("officer", "dpo-1"))],
      secretariat: makeStaffIdentity("operator", "secretariat").signKey,
    });
    const pin = (accepted?: readonly string[]) => () => {
      vault.pinRoster(changed, accepted);
    };
    expect(pin()).toThrow(refused("roster-key-changed", "for HR, dpo-1, secretariat; not pinned before: MK. Ask"));
    expect(pin(["HR", "dpo-1", "AT"])).toThrow(
      refused("roster-key-changed", "pinned for secretariat; not pinned before: MK."),
    );
    expect(vault.roster()).toEqual(roster);
    expect(vault.pinRoster(changed, ["secretariat", "MK", "HR", "dpo-1"])).toEqual({
      changed: ["HR", "dpo-1", "secretariat"],
      added: ["MK"],
      removed: [],
    });
    expect(vault.roster()).toEqual(changed);
    // Once accepted they are the pinned ones.
    vault.pinRoster(next(changed, operators));
    expect(vault.roster().serial).toBe(3);
    expect(vault.identity).toEqual(at);
  });

  test("are those of who is gone too: a party, an operator or an officer is dropped by id only", () => {
    const { vault, roster, operators } = setUp();
    const [first, second] = operators;
    const third = makeStaffIdentity("operator", "op-3");
    const large = next(roster, operators, {
      operators: [...operators, third].map(publicOf),
      officers: [...roster.officers, publicOf(makeStaffIdentity("officer", "dpo-2"))],
    });
    vault.pinRoster(large, ["op-3", "dpo-2"]);
    const small = next(large, operators, {
      parties: roster.parties.filter(({ id }) => id !== "SI"),
      operators: [first, second].map(publicOf),
      officers: roster.officers,
    });
    const pin = (...accepted: string[]) => vault.pinRoster(small, accepted);
    expect(() => pin()).toThrow(refused("roster-key-changed", "pinned before and gone: SI, op-3, dpo-2."));
    expect(() => pin("SI", "op-3", "HR")).toThrow(refused("roster-key-changed", "gone: dpo-2."));
    expect(vault.roster()).toEqual(large);
    expect(pin("op-3", "dpo-2", "SI")).toEqual({ changed: [], added: [], removed: ["SI", "op-3", "dpo-2"] });
    expect(vault.roster()).toEqual(small);
  });

  test("are the vault's own never", () => {
    const { vault, roster, operators } = setUp();
    const other = next(roster, operators, { parties: withParty(roster, makeIdentity("AT")) });
    const without = next(roster, operators, { parties: roster.parties.filter(({ id }) => id !== "AT") });
    for (const each of [other, without])
      expect(() => {
        vault.pinRoster(each, ["AT"]);
      }).toThrow(refused("vault-invalid"));
    expect(vault.roster()).toEqual(roster);
  });
});

describe("a roster that takes another's place", () => {
  test("needs a higher serial; the same roster again changes nothing", () => {
    const { vault, roster, operators } = setUp();
    const fifth = next(roster, operators, { serial: 5 });
    vault.pinRoster(fifth);
    vault.pinRoster(fifth);
    const late = [roster, next(roster, operators, { serial: 4 }), next(fifth, operators, { serial: 5, officers: [] })];
    for (const each of late)
      expect(() => {
        vault.pinRoster(each, ["dpo-1"]);
      }).toThrow(refused("roster-invalid"));
    expect(vault.roster()).toEqual(fifth);
  });

  test("needs two operators of the pinned one, whoever its own are", () => {
    const { vault, roster, operators, officer } = setUp();
    const [first, second] = operators;
    const fresh = ["op-3", "op-4"].map((id) => makeStaffIdentity("operator", id));
    const accepted = ["op-1", "op-2", "op-3", "op-4"];
    const coup = { operators: fresh.map(publicOf) };
    const usurper = makeStaffIdentity("operator", "op-1");
    const refusedOnes = [
      next(roster, []),
      next(roster, [first]),
      // The same one twice, or an officer, is no second operator.
      { ...next(roster, [first]), signatures: [0, 1].flatMap(() => next(roster, [first]).signatures) },
      next(roster, [first, officer]),
      next(roster, fresh, coup),
      next(roster, [...fresh, first], coup),
      next(roster, [usurper, second], { operators: [usurper, second].map(publicOf) }),
      // Signed by both, then changed.
      { ...next(roster, operators), serial: 9 },
    ];
    for (const [at, each] of refusedOnes.entries())
      expect(() => {
        vault.pinRoster(each, accepted);
      }, String(at)).toThrow(refused("roster-invalid"));
    expect(vault.roster()).toEqual(roster);
    const handedOver = next(roster, [...fresh, first, second], coup);
    vault.pinRoster(handedOver, accepted);
    // Those before have no say any more.
    expect(() => {
      vault.pinRoster(next(handedOver, operators));
    }).toThrow(refused("roster-invalid"));
    vault.pinRoster(next(handedOver, fresh));
  });
});

test("an entry that its own key did not sign is refused, also in a first roster", () => {
  const { roster, operators, hr } = setUp();
  const stranger = makeIdentity("HR");
  const entries = [
    // HR's key listed for a box key that HR does not have, with HR's proof of its own, or another's.
    { ...rosterEntryOf(hr), boxKey: stranger.boxKey },
    { ...rosterEntryOf({ ...stranger, signKey: hr.signKey }), signKey: hr.signKey },
    { ...rosterEntryOf(hr), proof: rosterEntryOf(stranger).proof },
    // HR's whole entry under another id.
    { ...rosterEntryOf(hr), id: "MK" },
  ];
  for (const entry of entries) {
    const others = roster.parties.filter(({ id }) => !["HR", entry.id].includes(id));
    const parties = [...others, entry].sort((a, b) => (a.id < b.id ? -1 : 1));
    const forged = next(roster, operators, { parties });
    const [at] = castOf([makeIdentity("AT")], SECRETARIAT).identities;
    if (at === undefined) throw new RangeError("no identity");
    const first = { ...forged, parties: withParty(forged, at) };
    expect(() => vaultOf(at, operators.reduce(signRoster, { ...first, signatures: [] }))).toThrow(
      refused("roster-invalid", `entry of ${entry.id} is not signed by its own key`),
    );
  }
});

test("nobody is two: an id or a key that occurs twice is refused", () => {
  const { roster, operators, officer, hr, at } = setUp();
  const [first, second] = operators;
  const twins: Partial<Roster>[] = [
    { officers: [publicOf({ ...first, id: "dpo-1" })] },
    { officers: [publicOf({ ...officer, id: "op-1" })] },
    { operators: [publicOf(first), publicOf({ ...first, id: "op-2" })] },
    { secretariat: second.signKey },
    // Its key would be accepted as the secretariat's.
    { operators: [publicOf(first), publicOf(second), publicOf(makeStaffIdentity("operator", "secretariat"))] },
    { parties: withParty(roster, { ...makeIdentity("MK"), boxKey: hr.boxKey }) },
    { secretariat: hr.signKey },
    { operators: [publicOf(first), publicOf(second), { id: "op-3", signKey: hr.signKey }] },
  ];
  for (const changes of twins)
    expect(() => vaultOf(at, next(roster, operators, changes))).toThrow(refused("roster-invalid", "occurs twice"));
});
