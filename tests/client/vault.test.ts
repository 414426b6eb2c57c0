/**
 * The vault: modes, atomicity, what is never overwritten and what is destroyed.
 */
import { chmodSync, readdirSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { readHandleLines } from "#client/handle-map.ts";
import { LEAST_COST } from "#client/passphrase-box.ts";
import { createVault, openVault, type Vault } from "#client/vault.ts";
import { makeIdentity } from "#engine/round/identity.ts";
import { makeRoundKey } from "#engine/round/keys.ts";
import { signRoster, type Roster } from "#engine/round/roster.ts";
import { castOf } from "#fixtures/cast.ts";
import { descriptorOf, identitiesOf, rosterOf, SECRETARIAT } from "../engine/round/parties.ts";
import { PASSPHRASE, reopened, temporaryFolder, vaultOf, writeRawBatch } from "./folders.ts";

const T1 = "B".repeat(42) + "A";
const HANDLES = ["A".repeat(22), "B".repeat(21) + "A"] as const;
const ENTRY = { handle: HANDLES[0], refs: ["AT-1", "AT-2"], row: 0 };

function modesUnder(folder: string): Map<string, number> {
  const paths = readdirSync(folder, { recursive: true, encoding: "utf8" });
  return new Map(["", ...paths].map((path) => [path, statSync(join(folder, path)).mode & 0o777]));
}

/** The one folder of the one round. */
function roundFolder(vault: Vault): string {
  const [folder] = readdirSync(vault.directory, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  return join(vault.directory, folder?.name ?? "");
}

function filesIn(folder: string): Set<string> {
  return new Set(readdirSync(folder));
}

function filledVault() {
  const identities = identitiesOf(["AT", "HR"]);
  const [identity] = identities;
  if (identity === undefined) throw new RangeError("no identity");
  const { roster, operators } = castOf(identities, SECRETARIAT);
  const vault = vaultOf(identity, roster);
  const descriptor = descriptorOf(identities, roster);
  vault.keepDescriptor(descriptor);
  vault.keepTranscript("2026-4", T1);
  const key = makeRoundKey(identity, T1);
  vault.keepRoundSecret("2026-4", { publicKey: key.posted.publicKey, secret: key.secret });
  const keys = {
    keyTag: Buffer.alloc(32, 1),
    keyProof: Buffer.alloc(32, 2),
    keyNotice: Buffer.alloc(32, 3),
    keyId: "A".repeat(22),
  };
  vault.keepPairings("2026-4", [{ counterpart: "HR", ...keys }]);
  vault.provenanceSeed("2026-4");
  writeRawBatch(vault, "2026-4", "HR", [Buffer.from("ba"), Buffer.from("tch")]);
  vault.writeHandleMap("2026-4", "HR", [ENTRY]);
  return { vault, roster, operators, identity, descriptor };
}

describe("a vault", () => {
  test("has folders of mode 700 and files of mode 600, whatever the umask", () => {
    const before = process.umask(0);
    try {
      const { vault } = filledVault();
      for (const [path, mode] of modesUnder(vault.directory))
        expect(`${path} ${mode.toString(8)}`).toBe(
          `${path} ${statSync(join(vault.directory, path)).isDirectory() ? "700" : "600"}`,
        );
    } finally {
      process.umask(before);
    }
  });

  test("gives back what was kept, when opened anew", () => {
    const { vault, roster, identity, descriptor } = filledVault();
    const again = reopened(vault);
    expect(again.identity).toEqual(identity);
    expect(again.roster()).toEqual(roster);
    expect(again.rounds()).toEqual(["2026-4"]);
    expect(again.descriptor("2026-4")).toEqual(descriptor);
    expect(again.transcript("2026-4")).toBe(T1);
    expect(again.pairings("2026-4")).toEqual(vault.pairings("2026-4"));
    expect(again.provenanceSeed("2026-4")).toEqual(vault.provenanceSeed("2026-4"));
    expect(Buffer.concat([...again.readBatch("2026-4", "HR")]).toString()).toBe("batch");
    expect(again.batchByteLength("2026-4", "HR")).toBe(5);
    expect(again.readHandleMap("2026-4", "HR")).toEqual(new Map([[ENTRY.handle, ENTRY]]));
    expect(again.descriptor("2026-5")).toBeNull();
    expect(again.receipt("2026-5", "HR")).toBeNull();
    expect(again.rounds()).toEqual(["2026-4"]);
  });

  test("never overwrites a vault, in whichever form", () => {
    const directory = join(temporaryFolder(), "AT");
    const create = () => createVault(directory, makeIdentity("AT"), PASSPHRASE, LEAST_COST);
    const first = create();
    const files = readdirSync(directory);
    expect(create).toThrow(expect.objectContaining({ code: "file-exists" }));
    expect(reopened(first).identity).toEqual(first.identity);
    expect(readdirSync(directory)).toEqual(files);
  });

  test("that others can read, that is a link, or that is not there is refused", () => {
    const { vault } = filledVault();
    const link = join(temporaryFolder(), "link");
    symlinkSync(vault.directory, link);
    const refused = (path: string) => {
      expect(() => openVault(path, PASSPHRASE)).toThrow(expect.objectContaining({ code: "vault-invalid" }));
    };
    refused(link);
    refused(join(vault.directory, "nothing"));
    chmodSync(join(vault.directory, "vault.json"), 0o640);
    refused(vault.directory);
    chmodSync(join(vault.directory, "vault.json"), 0o600);
    chmodSync(vault.directory, 0o750);
    refused(vault.directory);
  });

  test("in the clear, of a version before passphrases, is refused without quoting it, and is no place for a new one", () => {
    const directory = temporaryFolder();
    const identity = makeIdentity("AT");
    writeFileSync(join(directory, "identity.json"), JSON.stringify(identity), { mode: 0o600 });
    const open = () => openVault(directory, PASSPHRASE);
    expect(open).toThrow(/^vault-invalid: .* in the clear, .*aquila key make/);
    expect(open).not.toThrow(identity.signSecret);
    expect(() => createVault(directory, identity, PASSPHRASE, LEAST_COST)).toThrow(
      expect.objectContaining({ code: "file-exists" }),
    );
  });

  test("cannot be used once it is closed", () => {
    const { vault } = filledVault();
    vault.close();
    expect(() => vault.roster()).toThrow(RangeError);
    expect(() => {
      vault.keepTranscript("2026-5", T1);
    }).toThrow(RangeError);
  });

  test("takes the next roster, one with other keys only as they are accepted, never other ones for its own party", () => {
    const { vault, roster, identity, operators } = filledVault();
    vault.pinRoster(roster);
    const refused = (next: Roster, code: string, accepted?: string[]) => {
      expect(() => {
        vault.pinRoster(next, accepted);
      }).toThrow(expect.objectContaining({ code }));
      expect(vault.roster()).toEqual(roster);
    };
    const other = [identity, ...identitiesOf(["HR"])];
    refused(rosterOf(other), "roster-invalid");
    const next = castOf(other, SECRETARIAT).roster;
    const signed = operators.reduce(signRoster, { ...roster, parties: next.parties, serial: 2, signatures: [] });
    refused(operators.reduce(signRoster, { ...signed, serial: 1, signatures: [] }), "roster-invalid");
    refused(signed, "roster-key-changed");
    refused(signed, "roster-key-changed", ["AT"]);
    refused(rosterOf(identitiesOf(["AT", "HR"])), "vault-invalid");
    refused(rosterOf(identitiesOf(["HR", "MK"])), "vault-invalid");
    vault.pinRoster(signed, ["HR"]);
    expect(vault.roster()).toEqual(signed);
  });

  test("keeps the first descriptor, T1, secret and seed of a round", () => {
    const { vault, descriptor } = filledVault();
    expect(() => {
      vault.keepDescriptor({ ...descriptor, purpose: "another" });
    }).toThrow(expect.objectContaining({ code: "round-descriptor-invalid" }));
    expect(() => {
      vault.keepTranscript("2026-4", "C".repeat(42) + "A");
    }).toThrow(expect.objectContaining({ code: "round-confirmation-failed" }));
    const kept = vault.roundSecret("2026-4");
    expect(vault.keepRoundSecret("2026-4", { publicKey: T1, secret: T1 })).toEqual(kept);
  });

  test("destroys a round's ephemeral secret and its K_tags, and K_proof only later", () => {
    const { vault } = filledVault();
    const folder = roundFolder(vault);
    const before = filesIn(folder);
    vault.destroyRoundSecret("2026-4");
    const [secretFile] = [...before].filter((name) => !filesIn(folder).has(name));
    writeFileSync(join(folder, `.${secretFile ?? ""}.0123.tmp`), "left by a crash");
    vault.destroyRoundSecret("2026-4");
    vault.destroyTagKeys("2026-4");
    expect(vault.roundSecret("2026-4")).toBeNull();
    expect(vault.pairings("2026-4")).toMatchObject([{ keyTag: null, keyProof: new Uint8Array(32).fill(2) }]);
    expect(filesIn(folder).size).toBe(before.size - 2);
    vault.destroyRoundSecret("2026-4");
    vault.destroyProofKeys("2026-4");
    expect(vault.pairings("2026-4")).toMatchObject([{ keyTag: null, keyProof: null, keyNotice: null }]);
  });

  test("takes no other batch or handle map once one was submitted", () => {
    const { vault } = filledVault();
    vault.keepReceipt("2026-4", "HR", { digest: T1, byteLength: 5 });
    const again = [
      () => {
        vault.prepareBatch("2026-4", "HR");
      },
      () => {
        vault.writeHandleMap("2026-4", "HR", []);
      },
    ];
    for (const write of again) expect(write).toThrow(expect.objectContaining({ code: "file-exists" }));
    expect(vault.readHandleMap("2026-4", "HR").size).toBe(1);
  });

  test("drops the handle map of a batch that is written anew, so that the two never disagree", () => {
    const { vault } = filledVault();
    writeRawBatch(vault, "2026-4", "HR", [Buffer.from("another")]);
    expect(vault.holdsHandleMap("2026-4", "HR")).toBe(false);
  });

  test("keeps the batch before when writing another one fails, and nothing half-written", () => {
    const { vault } = filledVault();
    const files = filesIn(roundFolder(vault));
    const failing = function* (): Generator<Uint8Array> {
      yield Buffer.alloc(3_000_000);
      throw new RangeError("out of luck");
    };
    expect(() => {
      writeRawBatch(vault, "2026-4", "HR", failing());
    }).toThrow("out of luck");
    expect(Buffer.concat([...vault.readBatch("2026-4", "HR")]).toString()).toBe("batch");
    expect([...filesIn(roundFolder(vault))].filter((name) => !files.has(name))).toEqual([]);
  });

  test("makes no path of an id that is none", () => {
    const { vault } = filledVault();
    expect(() => vault.descriptor("../../etc")).toThrow(expect.objectContaining({ code: "round-unknown" }));
    expect(() => vault.readBatch("2026-4", "../HR")).toThrow(RangeError);
    expect(() => {
      vault.forgetRound("");
    }).toThrow(expect.objectContaining({ code: "round-unknown" }));
  });

  test("forgets a round whole, and nothing else", () => {
    const { vault, descriptor } = filledVault();
    vault.keepDescriptor({ ...descriptor, id: "2026-5" });
    vault.forgetRound("2026-4");
    vault.forgetRound("2026-4");
    expect(vault.rounds()).toEqual(["2026-5"]);
    expect(vault.pairings("2026-4")).toBeNull();
    expect(vault.holdsHandleMap("2026-4", "HR")).toBe(false);
    expect(vault.roster().parties.length).toBe(2);
    expect(reopened(vault).descriptor("2026-5")?.id).toBe("2026-5");
  });
});

describe("a handle map", () => {
  test("of 50,000 entries comes back whole, or only as far as wanted", () => {
    const { vault } = filledVault();
    const handleOf = (index: number) => {
      const bytes = Buffer.alloc(16);
      bytes.writeUInt32BE(index);
      return bytes.toString("base64url");
    };
    const entries = Array.from({ length: 50_000 }, (_, index) => ({
      handle: handleOf(index),
      refs: [`Ž-${index}`],
      row: index,
    }));
    vault.writeHandleMap("2026-4", "HR", entries);
    const whole = vault.readHandleMap("2026-4", "HR");
    expect(whole.size).toBe(50_000);
    for (const { handle, refs } of entries) if (whole.get(handle)?.refs[0] !== refs[0]) throw new RangeError(handle);
    const some = vault.readHandleMap("2026-4", "HR", new Set([handleOf(7), HANDLES[1]]));
    expect(some).toEqual(new Map([[handleOf(7), entries[7]]]));
  });

  test("with a line that is none is refused by its number, without its text", () => {
    const good = JSON.stringify(ENTRY);
    for (const bad of ["SECRET", '{"handle":"SECRET","refs":[]}', good]) {
      const read = () => readHandleLines([Buffer.from(`${good}\n${bad}\n`)], "the map");
      expect(read).toThrow(/^vault-invalid: the map, line 2 /);
      expect(read).not.toThrow(/SECRET/);
    }
  });
});
