/**
 * What a stolen vault shows, and what somebody who can write to it can do.
 */
import { randomBytes } from "node:crypto";
import { copyFileSync, readdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join, sep } from "node:path";
import { describe, expect, test } from "vitest";
import { agreeKeys } from "#client/agree.ts";
import { encodeRound } from "#client/encode.ts";
import { LEAST_COST } from "#client/passphrase-box.ts";
import { acknowledgePackage, openHits } from "#client/release.ts";
import { submitBatch } from "#client/submit.ts";
import { changeVaultPassphrase, createVault, openVault, type Vault } from "#client/vault.ts";
import { sealAnswers } from "#engine/round/answers.ts";
import { makeIdentity } from "#engine/round/identity.ts";
import type { Notice } from "#engine/round/notice.ts";
import { PACKAGE_KEY_BYTES, sealPackage, sealPackageKey } from "#engine/round/package.ts";
import { SHIPPED_PROFILE, SHIPPED_PROFILE_DIGEST } from "#engine/shipped-profile.ts";
import { descriptorOf, identitiesOf, rosterOf } from "../engine/round/parties.ts";
import { smallList, smallRecords } from "./encoded-lists.ts";
import { connectionOf, fakeSecretariat } from "./fake-secretariat.ts";
import { PASSPHRASE, reopened, temporaryFolder, vaultOf } from "./folders.ts";

const ROUND = "2026-4";
const NEXT = new TextEncoder().encode("another horse, another battery");

/** The vault of AT after a round with HR, from keys to answers, and texts that only it holds. */
async function afterRound() {
  const identities = identitiesOf(["AT", "HR"]);
  const roster = rosterOf(identities);
  const parties = ["AT", "HR"].map((id) => ({ id, declaredRecords: 300, legalBasis: "Art. 9" }));
  const descriptor = descriptorOf(identities, roster, { profile: SHIPPED_PROFILE_DIGEST, parties });
  const fake = fakeSecretariat();
  const vaults = identities.map((identity) => vaultOf(identity, roster));
  const [vault] = vaults;
  if (vault === undefined) throw new RangeError("no vault");
  for (let i = 0; i < 3; i++)
    for (const each of vaults)
      await agreeKeys(
        connectionOf(fake, descriptor, each.identity.party),
        each,
        roster,
        ROUND,
        [SHIPPED_PROFILE_DIGEST],
        new Date(),
      );
  const pairing = vault.pairings(ROUND)?.[0];
  const keyNotice = pairing?.keyNotice ?? new Uint8Array();
  await encodeRound(vault, ROUND, smallList("AT"));
  const connection = connectionOf(fake, descriptor, "AT");
  await submitBatch(connection, vault, ROUND, "HR");
  const t1 = vault.transcript(ROUND) ?? "";
  const t2 = randomBytes(32).toString("base64url");
  vault.keepSeal(ROUND, t2);
  fake.t2 = t2;
  const handles = vault.readHandleMap(ROUND, "HR");
  const [handle = ""] = handles.keys();
  const hit = { band: "high", cells: "", handle, hit: "i".repeat(21) + "A", pattern: 1 } as const;
  const packageKey = new Uint8Array(randomBytes(PACKAGE_KEY_BYTES));
  const sections = [{ counterpart: "HR", key: packageKey, hits: [hit] }];
  const { boxKey } = vault.identity;
  fake.packages.set("AT", {
    sealed: await sealPackage({ party: "AT", round: ROUND, t2, sections }, boxKey),
    keys: [{ counterpart: "HR", sealedKey: await sealPackageKey(packageKey, boxKey) }],
  });
  await acknowledgePackage(connection, vault, ROUND);
  await openHits(connection, vault, ROUND, SHIPPED_PROFILE, new Date(0));
  vault.keepContact("desk of AT");
  const notice: Notice = {
    ...{ contact: "desk of HR", accuracy: "", handling: "", reliability: "" },
    ...{ originTags: [], riskIndicators: [] },
  };
  const answers = [{ hit: hit.hit, proof: randomBytes(32).toString("base64url"), notice }];
  const direction = { round: ROUND, t2, from: "AT", to: "HR" };
  vault.keepAnswersBox(ROUND, "HR", await sealAnswers(direction, answers, 1, vault.identity, { boxKey, keyNotice }));
  vault.keepAnswers(ROUND, "HR", [{ hit: hit.hit, notice, ownOriginTags: [], proven: true }]);
  const { signSecret, boxSecret, signKey } = vault.identity;
  const keys = [pairing?.keyTag, pairing?.keyProof, keyNotice, vault.provenanceSeed(ROUND), packageKey].map((key) =>
    Buffer.from(key ?? []).toString("base64url"),
  );
  const texts = [
    ...[signSecret, boxSecret, signKey, boxKey, ...keys, t1, t2, hit.hit, ROUND, descriptor.purpose],
    ...[notice.contact, vault.contact()],
    ...[...handles.keys()].slice(0, 20),
    ...[...vault.decoys(ROUND, "HR")].slice(0, 20),
    ...smallRecords("AT")
      .slice(0, 20)
      .map(({ rec_id }) => rec_id),
  ];
  return { vault, descriptor, texts };
}

/** Paths of the files of a vault, relative to it. */
function filesOf({ directory }: Vault): string[] {
  return readdirSync(directory, { recursive: true, withFileTypes: true, encoding: "utf8" })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(directory.length + 1));
}

/** Reads everything that a vault with one round holds. */
function readAll(directory: string): void {
  using vault = openVault(directory, PASSPHRASE);
  vault.roster();
  vault.rounds();
  const kept = [
    ...[vault.descriptor(ROUND), vault.transcript(ROUND), vault.pairings(ROUND), vault.seal(ROUND)],
    ...[vault.packageBox(ROUND), vault.section(ROUND, "HR"), vault.answersBox(ROUND, "HR"), vault.answers(ROUND, "HR")],
    ...[vault.receipt(ROUND, "HR"), vault.keepRoundKeys(ROUND, [])[1]],
  ];
  if (kept.some((one) => one === null || one === undefined)) throw new RangeError("something is missing");
  for (const { keyTag, keyProof } of vault.pairings(ROUND) ?? [])
    if (keyTag === null || keyProof === null) throw new RangeError("a key is missing");
  vault.contact();
  vault.provenanceSeed(ROUND);
  vault.readHandleMap(ROUND, "HR");
  if (vault.decoys(ROUND, "HR").size === 0) throw new RangeError("no decoys");
  for (const pieces of [vault.readBatch(ROUND, "HR"), vault.ownCells(ROUND, "HR")])
    for (const piece of pieces) if (piece.length === 0) throw new RangeError("an empty piece");
}

const refusedBy = (...codes: string[]) =>
  expect.objectContaining({ code: expect.stringMatching(`^(${codes.join("|")})$`) as string }) as Error;

describe("a stolen vault", () => {
  test("shows no identity, key, handle, reference, round or counterpart, in names or contents", async () => {
    const { vault, texts } = await afterRound();
    expect(texts.every((text) => text.length >= 6)).toBe(true);
    const files = filesOf(vault);
    expect(files).toHaveLength(21);
    for (const path of files) {
      expect(path === "vault.json" || path.split(sep).every((name) => /^[0-9a-f]{32}$/.test(name)), path).toBe(true);
      const content = readFileSync(join(vault.directory, path));
      for (const text of texts) {
        expect(content.includes(text), `${path}: ${text}`).toBe(false);
        if (text.length === 43) expect(content.includes(Buffer.from(text, "base64url")), path).toBe(false);
      }
    }
  });

  test("has fifteen files of JSON of one length, whatever they hold", async () => {
    const { vault } = await afterRound();
    const lengths = filesOf(vault).map((path) => readFileSync(join(vault.directory, path)).length);
    expect(lengths.filter((length) => length === 4_096 + 56)).toHaveLength(15);
  });

  test("names the files of two vaults differently", () => {
    const identity = makeIdentity("AT");
    const [a, b] = [1, 2].map(() => createVault(join(temporaryFolder(), "AT"), identity, PASSPHRASE, LEAST_COST));
    if (a === undefined || b === undefined) throw new RangeError("no vault");
    const common = filesOf(a).filter((path) => filesOf(b).includes(path));
    expect(common).toEqual(["vault.json"]);
  });
});

describe("somebody who can write to a vault", () => {
  test("turns no bit of any file unseen", async () => {
    const { vault } = await afterRound();
    readAll(vault.directory);
    for (const path of filesOf(vault)) {
      const file = join(vault.directory, path);
      const good = readFileSync(file);
      const places = path === "vault.json" ? [60, good.length - 50, good.length - 10] : [3, 20, 44, good.length - 1];
      for (const at of places) {
        const bad = Buffer.from(good);
        bad.writeUInt8(bad.readUInt8(at) ^ 4, at);
        writeFileSync(file, bad);
        expect(() => {
          readAll(vault.directory);
        }, `${path} at ${at}`).toThrow(refusedBy("vault-invalid", "passphrase-wrong"));
      }
      writeFileSync(file, good);
    }
    readAll(vault.directory);
  });

  test("puts no file in another's place, in one round or another", async () => {
    const { vault, descriptor } = await afterRound();
    const files = filesOf(vault).filter((path) => path !== "vault.json");
    for (const [index, path] of files.entries()) {
      const [file, other] = [path, files[(index + 1) % files.length] ?? ""].map((name) => join(vault.directory, name));
      if (file === undefined || other === undefined) throw new RangeError("no file");
      renameSync(file, `${file}.kept`);
      copyFileSync(other, file);
      expect(() => {
        readAll(vault.directory);
      }, path).toThrow(refusedBy("vault-invalid"));
      renameSync(`${file}.kept`, file);
    }
    const before = new Set(filesOf(vault));
    vault.keepDescriptor({ ...descriptor, id: "2026-5" });
    const [second] = filesOf(vault).filter((path) => !before.has(path));
    const [firstFolder] = files.filter((path) => path.includes(sep));
    const folder = (firstFolder ?? "").split(sep)[0] ?? "";
    renameSync(join(vault.directory, folder), join(vault.directory, "aside"));
    renameSync(join(vault.directory, (second ?? "").split(sep)[0] ?? ""), join(vault.directory, folder));
    expect(vault.descriptor(ROUND)).toBeNull();
    expect(vault.rounds()).toEqual([]);
  });

  test("who has another vault under the same passphrase mixes nothing of it in", () => {
    const [a, b] = ["AT", "HR"].map((party) =>
      createVault(join(temporaryFolder(), party), makeIdentity(party), PASSPHRASE, LEAST_COST),
    );
    if (a === undefined || b === undefined) throw new RangeError("no vault");
    copyFileSync(join(b.directory, "vault.json"), join(a.directory, "vault.json"));
    expect(() => reopened(a)).toThrow(refusedBy("vault-invalid"));
  });
});

describe("a passphrase", () => {
  test("that is wrong opens nothing", async () => {
    const { vault } = await afterRound();
    expect(() => openVault(vault.directory, NEXT)).toThrow(refusedBy("passphrase-wrong"));
  });

  test("that is changed keeps everything readable, by the new one alone", async () => {
    const { vault } = await afterRound();
    const contents = () =>
      new Map(filesOf(vault).map((path) => [path, readFileSync(join(vault.directory, path), "hex")]));
    const before = contents();
    changeVaultPassphrase(vault.directory, PASSPHRASE, NEXT, LEAST_COST);
    const changed = [...contents()].filter(([path, content]) => before.get(path) !== content);
    expect(changed.map(([path]) => path)).toEqual(["vault.json"]);
    expect(() => openVault(vault.directory, PASSPHRASE)).toThrow(refusedBy("passphrase-wrong"));
    const again = openVault(vault.directory, NEXT);
    expect(again.identity).toEqual(vault.identity);
    expect(again.pairings(ROUND)).toEqual(vault.pairings(ROUND));
    expect(again.readHandleMap(ROUND, "HR")).toEqual(vault.readHandleMap(ROUND, "HR"));
    expect(() => {
      changeVaultPassphrase(vault.directory, PASSPHRASE, PASSPHRASE, LEAST_COST);
    }).toThrow(refusedBy("passphrase-wrong"));
  });
});
