/**
 * What lies on the disk was cut or changed: the start refuses it or has everything that was acknowledged, and no byte of a
 * file that was changed is served.
 *
 * By default 100 cuts and 500 flipped bits; with BENCH=full 2,000 and 10,000.
 */
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { signingKeysOf } from "#server/data-key.ts";
import { LinkageError } from "#engine/errors.ts";
import type { RoundView } from "#engine/round/messages.ts";
import { openAuditLog } from "#server/audit.ts";
import { openStore } from "#server/store/open.ts";
import {
  acknowledge,
  approve,
  matchRound,
  openedHits,
  openSubmission,
  putStatuses,
  sealRound,
  submitAll,
} from "../acts.ts";
import { IS_FULL, reportFigures } from "../../figures.ts";
import {
  batchPath,
  headerOf,
  makeBatch,
  makeDescriptor,
  makeHouse,
  operatorSigning,
  partySigning,
  people,
  removeHouse,
  signManifest,
  startServer,
  untilState,
  type House,
  type RunningServer,
} from "../harness.ts";
import { codeOf, send } from "../requests.ts";

const CUTS = IS_FULL ? 2_000 : 100;
const FLIPS = IS_FULL ? 10_000 : 500;
const MINUTES_MS = 60_000;
/** Of a nonce or an idempotency key nobody was promised anything. */
const UNPROMISED = new Set(["nonces", "writes"]);

let house: House;
let server: RunningServer;
beforeAll(async () => {
  house = makeHouse();
  server = await startServer(house);
});
afterAll(async () => {
  await server.app.close();
  removeHouse(house);
});

/** Seeded, so that a failure comes again: mulberry32. */
function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** A round whose two sides AT and HR have their hits open, with statuses. */
async function releasedRound(id: string): Promise<RoundView> {
  const { url } = server;
  const { view, keys } = await openSubmission(house, url, makeDescriptor(house, { id }));
  await submitAll(house, url, view, keys, () => people(5));
  await sealRound(house, url, id);
  await approve(house, url, "release", await matchRound(house, url, id));
  for (const party of ["AT", "HR"]) await acknowledge(house, url, party, { ...view, t2: (await viewOf(id)).t2 });
  const hits = (await openedHits(house, url, "AT", id)).get("HR") ?? [];
  const said = hits.map(({ hit }) => [hit, "confirmed"] as const);
  expect((await putStatuses(house, url, "AT", id, said)).status).toBe(204);
  return viewOf(id);
}

async function viewOf(id: string): Promise<RoundView> {
  return JSON.parse((await send(server.url, operatorSigning(house), "GET", `/v1/rounds/${id}`)).text) as RoundView;
}

describe("a database that is cut", () => {
  /** As kill -9 leaves it, and as a stop does: all in one file. */
  let left: string;
  let stopped: string;
  let whole: string;
  const copy = (): string => join(house.folder, "cut");
  beforeAll(async () => {
    await releasedRound("cut-1");
    left = join(house.folder, "left");
    mkdirSync(left);
    copyAll(house.dataDir, left);
    copyAll(left, copy());
    whole = contentOf(copy());
    stopped = join(house.folder, "stopped");
    copyAll(copy(), stopped);
  });

  const names = ["aquila.db", "aquila.db-wal"];
  function copyAll(from: string, to: string): void {
    rmSync(to, { recursive: true, force: true });
    mkdirSync(to);
    for (const name of names) if (existsSync(join(from, name))) copyFileSync(join(from, name), join(to, name));
  }

  /** Starts as far as it can be refused. @returns What it would serve, or why it does not start. */
  async function start(): Promise<string> {
    const path = join(copy(), "aquila.db");
    try {
      const store = await openStore(path);
      try {
        const serverKey = new Uint8Array(readFileSync(join(house.folder, "keys", "server.key")));
        await openAuditLog(
          store,
          signingKeysOf(serverKey),
          house.clock,
          join(house.folder, "keys", "tree-head.json"),
          false,
        );
      } finally {
        await store.destroy();
      }
    } catch (error) {
      if (!(error instanceof LinkageError)) throw error;
      return error.code;
    }
    return contentOf(copy());
  }

  it(
    "is refused, or has everything that was acknowledged",
    async () => {
      expect(await start(), "it is whole").toBe(whole);
      const [database = "", log = ""] = names;
      const places = [
        { from: left, name: database },
        { from: left, name: log },
        { from: stopped, name: database },
      ];
      expect(existsSync(join(stopped, log)), "all is in one file").toBe(false);
      for (const { from, name } of places) expect(statSync(join(from, name)).size, name).toBeGreaterThan(10_000);
      const draw = random(1);
      const outcomes: Record<string, number> = {};
      const silent: string[] = [];
      for (let cut = 0; cut < CUTS; cut++) {
        const { from, name } = places[cut % places.length] ?? { from: left, name: database };
        const at = Math.floor(draw() * statSync(join(from, name)).size);
        copyAll(from, copy());
        truncateSync(join(copy(), name), at);
        const served = await start();
        const outcome = served === whole ? "everything" : served.length < 100 ? served : "less";
        const told = `${name}${from === stopped ? ", stopped" : ""}: ${outcome}`;
        outcomes[told] = (outcomes[told] ?? 0) + 1;
        if (outcome === "less") silent.push(`${name} at ${at}: ${differing(served, whole)}`);
      }
      reportFigures("cut store", { cuts: CUTS, ...outcomes, silent: silent.length });
      expect(silent).toEqual([]);
    },
    30 * MINUTES_MS,
  );
});

/** @returns JSON of all rows of all tables but those of which nothing was promised. */
function contentOf(folder: string): string {
  const database = new DatabaseSync(join(folder, "aquila.db"));
  const tables = database.prepare("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name").all();
  const content = tables
    .map(({ name }) => String(name))
    .filter((name) => !UNPROMISED.has(name))
    .map((name) => [name, database.prepare(`SELECT * FROM "${name}" ORDER BY rowid`).all()]);
  database.close();
  return JSON.stringify(content);
}

function differing(one: string, other: string): string {
  const tablesOf = (text: string) =>
    new Map((JSON.parse(text) as [string, unknown[]][]).map(([name, rows]) => [name, JSON.stringify(rows)]));
  const [a, b] = [tablesOf(one), tablesOf(other)];
  return [...b.keys()].filter((name) => a.get(name) !== b.get(name)).join(", ");
}

describe("a bit that is flipped", () => {
  const flipped = (path: string, bit: number, act: () => Promise<void>): Promise<void> => {
    const bytes = readFileSync(path);
    const other = Buffer.from(bytes);
    other.writeUInt8(other.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3);
    writeFileSync(path, other);
    return act().finally(() => {
      writeFileSync(path, bytes);
    });
  };
  const rows = (query: string): Record<string, unknown>[] => {
    const database = new DatabaseSync(join(house.dataDir, "aquila.db"), { readOnly: true });
    const found = database.prepare(query).all();
    database.close();
    return found;
  };

  it(
    "in a package, hits or the round's key is refused, never served",
    async () => {
      const { descriptor } = await releasedRound("flip-1");
      const { id } = descriptor;
      const folder = join(house.dataDir, "rounds", id);
      const packages = rows(`SELECT party, file FROM packages WHERE round = '${id}'`);
      const [hits] = rows(`SELECT hits_file FROM pairings WHERE round = '${id}' AND lower = 'AT' AND higher = 'HR'`);
      const [keyFile = ""] = readdirSync(join(house.folder, "keys", "data-keys")).filter((name) =>
        name.startsWith(`${id}.`),
      );
      const targets = [
        ...packages.map(({ party, file }) => ({
          file: join(folder, String(file)),
          party: String(party),
          path: `packages/${String(party)}`,
          code: "storage-damaged",
        })),
        { file: join(folder, String(hits?.["hits_file"])), party: "AT", path: "statuses/AT", code: "storage-damaged" },
        {
          file: join(house.folder, "keys", "data-keys", keyFile),
          party: "AT",
          path: "packages/AT",
          code: "round-state",
        },
      ];
      const ask = async (party: string, path: string): Promise<string> =>
        codeOf(await send(server.url, partySigning(house, party), "GET", `/v1/rounds/${id}/${path}`));
      const draw = random(2);
      const served: string[] = [];
      for (let flip = 0; flip < FLIPS; flip++) {
        const target = targets[flip % targets.length];
        if (target === undefined) throw new RangeError("there is nothing to flip");
        const { file, party, path, code } = target;
        const bit = Math.floor(draw() * 8 * statSync(file).size);
        await flipped(file, bit, async () => {
          const answer = await ask(party, path);
          if (answer !== code) served.push(`${path} bit ${bit}: ${answer}`);
        });
      }
      for (const { party, path } of targets) expect(await ask(party, path), "and as it was, it is served").toBe("200");
      reportFigures("flipped bit", { flips: FLIPS, served: served.length });
      expect(served).toEqual([]);
    },
    30 * MINUTES_MS,
  );

  it(
    "in a chunk is found when the batch is closed or matched, and the batch can be sent again",
    async () => {
      const { url } = server;
      const { view, keys } = await openSubmission(house, url, makeDescriptor(house, { id: "flip-2" }));
      const draw = random(3);
      const header = headerOf(view, keys, "AT", "HR");
      const { bytes } = makeBatch(header);
      const signing = partySigning(house, "AT");
      const chunk = (): string => {
        const [found] = rows("SELECT file FROM chunks WHERE round = 'flip-2' AND sender = 'AT' AND recipient = 'HR'");
        return join(house.dataDir, "rounds", "flip-2", String(found?.["file"]));
      };
      for (let flip = 0; flip < Math.ceil(FLIPS / 20); flip++) {
        expect((await send(url, signing, "PUT", `${batchPath(header)}/chunks/0`, bytes)).status).toBe(204);
        const path = chunk();
        const other = readFileSync(path);
        const bit = Math.floor(draw() * 8 * other.length);
        other.writeUInt8(other.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3);
        writeFileSync(path, other);
        const closed = await send(
          url,
          signing,
          "PUT",
          `${batchPath(header)}/manifest`,
          signManifest(house, header, bytes),
        );
        expect(codeOf(closed), `bit ${bit}`).toBe("batch-digest-mismatch");
      }
      await submitAll(house, url, view, keys);
      await sealRound(house, url, "flip-2");
      for (let flip = 0; flip < Math.ceil(FLIPS / 100); flip++)
        await flipped(chunk(), Math.floor(draw() * 8 * statSync(chunk()).size), async () => {
          await send(url, operatorSigning(house), "POST", "/v1/rounds/flip-2/match");
          await untilState(house, url, "flip-2", "sealed");
        });
      await matchRound(house, url, "flip-2");
    },
    30 * MINUTES_MS,
  );
});
