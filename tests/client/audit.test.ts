/**
 * The officer's sample against the batch itself: what was submitted and sealed is what is opened.
 */
import { expect, test } from "vitest";
import { agreeKeys } from "#client/agree.ts";
import { sampleBatch, type AuditSample } from "#client/audit.ts";
import { encodeRound } from "#client/encode.ts";
import { pairingFile } from "#client/pairing-file.ts";
import { SealedFolder } from "#client/sealed-folder.ts";
import { batchLayout } from "#engine/batch/layout.ts";
import { readHeader } from "#engine/batch/header.ts";
import type { EncodedList } from "#engine/encode/list.ts";
import { transcriptT2 } from "#engine/round/transcript.ts";
import { SHIPPED_PROFILE, SHIPPED_PROFILE_DIGEST } from "#engine/shipped-profile.ts";
import { encoded, generatedRecords } from "../engine/encode/lists.ts";
import { descriptorOf, identitiesOf, NOW, rosterOf } from "../engine/round/parties.ts";
import { connectionOf, fakeSecretariat } from "./fake-secretariat.ts";
import { vaultOf } from "./folders.ts";

const ROUND = "2026-4";
const RECORDS = generatedRecords(80);
const LIST = encoded(RECORDS);

/** AT's vault with a batch for HR, submitted and sealed. */
async function setUp() {
  const identities = identitiesOf(["AT", "HR"]);
  const roster = rosterOf(identities);
  const descriptor = descriptorOf(identities, roster, { profile: SHIPPED_PROFILE_DIGEST });
  const fake = fakeSecretariat();
  const vaults = identities.map((identity) => vaultOf(identity, roster));
  for (let turn = 0; turn < 3; turn++)
    for (const vault of vaults)
      await agreeKeys(
        connectionOf(fake, descriptor, vault.identity.party),
        ...([vault, roster, ROUND, [SHIPPED_PROFILE_DIGEST], NOW] as const),
      );
  const [vault] = vaults;
  if (vault === undefined) throw new RangeError("no vault");
  const [written] = await encodeRound(vault, ROUND, LIST, { workers: 0 });
  if (written === undefined) throw new RangeError("no batch");
  const { byteLength, digest } = written;
  vault.keepReceipt(ROUND, "HR", { digest, byteLength });
  const sealed = [
    { digest, from: "AT", to: "HR" },
    { digest: "B".repeat(42) + "A", from: "HR", to: "AT" },
  ];
  vault.keepSealedBatches(ROUND, sealed);
  vault.keepSeal(ROUND, transcriptT2(vault.transcript(ROUND) ?? "", sealed));
  const bytes = Buffer.concat([...vault.readBatch(ROUND, "HR")]);
  const { directory, key } = vault.access();
  const replace = (name: string, content: Uint8Array): void => {
    new SealedFolder(directory, key).writePieces(ROUND, name, [content]);
  };
  const sample = (list: EncodedList = LIST): AuditSample => sampleBatch(vault, ROUND, "HR", list, 1);
  return {
    vault,
    bytes,
    sample,
    sealed,
    replaceBatch: (content: Uint8Array) => {
      replace(pairingFile("HR", "batch"), content);
    },
    replace,
  };
}

test("finds nothing in what was encoded, submitted and sealed", async () => {
  const { sample } = await setUp();
  expect(sample()).toEqual({
    rows: LIST.rows.length,
    sampled: LIST.rows.length,
    differing: [],
    isCommitted: true,
    isSubmitted: true,
  });
});

test("finds a batch whose keys or handles are others, though the vault's notes are as they were", async () => {
  const { bytes, replaceBatch, sample } = await setUp();
  const { handlesAt, classesAt, columns } = batchLayout(SHIPPED_PROFILE, readHeader(bytes).header);
  const noise = Buffer.from(bytes);
  for (const { cells, upperAt } of columns) noise.fill(0xa5, upperAt, upperAt + 4 * cells);
  replaceBatch(noise);
  const { differing, isSubmitted } = sample();
  // A row none of whose cells travels has nothing in the batch.
  expect(differing.length).toBeGreaterThan(LIST.rows.length / 2);
  expect(isSubmitted).toBe(false);
  const handles = Buffer.from(bytes);
  handles.fill(0xa5, handlesAt, classesAt);
  replaceBatch(handles);
  expect(sample().differing).toHaveLength(LIST.rows.length);
});

test("finds another batch than that of the receipt, and another than that of T2", async () => {
  const { vault, sample, sealed, replace } = await setUp();
  replace(
    "sealed.json",
    Buffer.from(JSON.stringify(sealed.map((each) => ({ ...each, digest: "C".repeat(42) + "A" })))),
  );
  expect(sample()).toMatchObject({ isSubmitted: false, differing: [], isCommitted: true });
  // The own entry alone made right is not what T2 is of.
  replace(
    "sealed.json",
    Buffer.from(
      JSON.stringify(sealed.map((each, at) => (at === 0 ? each : { ...each, digest: "C".repeat(42) + "A" }))),
    ),
  );
  expect(sample().isSubmitted).toBe(false);
  replace("sealed.json", Buffer.from(JSON.stringify(sealed)));
  expect(sample().isSubmitted).toBe(true);
  vault.keepReceipt(ROUND, "HR", { digest: "C".repeat(42) + "A", byteLength: 1 });
  expect(sample().isSubmitted).toBe(false);
});

test("finds a record that the list does not have any more", async () => {
  const { sample } = await setUp();
  const { differing, isCommitted } = sample(encoded(RECORDS.slice(1)));
  expect(differing).toEqual([RECORDS[0]?.rec_id]);
  expect(isCommitted).toBe(false);
});

test("refuses a batch that is cut off, and one with more behind it", async () => {
  const { bytes, replaceBatch, sample } = await setUp();
  replaceBatch(bytes.subarray(0, -1));
  expect(() => sample()).toThrow(expect.objectContaining({ code: "batch-truncated" }));
  replaceBatch(Buffer.concat([bytes, Buffer.from([0])]));
  expect(() => sample()).toThrow(expect.objectContaining({ code: "batch-malformed" }));
});
