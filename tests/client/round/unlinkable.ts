/**
 * What the secretariat, and whoever stands on the wire, sees of one list in two rounds and for two counterparts: nothing that is
 * equal but sizes, and those only by class. Lists have 7, 22, 40 and 45 people, all of 60 declared; pairings 0 to 40 hits.
 */
import { createHash } from "node:crypto";
import { describe, expect, test } from "vitest";
import { handleOf, viewBatch, type Batch } from "#engine/batch/read.ts";
import { decoysOf } from "#engine/round/decoys.ts";
import { SHIPPED_PROFILE } from "#engine/shipped-profile.ts";
import { PARTIES } from "../../server/harness.ts";
import { of, OLD, ROUND, type PlayedRounds } from "./played-rounds.ts";
import { connectAs, vaultOfParty } from "./table.ts";
import type { Exchanged } from "./wire.ts";

const ROUNDS = [OLD, ROUND];
const isChunk = ({ kind }: Exchanged): boolean => kind === "PUT /batches/chunks/0";

/** Keys of a batch, fillers among them, as text. */
function keysOf({ columns }: Batch): string[] {
  return columns.flatMap(({ upper, lower }, rule) =>
    Array.from(upper, (half, at) => `${rule} ${half} ${lower[at] ?? 0}`),
  );
}

export function unlinkable(played: () => PlayedRounds): void {
  const sentBy = (party: string): Exchanged[] => played().wire.filter((each) => each.party === party);

  /** The batches that went over the wire, of which the secretariat says that it holds just these. */
  async function receivedBatches(): Promise<{ name: string; opposite: string; batch: Batch }[]> {
    const batches: { name: string; opposite: string; batch: Batch }[] = [];
    for (const round of ROUNDS) {
      const { sealed } = await connectAs(played().table, "AT").round(round);
      for (const { path, sent } of played().wire.filter((each) => isChunk(each) && each.path.includes(round))) {
        const [from = "", to = ""] = path.split("/").slice(5, 7);
        const digest = createHash("sha256").update(sent).digest("base64url");
        expect(sealed).toContainEqual({ digest, from, to });
        const batch = viewBatch(sent, SHIPPED_PROFILE);
        batches.push({ name: `${round} ${from}-${to}`, opposite: `${round} ${to}-${from}`, batch });
      }
    }
    expect(batches).toHaveLength(ROUNDS.length * PARTIES.length * (PARTIES.length - 1));
    return batches;
  }

  describe("one list in two rounds and for two counterparts", () => {
    test("has no key, no filler and no handle in common; two sides of a pairing have the keys of what they share", async () => {
      const received = await receivedBatches();
      const batches = received.map((each) => ({ ...each, keys: new Set(keysOf(each.batch)) }));
      for (const { name, keys, batch } of batches)
        expect(keys.size, `${name} repeats no key`).toBe(keysOf(batch).length);
      const handles = received.flatMap(({ batch }) =>
        Array.from({ length: batch.rowCount }, (_, row) => handleOf(batch, row)),
      );
      expect(new Set(handles).size).toBe(handles.length);
      const shared = new Map<string, number>();
      for (const [at, one] of batches.entries())
        for (const other of batches.slice(at + 1)) {
          const common = [...one.keys].filter((key) => other.keys.has(key)).length;
          if (other.name === one.opposite) shared.set(one.name, common);
          else expect(common, `${one.name} and ${other.name}`).toBe(0);
        }
      expect(shared.size).toBe(ROUNDS.length * PARTIES.length);
      // Where nobody is shared, decoys are.
      for (const [name, common] of shared) expect(common, name).toBeGreaterThan(4);
    });

    test("has no origin tag, decoy, key id, proof key or hit id in common", () => {
      const vault = vaultOfParty(played().table, "AT");
      const traces = ROUNDS.flatMap((round) =>
        (vault.pairings(round) ?? []).map(({ counterpart, keyId, keyProof }) => {
          if (keyProof === null) throw new RangeError("the proof keys are destroyed");
          const { rowCount } = of(of(played().batches, round), `AT-${counterpart}`);
          const answers = vault.answers(round, counterpart) ?? [];
          const decoys = decoysOf(SHIPPED_PROFILE, keyProof, [rowCount, rowCount]);
          return [
            ...new Set(answers.flatMap(({ notice, ownOriginTags }) => [...notice.originTags, ...ownOriginTags])),
            ...decoys.flatMap(({ cells }) => cells.map(({ digest }) => Buffer.from(digest).toString("hex"))),
            ...answers.map(({ hit }) => hit),
            keyId,
            Buffer.from(keyProof).toString("hex"),
          ];
        }),
      );
      expect(traces).toHaveLength(4);
      for (const each of traces) expect(each.length).toBeGreaterThan(4);
      expect(new Set(traces.flat()).size).toBe(traces.flat().length);
    });
  });

  describe("on the wire", () => {
    test("all that any party sends has one size by kind of request, in both rounds, whatever its list and its hits", () => {
      const sizes = new Map<string, Set<number>>();
      for (const { kind, sent } of PARTIES.flatMap(sentBy))
        if (sent.length > 0) sizes.set(kind, (sizes.get(kind) ?? new Set()).add(sent.length));
      expect([...sizes.keys()].sort()).toEqual([
        "PUT /acknowledgements",
        "PUT /answers",
        "PUT /batches/chunks/0",
        "PUT /batches/manifest",
        "PUT /confirmations",
        "PUT /keys",
        "PUT /seals",
      ]);
      for (const [kind, found] of sizes) expect([...found], kind).toHaveLength(1);
    });

    test("a package with 0 hits of a counterpart and one with 40 have one size, and so have answers", () => {
      const hits = ROUNDS.map((round) => vaultOfParty(played().table, "HR").section(round, "SI")?.hits.length);
      expect(hits).toEqual([0, 40]);
      const sizesOf = (kind: string): Set<number> =>
        new Set(played().wire.flatMap((each) => (each.kind === kind ? [each.received.length] : [])));
      for (const kind of ["GET /packages", "GET /answers"]) expect([...sizesOf(kind)], kind).toHaveLength(1);
    });
  });
}
