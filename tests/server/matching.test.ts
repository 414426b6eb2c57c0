/**
 * Matching a whole round over HTTP: hits, bands, workers, interruption.
 */
import { mkdirSync, readdirSync, readFileSync, rmdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { connect } from "#client/http.ts";
import { cellsOf, MAX_HITS, type Hit } from "#engine/round/package.ts";
import { Progress } from "#engine/round/messages.ts";
import { acknowledge, openedHits, openSubmission, releaseRound, sealOnce, sealRound, submitAll } from "./acts.ts";
import {
  batchPath,
  headerOf,
  makeBatch,
  makeDescriptor,
  makeHouse,
  operatorSigning,
  partySigning,
  PROFILE,
  removeHouse,
  startServer,
  submitBatch,
  untilState,
  viewIn,
  type House,
  type PlantedKey,
} from "./harness.ts";
import { codeOf, send } from "./requests.ts";

let house: House;
beforeEach(() => {
  house = makeHouse();
});
afterEach(() => {
  removeHouse(house);
});

/** Person 1 agrees on all rules, person 2 on two, person 3 on one; keys are the same on both sides, rows are not. */
function plant(rows: readonly [number, number, number]): PlantedKey[] {
  const agreed = [[0, 1, 2], [0, 1], [2]];
  return agreed.flatMap((rules, person) =>
    rules.map((rule) => ({ rule, row: rows[person] as number, key: BigInt(person * 10 + rule + 1) << 40n })),
  );
}

/** Runs a whole round. @returns Hits of AT with HR, in row numbers of both sides, and everything else that was found. */
async function matchWith(workers: number, lowestBand: "high" | "low" = "low", maxHits = MAX_HITS) {
  const { app, url, log } = await startServer(house, { workers, maxHits });
  const id = `round-${workers}-${lowestBand}`;
  const operator = operatorSigning(house);
  const { view, keys } = await openSubmission(house, url, makeDescriptor(house, { id, lowestBand }));
  const handles = await submitAll(house, url, view, keys, (from, to) =>
    to === "HR"
      ? plant([7, 8, 9])
      : from === "HR"
        ? plant([50, 60, 70])
        : plant([1, 2, 3]).slice(0, PROFILE.rules.length),
  );
  const released = await releaseRound(house, url, id);
  const progress = Progress.parse(JSON.parse((await send(url, operator, "GET", `/v1/rounds/${id}/progress`)).text));
  for (const party of ["AT", "HR", "SI"]) expect(codeOf(await acknowledge(house, url, party, released))).toBe("200");
  const hits = new Map<string, ReadonlyMap<string, readonly Hit[]>>();
  for (const party of ["AT", "HR", "SI"]) hits.set(party, await openedHits(house, url, party, id));
  await app.close();
  const files = readdirSync(join(house.dataDir, "rounds", id));
  const found = (party: string, counterpart: string) =>
    (hits.get(party)?.get(counterpart) ?? []).map(({ band, cells, handle, pattern, hit }) => ({
      band,
      pattern,
      hit,
      cells: cellsOf({ cells }),
      row: handles.get(`${party}-${counterpart}`)?.indexOf(handle),
    }));
  return { at: found("AT", "HR"), hr: found("HR", "AT"), si: found("SI", "AT"), progress, files, log };
}

describe("matching", () => {
  it("gives both owners the same hits, by their own rows, for 1, 2 and 7 workers", async () => {
    for (const workers of [1, 2, 7]) {
      const { at, hr, si, progress, files } = await matchWith(workers);
      const byRow = (hits: typeof at) =>
        hits.map(({ row, band, pattern }) => ({ row, band, pattern })).sort((a, b) => Number(a.row) - Number(b.row));
      expect(byRow(at)).toEqual([
        { row: 7, band: "high", pattern: 0b111 },
        { row: 8, band: "high", pattern: 0b011 },
        { row: 9, band: "low", pattern: 0b100 },
      ]);
      expect(byRow(hr)).toEqual([
        { row: 50, band: "high", pattern: 0b111 },
        { row: 60, band: "high", pattern: 0b011 },
        { row: 70, band: "low", pattern: 0b100 },
      ]);
      expect(at.map(({ hit }) => hit).sort()).toEqual(hr.map(({ hit }) => hit).sort());
      expect(byRow(si)).toEqual([{ row: 1, band: "high", pattern: 0b111 }]);
      expect(progress).toMatchObject({ stage: "done", pairingsDone: 2, pairingsTotal: 2 });
      expect(progress.bytesDone).toBe(progress.bytesTotal);
      expect(files, "batches are gone, three packages and the hit ids of two pairings stay").toHaveLength(5);
      // The planted keys are multiples of 2^40, so that their upper halves tell them apart.
      const cells = (hits: typeof at) => hits.map(({ row, cells: uppers }) => [row, uppers] as const);
      expect(new Map(cells(at)).get(8)).toEqual([11, 12].map((key) => key << 8));
      expect(new Map(cells(hr)).get(60)).toEqual([11, 12].map((key) => key << 8));
    }
  });

  it("releases no hit below the descriptor's lowest band", async () => {
    const { at } = await matchWith(2, "high");
    expect(at.map(({ band }) => band)).toEqual(["high", "high"]);
  });

  it("caps a pairing at its hits of highest weight, for 1 and 7 workers, and holds up no other pairing", async () => {
    for (const workers of [1, 7]) {
      // AT has two pairings, so that each may take two of its four hits.
      const { at, hr, si, log } = await matchWith(workers, "low", 4);
      const rows = (hits: typeof at) => hits.map(({ row }) => row).sort((a, b) => Number(a) - Number(b));
      expect(rows(at)).toEqual([7, 8]);
      expect(rows(hr)).toEqual([50, 60]);
      expect(rows(si)).toEqual([1]);
      const capped = log.filter((line) => line.includes("pairing capped"));
      expect(capped).toHaveLength(1);
      expect(capped[0]).toContain('"pairing":"AT-HR"');
    }
  });

  it("refuses a stored chunk that was put back to an earlier one, though it opens", async () => {
    const { app, url, log } = await startServer(house);
    const operator = operatorSigning(house);
    const { view, keys } = await openSubmission(house, url, makeDescriptor(house));
    const folder = join(house.dataDir, "rounds", "test-1");
    const onlyFile = (): string => join(folder, readdirSync(folder)[0] ?? "");
    const rolledBack = headerOf(view, keys, "AT", "HR");
    const path = `${batchPath(rolledBack)}/chunks/0`;
    await send(url, partySigning(house, "AT"), "PUT", path, makeBatch(rolledBack).bytes);
    const earlier = readFileSync(onlyFile());
    expect(codeOf(await submitBatch(house, url, rolledBack, makeBatch(rolledBack).bytes))).toBe("200");
    writeFileSync(onlyFile(), earlier);
    for (const { from, to } of view.batches.filter((batch) => batch.from + batch.to !== "ATHR")) {
      const header = headerOf(view, keys, from, to);
      expect(codeOf(await submitBatch(house, url, header, makeBatch(header).bytes))).toBe("200");
    }
    await sealRound(house, url, "test-1");
    expect(codeOf(await send(url, operator, "POST", "/v1/rounds/test-1/match"))).toBe("202");
    await expect(untilState(house, url, "test-1", "reviewed")).rejects.toThrow("the round is sealed");
    expect(log.join("")).toContain("matching failed");
    await app.close();
  });

  it("begins though files of batches that are left out cannot be deleted, and says so", async () => {
    const { app, url, log } = await startServer(house);
    const { view, keys } = await openSubmission(house, url, makeDescriptor(house));
    await submitAll(house, url, view, keys);
    const closed = viewIn(await send(url, operatorSigning(house), "POST", "/v1/rounds/test-1/close"));
    for (const party of ["AT", "HR"]) await sealOnce(house, url, party, closed);
    const folder = join(house.dataDir, "rounds", "test-1");
    const database = new DatabaseSync(join(house.dataDir, "aquila.db"), { readOnly: true });
    const { file } = database.prepare("SELECT file FROM chunks WHERE sender = 'SI'").get() as { file: string };
    database.close();
    // A folder cannot be unlinked.
    rmSync(join(folder, file));
    mkdirSync(join(folder, file));
    house.clock = () => new Date(Date.parse(view.descriptor.deadlines.seals) + 1_000);
    expect(codeOf(await send(url, operatorSigning(house), "POST", "/v1/rounds/test-1/match"))).toBe("202");
    await untilState(house, url, "test-1", "reviewed");
    expect(log.join("")).toContain("cannot be deleted; the next start tries again");
    await app.close();
  });

  it("says that the round is reviewed when files of its batches cannot be deleted, and deletes them on start", async () => {
    const { app, url, log } = await startServer(house);
    const operator = operatorSigning(house);
    const { view, keys } = await openSubmission(house, url, makeDescriptor(house));
    await submitAll(house, url, view, keys);
    // A chunk that no pairing reads and whose file, being a folder, cannot be unlinked.
    const stuck = join(house.dataDir, "rounds", "test-1", "00-stuck");
    mkdirSync(stuck);
    const database = new DatabaseSync(join(house.dataDir, "aquila.db"));
    database.exec("INSERT INTO uploads (round, sender, recipient, state) VALUES ('test-1', 'HR', 'SI', 'partial')");
    database.exec("INSERT INTO chunks VALUES ('test-1', 'HR', 'SI', 0, '00-stuck', '-', 1)");
    database.close();
    await sealRound(house, url, "test-1");
    expect(codeOf(await send(url, operator, "POST", "/v1/rounds/test-1/match"))).toBe("202");
    await untilState(house, url, "test-1", "reviewed");
    await app.close();
    const said = log.join("");
    expect(said).not.toContain("sealed again");
    expect(said).toContain("round matched");
    expect(said).toContain("cannot be deleted; the next start tries again");
    const folder = join(house.dataDir, "rounds", "test-1");
    expect(readdirSync(folder), "one file that stays does not keep the others").toHaveLength(6);

    const second = await startServer(house);
    expect(second.log.join(""), "still stuck: said, and the server starts").toContain("cannot be deleted");
    await second.app.close();
    rmdirSync(stuck);
    writeFileSync(stuck, "now a file");
    const third = await startServer(house);
    expect(readdirSync(folder)).toHaveLength(5);
    await third.app.close();
  });

  it("leaves the round sealed, with every batch, when the server closes during it", async () => {
    const first = await startServer(house);
    const operator = operatorSigning(house);
    const { view, keys } = await openSubmission(house, first.url, makeDescriptor(house));
    await submitAll(house, first.url, view, keys);
    await sealRound(house, first.url, "test-1");
    await send(first.url, operator, "POST", "/v1/rounds/test-1/match");
    await first.app.close();

    const second = await startServer(house);
    const after = viewIn(await send(second.url, operator, "GET", "/v1/rounds/test-1"));
    expect(["sealed", "reviewed"]).toContain(after.state);
    if (after.state === "sealed") {
      expect(after.batches.every(({ state, chunksStored }) => state === "complete" && chunksStored === 1)).toBe(true);
      expect(codeOf(await send(second.url, operator, "POST", "/v1/rounds/test-1/match"))).toBe("202");
      await untilState(house, second.url, "test-1", "reviewed");
    }
    await second.app.close();
  });

  it("is stopped by an operator: the round is sealed again, keeps its batches and can be matched anew", async () => {
    const { app, url, log } = await startServer(house, { workers: 1 });
    const operator = operatorSigning(house);
    const { view, keys } = await openSubmission(house, url, makeDescriptor(house));
    await submitAll(house, url, view, keys);
    expect(codeOf(await send(url, operator, "POST", "/v1/rounds/test-1/cancel")), "nothing to stop").toBe(
      "round-state",
    );
    await sealRound(house, url, "test-1");
    const matched = send(url, operator, "POST", "/v1/rounds/test-1/match");
    let cancelled = await send(url, operator, "POST", "/v1/rounds/test-1/cancel");
    while (
      codeOf(cancelled) === "round-state" &&
      viewIn(await send(url, operator, "GET", "/v1/rounds/test-1")).state !== "reviewed"
    )
      cancelled = await send(url, operator, "POST", "/v1/rounds/test-1/cancel");
    expect(codeOf(await matched)).toBe("202");
    expect(codeOf(cancelled)).toBe("200");
    const after = viewIn(cancelled);
    expect([after.state, after.progress.stage]).toEqual(["sealed", "idle"]);
    expect(after.batches.every(({ state }) => state === "complete")).toBe(true);
    expect(log.join("")).toContain("matching cancelled; the round is sealed again");
    expect(readdirSync(join(house.dataDir, "rounds", "test-1"))).toHaveLength(view.batches.length);
    expect(codeOf(await send(url, partySigning(house, "AT"), "POST", "/v1/rounds/test-1/cancel"))).toBe(
      "request-forbidden",
    );
    expect(codeOf(await send(url, operator, "POST", "/v1/rounds/test-1/match"))).toBe("202");
    await untilState(house, url, "test-1", "reviewed");
    await app.close();
  });

  it("is told as server-sent events until it ends", async () => {
    const { app, url } = await startServer(house);
    const operator = operatorSigning(house);
    const { view, keys } = await openSubmission(house, url, makeDescriptor(house));
    await submitAll(house, url, view, keys);
    await sealRound(house, url, "test-1");
    await send(url, operator, "POST", "/v1/rounds/test-1/match");
    const followed: Progress[] = [];
    const [told, last] = await Promise.all([
      send(url, partySigning(house, "AT"), "GET", "/v1/rounds/test-1/progress/events"),
      connect({
        serverUrl: url,
        identity: house.cast.operators[0],
        secretariat: house.roster.secretariat,
      }).followProgress("test-1", 60_000, (progress) => {
        followed.push(progress);
      }),
    ]);
    expect(told.type).toContain("text/event-stream");
    const events = [...told.text.matchAll(/^event: progress\ndata: (.*)$/gm)].map(([, data = ""]) =>
      Progress.parse(JSON.parse(data)),
    );
    expect(events.at(-1)).toMatchObject({ stage: "done", pairingsDone: 2, pairingsTotal: 2 });
    for (const [at, { bytesDone }] of events.entries())
      expect(bytesDone).toBeGreaterThanOrEqual(events[at - 1]?.bytesDone ?? 0);
    expect(events.at(-1)?.bytesDone).toBe(events.at(-1)?.bytesTotal);
    expect(last).toEqual(events.at(-1));
    expect(followed.at(-1)).toEqual(last);
    expect(codeOf(await send(url, operator, "GET", "/v1/rounds/nowhere/progress/events"))).toBe("round-unknown");
    await app.close();
  });
});
