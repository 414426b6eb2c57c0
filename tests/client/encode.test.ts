/**
 * A party's batches for one round.
 */
import { describe, expect, test } from "vitest";
import { agreeKeys } from "#client/agree.ts";
import { encodeRound } from "#client/encode.ts";
import { spillStore } from "#client/spill.ts";
import type { Vault } from "#client/vault.ts";
import { openSharedList, shareList } from "#client/workers/shared-list.ts";
import { readBatch, type Batch } from "#engine/batch/read.ts";
import { memoryCellStore } from "#engine/encode/cell-store.ts";
import { encodeBatch } from "#engine/encode/encode-batch.ts";
import { SHIPPED_PROFILE, SHIPPED_PROFILE_DIGEST } from "#engine/shipped-profile.ts";
import { encoded, pairingOf, person, randomFrom } from "../engine/encode/lists.ts";
import { descriptorOf, identitiesOf, rosterOf } from "../engine/round/parties.ts";
import { smallList, smallRecords } from "./encoded-lists.ts";
import { connectionOf, fakeSecretariat } from "./fake-secretariat.ts";
import { temporaryFolder, vaultOf } from "./folders.ts";

const IDS = ["AT", "HR", "SI"];
const LIST = smallList("HR");

/** Vaults of three parties that have agreed on the keys of a round of 315 records each. */
async function agreedVaults(declaredRecords = 300): Promise<Vault[]> {
  const identities = identitiesOf(IDS);
  const roster = rosterOf(identities);
  const parties = IDS.map((id) => ({ id, declaredRecords, legalBasis: "Art. 9" }));
  const descriptor = descriptorOf(identities, roster, { profile: SHIPPED_PROFILE_DIGEST, parties });
  const fake = fakeSecretariat();
  const vaults = identities.map((identity) => vaultOf(identity, roster));
  for (let step = 0; step < 3; step++) {
    for (const vault of vaults)
      await agreeKeys(
        connectionOf(fake, descriptor, vault.identity.party),
        vault,
        roster,
        "2026-4",
        [SHIPPED_PROFILE_DIGEST],
        new Date(),
      );
  }
  return vaults;
}

function readWritten(vault: Vault, counterpart: string): Batch {
  const { party } = vault.identity;
  const pairing = vault.pairings("2026-4")?.find((known) => known.counterpart === counterpart);
  if (pairing === undefined) throw new RangeError("no pairing");
  return readBatch(new Uint8Array(Buffer.concat([...vault.readBatch("2026-4", counterpart)])), SHIPPED_PROFILE, {
    round: "2026-4",
    t1: vault.transcript("2026-4") ?? "",
    from: party,
    to: counterpart,
    profile: SHIPPED_PROFILE_DIGEST,
    keyId: pairing.keyId,
    rowCount: 315,
  });
}

describe("encoding for a round", () => {
  test("writes one batch a counterpart that the reader accepts, and each row's handle", async () => {
    const [, hr] = await agreedVaults();
    if (hr === undefined) throw new RangeError("no vault");
    const steps: number[][] = [];
    const written = await encodeRound(hr, "2026-4", LIST, { onProgress: (...step) => steps.push(step) });
    expect(written.map(({ counterpart, rowCount }) => [counterpart, rowCount])).toEqual([
      ["AT", 315],
      ["SI", 315],
    ]);
    expect(steps).toEqual([
      [1, 2],
      [2, 2],
    ]);
    const handles = ["AT", "SI"].map((counterpart) => {
      const batch = readWritten(hr, counterpart);
      const known = new Set(
        Array.from({ length: 315 }, (_, row) =>
          Buffer.from(batch.handles.subarray(16 * row, 16 * row + 16)).toString("base64url"),
        ),
      );
      const map = hr.readHandleMap("2026-4", counterpart);
      expect([...map.values()].flatMap(({ refs }) => refs).sort()).toEqual(
        smallRecords("HR")
          .map(({ rec_id }) => rec_id)
          .sort(),
      );
      for (const handle of map.keys()) expect(known.has(handle)).toBe(true);
      return [...map.keys()];
    });
    expect(new Set(handles.flat()).size).toBe(2 * LIST.rows.length);
  });

  test("of which one is submitted writes the others, and says so", async () => {
    const [, hr] = await agreedVaults();
    if (hr === undefined) throw new RangeError("no vault");
    const [first] = await encodeRound(hr, "2026-4", LIST);
    if (first === undefined) throw new RangeError("no batch");
    hr.keepReceipt("2026-4", "AT", { digest: first.digest, byteLength: first.byteLength });
    await expect(encodeRound(hr, "2026-4", LIST)).rejects.toThrow(/^file-exists/);
    const handles = hr.readHandleMap("2026-4", "SI");
    expect(handles.size).toBe(LIST.rows.length);
    const { handles: written } = readWritten(hr, "SI");
    for (const handle of handles.keys()) expect(Buffer.from(written).includes(handle, 0, "base64url")).toBe(true);
  });

  test("says how many rows cannot be found", async () => {
    const [at] = await agreedVaults();
    if (at === undefined) throw new RangeError("no vault");
    const thin = encoded([
      person({ rec_id: "1", given_name: "Ivan" }),
      person({ rec_id: "2", family_name: "Petrov", given_name: "Ivan", doc_number: "C01X00T47" }),
    ]);
    const written = await encodeRound(at, "2026-4", thin);
    expect(written.map(({ hiddenRows }) => hiddenRows)).toEqual([1, 1]);
  });

  test("refuses a list that is larger than was declared", async () => {
    const [at] = await agreedVaults(100);
    if (at === undefined) throw new RangeError("no vault");
    await expect(encodeRound(at, "2026-4", LIST)).rejects.toThrow(/^batch-too-large/);
  });

  test("refuses a round whose keys are not agreed", async () => {
    const identities = identitiesOf(["AT"]);
    const [identity] = identities;
    if (identity === undefined) throw new RangeError("no identity");
    await expect(encodeRound(vaultOf(identity, rosterOf(identities)), "2026-4", LIST)).rejects.toThrow(
      /^round-state.*aquila round join/,
    );
  });
});

describe("encoding by workers", () => {
  /** Keys that each record carries under each rule; `other` is a batch under the same K_tag with other fillers. */
  const keysByRecord = (vault: Vault, batch: Batch, other: Batch): string[] => {
    const refs = vault.readHandleMap("2026-4", "AT");
    const decoys = vault.decoys("2026-4", "AT");
    return batch.columns.flatMap(({ upper, lower, row }, rule) => {
      const others = other.columns[rule];
      const known = new Set(Array.from(others?.upper ?? [], (high, at) => `${high} ${others?.lower[at] ?? 0}`));
      return Array.from(row, (holder, at) => {
        const key = `${upper[at] ?? 0} ${lower[at] ?? 0}`;
        const handle = Buffer.from(batch.handles.subarray(16 * holder, 16 * holder + 16)).toString("base64url");
        return known.has(key)
          ? `${rule} ${key} ${refs.get(handle)?.refs.join("+") ?? (decoys.has(handle) ? "decoy" : "filler")}`
          : "";
      }).filter((text) => text !== "");
    });
  };

  test("gives every record the keys that encoding here gives it", async () => {
    const [, hr] = await agreedVaults();
    if (hr === undefined) throw new RangeError("no vault");
    await encodeRound(hr, "2026-4", LIST, { workers: 0 });
    const here = readWritten(hr, "AT");
    const refsHere = keysByRecord(hr, here, here).filter((text) => !text.endsWith("filler"));
    const steps: number[][] = [];
    const written = await encodeRound(hr, "2026-4", LIST, { workers: 2, onProgress: (...step) => steps.push(step) });
    const there = readWritten(hr, "AT");
    const keys = keysByRecord(hr, there, here);
    expect(keys.length).toBeGreaterThan(10 * LIST.rows.length);
    expect(keys.filter((text) => text.endsWith("filler"))).toEqual([]);
    expect(keys.filter((text) => !refsHere.includes(text))).toEqual([]);
    expect(written.map(({ counterpart, rowCount }) => [counterpart, rowCount])).toEqual([
      ["AT", 315],
      ["SI", 315],
    ]);
    expect(steps).toEqual([
      [1, 2],
      [2, 2],
    ]);
    expect(there.handles).not.toEqual(here.handles);
  });

  test("takes a failure from where it happens", async () => {
    const [, hr] = await agreedVaults(100);
    if (hr === undefined) throw new RangeError("no vault");
    await expect(encodeRound(hr, "2026-4", LIST, { workers: 2 })).rejects.toThrow(/^batch-too-large/);
  });
});

describe("a list shared between threads", () => {
  test.each(["memory", "sealed files"])("in %s gives the same bytes from the same randomness", (where) => {
    const sealed = where === "memory" ? undefined : spillStore(temporaryFolder());
    const list = encoded(smallRecords("HR"), sealed ?? memoryCellStore());
    // As a thread gets it.
    const shared = openSharedList(structuredClone(shareList(list)));
    const [here, there] = [list, shared].map((source) =>
      encodeBatch(source, pairingOf("a", { rowCount: 400 }), randomFrom("1")),
    );
    if (here === undefined || there === undefined) throw new RangeError("no batch");
    expect(there.handles).toEqual(here.handles);
    expect(there.place).toEqual(here.place);
    expect(Buffer.concat([...there.pieces]).equals(Buffer.concat([...here.pieces]))).toBe(true);
    sealed?.close();
  });
});
