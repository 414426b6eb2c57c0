/**
 * Keys under lock: passphrases at a terminal and on descriptors, their change, backup, restore, and forgetting a round.
 */
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, describe, expect, test } from "vitest";
import { LEAST_COST, openBox, readBox } from "#client/passphrase-box.ts";
import { createIdentityFile, STAFF_FILE } from "#client/sealed-identity.ts";
import { createVault, openVault } from "#client/vault.ts";
import { canonicalBytes } from "#engine/canonical-json.ts";
import type { RoundDescriptor } from "#engine/round/descriptor.ts";
import { makeIdentity, makeStaffIdentity } from "#engine/round/identity.ts";
import { descriptorOf, identitiesOf, rosterOf } from "../../engine/round/parties.ts";
import { PASSPHRASE, temporaryFolder } from "../folders.ts";
import { runAquila, typeAtAquila, type Outcome } from "./command-line.ts";

const OLD = new TextDecoder().decode(PASSPHRASE);
const NEW = "another horse, another battery";
const BACKUP = "a third horse for the safe";
const utf8 = (text: string) => new TextEncoder().encode(text);

let folder = "";
beforeEach(() => {
  folder = temporaryFolder();
});

function aquila(args: readonly string[], ...passphrases: readonly string[]): Promise<Outcome> {
  return runAquila(folder, args, passphrases);
}

async function expectFailure(outcome: Promise<Outcome>, code: string): Promise<string> {
  const { exitCode, stdout, stderr } = await outcome;
  expect([exitCode, stdout, stderr]).toEqual([3, "", expect.stringMatching(`^aquila: ${code}: `)]);
  return stderr;
}

/** A vault of AT that knows a round, with secrets of it. */
function vaultInRound(change: Partial<RoundDescriptor> = {}) {
  const identities = identitiesOf(["AT", "HR"]);
  const [identity] = identities;
  if (identity === undefined) throw new RangeError("no identity");
  const roster = rosterOf(identities);
  const vault = createVault(join(folder, "at"), identity, PASSPHRASE, LEAST_COST);
  vault.pinRoster(roster);
  vault.keepDescriptor(descriptorOf(identities, roster, change));
  const secrets = {
    keyTag: Buffer.alloc(32, 1),
    keyProof: Buffer.alloc(32, 2),
    keyNotice: Buffer.alloc(32, 3),
    keyId: "A".repeat(22),
  };
  vault.keepPairings("2026-4", [{ counterpart: "HR", ...secrets }]);
  return vault;
}

describe("at a terminal", () => {
  test("key make asks twice, says that nobody can recover it, and shows nothing of it", async () => {
    const args = ["key", "make", "--party", "AT", "--vault", "at"];
    const { exitCode, stdout } = await typeAtAquila(folder, args, [OLD, OLD]);
    expect([exitCode, stdout]).toEqual([0, expect.stringContaining("Nobody can recover it")]);
    expect(stdout).not.toContain("horse");
    const { identity } = openVault(join(folder, "at"), PASSPHRASE);
    expect(stdout).toContain(identity.signKey);
    const shown = await typeAtAquila(folder, ["key", "show", "--vault", "at"], [OLD]);
    expect([shown.exitCode, shown.stdout]).toEqual([0, expect.stringContaining(identity.signKey)]);
    expect(shown.stdout).not.toContain("horse");
    const wrong = await typeAtAquila(folder, ["key", "show", "--vault", "at"], [NEW]);
    expect([wrong.exitCode, wrong.stdout]).toEqual([3, expect.stringContaining("passphrase-wrong")]);
  });

  test("two that differ, and a short one, make no vault", async () => {
    const args = ["key", "make", "--party", "AT", "--vault", "at"];
    for (const typed of [
      [OLD, NEW],
      ["short", "short"],
    ]) {
      const { exitCode, stdout } = await typeAtAquila(folder, args, typed);
      expect([exitCode, stdout]).toEqual([3, expect.stringContaining("passphrase-invalid")]);
    }
    expect(existsSync(join(folder, "at"))).toBe(false);
  });

  test("key passphrase asks for the old one, then twice for the new one", async () => {
    createVault(join(folder, "at"), makeIdentity("AT"), PASSPHRASE, LEAST_COST);
    const { exitCode } = await typeAtAquila(folder, ["key", "passphrase", "--vault", "at"], [OLD, NEW, NEW]);
    expect(exitCode).toBe(0);
    expect(openVault(join(folder, "at"), utf8(NEW)).identity.party).toBe("AT");
  });
});

describe("without a terminal", () => {
  test("a passphrase that is not given is refused, and what has to be there is looked for first", async () => {
    createVault(join(folder, "at"), makeIdentity("AT"), PASSPHRASE, LEAST_COST);
    expect(await expectFailure(aquila(["key", "show", "--vault", "at"]), "passphrase-invalid")).toContain(
      "--passphrase-fd",
    );
    await expectFailure(aquila(["key", "show", "--vault", "nowhere"]), "vault-invalid");
    await expectFailure(aquila(["key", "show", "--identity", "nowhere"]), "vault-invalid");
    await expectFailure(aquila(["key", "make", "--party", "AT", "--vault", "at"]), "file-exists");
    await expectFailure(aquila(["key", "backup", "--vault", "at", "--out", "at/vault.json"]), "file-exists");
  });

  test("a vault and an operator's identity in the clear, of an earlier version, are refused with what to do", async () => {
    writeFileSync(join(folder, "identity.json"), JSON.stringify(makeIdentity("AT")), { mode: 0o600 });
    writeFileSync(join(folder, "anna.json"), JSON.stringify(makeStaffIdentity("operator", "anna")), { mode: 0o600 });
    for (const args of [
      ["--vault", "."],
      ["--identity", "anna.json"],
    ])
      expect(await expectFailure(aquila(["key", "show", ...args], OLD), "vault-invalid")).toContain("aquila key make");
  });

  test("a wrong passphrase is refused, in words and as a problem", async () => {
    createVault(join(folder, "at"), makeIdentity("AT"), PASSPHRASE, LEAST_COST);
    await expectFailure(aquila(["key", "show", "--vault", "at"], NEW), "passphrase-wrong");
    const { stdout } = await aquila(["key", "show", "--vault", "at", "--json"], NEW);
    expect(JSON.parse(stdout)).toMatchObject({ code: "passphrase-wrong" });
  });
});

describe("key passphrase", () => {
  test("changes a vault's: all stays readable, and the old one opens nothing", async () => {
    const vault = vaultInRound();
    const args = ["key", "passphrase", "--vault", "at", "--new-passphrase-fd", "4"];
    expect((await aquila(args, OLD, NEW)).exitCode).toBe(0);
    await expectFailure(aquila(["roster", "show", "--vault", "at"], OLD), "passphrase-wrong");
    expect((await aquila(["roster", "show", "--vault", "at"], NEW)).exitCode).toBe(0);
    expect(openVault(join(folder, "at"), utf8(NEW)).pairings("2026-4")).toEqual(vault.pairings("2026-4"));
    await expectFailure(aquila(args, OLD, OLD), "passphrase-wrong");
    await expectFailure(aquila(args, NEW, "short"), "passphrase-invalid");
  });

  test("changes an operator's", async () => {
    createIdentityFile(
      join(folder, "anna.json"),
      STAFF_FILE,
      makeStaffIdentity("operator", "anna"),
      PASSPHRASE,
      LEAST_COST,
    );
    const args = ["key", "passphrase", "--identity", "anna.json", "--new-passphrase-fd", "4"];
    expect((await aquila(args, OLD, NEW)).exitCode).toBe(0);
    await expectFailure(aquila(["key", "show", "--identity", "anna.json"], OLD), "passphrase-wrong");
    expect((await aquila(["key", "show", "--identity", "anna.json"], NEW)).exitCode).toBe(0);
  });
});

describe("a backup", () => {
  test("holds the identity under its own passphrase, and nothing of any round", async () => {
    const { identity } = vaultInRound();
    const args = ["key", "backup", "--vault", "at", "--out", "at.backup", "--backup-passphrase-fd", "4"];
    expect((await aquila(args, OLD, BACKUP)).exitCode).toBe(0);
    expect(statSync(join(folder, "at.backup")).mode & 0o777).toBe(0o600);
    const box = readBox(join(folder, "at.backup"), "party-identity", "the backup");
    expect(Buffer.from(openBox(box, utf8(BACKUP), "the backup"))).toEqual(Buffer.from(canonicalBytes(identity)));
    expect(() => openBox(box, PASSPHRASE, "the backup")).toThrow(expect.objectContaining({ code: "passphrase-wrong" }));
    const text = readFileSync(join(folder, "at.backup"), "utf8");
    for (const secret of [identity.signSecret, identity.boxSecret, identity.signKey])
      expect(text).not.toContain(secret);
  });

  test("becomes a new vault with the same keys and no round, under a passphrase of the vault's own", async () => {
    const { identity } = vaultInRound();
    await aquila(["key", "backup", "--vault", "at", "--out", "at.backup", "--backup-passphrase-fd", "4"], OLD, BACKUP);
    const args = ["key", "restore", "at.backup", "--vault", "again", "--backup-passphrase-fd", "4"];
    const restored = await aquila(args, NEW, BACKUP);
    expect([restored.exitCode, restored.stdout]).toEqual([0, expect.stringContaining(identity.signKey)]);
    const again = openVault(join(folder, "again"), utf8(NEW));
    expect(again.identity).toEqual(identity);
    expect(again.rounds()).toEqual([]);
    expect(readdirSync(join(folder, "again"))).toHaveLength(2);
    await expectFailure(aquila(args, NEW, BACKUP), "file-exists");
    const elsewhere = ["key", "restore", "at.backup", "--vault", "third", "--backup-passphrase-fd", "4"];
    await expectFailure(aquila(elsewhere, NEW, OLD), "passphrase-wrong");
    await expectFailure(aquila(["key", "restore", "at/vault.json", ...elsewhere.slice(3)], NEW, OLD), "vault-invalid");
    expect(existsSync(join(folder, "third"))).toBe(false);
  });
});

test("forget destroys what the vault keeps of a round that is over", async () => {
  const names = ["keys", "submission", "seals", "release", "acknowledgements", "answers", "followUp"] as const;
  const past = names.map((name, at) => [name, `201${at}-01-01T00:00:00Z`]);
  vaultInRound({ deadlines: Object.fromEntries(past) as RoundDescriptor["deadlines"] });
  const { exitCode } = await aquila(["forget", "--vault", "at", "--round", "2026-4"], OLD);
  expect(exitCode).toBe(0);
  expect(openVault(join(folder, "at"), PASSPHRASE).rounds()).toEqual([]);
  expect(readdirSync(join(folder, "at"))).toHaveLength(3);
});
