/**
 * Batches as they come in: resumption, and each refusal leaving nothing behind.
 */
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { BatchHeader } from "#engine/batch/header.ts";
import { CHUNK_BYTES } from "#engine/batch/layout.ts";
import { BatchStatus } from "#engine/round/messages.ts";
import { openSubmission } from "./acts.ts";
import {
  batchPath,
  headerOf,
  makeBatch,
  makeDescriptor,
  makeHouse,
  operatorSigning,
  partySigning,
  removeHouse,
  signManifest,
  startServer,
  submitBatch,
  viewIn,
  type House,
  type RunningServer,
} from "./harness.ts";
import { codeOf, send, type Answer } from "./requests.ts";

let house: House;
let server: RunningServer;
let count = 0;
let round: Awaited<ReturnType<typeof openSubmission>>;
beforeAll(async () => {
  house = makeHouse();
  server = await startServer(house);
});
afterAll(async () => {
  await server.app.close();
  removeHouse(house);
});
beforeEach(async () => {
  round = await openSubmission(house, server.url, makeDescriptor(house, { id: `uploads-${count++}` }));
});

const header = (changes: Partial<BatchHeader> = {}): BatchHeader =>
  headerOf(round.view, round.keys, "AT", "HR", changes);
const asAT = (method: string, path: string, body?: unknown): Promise<Answer> =>
  send(server.url, partySigning(house, "AT"), method, path, body);
const stored = (): string[] => readdirSync(join(house.dataDir, "rounds", round.view.descriptor.id));
const statusOf = async (): Promise<BatchStatus> =>
  BatchStatus.parse(JSON.parse((await asAT("GET", batchPath(header()))).text));

describe("an upload", () => {
  it("is complete once its manifest is in, and then taken no more", async () => {
    const { bytes } = makeBatch(header());
    const answer = await submitBatch(house, server.url, header(), bytes);
    expect(answer.status).toBe(200);
    expect(BatchStatus.parse(JSON.parse(answer.text)).state).toBe("complete");
    expect(codeOf(await submitBatch(house, server.url, header(), bytes))).toBe("batch-duplicate");
    expect(codeOf(await submitBatch(house, server.url, header(), makeBatch(header()).bytes))).toBe("batch-duplicate");
    expect(codeOf(await asAT("PUT", `${batchPath(header())}/manifest`, signManifest(house, header(), bytes)))).toBe(
      "batch-duplicate",
    );
    expect(stored()).toHaveLength(1);
  });

  it("takes the same chunk again, and another in its place until the manifest is in", async () => {
    const first = makeBatch(header()).bytes;
    const second = makeBatch(header()).bytes;
    for (const bytes of [first, first, second])
      expect((await asAT("PUT", `${batchPath(header())}/chunks/0`, bytes)).status).toBe(204);
    expect(stored()).toHaveLength(1);
    expect((await statusOf()).chunkDigests).toEqual(signManifest(house, header(), second).manifest.chunkDigests);
    const answer = await asAT("PUT", `${batchPath(header())}/manifest`, signManifest(house, header(), second));
    expect(answer.status).toBe(200);
  });

  it("keeps its bytes apart from those of others that come at the same time", async () => {
    const headers = round.view.batches.map(({ from, to }) => headerOf(round.view, round.keys, from, to));
    const answers = await Promise.all(
      headers.map((other) => submitBatch(house, server.url, other, makeBatch(other).bytes)),
    );
    expect(answers.map(codeOf)).toEqual(["200", "200", "200", "200"]);
  });

  it("goes on after a chunk that was cut off, of which nothing is stored", async () => {
    const { bytes } = makeBatch(header());
    const path = `${batchPath(header())}/chunks/0`;
    const cut = send(server.url, partySigning(house, "AT"), "PUT", path, bytes, { sentPieces: cutOff(bytes) });
    await expect(cut).rejects.toThrow();
    expect(await statusOf()).toEqual({ state: "absent", chunkDigests: [], digest: null });
    expect(codeOf(await submitBatch(house, server.url, header(), bytes))).toBe("200");
    expect(stored()).toHaveLength(1);
    expect(server.log.join(""), "no fault of the server's").not.toContain("request failed");
  });

  it("may come in pieces without a length", async () => {
    const { bytes } = makeBatch(header());
    const path = `${batchPath(header())}/chunks/0`;
    const sent = await send(server.url, partySigning(house, "AT"), "PUT", path, bytes, { sentPieces: piecesOf(bytes) });
    expect(sent.status).toBe(204);
    expect((await statusOf()).chunkDigests).toEqual(signManifest(house, header(), bytes).manifest.chunkDigests);
  });

  it("is absent before its first chunk", async () => {
    expect(await statusOf()).toEqual({ state: "absent", chunkDigests: [], digest: null });
  });
});

describe("a chunk is refused, and nothing of it stored,", () => {
  const put = async (path: string, bytes: Uint8Array, party = "AT"): Promise<string> =>
    codeOf(await send(server.url, partySigning(house, party), "PUT", path, bytes));

  it("when it is too large, empty, or past the end", async () => {
    expect(await put(`${batchPath(header())}/chunks/0`, new Uint8Array(CHUNK_BYTES + 1))).toBe("request-too-large");
    const long = new Uint8Array(CHUNK_BYTES + 1);
    const inPieces = await send(server.url, partySigning(house, "AT"), "PUT", `${batchPath(header())}/chunks/0`, long, {
      sentPieces: piecesOf(long),
    });
    expect(codeOf(inPieces)).toBe("request-too-large");
    expect(await put(`${batchPath(header())}/chunks/0`, new Uint8Array())).toBe("chunk-invalid");
    expect(await put(`${batchPath(header())}/chunks/1`, new Uint8Array(CHUNK_BYTES)), "unread").toBe("chunk-invalid");
    expect(await put(`${batchPath(header())}/chunks/1`, new Uint8Array(8))).toBe("chunk-invalid");
    expect(await put(`${batchPath(header())}/chunks/-1`, new Uint8Array(8))).toBe("request-invalid");
    expect(stored()).toEqual([]);
  });

  it("when the pairing is not admitted, or the batch is another party's", async () => {
    const { id } = round.view.descriptor;
    const path = (from: string, to: string): string => `${batchPath({ round: id, from, to })}/chunks/0`;
    expect(await put(path("HR", "SI"), new Uint8Array(8), "HR")).toBe("pairing-unknown");
    expect(await put(path("AT", "AT"), new Uint8Array(8))).toBe("pairing-unknown");
    expect(await put(path("HR", "AT"), new Uint8Array(8))).toBe("not-found");
    expect(stored()).toEqual([]);
  });

  it("when it does not come as an octet stream, or its digest is another's", async () => {
    const path = `${batchPath(header())}/chunks/0`;
    expect(codeOf(await asAT("PUT", path, { a: 1 }))).toBe("request-invalid");
    const altered = await send(server.url, partySigning(house, "AT"), "PUT", path, new Uint8Array(8), {
      sentBody: new Uint8Array(8).fill(1),
    });
    expect(codeOf(altered)).toBe("request-signature");
    expect(stored()).toEqual([]);
  });
});

describe("a batch is refused, and nothing of it kept,", () => {
  const otherDigest = `${"B".repeat(42)}A`;
  it.each<[string, () => Uint8Array]>([
    ["batch-truncated", () => makeBatch(header()).bytes.subarray(0, -12)],
    ["batch-malformed", () => new Uint8Array([...makeBatch(header()).bytes, 0, 0, 0, 0])],
    ["batch-malformed", () => new Uint8Array(5_000).fill(7)],
    ["batch-profile-mismatch", () => makeBatch(header({ profile: otherDigest })).bytes],
    ["batch-round-mismatch", () => makeBatch(header({ round: "another" })).bytes],
    ["batch-round-mismatch", () => makeBatch(header({ t1: otherDigest })).bytes],
    ["batch-pairing-mismatch", () => makeBatch(headerOf(round.view, round.keys, "AT", "SI")).bytes],
    ["batch-key-mismatch", () => makeBatch(header({ keyId: "A".repeat(22) })).bytes],
    ["batch-too-large", () => makeBatch(header({ rowCount: 125 })).bytes],
    ["batch-column-order", () => swapKeys(makeBatch(header()).bytes)],
  ])("%s", async (code, bytes) => {
    expect(codeOf(await submitBatch(house, server.url, header(), bytes()))).toBe(code);
    expect(stored()).toEqual([]);
    expect((await statusOf()).state).toBe("absent");
    expect(codeOf(await submitBatch(house, server.url, header(), makeBatch(header()).bytes)), "a good one after").toBe(
      "200",
    );
  });

  it("batch-digest-mismatch, when the manifest names another digest", async () => {
    const { bytes } = makeBatch(header());
    const other = makeBatch(header()).bytes;
    await asAT("PUT", `${batchPath(header())}/chunks/0`, bytes);
    const answer = await asAT("PUT", `${batchPath(header())}/manifest`, signManifest(house, header(), other));
    expect(codeOf(answer)).toBe("batch-digest-mismatch");
    expect(stored()).toEqual([]);
  });
});

describe("a manifest is refused, and the chunks stay,", () => {
  const putManifest = async (body: unknown): Promise<string> =>
    codeOf(await asAT("PUT", `${batchPath(header())}/manifest`, body));

  it("when it is not signed by the sender, is another batch's, or a chunk is not there", async () => {
    const { bytes } = makeBatch(header());
    expect(await putManifest(signManifest(house, header(), bytes)), "no chunk yet").toBe("chunk-invalid");
    await asAT("PUT", `${batchPath(header())}/chunks/0`, bytes);
    const good = signManifest(house, header(), bytes);
    const bySomebodyElse = signManifest(house, header({ from: "HR" }), bytes).signature;
    expect(await putManifest({ ...good, signature: bySomebodyElse })).toBe("request-signature");
    expect(await putManifest(signManifest(house, header({ round: "another" }), bytes))).toBe("batch-round-mismatch");
    expect(await putManifest(signManifest(house, header({ to: "SI" }), bytes))).toBe("batch-pairing-mismatch");
    expect(stored()).toHaveLength(1);
    expect(await putManifest(good)).toBe("200");
  });
});

describe("closing a round", () => {
  it("names the batches that are not in; later chunks are refused", async () => {
    const { id } = round.view.descriptor;
    const close = () => send(server.url, operatorSigning(house), "POST", `/v1/rounds/${id}/close`);
    await submitBatch(house, server.url, header(), makeBatch(header()).bytes);
    const early = await close();
    expect(codeOf(early)).toBe("batch-missing");
    expect(early.text).toContain("HR-AT, AT-SI, SI-AT");
    for (const { from, to } of round.view.batches.filter((batch) => batch.from + batch.to !== "ATHR")) {
      const other = headerOf(round.view, round.keys, from, to);
      await submitBatch(house, server.url, other, makeBatch(other).bytes);
    }
    expect(viewIn(await close()).state).toBe("sealed");
    expect(codeOf(await asAT("PUT", `${batchPath(header())}/chunks/0`, new Uint8Array(8)))).toBe("round-state");
    expect(codeOf(await close())).toBe("round-state");
  });
});

async function* piecesOf(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += 1_000_000) yield Promise.resolve(bytes.slice(at, at + 1_000_000));
}

/** A sender that goes away in the middle. */
async function* cutOff(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield Promise.resolve(bytes.slice(0, bytes.length / 2));
  throw new Error("cut off");
}

/** Swaps the first two keys of the last column. */
function swapKeys(bytes: Uint8Array): Uint8Array {
  const swapped = bytes.slice();
  const upperAt = swapped.length - 12 * 100;
  swapped.copyWithin(upperAt, upperAt + 4, upperAt + 8);
  swapped.set(bytes.subarray(upperAt, upperAt + 4), upperAt + 4);
  return swapped;
}
