/**
 * What one more fact would do for records that cannot be found, held against really adding it.
 */
import { describe, expect, test } from "vitest";
import { missingFacts } from "#client/missing-facts.ts";
import { visibilityOf } from "#engine/encode/visibility.ts";
import type { PersonRecord } from "#engine/encode/person.ts";
import { informationThreshold } from "#engine/match/weight.ts";
import { SHIPPED_PROFILE } from "#engine/shipped-profile.ts";
import { encoded, person } from "../engine/encode/lists.ts";

/** Rows of a counterpart with 100,000 records. */
const LARGER = 131_072;
const THRESHOLD_BITS = informationThreshold(SHIPPED_PROFILE, LARGER);
/** As they might be found out: names that are neither common nor rare. */
const REAL = {
  "given-name": { given_name: "Branko" },
  "family-name": { family_name: "Babić" },
  "birth-date": { dob: "1971-03-19" },
  "birth-place": { birth_place: "Vinkovci" },
  document: { doc_number: "PB4471902" },
  phone: { phone: "+385 91 4471 902" },
  "online-id": { online_ids: ["zvone_1971"] },
  address: { address_street: "Ulica lipa 14", address_postcode: "32100" },
} as const satisfies Record<string, Partial<PersonRecord>>;

const THIN: readonly Partial<PersonRecord>[] = [
  { given_name: "Zvonimir" },
  { family_name: "Marušić", dob: "1971" },
  { dob: "1971-03-19" },
  { birth_place: "Vinkovci", dob: "1971" },
  { address_street: "Ulica lipa 14" },
  { phone: "+385 91 4471 902" },
  { given_name: "Ivan", family_name: "Horvat" },
];

function visibility(record: PersonRecord): string {
  return visibilityOf(encoded([record]), LARGER)[0] ?? "";
}

describe("a fact that is said to help", () => {
  test.each(THIN)("lets %o be found once it is added, and one that is not said to does not", async (change) => {
    const record = person({ rec_id: "HR-1", ...change });
    expect(visibility(record)).toBe("thin");
    const said = (await missingFacts([record], SHIPPED_PROFILE, THRESHOLD_BITS)).map(({ fact }) => fact);
    for (const [fact, added] of Object.entries(REAL)) {
      if (Object.keys(added).some((field) => Object.hasOwn(change, field) && field !== "dob")) continue;
      if (fact === "birth-date" && change.dob === "1971-03-19") continue;
      expect([fact, said.some((each) => each === fact)]).toEqual([
        fact,
        visibility({ ...record, ...added }) === "found",
      ]);
    }
  });

  test("helps a silenced record only if it makes a key that was not there before", async () => {
    const twin = { family_name: "Marušić", given_name: "Zvonimir", dob: "1971-03-19" };
    const records = ["HR-1", "HR-2"].map((rec_id) =>
      person({ rec_id, ...twin, doc_number: rec_id === "HR-1" ? "PB4471902" : "PB9017733" }),
    );
    const said = await missingFacts(records, SHIPPED_PROFILE, THRESHOLD_BITS);
    expect(said.map(({ fact }) => fact)).not.toContain("birth-date");
    expect(said.map(({ fact }) => fact)).not.toContain("document");
    expect(said.find(({ fact }) => fact === "online-id")).toEqual({ fact: "online-id", records: 2 });
  });
});

test("facts are counted over records, the most helpful first", async () => {
  const records = [
    person({ rec_id: "1", given_name: "Zvonimir", dob: "1971" }),
    person({ rec_id: "2", family_name: "Marušić", birth_place: "Vinkovci" }),
    person({ rec_id: "3", family_name: "Marušić", given_name: "Z.", dob: "1971-03-19" }),
  ];
  const said = await missingFacts(records, SHIPPED_PROFILE, THRESHOLD_BITS);
  expect(said.find(({ fact }) => fact === "document")).toEqual({ fact: "document", records: 3 });
  expect(said.map(({ records: count }) => count)).toEqual(
    said.map(({ records: count }) => count).toSorted((a, b) => b - a),
  );
});
