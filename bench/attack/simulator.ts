/**
 * Attack `simulator`: can a learning program tell what the secretariat stores of a pairing from what {@link fakeView} makes of
 * the leakage alone? Real batches have decoys and are of lists that are not full, as in a round.
 */
import { randomBytes, randomFillSync } from "node:crypto";
import { sizeClassOf } from "#engine/batch/size-class.ts";
import { encodeBatch, type Pairing } from "#engine/encode/encode-batch.ts";
import type { EncodedList } from "#engine/encode/list.ts";
import { decoysOf, decoyCount } from "#engine/round/decoys.ts";
import { SHIPPED_PROFILE } from "#engine/shipped-profile.ts";
import type { RandomFill } from "#engine/uniform.ts";
import type { Scale } from "../measurement.ts";
import { areaError, boosted, crossValidatedArea, linear, type Samples } from "./classifiers.ts";
import { batchView, fakeView, joinedView, leakageOf, type BatchView, type ServerView } from "./fake-view.ts";
import type { Attack, Finding } from "./finding.ts";
import { makeScene } from "./scene.ts";
import { featuresOf } from "./view-features.ts";

/** Real views, and as many false ones; those of each control. */
const VIEWS: Record<Scale, { readonly ours: number; readonly control: number }> = {
  smoke: { ours: 60, control: 50 },
  usual: { ours: 600, control: 100 },
  full: { ours: 5_000, control: 300 },
};
const FOLDS = 5;
/** Around .50; smaller scales add what chance does to their figures four times in a hundred thousand. */
const MOST = 0.02;
const STANDARD_ERRORS = 4;
const PARTIES = 12;
const RECORDS = [80, 110, 150];

/** Of the round and its parties: the same for real and false views. */
const PLACE = { round: "2026-1", t1: randomBytes(32).toString("base64url") };

const LEARNERS = { "logistic regression": linear, "boosted trees": boosted };

export const simulator: Attack = {
  name: "simulator",
  about:
    "both batches of a pairing against views written from sizes, classes and the joined graph alone (Lindell 2017)",
  async *run(scale, seed): AsyncIterable<Finding> {
    const { ours, control } = VIEWS[scale];
    const real = await viewSamples(seed, ours, cryptographic);
    const spread = scale === "full" ? 0 : STANDARD_ERRORS * areaError(0.5, ours);
    for (const [name, learn] of Object.entries(LEARNERS)) {
      const area = areaOf(real, learn, seed);
      yield {
        variant: `${ours.toLocaleString("en")} views a side, ${name}`,
        against: "ours",
        measure: "distance of the AUC from .50",
        figure: Math.abs(area - 0.5),
        most: MOST + spread,
        also: { area, standardError: areaError(0.5, ours), features: real.width },
      };
    }
    for (const [name, source] of Object.entries(LEAKY)) {
      const area = areaOf(await viewSamples(seed, control, source), boosted, seed);
      yield {
        variant: `${control.toLocaleString("en")} views a side, ${name}`,
        against: "control",
        measure: "AUC",
        figure: area,
        above: 0.95,
      };
    }
  },
};

/** A real view and its false twin, which has the same leakage, are tested together. */
function areaOf(samples: Samples, learn: (typeof LEARNERS)[keyof typeof LEARNERS], seed: number): number {
  const pairings = Array.from(samples.kinds, (_, sample) => sample >>> 1);
  return crossValidatedArea(samples, pairings, FOLDS, learn, seed);
}

/** @returns Features of `count` real views, each followed by those of its false twin. */
async function viewSamples(seed: number, count: number, source: RandomSource): Promise<Samples> {
  let features = new Float32Array();
  let samples = 0;
  for await (const [listA, listB] of pairedLists(seed, count)) {
    const view = realView(listA, listB, source);
    for (const one of [view, fakeView(SHIPPED_PROFILE, leakageOf(view))]) {
      const found = featuresOf(one);
      if (samples === 0) features = new Float32Array(2 * count * found.length);
      features.set(found, samples++ * found.length);
    }
  }
  const kinds = Uint8Array.from({ length: samples }, (_, sample) => 1 - (sample % 2));
  return { width: features.length / samples, features, kinds };
}

/** Every two of twelve parties, then other people. */
async function* pairedLists(seed: number, count: number): AsyncGenerator<[EncodedList, EncodedList]> {
  let made = 0;
  for (let population = 0; ; population++) {
    const recordsPerParty = RECORDS[population % RECORDS.length] as number;
    const scene = await makeScene({ seed: seed + population, recordsPerParty, partyCount: PARTIES, overlap: 0.2 });
    for (const [at, own] of scene.parties.entries())
      for (const other of scene.parties.slice(at + 1)) {
        if (made++ === count) return;
        yield [scene.encodedOf(own), scene.encodedOf(other)];
      }
  }
}

function realView(listA: EncodedList, listB: EncodedList, source: RandomSource): ServerView {
  const shared = { ...PLACE, keyId: randomBytes(16).toString("base64url"), keyTag: randomBytes(32) };
  const keyProof = randomBytes(32);
  const room = ({ rows }: EncodedList): number => sizeClassOf(rows.length + decoyCount(1));
  const [rowCountA, rowCountB] = [room(listA), room(listB)];
  const decoys = decoysOf(SHIPPED_PROFILE, keyProof, [rowCountA, rowCountB]);
  const encoded = (
    list: EncodedList,
    own: Pick<Pairing, "from" | "to" | "rowCount" | "counterpartRowCount">,
  ): BatchView => {
    const pairing = { ...shared, ...own, provenanceSeed: randomBytes(32) };
    const part = { decoys, keepOwnCells: () => undefined };
    return batchView(SHIPPED_PROFILE, encodeBatch(list, pairing, source(own.rowCount), part).pieces);
  };
  return joinedView(
    encoded(listA, { from: "AT", to: "HR", rowCount: rowCountA, counterpartRowCount: rowCountB }),
    encoded(listB, { from: "HR", to: "AT", rowCount: rowCountB, counterpartRowCount: rowCountA }),
  );
}

/** Where a batch of so many rows gets its shuffle, handles and fillers from. */
type RandomSource = (rowCount: number) => RandomFill;

const cryptographic: RandomSource = () => randomFillSync;

/** Programs that go wrong in one thing. */
const LEAKY: Readonly<Record<string, RandomSource>> = {
  "fillers of 31 bits": () => changedWords((word) => word >>> 1),
  "a generator of 16 bits": () => changedWords((word) => Math.imul(1 + (word & 0xffff), 0x9e37_79b1) >>> 0),
  "rows in order of the list": (rowCount) => {
    let isShuffle = true;
    return (target) => {
      randomFillSync(target);
      // The first words are those of Fisher and Yates: these leave each row in its place.
      if (isShuffle) for (let at = 0; at < rowCount; at++) target[at] = rowCount - 1 - at;
      isShuffle = false;
    };
  },
};

function changedWords(change: (word: number) => number): RandomFill {
  return (target) => {
    randomFillSync(target);
    if (target instanceof Uint32Array) target.forEach((word, at) => (target[at] = change(word)));
  };
}
