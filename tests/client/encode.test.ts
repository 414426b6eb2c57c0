/**
 * A party's batches for one round.
 */
import { describe, expect, test } from "vitest";
import { agreeKeys } from "#client/agree.ts";
import { encodeRound } from "#client/encode.ts";
import type { Vault } from "#client/vault.ts";
import { readBatch, type Batch } from "#engine/batch/read.ts";
import { SHIPPED_PROFILE, SHIPPED_PROFILE_DIGEST } from "#engine/shipped-profile.ts";
import { encoded, person } from "../engine/encode/lists.ts";
import { descriptorOf, identitiesOf, rosterOf } from "../engine/round/parties.ts";
import { smallList, smallRecords } from "./encoded-lists.ts";
import { connectionOf, fakeSecretariat } from "./fake-secretariat.ts";
import { vaultOf } from "./folders.ts";

const IDS = ["AT", "HR", "SI"];
const LIST = smallList("HR");

/** Vaults of three parties that have agreed on the keys of a round of 315 records each. */
async function agreedVaults(declaredRecords = 300): Promise<Vault[]> {
  const identities = identitiesOf(IDS);
  const roster = rosterOf(identities);
  const parties = IDS.map((id) => ({ id, declaredRecords }));
  const descriptor = descriptorOf(roster, { profile: SHIPPED_PROFILE_DIGEST, parties });
  const fake = fakeSecretariat();
  const vaults = identities.map((identity) => vaultOf(identity, roster));
  for (let step = 0; step < 3; step++) {
    for (const vault of vaults)
      await agreeKeys(connectionOf(fake, descriptor, vault.identity.party), vault, roster, "2026-4", [
        SHIPPED_PROFILE_DIGEST,
      ]);
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
    const written = encodeRound(hr, "2026-4", LIST, (...step) => steps.push(step));
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
      expect([...map.values()].flat().sort()).toEqual(
        smallRecords("HR")
          .map(({ rec_id }) => rec_id)
          .sort(),
      );
      for (const handle of map.keys()) expect(known.has(handle)).toBe(true);
      return [...map.keys()];
    });
    expect(new Set(handles.flat()).size).toBe(2 * LIST.rows.length);
  });

  test("says how many rows cannot be found", async () => {
    const [at] = await agreedVaults();
    if (at === undefined) throw new RangeError("no vault");
    const thin = encoded([
      person({ rec_id: "1", given_name: "Ivan" }),
      person({ rec_id: "2", family_name: "Petrov", given_name: "Ivan", doc_number: "C01X00T47" }),
    ]);
    expect(encodeRound(at, "2026-4", thin).map(({ hiddenRows }) => hiddenRows)).toEqual([1, 1]);
  });

  test("refuses a list that is larger than was declared", async () => {
    const [at] = await agreedVaults(100);
    if (at === undefined) throw new RangeError("no vault");
    expect(() => encodeRound(at, "2026-4", LIST)).toThrow(/^batch-too-large/);
  });

  test("refuses a round whose keys are not agreed", () => {
    const identities = identitiesOf(["AT"]);
    const [identity] = identities;
    if (identity === undefined) throw new RangeError("no identity");
    expect(() => encodeRound(vaultOf(identity, rosterOf(identities)), "2026-4", LIST)).toThrow(
      /^round-state.*aquila agree/,
    );
  });
});
