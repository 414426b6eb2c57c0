/**
 * Rosters: who signed them, what may follow a pinned one, and which keys changed.
 */
import { describe, expect, test } from "vitest";
import { makeIdentity, makeStaffIdentity, type Identity } from "#engine/round/identity.ts";
import {
  checkRoster,
  partyOf,
  Roster,
  rosterChanges,
  rosterDigest,
  rosterEntryOf,
  signRoster,
  staffOf,
} from "#engine/round/roster.ts";
import { castOf } from "#fixtures/cast.ts";
import { identitiesOf, SECRETARIAT } from "./parties.ts";

const cast = castOf(identitiesOf(["AT", "HR", "SI"]), SECRETARIAT);
const { roster, operators, officer } = cast;
const invalid = expect.objectContaining({ code: "roster-invalid" }) as unknown;

/** Signs a changed roster anew, by both operators. */
function signed(change: Partial<Roster>): Roster {
  return operators.reduce(signRoster, { ...roster, signatures: [], ...change });
}

describe("a roster", () => {
  test("signed by two of its operators passes, and its digest does not depend on who signed", () => {
    checkRoster(roster);
    expect(Roster.parse(roster)).toEqual(roster);
    const third = makeStaffIdentity("operator", "op-3");
    expect(rosterDigest(signRoster(roster, third))).toBe(rosterDigest(roster));
    expect(rosterDigest(signed({ serial: 2 }))).not.toBe(rosterDigest(roster));
  });

  const [first, second] = roster.parties;
  if (first === undefined || second === undefined) throw new RangeError("no parties");
  const bad: [string, Roster][] = [
    ["signed by one operator", signRoster({ ...roster, signatures: [] }, operators[0])],
    [
      "signed by one operator under two names",
      {
        ...roster,
        signatures: roster.signatures.map(({ operator }, at) => ({
          ...first0(roster),
          operator: at === 0 ? operator : "op-3",
        })),
      },
    ],
    [
      "signed by a stranger beside one operator",
      signRoster(signRoster({ ...roster, signatures: [] }, operators[0]), makeStaffIdentity("operator", "op-2")),
    ],
    [
      "signed by an officer beside one operator",
      signRoster(signRoster({ ...roster, signatures: [] }, operators[0]), officer),
    ],
    ["changed after it was signed", { ...roster, serial: 2 }],
    ["with parties out of order", signed({ parties: [...roster.parties].reverse() })],
    ["with a party twice", signed({ parties: [first, ...roster.parties] })],
    [
      "with a party's key that another listed",
      signed({ parties: [{ ...first, boxKey: second.boxKey }, ...roster.parties.slice(1)] }),
    ],
    [
      "with a party under another's proof",
      signed({ parties: [{ ...first, proof: second.proof }, ...roster.parties.slice(1)] }),
    ],
    ["with one key for two roles", signed({ officers: [{ id: "dpo-1", signKey: operators[0].signKey }] })],
    ["with one id for two roles", signed({ officers: [{ id: "op-1", signKey: officer.signKey }] })],
    ["with the secretariat's key as an officer's", signed({ officers: [{ id: "dpo-1", signKey: SECRETARIAT }] })],
  ];
  // 0, 1 and a point of order 8 (RFC 7748 §6.1; Bernstein 2006).
  const smallOrder = ["00", "01", "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800"];
  for (const hex of smallOrder) {
    const boxKey = Buffer.from(hex.padEnd(64, "0"), "hex").toString("base64url");
    const entry = rosterEntryOf({ ...identity0(cast.identities), boxKey });
    bad.push([
      `with the box key ${hex.slice(0, 8)}, of small order,`,
      signed({ parties: [entry, ...roster.parties.slice(1)] }),
    ]);
  }
  test.each(bad)("%s is refused", (_name, wrong) => {
    expect(() => {
      checkRoster(wrong);
    }).toThrow(invalid);
  });

  test("has at least two operators and one officer", () => {
    expect(Roster.safeParse({ ...roster, officers: [] }).success).toBe(false);
    expect(Roster.safeParse({ ...roster, operators: roster.operators.slice(1) }).success).toBe(false);
  });

  test("says who is in it", () => {
    expect(partyOf(roster, "HR").id).toBe("HR");
    expect(() => partyOf(roster, "XX")).toThrow(expect.objectContaining({ code: "pairing-unknown" }));
    expect(staffOf(roster, "officers", "dpo-1").signKey).toBe(officer.signKey);
    expect(() => staffOf(roster, "operators", "dpo-1")).toThrow(expect.objectContaining({ code: "request-forbidden" }));
  });
});

describe("a roster that is to take a pinned one's place", () => {
  test("has a higher serial and is signed by two operators of the pinned one", () => {
    checkRoster(signed({ serial: 2 }), roster);
    for (const serial of [1, 2])
      expect(() => {
        checkRoster(signed({ serial }), signed({ serial: 2 }));
      }, "not higher").toThrow(invalid);
    const others = [makeStaffIdentity("operator", "op-1"), makeStaffIdentity("operator", "op-2")] as const;
    const foreign = others.reduce(signRoster, {
      ...roster,
      operators: others.map(({ id, signKey }) => ({ id, signKey })),
      serial: 2,
      signatures: [],
    });
    checkRoster(foreign);
    expect(() => {
      checkRoster(foreign, roster);
    }, "signed by operators of its own only").toThrow(invalid);
  });

  test("names whose keys differ, who is new and who is gone", () => {
    expect(rosterChanges(roster, signed({ serial: 2 }))).toEqual({ changed: [], added: [], removed: [] });
    const parties = [rosterEntryOf(makeIdentity("AT")), ...roster.parties.slice(1), rosterEntryOf(makeIdentity("XX"))];
    const officers = [{ id: "dpo-1", signKey: makeStaffIdentity("officer", "dpo-1").signKey }];
    const secretariat = makeStaffIdentity("operator", "secretariat").signKey;
    const next = signed({ parties, officers, secretariat });
    const changed = ["AT", "dpo-1", "secretariat"];
    expect(rosterChanges(roster, next)).toEqual({ changed, added: ["XX"], removed: [] });
    expect(rosterChanges(next, roster)).toEqual({ changed, added: [], removed: ["XX"] });
  });

  test("names one who changed roles", () => {
    const before = signed({});
    const officers = [{ id: "op-2", signKey: operators[1].signKey }];
    const third = makeStaffIdentity("operator", "op-3");
    const listed = [operators[0], third].map(({ id, signKey }) => ({ id, signKey }));
    const next = signed({ officers, operators: listed });
    expect(rosterChanges(before, next)).toEqual({ changed: ["op-2"], added: ["op-3"], removed: ["dpo-1"] });
  });
});

function identity0([found]: readonly Identity[]): Identity {
  if (found === undefined) throw new RangeError("no identity");
  return found;
}

function first0({ signatures }: Roster): Roster["signatures"][number] {
  const [found] = signatures;
  if (found === undefined) throw new RangeError("no signature");
  return found;
}
