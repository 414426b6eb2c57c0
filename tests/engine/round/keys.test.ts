/**
 * Round keys, T1, pairing keys and confirmations.
 */
import { randomBytes } from "node:crypto";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { descriptorT0 } from "#engine/round/descriptor.ts";
import {
  checkConfirmation,
  checkRoundKey,
  checkRoundKeys,
  derivePairingKeys,
  isEquivocation,
  makeConfirmation,
  makeRoundKey,
  transcriptT1,
  type RoundKey,
} from "#engine/round/keys.ts";
import { descriptorOf, identitiesOf, rosterOf } from "./parties.ts";

const identities = identitiesOf(["AT", "HR", "MK", "SI"]);
const roster = rosterOf(identities);
const descriptor = descriptorOf(identities, roster);
const t0 = descriptorT0(descriptor);
const made = identities.map((identity) => ({ party: identity.party, ...makeRoundKey(identity, t0) }));
const posted = made.map((key) => key.posted);
const t1 = transcriptT1(t0, posted);

/** Index of one party and of another. */
const TwoParties = fc
  .tuple(fc.nat(made.length - 1), fc.nat(made.length - 1))
  .filter(([own, counterpart]) => own !== counterpart);

function keysOf(own: number, counterpart: number, transcript = t1, seen: readonly RoundKey[] = posted) {
  return derivePairingKeys(at(made, own), at(seen, counterpart), transcript);
}

function at<T>(list: readonly T[], index: number): T {
  const found = list[index];
  if (found === undefined) throw new RangeError(`nothing at ${index}`);
  return found;
}

describe("pairing keys", () => {
  test("both sides of a pairing derive the same keys and accept each other's confirmation", () => {
    fc.assert(
      fc.property(TwoParties, ([own, counterpart]) => {
        const [ours, theirs] = [keysOf(own, counterpart), keysOf(counterpart, own)];
        expect(ours).toEqual(theirs);
        const [from, to] = [at(made, own).party, at(made, counterpart).party];
        checkConfirmation(theirs, t1, makeConfirmation(ours, t1, from, to));
      }),
    );
  });

  test("no two pairings share a key, and K_tag, K_proof and K_confirm differ", () => {
    const all = made.flatMap((_, own) =>
      made.slice(own + 1).flatMap((_, offset) => {
        const keys = keysOf(own, own + 1 + offset);
        return [keys.keyTag, keys.keyProof, keys.keyConfirm].map((key) => Buffer.from(key).toString("hex"));
      }),
    );
    expect(new Set(all).size).toBe(all.length);
    expect(all.length).toBe(18);
  });

  test("another T1 gives other keys", () => {
    const other = randomBytes(32).toString("base64url");
    expect(keysOf(0, 1, other).keyTag).not.toEqual(keysOf(0, 1).keyTag);
  });

  test("every point of small order is refused", () => {
    // RFC 7748 §6.1; the list of https://cr.yp.to/ecdh.html#validate
    const smallOrder = [
      "0000000000000000000000000000000000000000000000000000000000000000",
      "0100000000000000000000000000000000000000000000000000000000000000",
      "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
      "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
      "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
      "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
      "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    ];
    for (const point of smallOrder) {
      const counterpart = { party: "HR", publicKey: Buffer.from(point, "hex").toString("base64url") };
      expect(() => derivePairingKeys(at(made, 0), counterpart, t1)).toThrow(
        expect.objectContaining({ code: "round-key-signature" }),
      );
    }
  });
});

describe("T1", () => {
  test("the order in which keys were posted does not change it", () => {
    fc.assert(
      fc.property(fc.shuffledSubarray(posted, { minLength: posted.length }), (shuffled) => {
        expect(transcriptT1(t0, shuffled)).toBe(t1);
      }),
    );
  });

  test("a party with two keys is a conflict", () => {
    expect(() => transcriptT1(t0, [...posted, at(posted, 0)])).toThrow(
      expect.objectContaining({ code: "round-key-conflict" }),
    );
  });
});

describe("confirmations", () => {
  test("a key altered on its way to one side alone makes that pairing's confirmation fail, also between others", () => {
    fc.assert(
      fc.property(TwoParties, fc.nat(made.length - 1), ([own, counterpart], altered) => {
        const swapped = {
          ...at(posted, altered),
          publicKey: makeRoundKey(at(identities, altered), t0).posted.publicKey,
        };
        const seen = posted.map((key, index) => (index === altered ? swapped : key));
        const theirs = keysOf(counterpart, own, transcriptT1(t0, seen), seen);
        const [from, to] = [at(made, own).party, at(made, counterpart).party];
        const confirmation = makeConfirmation(keysOf(own, counterpart), t1, from, to);
        expect(() => {
          checkConfirmation(theirs, transcriptT1(t0, seen), confirmation);
        }).toThrow(expect.objectContaining({ code: "round-confirmation-failed" }));
      }),
    );
  });

  test("one direction's confirmation does not serve for the other", () => {
    const keys = keysOf(0, 1);
    const mirrored = { ...makeConfirmation(keys, t1, "AT", "HR"), from: "HR", to: "AT" };
    expect(() => {
      checkConfirmation(keys, t1, mirrored);
    }).toThrow(expect.objectContaining({ code: "round-confirmation-failed" }));
  });

  test("the right MAC under another key id fails", () => {
    const keys = keysOf(0, 1);
    const renamed = { ...makeConfirmation(keys, t1, "AT", "HR"), keyId: keysOf(0, 2).keyId };
    expect(() => {
      checkConfirmation(keys, t1, renamed);
    }).toThrow(expect.objectContaining({ code: "round-confirmation-failed" }));
  });
});

describe("round keys", () => {
  test("a key signed over another T0, by another party or for another key is refused", () => {
    const key = at(posted, 0);
    const bad: [string, RoundKey][] = [
      [descriptorT0(descriptorOf(identities, roster, { purpose: "another" })), key],
      [t0, { ...key, party: "HR" }],
      [t0, { ...key, publicKey: at(posted, 1).publicKey }],
      [t0, { ...key, signature: at(posted, 1).signature }],
      [t0, { ...key, signature: "AAAA" }],
    ];
    checkRoundKey(roster, t0, key);
    for (const [over, altered] of bad) {
      expect(() => {
        checkRoundKey(roster, over, altered);
      }).toThrow(expect.objectContaining({ code: "round-key-signature" }));
    }
  });

  test("a stranger's key is refused", () => {
    const [stranger] = identitiesOf(["XX"]);
    if (stranger === undefined) throw new RangeError("no stranger");
    const { posted: key } = makeRoundKey(stranger, t0);
    expect(() => {
      checkRoundKey(roster, t0, key);
    }).toThrow(expect.objectContaining({ code: "pairing-unknown" }));
    expect(() => {
      checkRoundKeys(roster, descriptor, [...posted, key], t0);
    }).toThrow(expect.objectContaining({ code: "round-key-conflict" }));
  });

  test("a missing key is named by its party", () => {
    expect(() => {
      checkRoundKeys(roster, descriptor, posted.slice(1), t0);
    }).toThrow(expect.objectContaining({ code: "round-key-missing", detail: "no round key of AT" }));
  });

  test("two are evidence when one party signed both over one T0, and nothing else is", () => {
    const [first, other] = [at(posted, 0), at(posted, 1)];
    const second = makeRoundKey(at(identities, 0), t0).posted;
    const elsewhere = makeRoundKey(at(identities, 0), "A".repeat(43)).posted;
    expect(isEquivocation(roster, t0, first, second)).toBe(true);
    expect(isEquivocation(roster, t0, first, first)).toBe(false);
    expect(isEquivocation(roster, t0, first, other)).toBe(false);
    expect(isEquivocation(roster, t0, first, elsewhere)).toBe(false);
    expect(isEquivocation(roster, t0, first, { ...second, signature: first.signature })).toBe(false);
    expect(isEquivocation(roster, t0, first, { ...first, publicKey: second.publicKey })).toBe(false);
  });
});
