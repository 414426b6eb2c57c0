/**
 * The follower beside a vault that is damaged for a while, and beside one that another program forgets a round in.
 */
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { Follower } from "#client/console/follower.ts";
import { HitBoard } from "#client/console/hit-board.ts";
import { SHIPPED_PROFILE } from "#engine/shipped-profile.ts";
import { signStatement } from "#engine/round/statement.ts";
import { hitId, OPENED_AT, ROUND, vaultWithHits } from "./many-hits.ts";

const now = (): Date => new Date(OPENED_AT);

test("goes on when the vault can be read again", async () => {
  const vault = vaultWithHits(1);
  const board = new HitBoard(vault, SHIPPED_PROFILE, now);
  let shown = 0;
  const follower = new Follower({
    ...{ vault, connection: null, board, walks: null, now: () => new Date() },
    pace: { allMs: 5, openingMs: 5, slowOpeningMs: 5, releaseMs: 5 },
    onRound: () => undefined,
    onHits: ({ length }) => {
      shown += length;
    },
  });
  const files = readdirSync(vault.directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.parentPath !== vault.directory)
    .map(({ parentPath, name }) => join(parentPath, name))
    .map((path) => ({ path, content: readFileSync(path) }));
  for (const { path } of files) writeFileSync(path, "damaged");
  follower.start();
  await expect.poll(() => follower.fault()?.code).toBe("vault-invalid");
  for (const { path, content } of files) writeFileSync(path, content);
  await expect.poll(() => follower.fault()).toBeNull();
  expect(shown).toBe(1);
  await follower.close();
});

test("writes nothing of a round that was forgotten while its statuses were on their way", async () => {
  const vault = vaultWithHits(1);
  const board = new HitBoard(vault, SHIPPED_PROFILE, now);
  expect(await board.refresh()).toHaveLength(1);
  const said = { hit: hitId(0), party: "AT", round: ROUND, status: "confirmed" } as const;
  const status = signStatement(vault.identity, "status", said);
  vault.forgetRound(ROUND);
  expect(await board.takeStatuses(ROUND, [status])).toEqual([]);
  const folders = readdirSync(vault.directory, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  expect(folders).toEqual([]);
});
