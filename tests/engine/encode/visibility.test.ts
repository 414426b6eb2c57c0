/**
 * Which rows can be found.
 */
import { expect, test } from "vitest";
import { visibilityOf } from "#engine/encode/visibility.ts";
import { informationThreshold } from "#engine/match/weight.ts";
import { SHIPPED_PROFILE } from "#engine/shipped-profile.ts";
import { encoded, generatedRecords, person } from "./lists.ts";

const BORN = { family_name: "Stojadinović", given_name: "Miloš", dob: "1979-11-05", sex: "M" };

test("a full record is found, a first name is thin, twins that share every key are silenced", () => {
  const list = encoded([
    person({ ...BORN, rec_id: "full", dob: "1955-03-14", family_name: "Hadžihasanović", given_name: "Senad" }),
    person({ rec_id: "thin", given_name: "Ivan" }),
    ...Array.from({ length: 25 }, (_, at) => person({ ...BORN, rec_id: `same-${at}` })),
  ]);
  const visibility = visibilityOf(list, 100);
  const of = (ref: string): string | undefined =>
    visibility[[...list.rows].findIndex(({ refs }) => refs.includes(ref))];
  expect([of("full"), of("thin"), of("same-0"), of("same-24")]).toEqual(["found", "thin", "silenced", "silenced"]);
});

test("a larger counterpart hides rows and shows none", () => {
  const list = encoded(generatedRecords(300));
  const found = [100, 10_000, 1_000_000, 800_000_000].map(
    (rows) => visibilityOf(list, rows).filter((one) => one === "found").length,
  );
  expect(found.toSorted((one, other) => other - one)).toEqual(found);
  expect(found[0]).toBeGreaterThan(250);
  expect(found[3]).toBeLessThan(found[0] ?? 0);
});

test("a row is found exactly when one of its cells may travel", () => {
  const list = encoded(generatedRecords(300));
  const threshold = informationThreshold(SHIPPED_PROFILE, 20_000);
  const telling = new Set<number>();
  SHIPPED_PROFILE.rules.forEach((_, rule) => {
    const { owner, bits } = list.cells.read(rule);
    owner.forEach((row, at) => {
      if ((bits[at] ?? 0) >= threshold) telling.add(row);
    });
  });
  visibilityOf(list, 20_000).forEach((visibility, row) => {
    expect(visibility === "found").toBe(telling.has(row));
  });
});
