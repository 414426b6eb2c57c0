/**
 * The audit log of a listening server: what its heads and proofs hold together, and what a database put back meets.
 */
import { cpSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { holdsWhatItSays } from "#engine/audit/entry.ts";
import { isIncluded } from "#engine/audit/merkle-tree.ts";
import { ConsistencyProof, provesConsistency, TreeHead } from "#engine/audit/tree-head.ts";
import { fromBase64url } from "#engine/round/binary.ts";
import { InclusionProof, LeafList, SignedHead } from "#engine/round/messages.ts";
import { isSignedBy, signStatement } from "#engine/round/statement.ts";
import {
  identityOf,
  makeDescriptor,
  makeHouse,
  officerSigning,
  operatorSigning,
  partySigning,
  removeHouse,
  startServer,
  type House,
  type RunningServer,
} from "./harness.ts";
import { codeOf, send, type Answer } from "./requests.ts";

const DAY_MS = 86_400_000;

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

const ask = (path: string, signing = officerSigning(house)): Promise<Answer> => send(server.url, signing, "GET", path);
const create = (id: string): Promise<Answer> =>
  send(server.url, operatorSigning(house), "POST", "/v1/rounds", makeDescriptor(house, { id }));
const head = async (): Promise<TreeHead> => SignedHead.parse(JSON.parse((await ask("/v1/audit/head")).text)).head;
const leaves = async (): Promise<LeafList> => LeafList.parse(JSON.parse((await ask("/v1/audit/leaves?from=0")).text));

describe("heads", () => {
  it("come with each answer, cover what was done before it, and are signed by the secretariat", async () => {
    const before = await ask("/v1/rounds");
    const after = await create("one");
    expect([before.logSize, after.logSize]).toEqual([0, 1]);
    expect((await create("one")).logSize, "nothing was done").toBe(1);
    expect((await send(server.url, partySigning(house, "AT"), "GET", "/v1/rounds/none")).logSize, "a refusal").toBe(1);
    expect(isSignedBy(house.roster.secretariat, "treeHead", await head())).toBe(true);
  });

  it("are each the start of the next, and prove each entry", async () => {
    const heads = [await head()];
    for (const id of ["one", "two", "three"]) {
      await create(id);
      heads.push(await head());
    }
    const [, , , last = expect.fail("no head")] = heads;
    for (const first of heads) {
      const { text } = await ask(`/v1/audit/consistency?first=${first.size}&second=${last.size}`);
      expect(provesConsistency(first, last, ConsistencyProof.parse(JSON.parse(text)))).toBe(true);
    }
    const found = await leaves();
    expect(found).toHaveLength(last.size);
    for (const [number, leaf] of found.entries()) {
      expect(holdsWhatItSays(leaf)).toBe(true);
      const { text } = await ask(`/v1/audit/inclusion?number=${number}&size=${last.size}`);
      const path = InclusionProof.parse(JSON.parse(text)).path.map(fromBase64url);
      const root = fromBase64url(last.root);
      expect(isIncluded(fromBase64url(leaf.commitment), number, last.size, path, root)).toBe(true);
    }
    expect(found.map(({ entry }) => entry?.act)).toEqual(["created", "created", "created"]);
  });

  it.each(["consistency?first=2&second=1", "consistency?first=0&second=9", "inclusion?number=1&size=1"])(
    "do not answer %s",
    async (query) => {
      await create("one");
      expect(codeOf(await ask(`/v1/audit/${query}`))).toBe("request-invalid");
    },
  );

  it("are co-signed by parties that found them consistent, one head each; no other log's", async () => {
    await create("one");
    const cosign = async (party: string, { size, root }: Pick<TreeHead, "size" | "root">): Promise<Answer> => {
      const signed = signStatement(identityOf(house, party), "cosignature", { party, root, size });
      return send(server.url, partySigning(house, party), "PUT", `/v1/audit/cosignatures/${party}`, signed);
    };
    const first = await head();
    expect((await cosign("AT", first)).status).toBe(200);
    await create("two");
    const second = await head();
    expect((await cosign("AT", second)).status).toBe(200);
    const shown = SignedHead.parse(JSON.parse((await cosign("HR", second)).text)).cosignatures;
    expect(shown.map(({ party, size }) => [party, size])).toEqual([
      ["AT", 2],
      ["HR", 2],
    ]);
    for (const { party, ...said } of shown)
      expect(isSignedBy(identityOf(house, party).signKey, "cosignature", { party, ...said })).toBe(true);
    expect(codeOf(await cosign("HR", { size: 2, root: first.root }))).toBe("audit-fork");
    expect(codeOf(await cosign("HR", { size: 9, root: first.root }))).toBe("request-invalid");
  });
});

describe("the entries", () => {
  it("say who read the log", async () => {
    await create("one");
    await leaves();
    expect((await leaves()).at(-1)?.entry).toMatchObject({
      act: "log-read",
      actor: "officer:dpo-1",
      operation: "consultation",
    });
  });

  it("go after three years, and the tree still verifies", async () => {
    await create("one");
    const old = await head();
    await server.app.close();
    const now = Date.now();
    house.clock = () => new Date(now + 3 * 366 * DAY_MS);
    server = await startServer(house);
    const [leaf = expect.fail("no leaf")] = await leaves();
    expect([leaf.entry, leaf.salt]).toEqual([null, null]);
    const { text } = await ask(`/v1/audit/consistency?first=${old.size}&second=${(await head()).size}`);
    expect(provesConsistency(old, await head(), ConsistencyProof.parse(JSON.parse(text)))).toBe(true);
    for (const name of ["aquila.db", "aquila.db-wal"])
      expect(readFileSync(join(house.dataDir, name), "latin1")).not.toContain("operator:op-1");
  });
});

describe("a start", () => {
  const restart = async (): Promise<void> => {
    server = await startServer(house);
  };
  const headFile = (): string => join(house.folder, "keys", "tree-head.json");

  it("goes on with the log as it was", async () => {
    await create("one");
    const before = await head();
    await server.app.close();
    await restart();
    expect(await head()).toEqual(before);
  });

  it("is refused with a database put back", async () => {
    await create("one");
    await server.app.close();
    cpSync(house.dataDir, join(house.folder, "copy"), { recursive: true });
    await restart();
    await create("two");
    await server.app.close();
    rmSync(house.dataDir, { recursive: true });
    cpSync(join(house.folder, "copy"), house.dataDir, { recursive: true });
    await expect(restart()).rejects.toMatchObject({
      code: "audit-invalid",
      detail: expect.stringContaining("has 1 entries, and a head of 2 was signed: the database was put back") as string,
    });
  });

  it("goes on with a database put back on purpose, and says so in the log", async () => {
    await create("one");
    await server.app.close();
    cpSync(house.dataDir, join(house.folder, "copy"), { recursive: true });
    await restart();
    await create("two");
    const lost = await head();
    await server.app.close();
    rmSync(house.dataDir, { recursive: true });
    cpSync(join(house.folder, "copy"), house.dataDir, { recursive: true });
    server = await startServer(house, { acceptsRestoredLog: true });
    expect((await leaves()).map(({ entry }) => [entry?.act, entry?.about])).toEqual([
      ["created", expect.any(String)],
      ["log-restored", `1 entries; the last head signed was of 2, root ${lost.root}`],
    ]);
    await server.app.close();
    await restart();
    expect((await head()).size).toBe(3);
  });

  it("is refused without the head that was kept, or with one that another server signed", async () => {
    await create("one");
    await server.app.close();
    rmSync(headFile());
    await expect(restart()).rejects.toMatchObject({ code: "audit-invalid" });
    const other = makeHouse();
    const others = await startServer(other);
    await send(others.url, operatorSigning(other), "GET", "/v1/rounds");
    await others.app.close();
    cpSync(join(other.folder, "keys", "tree-head.json"), headFile());
    removeHouse(other);
    await expect(restart()).rejects.toMatchObject({ code: "audit-invalid" });
  });
});
