/** Lists that go through files, against the same lists held in memory. */
import { expect, test } from "vitest";
import { encoderOf, judgeLink } from "#bench/quality/blind.ts";
import { linkGrowing } from "#bench/quality/growing-lists.ts";
import { parsePerson } from "#engine/encode/person.ts";
import { SHIPPED_PROFILE } from "#engine/shipped-profile.ts";
import { generateRecords, generateTruth } from "#fixtures/people.ts";

test("a pairing from files is judged as the same pairing in memory", async () => {
  const linked = await linkGrowing(400);
  const options = { seed: 9211, preset: "life", parties: ["RS", "BG"], overlap: 0.1, recordsPerParty: 400 } as const;
  const encode = await encoderOf(SHIPPED_PROFILE);
  const [a, b] = (["RS", "BG"] as const).map((party) =>
    encode([...generateRecords(options, party)].map((record, at) => parsePerson(record, at + 1))),
  );
  if (a === undefined || b === undefined) throw new RangeError("two lists");
  expect(linked).toEqual({ ...judgeLink(linked.sample, a, b), recordsPerList: 400 });
  const people = [...generateTruth(options)].filter(({ refs }) => new Set(refs.map(({ party }) => party)).size === 2);
  expect(linked.sample.truth.size).toBeGreaterThanOrEqual(people.length);
  expect(linked.pairs.some(({ same }) => same)).toBe(true);
});
