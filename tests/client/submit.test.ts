/**
 * Uploads: by chunk, resumed, closed by a signed manifest.
 */
import { randomBytes } from "node:crypto";
import { describe, expect, test } from "vitest";
import { recallBatches, submitBatch } from "#client/submit.ts";
import { MAGIC, type BatchHeader } from "#engine/batch/header.ts";
import { CHUNK_BYTES } from "#engine/batch/layout.ts";
import { canonicalBytes } from "#engine/canonical-json.ts";
import { LinkageError } from "#engine/errors.ts";
import type { BatchStatus } from "#engine/round/messages.ts";
import { descriptorOf, identitiesOf, rosterOf } from "../engine/round/parties.ts";
import { connectionOf, fakeSecretariat } from "./fake-secretariat.ts";
import { vaultOf, writeRawBatch } from "./folders.ts";

const DIGEST = "A".repeat(43);
const HEADER: BatchHeader = {
  format: "aquila/batch/v1",
  from: "AT",
  keyId: "A".repeat(22),
  profile: DIGEST,
  provenanceRoot: DIGEST,
  round: "2026-4",
  rowCount: 100,
  t1: DIGEST,
  to: "HR",
};

/** The start of a batch, then anything: the client sends what the reader has not judged. */
function batchBytes(byteLength: number, header: BatchHeader = HEADER): Buffer {
  const json = canonicalBytes(header);
  const length = Buffer.alloc(4);
  length.writeUInt32LE(json.length);
  const padding = Buffer.alloc((8 - ((12 + json.length) % 8)) % 8);
  const start = Buffer.concat([MAGIC, length, json, padding]);
  return Buffer.concat([start, randomBytes(byteLength - start.length)]);
}

function setUp(bytes: Buffer = batchBytes(2 * CHUNK_BYTES + 5)) {
  const identities = identitiesOf(["AT", "HR"]);
  const roster = rosterOf(identities);
  const [identity] = identities;
  if (identity === undefined) throw new RangeError("no identity");
  const vault = vaultOf(identity, roster);
  const fake = fakeSecretariat();
  const connection = connectionOf(fake, descriptorOf(identities, roster), "AT");
  const write = (content: Buffer) => {
    writeRawBatch(vault, "2026-4", "HR", [content]);
    vault.writeHandleMap("2026-4", "HR", []);
  };
  write(bytes);
  const done: number[] = [];
  const submit = (to = "HR") => submitBatch(connection, vault, "2026-4", to, ({ bytesDone }) => done.push(bytesDone));
  const stored = () =>
    Buffer.concat([...(fake.chunks.get("AT-HR")?.entries() ?? [])].sort(([a], [b]) => a - b).map(([, chunk]) => chunk));
  return { vault, fake, submit, write, stored, bytes, done };
}

describe("a batch", () => {
  test("arrives chunk by chunk as it is, with progress and a receipt", async () => {
    const { vault, submit, stored, bytes, done, fake } = setUp();
    const submission = await submit();
    expect(submission).toMatchObject({ counterpart: "HR", byteLength: bytes.length, chunksSent: 3, chunksKept: 0 });
    expect(stored().equals(bytes)).toBe(true);
    expect(done).toEqual([CHUNK_BYTES, 2 * CHUNK_BYTES, bytes.length]);
    expect(fake.complete.get("AT-HR")).toBe(submission.digest);
    expect(vault.receipt("2026-4", "HR")).toEqual({ digest: submission.digest, byteLength: bytes.length });
  });

  test.each([
    ["putChunk 1", 1, 2],
    ["putManifest", 0, 3],
  ])(
    "goes on after the answer to %s was lost, sending only what is not there",
    async (call, chunksSent, chunksKept) => {
      const { submit, fake, stored, bytes } = setUp();
      fake.loseAnswerOf = call;
      await expect(submit()).rejects.toMatchObject({ code: "server-unreachable" });
      expect(await submit()).toMatchObject({ chunksSent, chunksKept });
      expect(stored().equals(bytes)).toBe(true);
    },
  );

  test("whose manifest may have arrived is not encoded anew, whose manifest was refused is", async () => {
    const lost = setUp();
    lost.fake.loseAnswerOf = "putManifest";
    await expect(lost.submit()).rejects.toMatchObject({ code: "server-unreachable" });
    expect(() => {
      lost.write(batchBytes(5_000));
    }).toThrow(expect.objectContaining({ code: "file-exists" }));
    expect(await lost.submit()).toMatchObject({ digest: lost.fake.complete.get("AT-HR") });

    const refused = setUp();
    const cause = { type: "urn:x", title: "x", status: 422, code: "batch-class-thin", detail: "x" };
    refused.fake.refuseManifest = new LinkageError("batch-class-thin", "x", { cause });
    await expect(refused.submit()).rejects.toMatchObject({ code: "batch-class-thin" });
    expect(refused.vault.receipt("2026-4", "HR")).toBeNull();
    refused.write(batchBytes(5_000));
    refused.fake.refuseManifest = new LinkageError("internal", "x", { cause: { ...cause, status: 500 } });
    await expect(refused.submit()).rejects.toMatchObject({ code: "internal" });
    expect(refused.vault.receipt("2026-4", "HR")).not.toBeNull();
  });

  test("that was encoded anew after half an upload replaces the chunks that differ", async () => {
    const { submit, fake, write, stored } = setUp();
    fake.loseAnswerOf = "putChunk 1";
    await expect(submit()).rejects.toMatchObject({ code: "server-unreachable" });
    const again = batchBytes(2 * CHUNK_BYTES + 5);
    write(again);
    expect(await submit()).toMatchObject({ chunksSent: 3, chunksKept: 0 });
    expect(stored().equals(again)).toBe(true);
  });

  test("that is complete is not sent again; another one in its place is a duplicate", async () => {
    const { submit, fake, vault, write } = setUp();
    await submit();
    fake.calls.length = 0;
    expect(await submit()).toMatchObject({ chunksSent: 0, chunksKept: 3 });
    expect(fake.calls).toEqual(["batchStatus"]);
    vault.dropReceipt("2026-4", "HR");
    write(batchBytes(2 * CHUNK_BYTES + 5));
    await expect(submit()).rejects.toMatchObject({ code: "batch-duplicate" });
  });

  test("that the server is still reading is not called another's", async () => {
    const { submit, fake } = setUp();
    fake.refuseManifest = new LinkageError("batch-duplicate", "this batch is being read");
    await expect(submit()).rejects.toMatchObject({ code: "batch-duplicate", detail: "this batch is being read" });
  });

  test("of another round or pairing, or a file that is none, is not sent", async () => {
    const cases: [Buffer, string][] = [
      [batchBytes(5_000, { ...HEADER, round: "2026-5" }), "batch-round-mismatch"],
      [batchBytes(5_000, { ...HEADER, to: "SI" }), "batch-pairing-mismatch"],
      [randomBytes(5_000), "batch-malformed"],
      [Buffer.alloc(0), "batch-truncated"],
    ];
    for (const [bytes, code] of cases) {
      const { submit, fake } = setUp(bytes);
      await expect(submit()).rejects.toMatchObject({ code });
      expect(fake.chunks.size + fake.complete.size).toBe(0);
    }
    const { submit, vault } = setUp();
    vault.writeHandleMap("2026-4", "SI", []);
    await expect(submit("SI")).rejects.toMatchObject({ code: "file-unreadable" });
  });

  test("without its handle map is not sent", async () => {
    const { submit, vault, bytes } = setUp();
    writeRawBatch(vault, "2026-4", "HR", [bytes]);
    await expect(submit()).rejects.toMatchObject({ code: "round-state" });
  });
});

test("batches are given up at home only when every one of them is taken back", async () => {
  const { vault, submit } = setUp();
  await submit();
  const keys = {
    keyTag: new Uint8Array(32).fill(1),
    keyProof: new Uint8Array(32).fill(2),
    keyNotice: new Uint8Array(32).fill(3),
    keyId: "A".repeat(22),
  };
  vault.keepPairings(
    "2026-4",
    ["HR", "SI"].map((counterpart) => ({ counterpart, ...keys })),
  );
  const recalled: string[] = [];
  let isRefused = true;
  const connection = {
    recallBatch: (_round: string, _from: string, to: string) => {
      if (isRefused && to === "SI") return Promise.reject(new LinkageError("round-deadline", "submission is over"));
      recalled.push(to);
      return Promise.resolve({ state: "absent", chunkDigests: [], digest: null } as BatchStatus);
    },
  };
  await expect(recallBatches(connection, vault, "2026-4")).rejects.toMatchObject({ code: "round-deadline" });
  expect(recalled).toEqual(["HR"]);
  expect(vault.receipt("2026-4", "HR")).not.toBeNull();
  expect(vault.holdsHandleMap("2026-4", "HR")).toBe(true);
  isRefused = false;
  expect(await recallBatches(connection, vault, "2026-4")).toEqual(["HR", "SI"]);
  expect(vault.receipt("2026-4", "HR")).toBeNull();
  expect(vault.holdsHandleMap("2026-4", "HR")).toBe(false);
});
