/**
 * The simulator's views: batches as the secretariat takes them, which join as the real ones do.
 */
import { expect, test } from "vitest";
import { fakeView, joinedView, leakageOf, type BatchView } from "#bench/attack/fake-view.ts";
import { viewPairing } from "#bench/attack/pairing-view.ts";
import { makeScene } from "#bench/attack/scene.ts";
import { readBatch, type Batch } from "#engine/batch/read.ts";
import { SHIPPED_PROFILE } from "#engine/shipped-profile.ts";

test("a simulated view passes the reader and has the classes and the joined graph of the real one", async () => {
  const scene = await makeScene({ seed: 3, recordsPerParty: 120, partyCount: 2, overlap: 0.5 });
  const [own = "", other = ""] = scene.parties;
  const { a, b } = viewPairing(scene.encodedOf(own), scene.encodedOf(other));
  const real = joinedView({ bytes: new Uint8Array(), batch: a.batch }, { bytes: new Uint8Array(), batch: b.batch });
  const fake = fakeView(SHIPPED_PROFILE, leakageOf(real));
  for (const { bytes, batch } of [fake.a, fake.b])
    expect(() => readBatch(bytes, SHIPPED_PROFILE, batch.header)).not.toThrow();
  for (const side of ["a", "b"] as const) expect(classesOf(fake[side])).toEqual(classesOf(real[side]));
  expect(real.joined.some((pairs) => pairs.length > 0)).toBe(true);
  expect(fake.joined.map((pairs) => pairs.length)).toEqual(real.joined.map((pairs) => pairs.length));
  expect(shapeOf(fake.joined, fake.a.batch, fake.b.batch)).toEqual(shapeOf(real.joined, real.a.batch, real.b.batch));
});

const classesOf = ({ batch }: BatchView): Uint8Array => batch.classes.slice().sort();

/** Joined pairs of rows with their classes and how often each rule joins them, in an order that row numbers do not matter to. */
function shapeOf(joined: readonly Uint32Array[], a: Batch, b: Batch): string[] {
  const rules = new Map<string, number[]>();
  joined.forEach((pairs, rule) => {
    for (let at = 0; at < pairs.length; at += 2) {
      const name = `${pairs[at]} ${pairs[at + 1]}`;
      rules.set(name, [...(rules.get(name) ?? []), rule]);
    }
  });
  return [...rules]
    .map(([name, agreed]) => {
      const [rowA = 0, rowB = 0] = name.split(" ").map(Number);
      return `${a.classes[rowA]} ${b.classes[rowB]} ${agreed.join()}`;
    })
    .sort();
}
