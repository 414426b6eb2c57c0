/**
 * The server's own process, killed and started again; one server for one data folder.
 */
import { chmodSync, linkSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { LinkageError } from "#engine/errors.ts";
import { BatchStatus } from "#engine/round/messages.ts";
import { openServerKey } from "#server/data-key.ts";
import { openSubmission, sealRound } from "./acts.ts";
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
  untilState,
  viewIn,
  type House,
} from "./harness.ts";
import { kill, startProcess, type ServerProcess } from "./process.ts";
import { codeOf, send } from "./requests.ts";

let house: House;
const processes: ServerProcess[] = [];
beforeEach(() => {
  house = makeHouse();
});
afterEach(() => {
  for (const { child } of processes.splice(0)) child.kill("SIGKILL");
  removeHouse(house);
});

async function start(changes: object = {}): Promise<ServerProcess> {
  const started = await startProcess(house, changes);
  processes.push(started);
  return started;
}

describe("a server killed without warning", () => {
  it("keeps the chunks it acknowledged: the upload goes on where it stopped, and the round ends", async () => {
    const first = await start();
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

    const second = await start();
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
    await sealRound(house, second.url, "test-1");
    expect(codeOf(await send(second.url, operator, "POST", "/v1/rounds/test-1/match"))).toBe("202");
    // Killed at some point of matching: either it is reviewed, or it is sealed with nothing lost.
    await kill(second.child, "SIGKILL");

    const third = await start();
    const { state } = viewIn(await send(third.url, operator, "GET", "/v1/rounds/test-1"));
    expect(["sealed", "reviewed"]).toContain(state);
    if (state === "sealed") await send(third.url, operator, "POST", "/v1/rounds/test-1/match");
    await untilState(house, third.url, "test-1", "reviewed");
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

  it("is opened with a server key of which a second name was left behind, and none is left of one cut off while it was made", () => {
    const [keyFile, fresh] = ["server.key", "fresh.key"].map((name) => join(house.folder, "keys", name)) as [
      string,
      string,
    ];
    const key = readFileSync(keyFile);
    linkSync(keyFile, `${keyFile}.part`);
    expect(Buffer.from(openServerKey(keyFile))).toEqual(key);
    writeFileSync(`${fresh}.part`, "half a key");
    expect(openServerKey(fresh)).toHaveLength(32);
    expect(Buffer.from(openServerKey(fresh))).toEqual(readFileSync(fresh));
    expect(readdirSync(join(house.folder, "keys")).filter((name) => name.endsWith(".part"))).toEqual([]);
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
    const database = new DatabaseSync(join(house.dataDir, "aquila.db"));
    expect(database.prepare("UPDATE uploads SET state = 'checking' WHERE state = 'partial'").run().changes).toBe(1);
    database.close();

    const second = await startServer(house);
    const manifest = signManifest(house, header, bytes);
    const closed = await send(second.url, partySigning(house, "AT"), "PUT", `${batchPath(header)}/manifest`, manifest);
    expect(codeOf(closed)).toBe("200");
    await second.app.close();
  });

  it("is let go when its database cannot be opened", async () => {
    mkdirSync(house.dataDir);
    const path = join(house.dataDir, "aquila.db");
    writeFileSync(path, "this is no database, and long enough to be taken for none of SQLite's own making".repeat(20));
    expect(await refused()).toBe("file-unreadable");
    rmSync(path);
    expect(await refused()).toBe("started");
  });

  it("of before version 0.2 is not opened, and says with what its rounds are to be erased", async () => {
    await (await startServer(house)).app.close();
    const database = new DatabaseSync(join(house.dataDir, "aquila.db"));
    database.exec("UPDATE kysely_migration SET name = '0001-rounds' WHERE name = '0003-rounds'");
    database.close();
    await expect(startServer(house)).rejects.toMatchObject({
      code: "file-unreadable",
      detail: expect.stringContaining("has to be erased with that version") as string,
    });
  });

  it("with rounds of format 2, whose agreements have no quota, is not opened", async () => {
    const first = await startServer(house);
    await send(first.url, operatorSigning(house), "POST", "/v1/rounds", makeDescriptor(house));
    await first.app.close();
    const database = new DatabaseSync(join(house.dataDir, "aquila.db"));
    database.exec("DELETE FROM kysely_migration WHERE name >= '0011-quotas'");
    database.exec("ALTER TABLE rounds DROP COLUMN matched_at");
    database.exec("DROP INDEX rounds_by_opening");
    database.exec("ALTER TABLE rounds DROP COLUMN opened_at");
    database.close();
    const detail = expect.stringContaining("rounds of format 2: erase them") as string;
    await expect(startServer(house)).rejects.toMatchObject({ code: "file-unreadable", detail });
  });

  it("is not opened with a roster of another secretariat, nor with one that too few signed", async () => {
    const other = makeHouse();
    await expect(startServer({ ...house, roster: other.roster })).rejects.toMatchObject({ code: "file-unreadable" });
    const unsigned = { ...house.roster, signatures: house.roster.signatures.slice(1) };
    await expect(startServer({ ...house, roster: unsigned })).rejects.toMatchObject({ code: "roster-invalid" });
    expect(await refused(), "nothing is locked").toBe("started");
    removeHouse(other);
  });

  it("is not opened with a key folder that others may read", async () => {
    await (await startServer(house)).app.close();
    chmodSync(keyFolder(), 0o750);
    expect(await refused()).toBe("file-unreadable");
    chmodSync(keyFolder(), 0o700);
    expect(await refused()).toBe("started");
  });
});

describe("wrapped data keys", () => {
  const status = async (url: string, header: { round: string; from: string; to: string }) =>
    codeOf(await send(url, partySigning(house, header.from), "GET", batchPath(header)));

  /** A round with one chunk stored, the server closed again. */
  async function begun() {
    const { app, url } = await startServer(house);
    const { view, keys } = await openSubmission(house, url, makeDescriptor(house));
    const header = headerOf(view, keys, "AT", "HR");
    const { bytes } = makeBatch(header);
    await send(url, partySigning(house, "AT"), "PUT", `${batchPath(header)}/chunks/0`, bytes);
    await app.close();
    return { header, bytes, manifest: signManifest(house, header, bytes), keyFile: onlyKeyFile() };
  }

  it.each<[string, (keyFile: string) => void]>([
    [
      "missing",
      (keyFile) => {
        rmSync(keyFile);
      },
    ],
    [
      "damaged",
      (keyFile) => {
        writeFileSync(keyFile, new Uint8Array(60));
      },
    ],
  ])("that are %s stop their round with a reason, no other, and it can be erased", async (fault, spoil) => {
    const { header, bytes, manifest, keyFile } = await begun();
    spoil(keyFile);
    const { app, url, log } = await startServer(house);
    const asAT = (method: string, path: string, body: unknown) =>
      send(url, partySigning(house, "AT"), method, `${batchPath(header)}${path}`, body);
    for (const answer of [await asAT("PUT", "/manifest", manifest), await asAT("PUT", "/chunks/0", bytes.slice(1))]) {
      expect(codeOf(answer)).toBe("round-state");
      expect(answer.text).toContain(`key file is ${fault}; the round can only be erased`);
    }
    expect(await status(url, header), "the upload is not stuck in its check").toBe("200");
    expect(log.join("").includes("key file is missing")).toBe(fault === "missing");
    const other = makeDescriptor(house, { id: "test-2" });
    expect((await send(url, operatorSigning(house), "POST", "/v1/rounds", other)).status).toBe(201);
    const erased = await send(url, operatorSigning(house), "POST", "/v1/rounds/test-1/abort");
    expect(viewIn(erased).state).toBe("erased");
    await app.close();
  });

  it("that no round names are counted and left, since another database may need them", async () => {
    const { keyFile } = await begun();
    const foreign = join(keyFolder(), `other.${"0".repeat(32)}`);
    writeFileSync(foreign, "another database's", { mode: 0o600 });
    const { app, log } = await startServer(house);
    await app.close();
    expect(readdirSync(keyFolder()).sort()).toEqual([basename(foreign), basename(keyFile)]);
    expect(log.map((line) => JSON.parse(line) as unknown)).toContainEqual(
      expect.objectContaining({ level: "warn", files: 1 }),
    );
  });

  it("are destroyed before a round is said to be erased: cut off between, it can be erased again", async () => {
    const { keyFile } = await begun();
    // What a crash after the key's end and before the row's leaves.
    rmSync(keyFile);
    const { app, url } = await startServer(house);
    const operator = operatorSigning(house);
    expect(viewIn(await send(url, operator, "GET", "/v1/rounds/test-1")).state).toBe("submitting");
    expect(viewIn(await send(url, operator, "POST", "/v1/rounds/test-1/abort")).state).toBe("erased");
    expect(readdirSync(join(house.dataDir, "rounds"))).toEqual([]);
    await app.close();
  });

  function onlyKeyFile(): string {
    const [name, ...others] = readdirSync(keyFolder());
    if (name === undefined || others.length > 0) throw new Error("one key file is wanted");
    return join(keyFolder(), name);
  }
});

describe("metrics", () => {
  it("are on an address of their own when the configuration names one, and then not on the API's", async () => {
    const { child, url, said } = await start({ metrics: { host: "127.0.0.1", port: 0 } });
    const address = /^aquila metrics on (\S+)$/m.exec(said.join("\n"))?.[1] ?? "";
    expect(await (await fetch(address)).text()).toContain("aquila_rounds");
    expect((await fetch(`${url}/metrics`)).status).toBe(404);
    expect(await kill(child, "SIGTERM")).toBe(0);
  });

  it("are on the API's loopback address otherwise", async () => {
    const { url } = await start();
    expect((await fetch(`${url}/metrics`)).status).toBe(200);
  });
});

function keyFolder(): string {
  return join(house.folder, "keys", "data-keys");
}
