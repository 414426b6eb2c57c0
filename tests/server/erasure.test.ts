/**
 * What is left of a round once it is erased: its certificate, and nothing else that could be read, here or in a backup.
 */
import { createHash, randomBytes } from "node:crypto";
import { cpSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { ErasureCertificate } from "#engine/round/acts.ts";
import { RoundLog, type RoundView } from "#engine/round/messages.ts";
import { isSignedBy } from "#engine/round/statement.ts";
import {
  acknowledge,
  approve,
  approveOnce,
  fetchPackage,
  matchRound,
  openedHits,
  packageKeys,
  putStatuses,
  sealedRound,
} from "./acts.ts";
import {
  makeDescriptor,
  makeHouse,
  officerSigning,
  operatorSigning,
  partySigning,
  people,
  removeHouse,
  startServer,
  viewIn,
  type House,
  type RunningServer,
} from "./harness.ts";
import { codeOf, send, type Answer } from "./requests.ts";
import { found, type Secrets } from "./secret-search.ts";

const ID = "test-1";
const PARTIES = ["AT", "HR", "SI"];
let house: House;
let server: RunningServer;
beforeEach(async () => {
  house = makeHouse();
  server = await startServer(house);
});
afterEach(async () => {
  await server.app.close();
  removeHouse(house);
});

/** A round in which all was said that can be said. @returns What must not be found afterwards, and what must not be found at all. */
async function fullRound(): Promise<{ view: RoundView; clear: Secrets; wrapped: Secrets }> {
  const { handles } = await sealedRound(house, server.url, makeDescriptor(house), () => people(6));
  const view = viewIn(await approve(house, server.url, "release", await matchRound(house, server.url, ID)));
  for (const party of PARTIES) await acknowledge(house, server.url, party, view);
  const clear: [string, Buffer][] = [...handles.values()]
    .flat()
    .map((handle) => ["handle", Buffer.from(handle, "base64url")]);
  for (const party of PARTIES) {
    for (const [counterpart, hits] of await openedHits(house, server.url, party, ID)) {
      for (const { hit } of hits) clear.push(["hit", Buffer.from(hit, "base64url")]);
      await putStatuses(house, server.url, party, ID, [[hits[0]?.hit ?? "", "confirmed"]]);
      const answers = randomBytes(2_000);
      const path = `/v1/rounds/${ID}/answers/${party}/${counterpart}`;
      await send(server.url, partySigning(house, party), "PUT", path, new Uint8Array(answers));
      clear.push(["answers", answers.subarray(0, 32)]);
    }
    for (const key of (await packageKeys(house, server.url, party, ID)).values())
      clear.push(["package key", Buffer.from(key)]);
  }
  const [keyFile] = readdirSync(keyFolder());
  const wrapped: [string, Buffer][] = [["data key", readFileSync(join(keyFolder(), keyFile ?? ""))]];
  const database = new DatabaseSync(join(house.dataDir, "aquila.db"));
  for (const { bytes } of database.prepare("SELECT wrapped_key AS bytes FROM pairings").all())
    if (bytes instanceof Uint8Array) wrapped.push(["wrapped package key", Buffer.from(bytes)]);
  for (const { tag, sealed } of database.prepare("SELECT hit_tag AS tag, sealed FROM statuses").all())
    for (const bytes of [tag, sealed]) if (bytes instanceof Uint8Array) wrapped.push(["status", Buffer.from(bytes)]);
  database.close();
  return { view, clear, wrapped };
}

const certificate = (party = "AT"): Promise<Answer> =>
  send(server.url, partySigning(house, party), "GET", `/v1/rounds/${ID}/certificate`);
const keyFolder = (): string => join(house.folder, "keys", "data-keys");

describe("an erased round", () => {
  it("leaves no handle, hit id, package key, answer, status or wrapped key, in data folder, write-ahead log or key folder", async () => {
    const { view, clear, wrapped } = await fullRound();
    expect(clear.length).toBeGreaterThan(400);
    expect(wrapped.map(([name]) => name).filter((name) => name !== "status")).toHaveLength(3);
    expect(found(house.folder, clear), "nothing is in the clear before").toEqual([]);
    expect(found(house.folder, wrapped), "the search finds what is there").toHaveLength(wrapped.length);
    expect(viewIn(await approve(house, server.url, "erase", view)).state).toBe("erased");
    expect(found(house.folder, wrapped)).toEqual([]);
    expect(found(house.folder, clear)).toEqual([]);
    expect(readdirSync(keyFolder())).toEqual([]);
    expect(readdirSync(join(house.dataDir, "rounds"))).toEqual([]);
    for (const secret of clear) expect(server.log.join("")).not.toContain(secret[1].toString("base64url"));
    await server.app.close();
    expect(found(house.folder, [...clear, ...wrapped]), "nor once it is closed").toEqual([]);
    server = await startServer(house);
    for (const path of ["packages/AT", "packages/AT/keys", "answers/HR/AT", "statuses/AT"]) {
      const answer = await send(server.url, partySigning(house, "AT"), "GET", `/v1/rounds/${ID}/${path}`);
      expect(["package-unavailable", "round-state"]).toContain(codeOf(answer));
    }
  });

  it("cannot be read from a copy of the data folder of before, though the server key is there", async () => {
    const { view, clear } = await fullRound();
    const backup = { ...house, dataDir: join(house.folder, "backup") };
    await server.app.close();
    cpSync(house.dataDir, backup.dataDir, { recursive: true });
    server = await startServer(house);
    await approve(house, server.url, "erase", view);
    await server.app.close();

    await expect(startServer(backup)).rejects.toMatchObject({ code: "audit-invalid" });
    server = await startServer(backup, { acceptsRestoredLog: true });
    expect(viewIn(await send(server.url, operatorSigning(house), "GET", `/v1/rounds/${ID}`)).state).toBe("released");
    const asAT = (path: string) => send(server.url, partySigning(house, "AT"), "GET", `/v1/rounds/${ID}/${path}`);
    for (const path of ["packages/AT", "packages/AT/keys", "answers/HR/AT", "statuses/AT"]) {
      const answer = await asAT(path);
      expect(codeOf(answer), path).toBe("round-state");
      expect(answer.text).toContain("key file is missing");
    }
    expect(found(backup.dataDir, clear)).toEqual([]);
    expect((await approve(house, server.url, "erase", view)).status, "and it can be erased").toBe(200);
  });

  it("has a certificate that the roster's key of the secretariat signed, over what was done", async () => {
    const { view } = await fullRound();
    expect(codeOf(await certificate()), "not before").toBe("round-state");
    const [keyFile] = readdirSync(keyFolder());
    await approve(house, server.url, "erase", view);
    const shown = ErasureCertificate.parse(JSON.parse((await certificate()).text));
    expect(shown).toMatchObject({
      round: ID,
      outcome: "erased",
      t0: view.t0,
      t1: view.t1,
      t2: view.t2,
      keyFile: createHash("sha256")
        .update(keyFile ?? "")
        .digest("base64url"),
    });
    expect(isSignedBy(house.roster.secretariat, "erasure", shown)).toBe(true);
    expect(isSignedBy(house.roster.secretariat, "erasure", { ...shown, outcome: "followed-up" })).toBe(false);
    for (const party of PARTIES) expect((await certificate(party)).status).toBe(200);
  });

  it("that was aborted says so, with the transcripts that it came to", async () => {
    const descriptor = makeDescriptor(house);
    await send(server.url, operatorSigning(house), "POST", "/v1/rounds", descriptor);
    await send(server.url, operatorSigning(house), "POST", `/v1/rounds/${ID}/abort`);
    const shown = ErasureCertificate.parse(JSON.parse((await certificate()).text));
    expect(shown).toMatchObject({ outcome: "cancelled", t1: null, t2: null });
    expect(isSignedBy(house.roster.secretariat, "erasure", shown)).toBe(true);
  });
});

describe("erasing before the follow-up", () => {
  it("takes two operators, and a released round", async () => {
    await sealedRound(house, server.url, makeDescriptor(house));
    const view = await matchRound(house, server.url, ID);
    expect(codeOf(await approveOnce(house, server.url, "erase", view, 0))).toBe("round-state");
    const released = viewIn(await approve(house, server.url, "release", view));
    expect(viewIn(await approveOnce(house, server.url, "erase", released, 0)).state).toBe("released");
    expect((await fetchPackage(house, server.url, "AT", ID)).status).toBe(200);
    expect(codeOf(await send(server.url, operatorSigning(house), "POST", `/v1/rounds/${ID}/abort`))).toBe(
      "round-state",
    );
    expect(viewIn(await approveOnce(house, server.url, "erase", released, 1)).state).toBe("erased");
  });

  it("is done once, whoever comes to it first: the second approval or a deadline", async () => {
    await server.app.close();
    server = await startServer(house, { deadlinesEveryMs: 1 });
    await sealedRound(house, server.url, makeDescriptor(house), () => people(5));
    const released = viewIn(await approve(house, server.url, "release", await matchRound(house, server.url, ID)));
    for (const party of PARTIES) await acknowledge(house, server.url, party, released);
    expect(viewIn(await approve(house, server.url, "erase", released)).state).toBe("erased");
    const log = await send(server.url, officerSigning(house), "GET", `/v1/rounds/${ID}/log`);
    const acts = RoundLog.parse(JSON.parse(log.text)).flatMap(({ act }) => (act === "log-read" ? [] : [act]));
    expect(acts.slice(-3)).toEqual(["approved-erase", "followed-up", "erased"]);
    expect(server.log.join("")).not.toContain("cannot be worked off");
  });
});
