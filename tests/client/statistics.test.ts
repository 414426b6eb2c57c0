/**
 * A party's histogram: from the vault's hits and the list to noised figures, drawn once.
 */
import { describe, expect, test } from "vitest";
import { noisedStatistics } from "#client/statistics.ts";
import type { Hit } from "#engine/round/package.ts";
import { histogramOf, type RowWithHits } from "#engine/statistics/histogram.ts";
import { releaseHistogram } from "#engine/statistics/release.ts";
import { seeded } from "../engine/statistics/seeded.ts";
import { descriptorOf, identitiesOf, rosterOf } from "../engine/round/parties.ts";
import { smallRecords } from "./encoded-lists.ts";
import { vaultOf } from "./folders.ts";

const ROUND = "2026-4";
const CATEGORIES = ["contact", "convicted", "other", "suspect", "victim", "witness"];
const COUNTERPARTS = ["HR", "RS", "SI"];
const RECORDS = smallRecords("AT");
/** Every deadline is to come. */
const BEFORE = new Date("2026-11-27T12:00:00Z");

/** 16 bytes that name row `row` in the batch for `counterpart`. */
function handleOf(counterpart: string, row: number): string {
  const handle = Buffer.alloc(16);
  handle.write(counterpart);
  handle.writeUInt32LE(row, 12);
  return handle.toString("base64url");
}

/** A vault of AT whose rows are the list's records, two to a row; `hits` are row and counterpart. */
function setUp(hits: readonly (readonly [row: number, counterpart: string])[], opened = COUNTERPARTS) {
  const identities = identitiesOf(["AT", ...COUNTERPARTS]);
  const roster = rosterOf(identities);
  const [identity] = identities;
  if (identity === undefined) throw new RangeError("no identity");
  const vault = vaultOf(identity, roster);
  const descriptor = descriptorOf(identities, roster, { categories: CATEGORIES });
  vault.keepDescriptor(descriptor);
  const rows = RECORDS.flatMap((record, at) =>
    at % 2 === 0 ? [[record, ...RECORDS.slice(at + 1, at + 2)].map(({ rec_id }) => rec_id)] : [],
  );
  for (const counterpart of COUNTERPARTS)
    vault.writeHandleMap(
      ROUND,
      counterpart,
      rows.map((refs, row) => ({ handle: handleOf(counterpart, row), refs, row })),
    );
  const agreed = {
    keyTag: Buffer.alloc(32, 1),
    keyProof: Buffer.alloc(32, 2),
    keyNotice: Buffer.alloc(32, 3),
    keyId: "A".repeat(22),
  };
  vault.keepPairings(
    ROUND,
    COUNTERPARTS.map((counterpart) => ({ counterpart, ...agreed })),
  );
  for (const counterpart of opened) {
    const found = hits.flatMap(([row, whom], at): Hit[] => {
      const names = { handle: handleOf(counterpart, row), hit: handleOf("hit", at) };
      return whom === counterpart ? [{ band: "low", cells: "", pattern: 1, ...names }] : [];
    });
    vault.keepSection(ROUND, {
      counterpart,
      hitCount: found.length,
      decoys: 0,
      decoysMissing: 0,
      noRecord: 0,
      hits: found,
    });
  }
  const find = (refs: ReadonlySet<string>) => Promise.resolve(RECORDS.filter(({ rec_id }) => refs.has(rec_id)));
  return { vault, descriptor, find };
}

function rowOf(row: number, counterpartCount: number): RowWithHits {
  const record = RECORDS[2 * row];
  if (record === undefined) throw new RangeError(`no row ${row}`);
  return { counterpartCount, category: record.category, riskIndicators: record.risk_indicators };
}

describe("a party's statistics", () => {
  test("count a row once by its first record, however many hits it has with a counterpart", async () => {
    const { vault, descriptor, find } = setUp([
      [0, "HR"],
      [0, "HR"],
      [1, "HR"],
      [1, "RS"],
      [2, "SI"],
      [2, "RS"],
      [2, "HR"],
    ]);
    const exact = histogramOf([rowOf(0, 1), rowOf(1, 2), rowOf(2, 3)], CATEGORIES);
    expect(exact.counterparts).toEqual({ one: 1, two: 1, three: 1, "four-or-more": 0 });
    const expected = releaseHistogram(descriptor, "AT", exact, seeded("home"));
    expect(await noisedStatistics(vault, ROUND, find, seeded("home"), BEFORE)).toEqual(expected);
  });

  test("are drawn once: asked again, the vault gives the same without looking at the list", async () => {
    const { vault, find } = setUp([[0, "HR"]]);
    const first = await noisedStatistics(vault, ROUND, find, seeded("first"), BEFORE);
    const none = () => Promise.reject(new Error("the list was read"));
    expect(await noisedStatistics(vault, ROUND, none, seeded("second"), BEFORE)).toEqual(first);
  });

  test("of a round without hits are noise too", async () => {
    const { vault, find } = setUp([]);
    expect(await noisedStatistics(vault, ROUND, find, seeded("empty"), BEFORE)).toMatchObject({
      party: "AT",
      epsilon: "1/8",
    });
  });

  test("of another list are refused, without naming a record, and nothing is kept", async () => {
    const { vault } = setUp([[0, "HR"]]);
    const refused = noisedStatistics(vault, ROUND, () => Promise.resolve([]), seeded("refused"), BEFORE);
    await expect(refused).rejects.toMatchObject({ code: "not-found" });
    await expect(refused).rejects.not.toThrow(RECORDS[0]?.rec_id);
    expect(vault.statistics(ROUND)).toBeNull();
  });

  test("are not drawn while a pairing can still be opened", async () => {
    const { vault, descriptor, find } = setUp([[0, "HR"]], ["HR", "SI"]);
    const draw = (now: Date) => noisedStatistics(vault, ROUND, find, seeded("early"), now);
    await expect(draw(BEFORE)).rejects.toMatchObject({ code: "round-state" });
    await expect(draw(BEFORE)).rejects.toThrow("with RS can");
    expect(vault.statistics(ROUND)).toBeNull();
    const over = new Date(Date.parse(descriptor.deadlines.acknowledgements) + 120_000);
    expect(await draw(over)).toMatchObject({ party: "AT" });
  });

  test("need the hits first", async () => {
    const { vault, find } = setUp([]);
    await expect(noisedStatistics(vault, "2026-5", find, seeded("none"), BEFORE)).rejects.toMatchObject({
      code: "package-unavailable",
    });
  });
});
