/**
 * A secretariat that matches other batches than those that every party co-signed: T2 is right, and what it names is not what
 * was joined.
 */
import { randomInt } from "node:crypto";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { HANDLE_BYTES } from "#engine/batch/layout.ts";
import type { Batch } from "#engine/batch/read.ts";
import { writeBatch } from "#engine/batch/write.ts";
import { ReportList } from "#engine/round/messages.ts";
import { cellsText, type Hit } from "#engine/round/package.ts";
import { SHIPPED_PROFILE } from "#engine/shipped-profile.ts";
import { freshDataKey, storeBatch } from "#bench/stored-batches.ts";
import { permutation } from "#fixtures/permutation.ts";
import { decrypt, encrypt } from "#server/aead.ts";
import { openServerKey, unwrapDataKey } from "#server/data-key.ts";
import { chunkContext } from "#server/encrypted-file.ts";
import { matchPairing } from "#server/pairing.ts";
import { openPool, type WorkerPool } from "#server/workers/pool.ts";
import { officerSigning, PARTIES } from "../../server/harness.ts";
import { send } from "../../server/requests.ts";
import { listsOf, of, OLD, pick, release, reportOf, ROUND, RUNS, SIDES, type PlayedRounds } from "./played-rounds.ts";
import { connectAs, playRound, vaultOfParty, walkOnce, type Table } from "./table.ts";

const SWAPPED = "dishonest-3";

const bytesOf = ({ header, handles, classes, columns }: Batch): Uint8Array =>
  new Uint8Array(Buffer.concat([...writeBatch(SHIPPED_PROFILE, header, { handles, classes }, columns)]));

/** One batch's header and handles, in another order, with another's keys. */
function mixed(handlesOf: Batch, keysOf: Batch): Batch {
  const { rowCount } = handlesOf;
  const order = permutation(rowCount, randomInt(2 ** 32));
  const handles = Buffer.concat(
    Array.from({ length: rowCount }, (_, row) => {
      const from = HANDLE_BYTES * order.forward(row);
      return handlesOf.handles.subarray(from, from + HANDLE_BYTES);
    }),
  );
  return { ...keysOf, header: handlesOf.header, handles: new Uint8Array(handles) };
}

/** Puts others in the place of a round's batches, as whoever holds the server's key can. */
function swapInStore({ house }: Table, round: string, substituteOf: (from: string, to: string) => Batch | null): void {
  const keys = join(house.folder, "keys");
  const [keyFile] = readdirSync(join(keys, "data-keys")).filter((name) => name.startsWith(`${round}.`));
  const wrapped = readFileSync(join(keys, "data-keys", keyFile ?? ""));
  const dataKey = unwrapDataKey(openServerKey(join(keys, "server.key")), round, wrapped);
  const folder = join(house.dataDir, "rounds", round);
  let swapped = 0;
  for (const file of readdirSync(folder))
    for (const from of PARTIES)
      for (const to of PARTIES) {
        const path = join(folder, file);
        const context = chunkContext({ round, from, to, index: 0, path });
        const substitute = substituteOf(from, to);
        if (substitute === null || !opens(dataKey, context, readFileSync(path))) continue;
        writeFileSync(path, encrypt(dataKey, context, bytesOf(substitute)));
        swapped++;
      }
  expect(swapped).toBe(PARTIES.length);
}

function opens(...sealed: Parameters<typeof decrypt>): boolean {
  try {
    return decrypt(...sealed).length > 0;
  } catch {
    return false;
  }
}

export function swappedBatches(played: () => PlayedRounds): void {
  /** Matches these two as the server's workers do. @returns AT's and HR's hits. */
  async function matchedHits(pool: WorkerPool, at: Batch, hr: Batch): Promise<Map<string, Hit[]>> {
    const { folder } = played().table.house;
    const dataKey = freshDataKey();
    const [a, b] = [at, hr].map((batch) => storeBatch(folder, dataKey, batch.header, [bytesOf(batch)]));
    if (a === undefined || b === undefined) throw new RangeError("two batches are wanted");
    const settings = { folder, lowestBand: "low", cap: 1_000, signal: new AbortController().signal } as const;
    const { found } = await matchPairing(pool, SHIPPED_PROFILE, { a, b, ...settings, onJoined: () => undefined });
    const hits = new Map(["AT-HR", "HR-AT"].map((name) => [name, [] as Hit[]]));
    for (const [at, { band, cells, handleA, handleB, pattern }] of found.entries()) {
      const hit = Buffer.alloc(16, `${at} `).toString("base64url");
      const common = { band, cells: cellsText(cells), hit, pattern };
      of(hits, "AT-HR").push({ ...common, handle: handleA });
      of(hits, "HR-AT").push({ ...common, handle: handleB });
    }
    return hits;
  }

  describe("batches other than those co-signed", () => {
    test(`are reported by both sides, and prove nothing but what is true, ${RUNS} of ${RUNS}`, async () => {
      const batches = of(played().batches, ROUND);
      const [at, hr] = [of(batches, "AT-HR"), of(batches, "HR-AT")];
      const others = [...batches].flatMap(([name, batch]) => (name === "AT-HR" ? [] : [batch]));
      const substitutes: (() => Batch)[] = [
        () => pick(others),
        () => pick([...of(played().batches, OLD).values()]),
        // Handles that AT knows, with every key of HR's, or with its own at other rows.
        () => mixed(at, hr),
        () => mixed(at, at),
      ];
      const pool = openPool(1, SHIPPED_PROFILE);
      try {
        const honest = await release(played(), await matchedHits(pool, at, hr));
        expect([...honest.values()].map(({ reports }) => reports)).toEqual([[], []]);
        for (let run = 0; run < RUNS; run++) {
          const substitute = substitutes[run % substitutes.length]?.() ?? at;
          const seen = await release(played(), await matchedHits(pool, substitute, hr));
          for (const [party] of SIDES) expect(of(seen, party).reports.length).toBeGreaterThan(0);
          const [ofAT, ofHR] = SIDES.map(
            ([party]) => new Map(of(seen, party).rows.map(({ hit, refs }) => [hit, refs[0]?.slice(3)])),
          );
          for (const { rows } of seen.values())
            for (const { hit, finding } of rows)
              if (finding !== "unproven") expect(ofAT?.get(hit)).toBe(ofHR?.get(hit));
        }
      } finally {
        await pool.close();
      }
    });

    test("are reported by every party, when a real server's store was changed between the seals and the matching", async () => {
      const { table } = played();
      const old = of(played().batches, OLD);
      const lists = listsOf(ROUND);
      await playRound(table, SWAPPED, async (turn) => {
        for (let call = 0; call < 3; call++)
          for (const party of PARTIES)
            await walkOnce(vaultOfParty(table, party), connectAs(table, party), SWAPPED, lists);
        if (turn === "closed") swapInStore(table, SWAPPED, (from, to) => (from < to ? of(old, `${from}-${to}`) : null));
      });
      const answer = await send(table.server.url, officerSigning(table.house), "GET", `/v1/rounds/${SWAPPED}/reports`);
      const reports = ReportList.parse(JSON.parse(answer.text));
      const sides = PARTIES.flatMap((party) =>
        PARTIES.filter((other) => other !== party).map((other) => [party, other]),
      );
      expect(reports).toMatchObject(
        sides.map(([party = "", other = ""]) => ({ ...reportOf("decoy-missing", party, other, 2, 2), round: SWAPPED })),
      );
    });
  });
}
