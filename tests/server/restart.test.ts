/**
 * The server's own process, killed and started again; one server for one data folder.
 */
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { chmodSync, cpSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { LinkageError } from "#engine/errors.ts";
import { BatchStatus } from "#engine/round/messages.ts";
import { openStore } from "#server/store/open.ts";
import { eraseRoundKey, findRound } from "#server/store/rounds.ts";
import { moveUpload } from "#server/store/uploads.ts";
import {
  batchPath,
  codeOf,
  headerOf,
  makeBatch,
  makeDescriptor,
  makeHouse,
  openSubmission,
  operatorSigning,
  partySigning,
  PROFILE,
  removeHouse,
  send,
  signManifest,
  startServer,
  submitBatch,
  untilState,
  viewIn,
  type House,
} from "./harness.ts";

let house: House;
const processes: ChildProcess[] = [];
beforeEach(() => {
  house = makeHouse();
});
afterEach(() => {
  for (const child of processes.splice(0)) child.kill("SIGKILL");
  removeHouse(house);
});

/** Starts `npm start`'s process on a free port. */
async function startProcess(): Promise<{ child: ChildProcess; url: string }> {
  const file = (name: string, value: unknown): string => {
    writeFileSync(join(house.folder, name), JSON.stringify(value));
    return name;
  };
  const config = file("config.json", {
    port: 0,
    dataDir: "data",
    serverKeyFile: "keys/server.key",
    rosterFile: file("roster.json", house.roster),
    operators: [{ id: house.operator.operator, signKey: house.operator.signKey }],
    profileFile: file("profile.json", PROFILE),
    workers: 1,
  });
  const child = spawn(process.execPath, ["start.mjs", "server/main.ts", "--config", join(house.folder, config)], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  processes.push(child);
  for await (const line of createInterface({ input: child.stdout })) {
    const url = /^aquila secretariat listening on (\S+)$/.exec(line)?.[1];
    if (url !== undefined) return { child, url };
  }
  throw new Error("the server ended before it listened");
}

async function kill(child: ChildProcess, signal: NodeJS.Signals): Promise<number | null> {
  const ended = once(child, "exit");
  child.kill(signal);
  await ended;
  return child.exitCode;
}

describe("a server killed without warning", () => {
  it("keeps the chunks it acknowledged: the upload goes on where it stopped, and the round ends", async () => {
    const first = await startProcess();
    const { view, keys } = await openSubmission(house, first.url, makeDescriptor(house));
    const header = headerOf(view, keys, "AT", "HR");
    const { bytes } = makeBatch(header);
    const put = await send(first.url, partySigning(house, "AT"), "PUT", `${batchPath(header)}/chunks/0`, bytes);
    expect(put.status).toBe(204);
    await kill(first.child, "SIGKILL");
    const folder = join(house.dataDir, "rounds", "test-1");
    writeFileSync(join(folder, "0123.part"), "half a chunk");
    writeFileSync(join(folder, "4567"), "a chunk that no row names");
    mkdirSync(join(house.dataDir, "rounds", "a-round-that-never-was"));

    const second = await startProcess();
    expect(readdirSync(folder)).toHaveLength(1);
    expect(readdirSync(join(house.dataDir, "rounds"))).toEqual(["test-1"]);
    const manifest = signManifest(house, header, bytes);
    const status = await send(second.url, partySigning(house, "AT"), "GET", batchPath(header));
    expect(BatchStatus.parse(JSON.parse(status.text))).toEqual({
      state: "partial",
      chunkDigests: manifest.manifest.chunkDigests,
      digest: null,
    });
    const closed = await send(second.url, partySigning(house, "AT"), "PUT", `${batchPath(header)}/manifest`, manifest);
    expect(codeOf(closed)).toBe("200");
    for (const { from, to } of view.batches.filter((batch) => batch.from + batch.to !== "ATHR")) {
      const other = headerOf(view, keys, from, to);
      expect(codeOf(await submitBatch(house, second.url, other, makeBatch(other).bytes))).toBe("200");
    }
    const operator = operatorSigning(house);
    await send(second.url, operator, "POST", "/v1/rounds/test-1/close");
    expect(codeOf(await send(second.url, operator, "POST", "/v1/rounds/test-1/match"))).toBe("202");
    // Killed at some point of matching: either it was released, or it is sealed with nothing lost.
    await kill(second.child, "SIGKILL");

    const third = await startProcess();
    const { state } = viewIn(await send(third.url, operator, "GET", "/v1/rounds/test-1"));
    expect(["sealed", "released"]).toContain(state);
    if (state === "sealed") await send(third.url, operator, "POST", "/v1/rounds/test-1/match");
    await untilState(house, third.url, "test-1", "released");
    expect(await kill(third.child, "SIGTERM"), "closes in good order").toBe(0);
  });
});

describe("a data folder", () => {
  const refused = async (): Promise<string> =>
    startServer(house).then(
      async ({ app }) => {
        await app.close();
        return "started";
      },
      (error: unknown) => (error instanceof LinkageError ? error.code : "another error"),
    );

  it("serves one server at a time", async () => {
    const { app } = await startServer(house);
    expect(await refused()).toBe("file-exists");
    await app.close();
    expect(await refused()).toBe("started");
  });

  it("is not opened with another server key, nor with one of another length", async () => {
    await (await startServer(house)).app.close();
    const keyFile = join(house.folder, "keys", "server.key");
    writeFileSync(keyFile, new Uint8Array(32));
    expect(await refused()).toBe("file-unreadable");
    writeFileSync(keyFile, new Uint8Array(31));
    expect(await refused()).toBe("file-unreadable");
  });

  it("is not opened with a server key that others may read", async () => {
    await (await startServer(house)).app.close();
    const keyFile = join(house.folder, "keys", "server.key");
    chmodSync(keyFile, 0o640);
    expect(await refused()).toBe("file-unreadable");
    chmodSync(keyFile, 0o600);
    expect(await refused()).toBe("started");
  });

  it("goes on with an upload whose batch was being read when the server ended", async () => {
    const first = await startServer(house);
    const { view, keys } = await openSubmission(house, first.url, makeDescriptor(house));
    const header = headerOf(view, keys, "AT", "HR");
    const { bytes } = makeBatch(header);
    await send(first.url, partySigning(house, "AT"), "PUT", `${batchPath(header)}/chunks/0`, bytes);
    await first.app.close();
    const store = await openStore(join(house.dataDir, "aquila.db"));
    expect(await moveUpload(store, { round: "test-1", from: "AT", to: "HR" }, "partial", "checking")).toBe(true);
    await store.destroy();

    const second = await startServer(house);
    const manifest = signManifest(house, header, bytes);
    const closed = await send(second.url, partySigning(house, "AT"), "PUT", `${batchPath(header)}/manifest`, manifest);
    expect(codeOf(closed)).toBe("200");
    await second.app.close();
  });

  it("loses the wrapped key of a round whose erasure was cut off, as soon as it is opened again", async () => {
    const { app, url } = await startServer(house);
    expect((await send(url, operatorSigning(house), "POST", "/v1/rounds", makeDescriptor(house))).status).toBe(201);
    await app.close();
    const store = await openStore(join(house.dataDir, "aquila.db"));
    const wrapped = Buffer.from((await findRound(store, "test-1"))?.wrapped_key ?? []);
    await eraseRoundKey(store, "test-1");
    // A copy of the files now is what a crash at this point leaves.
    const left = join(house.folder, "left");
    cpSync(house.dataDir, left, { recursive: true });
    await store.destroy();
    const holdsKey = (): boolean =>
      readdirSync(left, { recursive: true, encoding: "utf8" })
        .map((name) => join(left, name))
        .some((path) => statSync(path).isFile() && readFileSync(path).includes(wrapped));
    expect(wrapped.length).toBeGreaterThan(32);
    expect(holdsKey(), "the search finds it").toBe(true);

    const second = await startServer({ ...house, dataDir: left });
    expect(holdsKey()).toBe(false);
    await second.app.close();
  });
});
