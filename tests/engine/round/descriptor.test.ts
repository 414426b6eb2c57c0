/**
 * Descriptors, identities and states.
 */
import { describe, expect, test } from "vitest";
import {
  checkDescriptor,
  counterpartsOf,
  descriptorT0,
  expectedRowCount,
  RoundDescriptor,
} from "#engine/round/descriptor.ts";
import {
  fingerprint,
  Identity,
  makeIdentity,
  makeStaffIdentity,
  signMessage,
  StaffIdentity,
  verifyMessage,
} from "#engine/round/identity.ts";
import { hasReached, requireState, ROUND_STATES } from "#engine/round/states.ts";
import { descriptorOf, identitiesOf, rosterOf } from "./parties.ts";

const identities = identitiesOf(["AT", "HR", "SI"]);
const good = descriptorOf(identities, rosterOf(identities));

describe("a descriptor", () => {
  test("of a good round passes", () => {
    checkDescriptor(good);
  });

  const deadlines = good.deadlines;
  const withAgreement = (change: Partial<RoundDescriptor["agreements"][number]>): Partial<RoundDescriptor> => ({
    agreements: good.agreements.map((agreement, at) => (at === 3 ? { ...agreement, ...change } : agreement)),
  });
  const bad: [string, Partial<RoundDescriptor>][] = [
    ["parties out of order", { parties: [...good.parties].reverse() }],
    ["a party twice", { parties: [...good.parties, { id: "SI", declaredRecords: 5, legalBasis: "an act" }] }],
    ["pairings out of order", { pairings: [...good.pairings].reverse() }],
    ["a pairing twice", { pairings: [...good.pairings, ["HR", "SI"]] }],
    [
      "a pairing with the higher id first",
      {
        pairings: [
          ["HR", "AT"],
          ["HR", "SI"],
        ],
      },
    ],
    ["a pairing of a party with itself", { pairings: [["AT", "AT"], ...good.pairings] }],
    ["a pairing with an unknown party", { pairings: [...good.pairings, ["HR", "XX"]] }],
    ["a party without a pairing", { pairings: [["AT", "HR"]] }],
    ["categories out of order", { categories: ["witness", "suspect"] }],
    ["deadlines that do not increase", { deadlines: { ...deadlines, release: deadlines.seals } }],
    ["a deadline before the one before it", { deadlines: { ...deadlines, answers: deadlines.keys } }],
    ["an agreement in one direction only", { agreements: good.agreements.slice(1) }],
    ["no agreement of one pairing", { agreements: good.agreements.slice(2) }],
    ["agreements out of order", { agreements: [...good.agreements].reverse() }],
    ["an agreement twice", { agreements: [...good.agreements, ...good.agreements.slice(-1)] }],
    [
      "an agreement that the round does not need",
      { pairings: good.pairings.filter((pairing) => pairing.join("-") !== "HR-SI") },
    ],
    ["agreements for another field", { field: "drugs" }],
    ["an agreement that begins after the keys", withAgreement({ validFrom: deadlines.submission })],
    ["an agreement that ends before the follow-up", withAgreement({ validUntil: deadlines.answers })],
  ];
  test.each(bad)("with %s is refused", (_name, change) => {
    expect(() => {
      checkDescriptor({ ...good, ...change });
    }).toThrow(expect.objectContaining({ code: "round-descriptor-invalid" }));
  });

  test("has a shape that lone surrogates, fractions of seconds and local times do not fit", () => {
    const misshapen = [
      ...["\ud800", "two\nlines", "a\u001b[2J", "\u009b2J", "\u202eb", "\ue000"].map((purpose) => ({ purpose })),
      { deadlines: { ...deadlines, keys: "2026-12-01T12:00:00.5Z" } },
      { deadlines: { ...deadlines, keys: "2026-12-01T12:00:00+01:00" } },
      { lowestBand: "none" },
      { informationMarginBits: -1 },
      { retentionDays: 0 },
      { parties: good.parties.map(({ id, declaredRecords }) => ({ id, declaredRecords })) },
      { unknown: 1 },
    ];
    for (const change of misshapen) expect(RoundDescriptor.safeParse({ ...good, ...change }).success).toBe(false);
  });

  test("changed in any member has another T0", () => {
    const changed = [{ purpose: "another" }, { lowestBand: "high" as const }, { id: "2026-5" }, { retentionDays: 91 }];
    const all = [good, ...changed.map((change) => ({ ...good, ...change }))].map(descriptorT0);
    expect(new Set(all).size).toBe(all.length);
  });

  test("says each party's size class and counterparts", () => {
    const sized = { ...good, parties: good.parties.map((party) => ({ ...party, declaredRecords: 1_801 })) };
    expect(expectedRowCount(sized, "HR"), "of 5 % more").toBe(2_000);
    expect(counterpartsOf(good, "HR")).toEqual(["AT", "SI"]);
    expect(counterpartsOf(good, "XX")).toEqual([]);
    expect(() => expectedRowCount(good, "XX")).toThrow(expect.objectContaining({ code: "pairing-unknown" }));
  });
});

describe("an identity", () => {
  test("is fresh, has the shape of its format and signs what its own key verifies", () => {
    const [first, second] = [makeIdentity("AT"), makeIdentity("AT")];
    expect(Identity.parse(first)).toEqual(first);
    expect(StaffIdentity.parse(makeStaffIdentity("officer", "anna"))).toMatchObject({ role: "officer", id: "anna" });
    expect(first.signSecret).not.toBe(second.signSecret);
    const message = new TextEncoder().encode("message");
    const signature = signMessage(first, "label", message);
    expect(verifyMessage(first.signKey, "label", message, signature)).toBe(true);
    expect(verifyMessage(second.signKey, "label", message, signature)).toBe(false);
    expect(verifyMessage(first.signKey, "other", message, signature)).toBe(false);
    expect(verifyMessage(first.signKey, "label", message.slice(1), signature)).toBe(false);
  });

  test("has a fingerprint of six groups that changes with either key", () => {
    const [first, second] = [makeIdentity("AT"), makeIdentity("AT")];
    const own = fingerprint(first.signKey, first.boxKey);
    expect(own).toMatch(/^([A-Z2-7]{4} ){5}[A-Z2-7]{4}$/);
    expect(fingerprint(second.signKey, first.boxKey)).not.toBe(own);
    expect(fingerprint(first.signKey, second.boxKey)).not.toBe(own);
  });
});

describe("states", () => {
  test("follow one another one way", () => {
    expect(hasReached("sealed", "opened")).toBe(true);
    expect(hasReached("opened", "sealed")).toBe(false);
    expect(ROUND_STATES.every((state) => hasReached(state, state))).toBe(true);
  });

  test("other than the wanted ones are refused by name", () => {
    requireState("opened", ["draft", "opened"]);
    expect(() => {
      requireState("sealed", ["submitting"]);
    }).toThrow(expect.objectContaining({ code: "round-state" }));
  });
});
