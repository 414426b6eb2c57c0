/**
 * What lies on the disk and in the log, at each point of a round's life.
 */
import { closeSync, openSync, readdirSync, readFileSync, statSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { faultOf, makeLog } from "#server/log.ts";
import { approve, openSubmission, releaseRound } from "./acts.ts";
import {
  headerOf,
  identityOf,
  makeBatch,
  makeDescriptor,
  makeHouse,
  partySigning,
  removeHouse,
  startServer,
  submitBatch,
  viewIn,
  type House,
  type RunningServer,
} from "./harness.ts";
import { codeOf, send } from "./requests.ts";
import { stretches } from "./secret-search.ts";

let house: House;
let server: RunningServer;
let batches: Uint8Array[];
let handles: string[];
let round: Awaited<ReturnType<typeof openSubmission>>;

beforeAll(async () => {
  house = makeHouse();
  server = await startServer(house);
  round = await openSubmission(house, server.url, makeDescriptor(house));
  const all = round.view.batches.map(({ from, to }) => {
    const header = headerOf(round.view, round.keys, from, to);
    return { header, ...makeBatch(header, [{ rule: 0, row: 3, key: 5n }]) };
  });
  batches = all.map(({ bytes }) => bytes);
  handles = all.flatMap((batch) => batch.handles);
  for (const { header, bytes } of all) expect(codeOf(await submitBatch(house, server.url, header, bytes))).toBe("200");
});
afterAll(async () => {
  await server.app.close();
  removeHouse(house);
});

/** Every file that the server has, as it lies. */
function filesAtRest(): { path: string; bytes: Buffer }[] {
  return readdirSync(house.folder, { recursive: true, encoding: "utf8" })
    .map((name) => join(house.folder, name))
    .filter((path) => statSync(path).isFile())
    .map((path) => ({ path, bytes: readFileSync(path) }));
}

describe("files at rest", () => {
  it("hold no byte of a batch and no handle in the clear", () => {
    const files = filesAtRest();
    expect(files.filter(({ path }) => path.includes("rounds/test-1/"))).toHaveLength(4);
    const wanted = [...batches.flatMap(stretches), ...handles.map((handle) => Buffer.from(handle, "base64url"))];
    expect(wanted.length).toBeGreaterThan(500);
    for (const { path, bytes } of files) {
      for (const stretch of wanted) expect(bytes.includes(stretch), path).toBe(false);
      for (const handle of handles) expect(bytes.includes(handle), path).toBe(false);
      expect(bytes.includes("AQBATCH1"), path).toBe(false);
    }
    const planted = Buffer.from(batches[0]?.subarray(700, 712) ?? []);
    expect(Buffer.concat([Buffer.from("leak"), planted]).includes(planted), "the search finds what is there").toBe(
      true,
    );
  });

  it("are readable by their owner only; the server key lies outside the data folder", () => {
    const files = filesAtRest();
    expect(files.map(({ path }) => basename(path))).toEqual(
      expect.arrayContaining(["aquila.db", "aquila.db-wal", "server.key"]),
    );
    for (const { path } of files) expect(statSync(path).mode & 0o077, path).toBe(0);
    expect(readdirSync(join(house.folder, "keys")).sort()).toEqual(["data-keys", "server.key", "tree-head.json"]);
    expect(statSync(keyFolder()).mode & 0o077).toBe(0);
  });

  it("keep the wrapped data key beside the server key, and nowhere in the data folder", () => {
    const wrapped = wrappedKey();
    expect(wrapped).toHaveLength(60);
    const holders = filesAtRest().filter(({ bytes }) => bytes.includes(wrapped));
    expect(holders.map(({ path }) => dirname(path))).toEqual([keyFolder()]);
  });
});

describe("the log", () => {
  it("has a line for each request, by route and code, and none of what was sent", async () => {
    await send(server.url, partySigning(house, "AT"), "GET", "/v1/rounds/elsewhere?surname=Horvat");
    const lines = server.log.map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(lines).toContainEqual(
      expect.objectContaining({ route: "/v1/rounds/:round", status: 404, code: "round-unknown", caller: "party:AT" }),
    );
    const text = server.log.join("");
    const secrets = [
      ...handles,
      ...[...round.keys.values()].flatMap((own) => [...own.values()].map(({ keyId }) => keyId)),
      ...round.view.keys.flatMap(({ publicKey, signature }) => [publicKey, signature]),
      ...round.view.confirmations.map(({ mac }) => mac),
      identityOf(house, "AT").signSecret,
      identityOf(house, "AT").signKey,
      "Horvat",
      "sha-256=",
      "keyid=",
      "AQBATCH1",
    ];
    for (const secret of secrets) expect(text).not.toContain(secret);
  });

  it("drops every field that is not on its list", () => {
    const lines: string[] = [];
    const log = makeLog("info", { write: (line) => void lines.push(line) });
    log.info({ code: "internal", body: "Horvat", err: new Error("Horvat"), headers: { signature: "Horvat" } }, "said");
    log.info({ code: "internal", body: "Horvat", headers: { signature: "Horvat" } }, "said");
    log.info({ err: new Error("Horvat") });
    log.error(new Error("Horvat"));
    log.error({ err: new Error("Horvat"), res: "Horvat" }, "Horvat");
    log.info("said %s", "Horvat");
    expect(lines).toHaveLength(6);
    expect(lines.join("")).not.toContain("Horvat");
    expect(lines[1]).toContain('"code":"internal"');
  });

  it("tells where an error was thrown but not what it said", () => {
    const fault = faultOf(new TypeError("Horvat is not a date\n    at Horvat"));
    expect(fault).toMatch(/^TypeError\n {4}at /);
    expect(fault).not.toContain("Horvat");
  });
});

describe("release and erasure", () => {
  it("destroy what they must: batches at review, packages and the data key at erasure", async () => {
    const released = await releaseRound(house, server.url, "test-1");
    const told = server.log
      .map((line) => JSON.parse(line) as Record<string, unknown>)
      .filter(({ msg }) => msg === "pairing matched");
    expect(told.map(({ pairing }) => pairing).sort()).toEqual(["AT-HR", "AT-SI"]);
    for (const line of told) {
      expect(line, "no exact count: one candidate pair is told as at most 16").not.toHaveProperty("candidatePairs");
      expect(line["candidatePairsAtMost"]).toBe(16);
      expect(Number.isInteger(Math.log2(Number(line["matchesPerRowAtMost"])))).toBe(true);
    }
    const sealed = await send(server.url, partySigning(house, "AT"), "GET", "/v1/rounds/test-1/packages/AT");
    expect(sealed.type).toBe("application/octet-stream");
    const start = Buffer.from(sealed.bytes.subarray(0, 32));
    expect(filesAtRest().some(({ bytes }) => bytes.includes(start))).toBe(false);

    const wrapped = wrappedKey();
    const keyFile = openSync(join(keyFolder(), readdirSync(keyFolder())[0] ?? ""), "r");
    expect(
      filesAtRest().some(({ bytes }) => bytes.includes(wrapped)),
      "the search finds the wrapped key",
    ).toBe(true);
    const erased = viewIn(await approve(house, server.url, "erase", released));
    expect(erased.state).toBe("erased");
    expect(erased.batches.every(({ state, digest }) => state === "complete" && digest !== null)).toBe(true);
    expect(readdirSync(join(house.dataDir, "rounds"))).toEqual([]);
    expect(
      filesAtRest().some(({ bytes }) => bytes.includes(wrapped)),
      "the wrapped key is nowhere",
    ).toBe(false);
    expect(readdirSync(keyFolder())).toEqual([]);
    // The file is deleted but still open here: what its blocks hold can be read.
    const overwritten = readFileSync(keyFile);
    closeSync(keyFile);
    expect(overwritten).toHaveLength(wrapped.length);
    expect(overwritten.equals(wrapped)).toBe(false);
    const gone = await send(server.url, partySigning(house, "AT"), "GET", "/v1/rounds/test-1/packages/AT");
    expect(codeOf(gone)).toBe("package-unavailable");
  });
});

function wrappedKey(): Buffer {
  const [name, ...others] = readdirSync(keyFolder());
  if (name === undefined || others.length > 0) throw new Error("one key file is wanted");
  return readFileSync(join(keyFolder(), name));
}

function keyFolder(): string {
  return join(house.folder, "keys", "data-keys");
}
