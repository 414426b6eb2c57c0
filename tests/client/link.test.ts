/**
 * A whole round between two lists in one process.
 */
import { describe, expect, test } from "vitest";
import { evaluate } from "#client/evaluation.ts";
import { linkLists, type LinkedPair, type LinkResult } from "#client/link.ts";
import { encoded, person } from "../engine/encode/lists.ts";
import { smallList, smallRecords, smallTruth } from "./encoded-lists.ts";

const AT = smallList("AT");
const HR = smallList("HR");
const LINKED = linkLists(AT, HR);

const swapped = ({ pairs, ...rest }: LinkResult): LinkResult => ({
  ...rest,
  pairs: pairs.map((pair) => ({ ...pair, refA: pair.refB, refB: pair.refA })),
});
const byName = (pairs: readonly LinkedPair[]): LinkedPair[] =>
  pairs.toSorted((one, other) => (`${one.refA} ${one.refB}` < `${other.refA} ${other.refB}` ? -1 : 1));

describe("a result", () => {
  test("does not depend on keys, handles, fillers and shuffle", () => {
    expect(linkLists(AT, HR)).toEqual(LINKED);
  });

  test("does not depend on the order of records", () => {
    const [at, hr] = ["AT", "HR"].map((party) => encoded(smallRecords(party).toReversed()));
    if (at === undefined || hr === undefined) throw new RangeError("two lists are wanted");
    expect(linkLists(at, hr)).toEqual(LINKED);
  });

  test("does not depend on the order of parties except for the swap", () => {
    const back = swapped(linkLists(HR, AT));
    expect({ ...back, pairs: byName(back.pairs) }).toEqual({ ...LINKED, pairs: byName(LINKED.pairs) });
  });

  test("has the highest weight first, ties by reference, and bands that follow the weight", () => {
    const names = LINKED.pairs.map(({ weightBits, refA, refB }) => ({ weightBits, name: `${refA} ${refB}` }));
    const sorted = names.toSorted(
      (one, other) => other.weightBits - one.weightBits || (one.name < other.name ? -1 : 1),
    );
    expect(names).toEqual(sorted);
    const order = ["high", "medium", "low", "none"];
    const bands = LINKED.pairs.map(({ band }) => order.indexOf(band));
    expect(bands.toSorted((one, other) => one - other)).toEqual(bands);
  });

  test("finds most true pairs of the small lists and few others", () => {
    const { best, bands } = evaluate(LINKED.pairs, smallTruth("AT", "HR"));
    expect(best.f1).toBeGreaterThan(0.7);
    const high = bands.find(({ band }) => band === "high");
    expect(high?.truePairs).toBeGreaterThan(0.9 * (high?.pairs ?? NaN));
  });
});

test("all references of a merged row are in the result", () => {
  const fields = {
    family_name: "Stojadinović",
    given_name: "Miloš",
    dob: "1979-11-05",
    birth_place: "Kruševac",
    doc_number: "RS7712345",
  };
  const twice = encoded([
    ...smallRecords("HR"),
    person({ ...fields, rec_id: "m1" }),
    person({ ...fields, rec_id: "m2" }),
  ]);
  const once = encoded([...smallRecords("AT"), person({ ...fields, rec_id: "m3" })]);
  const found = linkLists(once, twice).pairs.filter(({ refA }) => refA === "m3");
  expect(found.map(({ refB, band }) => [refB, band])).toEqual([
    ["m1", "high"],
    ["m2", "high"],
  ]);
});

test("lists without a common person or without a record give no high pair", () => {
  const lone = encoded([person({ family_name: "Qwertz", given_name: "Asdf", dob: "1931-05-06" })]);
  expect(linkLists(lone, AT).pairs).toEqual([]);
  expect(linkLists(encoded([]), AT)).toMatchObject({ pairs: [], bridgingRows: 0, rows: AT.rows.length });
});
