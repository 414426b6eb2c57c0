/**
 * Closing, T2 and its co-signatures, withdrawal and recall.
 */
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import type { RoundView } from "#engine/round/messages.ts";
import { signStatement } from "#engine/round/statement.ts";
import { transcriptT2 } from "#engine/round/transcript.ts";
import { approve, matchRound, openSubmission, sealedRound, sealOnce, submitAll, withdraw } from "./acts.ts";
import {
  batchPath,
  headerOf,
  identityOf,
  makeBatch,
  makeDescriptor,
  makeHouse,
  operatorSigning,
  partySigning,
  removeHouse,
  startServer,
  submitBatch,
  transcriptOf,
  viewIn,
  type House,
  type RunningServer,
} from "./harness.ts";
import { codeOf, send, type Answer } from "./requests.ts";

let house: House;
let server: RunningServer;
let count = 0;
beforeAll(async () => {
  house = makeHouse();
  server = await startServer(house);
});
afterAll(async () => {
  await server.app.close();
  removeHouse(house);
});
afterEach(() => {
  house.clock = () => new Date();
});

const asOperator = (method: string, path: string): Promise<Answer> =>
  send(server.url, operatorSigning(house), method, path);
const shown = async (id: string): Promise<RoundView> => viewIn(await asOperator("GET", `/v1/rounds/${id}`));
const filesOf = (id: string): string[] => readdirSync(join(house.dataDir, "rounds", id));
const statesOf = ({ pairings }: RoundView): string[] => pairings.map(({ state }) => state);
const inSubmission = () => openSubmission(house, server.url, makeDescriptor(house, { id: `seal-${count++}` }));

/** A round whose batches are all in and whose submission is closed; nobody has sealed. */
async function closedRound(): Promise<RoundView> {
  const { view, keys } = await inSubmission();
  await submitAll(house, server.url, view, keys);
  return viewIn(await asOperator("POST", `/v1/rounds/${view.descriptor.id}/close`));
}

describe("T2", () => {
  it("is over every batch that is in, and everybody sees the list", async () => {
    const view = await closedRound();
    expect(view.sealed.map(({ from, to }) => from + to)).toEqual(["ATHR", "ATSI", "HRAT", "SIAT"]);
    expect(view.t2).toBe(transcriptT2(transcriptOf(view), view.sealed));
    const { id } = view.descriptor;
    const seen = viewIn(await send(server.url, partySigning(house, "HR"), "GET", `/v1/rounds/${id}`));
    expect(seen.sealed, "also what is not its own").toEqual(view.sealed);
    for (const { digest, from, to } of view.sealed)
      expect(view.batches.find((batch) => batch.from === from && batch.to === to)?.digest).toBe(digest);
  });
});

describe("a seal", () => {
  it("is taken once the round is closed, for its T2, from the party itself", async () => {
    const { view: open, keys } = await inSubmission();
    const { id } = open.descriptor;
    expect(codeOf(await sealOnce(house, server.url, "AT", { ...open, t2: "A".repeat(43) })), "before close").toBe(
      "round-state",
    );
    await submitAll(house, server.url, open, keys);
    const view = viewIn(await asOperator("POST", `/v1/rounds/${id}/close`));
    const other = `${"B".repeat(42)}A`;
    expect(codeOf(await sealOnce(house, server.url, "AT", { ...view, t2: other }))).toBe("round-confirmation-failed");
    const body = { party: "AT", round: id, t2: view.t2 ?? "" };
    const foreign = signStatement(identityOf(house, "HR"), "seal", body);
    const put = (path: string) => send(server.url, partySigning(house, "AT"), "PUT", path, foreign);
    expect(codeOf(await put(`/v1/rounds/${id}/seals/AT`))).toBe("statement-signature");
    expect(codeOf(await put(`/v1/rounds/${id}/seals/HR`))).toBe("not-found");
    expect(viewIn(await sealOnce(house, server.url, "AT", view)).seals).toMatchObject([{ party: "AT" }]);
    expect(viewIn(await sealOnce(house, server.url, "AT", view)).seals, "the same again").toMatchObject([
      { party: "AT" },
    ]);
  });

  it("of each party is needed before matching, until the deadline, and then of both sides of a pairing", async () => {
    const view = await closedRound();
    const { id, deadlines } = view.descriptor;
    const match = () => asOperator("POST", `/v1/rounds/${id}/match`);
    for (const party of ["AT", "HR"]) {
      const early = await match();
      expect(codeOf(early)).toBe("round-seal-missing");
      expect(early.text).toContain("SI");
      await sealOnce(house, server.url, party, view);
    }
    const early = await match();
    expect(codeOf(early)).toBe("round-seal-missing");
    expect(early.text).toMatch(/not co-signed by SI"/);

    house.clock = () => new Date(Date.parse(deadlines.seals) + 1_000);
    expect(codeOf(await sealOnce(house, server.url, "SI", view))).toBe("round-deadline");
    const after = await matchRound(house, server.url, id);
    expect(statesOf(after)).toEqual(["matched", "left-out"]);
    expect(after.t2).toBe(view.t2);
    expect(after.sealed, "what T2 names stays listed").toEqual(view.sealed);
  });

  it("of one party alone is not enough for any pairing after the deadline", async () => {
    const view = await closedRound();
    const { id, deadlines } = view.descriptor;
    await sealOnce(house, server.url, "HR", view);
    house.clock = () => new Date(Date.parse(deadlines.seals) + 1_000);
    expect(codeOf(await asOperator("POST", `/v1/rounds/${id}/match`))).toBe("round-seal-missing");
    expect((await shown(id)).state).toBe("sealed");
  });
});

describe("a withdrawal", () => {
  const isGone = async (id: string): Promise<void> => {
    expect(await shown(id)).toMatchObject({ state: "erased", ending: { reason: "withdrawn", parties: ["SI"] } });
    expect(existsSync(join(house.dataDir, "rounds", id))).toBe(false);
  };

  it("before submission aborts the attempt and names who withdrew", async () => {
    const draft = viewIn(
      await send(server.url, operatorSigning(house), "POST", "/v1/rounds", makeDescriptor(house, { id: "w-draft" })),
    );
    expect(codeOf(await withdraw(house, server.url, "SI", draft))).toBe("200");
    await isGone("w-draft");
    const opened = viewIn(
      await send(server.url, operatorSigning(house), "POST", "/v1/rounds", makeDescriptor(house, { id: "w-opened" })),
    );
    await approve(house, server.url, "open", opened);
    expect(codeOf(await withdraw(house, server.url, "SI", opened))).toBe("200");
    await isGone("w-opened");
  });

  it("during submission takes the bytes of its pairings from the disk; the rest goes on to its end", async () => {
    const { view, keys } = await inSubmission();
    const { id } = view.descriptor;
    await submitAll(house, server.url, view, keys);
    expect(filesOf(id)).toHaveLength(4);
    const after = viewIn(await withdraw(house, server.url, "SI", view));
    expect(after.withdrawn).toEqual(["SI"]);
    expect(statesOf(await shown(id))).toEqual(["admitted", "left-out"]);
    expect(filesOf(id)).toHaveLength(2);
    for (const [from, to] of [
      ["AT", "SI"],
      ["SI", "AT"],
    ] as const) {
      const header = headerOf(view, keys, from, to);
      expect(codeOf(await submitBatch(house, server.url, header, makeBatch(header).bytes))).toBe("round-state");
    }
    expect((await withdraw(house, server.url, "SI", view)).status, "again").toBe(200);
    const closed = viewIn(await asOperator("POST", `/v1/rounds/${id}/close`));
    expect(closed.sealed.map(({ from, to }) => from + to)).toEqual(["ATHR", "HRAT"]);
    for (const party of ["AT", "HR"]) await sealOnce(house, server.url, party, closed);
    expect(statesOf(await matchRound(house, server.url, id))).toEqual(["matched", "left-out"]);
  });

  it("after sealing leaves T2 as it is, and the rest is matched", async () => {
    const { view } = await sealedRound(house, server.url, makeDescriptor(house, { id: `seal-${count++}` }));
    const { id } = view.descriptor;
    await withdraw(house, server.url, "SI", view);
    const after = await shown(id);
    expect(after).toMatchObject({ state: "sealed", t2: view.t2, sealed: view.sealed });
    expect(filesOf(id)).toHaveLength(2);
    expect(statesOf(await matchRound(house, server.url, id))).toEqual(["matched", "left-out"]);
  });

  it("that leaves no pairing aborts the attempt", async () => {
    const { view, keys } = await inSubmission();
    await submitAll(house, server.url, view, keys);
    await withdraw(house, server.url, "AT", view);
    expect(await shown(view.descriptor.id)).toMatchObject({
      state: "erased",
      ending: { reason: "withdrawn", parties: ["AT"], evidence: [] },
    });
    expect(existsSync(join(house.dataDir, "rounds", view.descriptor.id))).toBe(false);
  });

  it("is refused once the round is matched, and unless the party itself signed it over this T0", async () => {
    const { view } = await sealedRound(house, server.url, makeDescriptor(house, { id: `seal-${count++}` }));
    const { id } = view.descriptor;
    expect(codeOf(await withdraw(house, server.url, "SI", { ...view, t0: "A".repeat(43) }))).toBe(
      "statement-signature",
    );
    const body = { party: "SI", round: id, t0: view.t0 };
    const foreign = signStatement(identityOf(house, "HR"), "withdrawal", body);
    const path = `/v1/rounds/${id}/withdrawals/SI`;
    expect(codeOf(await send(server.url, partySigning(house, "SI"), "PUT", path, foreign))).toBe("statement-signature");
    expect(codeOf(await send(server.url, partySigning(house, "HR"), "PUT", path, foreign))).toBe("not-found");
    await matchRound(house, server.url, id);
    expect(codeOf(await withdraw(house, server.url, "SI", view))).toBe("round-state");
  });
});

describe("a batch", () => {
  it("can be recalled until the round is closed, so that another is sent; nobody else can", async () => {
    const { view, keys } = await inSubmission();
    const { id } = view.descriptor;
    const handles = await submitAll(house, server.url, view, keys);
    expect(handles.size).toBe(4);
    const header = headerOf(view, keys, "AT", "HR");
    const remove = (party: string) => send(server.url, partySigning(house, party), "DELETE", batchPath(header));
    expect(codeOf(await remove("HR"))).toBe("not-found");
    expect(JSON.parse((await remove("AT")).text)).toEqual({ state: "absent", chunkDigests: [], digest: null });
    expect(filesOf(id)).toHaveLength(3);
    expect((await remove("AT")).status, "the same again").toBe(200);
    expect(codeOf(await asOperator("POST", `/v1/rounds/${id}/close`))).toBe("batch-missing");
    const { bytes } = makeBatch(header);
    expect(codeOf(await submitBatch(house, server.url, header, bytes))).toBe("200");
    await asOperator("POST", `/v1/rounds/${id}/close`);
    expect(codeOf(await remove("AT"))).toBe("round-state");
  });
});
