/**
 * What the secretariat sees of one list in two rounds and for two counterparts: nothing that is equal but sizes, and those
 * only by class.
 */
import { randomBytes } from "node:crypto";
import { beforeAll, describe, expect, test } from "vitest";
import { agreeKeys } from "#client/agree.ts";
import { encodeRound } from "#client/encode.ts";
import type { Vault } from "#client/vault.ts";
import { handleOf, viewBatch, type Batch } from "#engine/batch/read.ts";
import type { EncodedList } from "#engine/encode/list.ts";
import { answersLength } from "#engine/round/answers.ts";
import { decoysOf } from "#engine/round/decoys.ts";
import { originTags } from "#engine/round/notice.ts";
import { sealPackage, type Hit } from "#engine/round/package.ts";
import { SHIPPED_PROFILE, SHIPPED_PROFILE_DIGEST } from "#engine/shipped-profile.ts";
import { encoded, generatedRecords } from "../../engine/encode/lists.ts";
import { descriptorOf, identitiesOf, rosterOf } from "../../engine/round/parties.ts";
import { vaultOf } from "../folders.ts";
import { connectionTo, relayOf } from "./relay.ts";

const IDS = ["AT", "HR", "SI"];
const ROUNDS = ["2026-4", "2026-5"];
const records = generatedRecords(80);

/** What of one batch could be the same in another, by kind; texts. */
type Traces = Readonly<Record<"keys" | "handles" | "origin tags" | "decoy digests" | "names", readonly string[]>>;

let traces: Traces[];
let lengths: number[];
let identities: ReturnType<typeof identitiesOf>;

/** AT's batches of `list` for both counterparts in each round. */
async function batchesOf(
  vault: Vault,
  list: EncodedList,
): Promise<{ round: string; counterpart: string; bytes: Uint8Array }[]> {
  const batches = [];
  for (const round of ROUNDS) {
    await encodeRound(vault, round, list);
    for (const counterpart of ["HR", "SI"]) {
      const bytes = new Uint8Array(Buffer.concat([...vault.readBatch(round, counterpart)]));
      batches.push({ round, counterpart, bytes });
    }
  }
  return batches;
}

function tracesOf(vault: Vault, round: string, counterpart: string, batch: Batch, rowCount: number): Traces {
  const pairing = vault.pairings(round)?.find((each) => each.counterpart === counterpart);
  const keyProof = pairing?.keyProof;
  if (pairing === undefined || keyProof == null) throw new RangeError("no pairing");
  const origins = records.map(({ origin_ref }) => origin_ref).filter((origin) => origin !== "");
  const decoys = decoysOf(SHIPPED_PROFILE, keyProof, [rowCount, rowCount]);
  return {
    keys: batch.columns.flatMap(({ upper, lower }) => Array.from(upper, (half, at) => `${half}-${lower[at] ?? ""}`)),
    handles: Array.from({ length: rowCount }, (_, row) => handleOf(batch, row)),
    "origin tags": [...new Set(origins.flatMap((origin) => originTags(keyProof, [origin])))],
    "decoy digests": decoys.flatMap(({ cells }) => cells.map(({ digest }) => Buffer.from(digest).toString("hex"))),
    names: [pairing.keyId, Buffer.from(pairing.keyTag ?? []).toString("hex"), Buffer.from(keyProof).toString("hex")],
  };
}

beforeAll(async () => {
  identities = identitiesOf(IDS);
  const roster = rosterOf(identities);
  const vaults = identities.map((identity) => vaultOf(identity, roster));
  const [vault] = vaults;
  if (vault === undefined) throw new RangeError("no vault");
  for (const id of ROUNDS) {
    const relay = relayOf(descriptorOf(identities, roster, { id, profile: SHIPPED_PROFILE_DIGEST }), roster);
    for (let call = 0; call < 3; call++)
      for (const each of vaults)
        await agreeKeys(
          connectionTo(relay, each.identity.party),
          each,
          roster,
          id,
          [SHIPPED_PROFILE_DIGEST],
          new Date(),
        );
  }
  const batches = await batchesOf(vault, encoded(records));
  traces = batches.map(({ round, counterpart, bytes }) => {
    const batch = viewBatch(bytes, SHIPPED_PROFILE);
    return tracesOf(vault, round, counterpart, batch, batch.rowCount);
  });
  const fewer = await batchesOf(vault, encoded(records.slice(0, 7)));
  lengths = [...batches, ...fewer].map(({ bytes }) => bytes.length);
});

describe("one list in two rounds and for two counterparts", () => {
  test.each(["keys", "handles", "origin tags", "decoy digests", "names"] as const)("has no %s in common", (kind) => {
    const all = traces.flatMap((each) => each[kind]);
    expect(traces.map((each) => each[kind].length > 2)).toEqual([true, true, true, true]);
    // Neither between two batches nor, but for tags of one origin, in one.
    expect(new Set(all).size).toBe(all.length);
  });

  test("has batches of one length, as a list of a tenth has", () => {
    expect(lengths.length).toBe(8);
    // A header's length depends on the round's and the parties' ids alone, which are of one length here.
    expect(new Set(lengths).size).toBe(1);
  });
});

test("packages and answers have the length of their size class", async () => {
  const hitOf = (): Hit => {
    const [handle, hit] = [randomBytes(16), Buffer.concat([Buffer.of(1), randomBytes(15)])];
    return {
      band: "low",
      cells: "AAAAAA",
      handle: handle.toString("base64url"),
      hit: hit.toString("base64url"),
      pattern: 1,
    };
  };
  const lengthOf = async (counts: readonly number[]): Promise<number> => {
    const sections = counts.map((count, at) => ({
      counterpart: IDS[at + 1] ?? "",
      key: randomBytes(32),
      hits: Array.from({ length: count }, hitOf),
    }));
    const t2 = randomBytes(32).toString("base64url");
    const content = { party: "AT", round: "2026-4", t2, sections };
    return (await sealPackage(content, identities[0]?.boxKey ?? "")).length;
  };
  expect(await lengthOf([0, 64])).toBe(await lengthOf([2, 17]));
  expect(await lengthOf([65, 0])).toBe(await lengthOf([0, 128]));
  expect(await lengthOf([65, 0])).not.toBe(await lengthOf([64, 0]));
  expect(answersLength(2)).toBe(answersLength(64));
  expect(answersLength(65)).toBe(answersLength(128));
});
