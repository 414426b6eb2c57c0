/**
 * The cap on hits of a pairing.
 */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { MAX_SEALED_ANSWERS, openAnswers, sealAnswers } from "#engine/round/answers.ts";
import { MAX_HITS } from "#engine/round/package.ts";
import { heaviest, hitCap } from "#server/hit-cap.ts";
import { makeDescriptor, makeHouse, removeHouse } from "./harness.ts";

describe("a pairing's cap", () => {
  it("lets no party's package overflow, whatever its counterparts send", () => {
    const house = makeHouse();
    const { pairings } = makeDescriptor(house);
    const descriptor = makeDescriptor(house, { pairings: [...pairings, ["HR", "SI"]] });
    const star = makeDescriptor(house);
    removeHouse(house);
    for (const maxHits of [MAX_HITS, 7])
      for (const round of [descriptor, star])
        for (const { id } of round.parties) {
          const own = round.pairings.filter((pairing) => pairing.includes(id));
          const most = own.reduce((sum, pairing) => sum + hitCap(maxHits, round, pairing), 0);
          expect(most).toBeLessThanOrEqual(maxHits);
        }
    expect(hitCap(7, star, ["AT", "HR"])).toBe(3);
  });
});

describe("a pairing at its cap", () => {
  it("can be answered: the server takes the answers, and the client what they are sealed as", async () => {
    const house = makeHouse();
    const [at, hr] = house.cast.identities;
    if (at === undefined || hr === undefined) throw new RangeError("AT and HR are missing");
    const descriptor = makeDescriptor(house, { pairings: [["AT", "HR"]] });
    removeHouse(house);
    const cap = hitCap(MAX_HITS, descriptor, ["AT", "HR"]);
    const keyNotice = new Uint8Array(32).fill(1);
    const direction = { round: "2026-4", t2: "A".repeat(43), from: "AT", to: "HR" };
    const sealed = await sealAnswers(direction, [], cap, at, { boxKey: hr.boxKey, keyNotice });
    expect(sealed.length).toBe(MAX_SEALED_ANSWERS);
    expect(await openAnswers(sealed, direction, cap, hr, { signKey: at.signKey, keyNotice })).toEqual([]);
  });
});

describe("the heaviest pairs", () => {
  it("are those of highest weight, of equal weights the earlier ones, in their order", () => {
    expect(heaviest([0, 2, 3, 5], Float64Array.of(4, 99, 7, 4, 99, 9), 3)).toEqual([0, 2, 5]);
  });

  it("leave out nothing that weighs more, and are all when there is room", () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: -3, max: 3 }), { maxLength: 40 }), fc.nat(50), (weights, cap) => {
        const bits = Float64Array.from(weights);
        const kept = heaviest([...weights.keys()], bits, cap);
        expect(kept).toHaveLength(Math.min(cap, weights.length));
        const left = [...weights.keys()].filter((position) => !kept.includes(position));
        const weight = (position: number): number => bits[position] ?? NaN;
        for (const out of left)
          for (const kin of kept)
            expect(weight(kin) > weight(out) || (weight(kin) === weight(out) && kin < out)).toBe(true);
      }),
    );
  });
});
