/**
 * Bundles that must not be taken, or only in their order, and what is left in the vaults then.
 */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { agreeKeys } from "#client/agree.ts";
import { openBundle, sealBundle } from "#client/bundle-file.ts";
import { makeBundle, takeBundle } from "#client/bundle.ts";
import { encodeRound } from "#client/encode.ts";
import { LEAST_COST } from "#client/passphrase-box.ts";
import { submitBatch } from "#client/submit.ts";
import { createVault, type Vault } from "#client/vault.ts";
import { SHIPPED_PROFILE, SHIPPED_PROFILE_DIGEST } from "#engine/shipped-profile.ts";
import { describeRound } from "#fixtures/cast.ts";
import { approve } from "../../server/acts.ts";
import { identityOf, operatorSigning, PARTIES, viewIn } from "../../server/harness.ts";
import { send } from "../../server/requests.ts";
import { contentOfVault } from "../carried-bytes.ts";
import { runAquila } from "../commands/command-line.ts";
import { PASSPHRASE } from "../folders.ts";
import { closeTable, connectAs, copyOf, listOf, openTable, range, vaultOfParty, type Table } from "./table.ts";

const ROUND = "carried-2";
/** So many that a bundle has several chunks: what is wrong with the last shows when the first is good. */
const DECLARED_RECORDS = 2_000;

let table: Table;
/** Of AT, when the keys are agreed. */
let agreed: Vault;
let made = 0;

beforeAll(async () => {
  table = await openTable();
  const { house, server } = table;
  const setting = { id: ROUND, profile: SHIPPED_PROFILE, declaredRecords: DECLARED_RECORDS, now: house.clock() };
  const drafted = await send(
    server.url,
    operatorSigning(house),
    "POST",
    "/v1/rounds",
    describeRound(house.cast, setting),
  );
  await approve(house, server.url, "open", viewIn(drafted));
  for (let turn = 0; turn < 3; turn++)
    for (const party of PARTIES) {
      const vault = vaultOfParty(table, party);
      await agreeKeys(connectAs(table, party), vault, vault.roster(), ROUND, [SHIPPED_PROFILE_DIGEST], house.clock());
    }
  agreed = vaultOfParty(table, "AT");
});
afterAll(() => closeTable(table));

const path = (name: string): string => join(table.house.folder, name);

function emptyVault(party = "AT"): Vault {
  const vault = createVault(path(`vault-${made++}`), identityOf(table.house, party), PASSPHRASE, LEAST_COST);
  vault.pinRoster(table.house.roster);
  return vault;
}

/** Makes a bundle of the vault. @returns Its path. */
async function bundleOf(vault: Vault): Promise<string> {
  const out = path(`bundle-${made++}`);
  await makeBundle(vault, ROUND, out);
  return out;
}

/** @returns Two vaults of AT; the list is encoded inside, for the people of it. */
async function pair(people = range(0, 5)): Promise<{ outside: Vault; inside: Vault }> {
  const outside = copyOf(table, agreed);
  const inside = emptyVault();
  await takeBundle(inside, await bundleOf(outside));
  await encodeRound(inside, ROUND, listOf("AT", people));
  return { outside, inside };
}

const refused = (code: string): unknown => expect.objectContaining({ code });

describe("a bundle", () => {
  test("that was changed, cut short or made longer anywhere is refused, and nothing of it is kept", async () => {
    const { outside, inside } = await pair();
    const whole = readFileSync(await bundleOf(inside));
    const before = contentOfVault(outside);
    const broken = path("broken");
    const refuse = async (bytes: Uint8Array, what: string): Promise<void> => {
      writeFileSync(broken, bytes);
      await expect(takeBundle(outside, broken), what).rejects.toEqual(refused("bundle-invalid"));
    };
    const places = [...range(0, 200), ...range(1, 40).map((part) => Math.floor((part * whole.length) / 40))];
    for (const place of [...places, whole.length - 1]) {
      const changed = Buffer.from(whole);
      changed[place] = (changed[place] ?? 0) ^ 1;
      await refuse(changed, `byte ${place}`);
    }
    for (const length of [0, 7, 151, 152, 200, whole.length - 1]) await refuse(whole.subarray(0, length), `${length}`);
    await refuse(Buffer.concat([whole, Buffer.alloc(1)]), "one byte more");
    expect(contentOfVault(outside).equals(before)).toBe(true);
    writeFileSync(broken, whole);
    expect(await takeBundle(outside, broken)).toMatchObject({ to: "outside", serial: 1 });
  });

  test("of another party, or sealed to this one by another, is refused", async () => {
    const bundle = await bundleOf(copyOf(table, agreed));
    await expect(takeBundle(emptyVault("HR"), bundle)).rejects.toEqual(refused("bundle-invalid"));
    const { index } = await openBundle(agreed.identity, bundle);
    const { boxKey } = agreed.identity;
    const forged = path("forged");
    writeFileSync(
      forged,
      Buffer.concat([...(await sealBundle({ ...identityOf(table.house, "HR"), boxKey }, index, []))]),
    );
    const vault = emptyVault();
    await expect(takeBundle(vault, forged)).rejects.toEqual(refused("bundle-invalid"));
    expect(vault.rounds()).toEqual([]);
  });

  test("under another roster than the one pinned is refused", async () => {
    const bundle = await bundleOf(copyOf(table, agreed));
    const vault = createVault(path(`vault-${made++}`), agreed.identity, PASSPHRASE, LEAST_COST);
    await expect(takeBundle(vault, bundle)).rejects.toEqual(refused("roster-invalid"));
    expect(vault.rounds()).toEqual([]);
    expect(vault.carriage(ROUND)).toBeNull();
  });

  test("never overwrites a file", async () => {
    const outside = copyOf(table, agreed);
    writeFileSync(path("there"), "kept");
    await expect(makeBundle(outside, ROUND, path("there"))).rejects.toEqual(refused("file-exists"));
    expect(readFileSync(path("there"), "utf8")).toBe("kept");
    expect(outside.carriage(ROUND)).toBeNull();
  });

  test("is sealed and opened piece by piece", async () => {
    const { outside, inside } = await pair();
    const { index } = await openBundle(agreed.identity, await bundleOf(inside));
    if (index.to !== "outside") throw new RangeError("not what was made");
    const piece = Buffer.alloc(2 ** 20, 7);
    const pieces = 24;
    let ahead = 0;
    let most = 0;
    function* contents(): Generator<Uint8Array> {
      for (let at = 0; at < pieces; at++) {
        most = Math.max(most, ++ahead);
        yield piece;
      }
    }
    const long = { ...index, parts: [{ name: "HR.batch", byteLength: pieces * piece.length }] };
    const sealed: Uint8Array[] = [];
    for (const chunk of await sealBundle(agreed.identity, long, contents())) {
      sealed.push(chunk);
      if (chunk.length === piece.length) ahead--;
    }
    expect(most).toBeLessThan(5);
    writeFileSync(path("long"), Buffer.concat(sealed));
    let largest = 0;
    let total = 0;
    (await openBundle(agreed.identity, path("long"))).read((_, content) => {
      for (const { length } of content) [largest, total] = [Math.max(largest, length), total + length];
    });
    expect([largest, total]).toEqual([piece.length, pieces * piece.length]);
    // No batch of this round is so long.
    await expect(takeBundle(outside, path("long"))).rejects.toEqual(refused("bundle-invalid"));
  });
});

describe("bundles", () => {
  test("that come twice change nothing, and older ones than the last are refused", async () => {
    const outside = copyOf(table, agreed);
    const [first, second] = [await bundleOf(outside), await bundleOf(outside)];
    const inside = emptyVault();
    expect(await takeBundle(inside, second)).toMatchObject({ serial: 2 });
    const before = contentOfVault(inside);
    expect(await takeBundle(inside, second)).toBeNull();
    await expect(takeBundle(inside, first)).rejects.toEqual(refused("bundle-out-of-order"));
    expect(contentOfVault(inside).equals(before)).toBe(true);

    await encodeRound(inside, ROUND, listOf("AT", range(0, 5)));
    const [third, fourth] = [await bundleOf(inside), await bundleOf(inside)];
    expect(await takeBundle(outside, fourth)).toMatchObject({ to: "outside", serial: 2 });
    await expect(takeBundle(outside, third)).rejects.toEqual(refused("bundle-out-of-order"));
    expect(await takeBundle(outside, fourth)).toBeNull();
  });

  test("go one way: none is taken by the vault that made it, by one alone, or by a third", async () => {
    const { outside, inside } = await pair();
    const older = copyOf(table, inside);
    const [inward, outward] = [await bundleOf(outside), await bundleOf(inside)];
    const before = [contentOfVault(outside), contentOfVault(inside)];
    for (const [vault, bundle] of [
      [outside, inward],
      [inside, outward],
      [emptyVault(), outward],
      [copyOf(table, agreed), inward],
    ] as const)
      await expect(takeBundle(vault, bundle)).rejects.toEqual(refused("bundle-out-of-order"));
    expect([contentOfVault(outside), contentOfVault(inside)]).toEqual(before);
    await takeBundle(outside, outward);
    // The keys are gone outside: no other vault can come in between, nor an older copy of the one inside.
    const next = await bundleOf(outside);
    for (const vault of [emptyVault(), older])
      await expect(takeBundle(vault, next)).rejects.toEqual(refused("bundle-out-of-order"));
    expect(await takeBundle(inside, next)).toMatchObject({ to: "inside" });
  });

  test("that broke off while they were taken are taken again", async () => {
    const { outside, inside } = await pair();
    const bundle = await bundleOf(inside);
    let parts = 0;
    const write = outside.writePart.bind(outside);
    outside.writePart = (...args): void => {
      if (parts++ === 1) throw new Error("the power went");
      write(...args);
    };
    await expect(takeBundle(outside, bundle)).rejects.toThrow("the power went");
    expect(outside.holdsBatch(ROUND, "SI")).toBe(false);
    expect(await takeBundle(outside, bundle)).toMatchObject({ serial: 1 });
    for (const party of ["HR", "SI"]) {
      const bytes = (vault: Vault): Buffer => Buffer.concat([...vault.readBatch(ROUND, party)]);
      expect(bytes(outside).equals(bytes(inside))).toBe(true);
    }
  });
});

test("no vault outside has a batch and a key to it, and none that encoded for itself goes outside", async () => {
  const { outside, inside } = await pair();
  const keysOf = (vault: Vault): boolean[] =>
    (vault.pairings(ROUND) ?? []).flatMap(({ keyTag, keyProof }) => [keyTag !== null, keyProof !== null]);
  expect(keysOf(outside)).toEqual([true, true, true, true]);
  const write = outside.writePart.bind(outside);
  outside.writePart = (...args): void => {
    expect(keysOf(outside)).toEqual([false, false, false, false]);
    write(...args);
  };
  await takeBundle(outside, await bundleOf(inside));
  expect(outside.holdsBatch(ROUND, "HR")).toBe(true);
  expect(keysOf(inside)).toEqual([true, true, true, true]);

  const alone = copyOf(table, agreed);
  await encodeRound(alone, ROUND, listOf("AT", range(0, 5)));
  await expect(makeBundle(alone, ROUND, path("alone"))).rejects.toEqual(refused("round-state"));
  expect(existsSync(path("alone"))).toBe(false);
});

test("what was carried out is encoded anew only when it was recalled outside", async () => {
  const { outside, inside } = await pair();
  const again = (): Promise<unknown> => encodeRound(inside, ROUND, listOf("AT", range(0, 8)));
  const stale = await bundleOf(outside);
  await takeBundle(outside, await bundleOf(inside));
  await expect(again()).rejects.toEqual(refused("file-exists"));
  // Made before the batches came out: it says nothing about them.
  await takeBundle(inside, stale);
  await expect(again()).rejects.toEqual(refused("file-exists"));
  const connection = connectAs(table, "AT");
  for (const party of ["HR", "SI"]) await submitBatch(connection, outside, ROUND, party);
  await takeBundle(inside, await bundleOf(outside));
  await expect(again()).rejects.toEqual(refused("file-exists"));

  const options = ["--vault", outside.directory, "--round", ROUND, "--server", table.server.url];
  const recalled = await runAquila(table.house.folder, ["round", "recall", ...options]);
  expect([recalled.exitCode, recalled.stderr]).toEqual([0, ""]);
  await expect(submitBatch(connection, outside, ROUND, "HR")).rejects.toEqual(refused("file-unreadable"));
  await takeBundle(inside, await bundleOf(outside));
  await again();
  await takeBundle(outside, await bundleOf(inside));
  const { digest } = await submitBatch(connection, outside, ROUND, "HR");
  expect(digest).toBe(inside.receipt(ROUND, "HR")?.digest);
});
