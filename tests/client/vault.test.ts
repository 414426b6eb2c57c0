/**
 * The vault: modes, atomicity, what is never overwritten and what is destroyed.
 */
import {
  chmodSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { writeBatchFile } from "#client/batch-file.ts";
import { createFile, destroyFile, readLines, readPieces, replaceFile } from "#client/durable-file.ts";
import { createVault, openVault } from "#client/vault.ts";
import { makeIdentity } from "#engine/round/identity.ts";
import { makeRoundKey } from "#engine/round/keys.ts";
import { descriptorOf, identitiesOf, rosterOf } from "../engine/round/parties.ts";
import { temporaryFolder, vaultOf } from "./folders.ts";

const T1 = "B".repeat(42) + "A";
const HANDLES = ["A".repeat(22), "B".repeat(21) + "A"] as const;

function modesUnder(folder: string): Map<string, number> {
  const paths = readdirSync(folder, { recursive: true, encoding: "utf8" });
  return new Map(["", ...paths].map((path) => [path, statSync(join(folder, path)).mode & 0o777]));
}

function filledVault() {
  const identities = identitiesOf(["AT", "HR"]);
  const [identity] = identities;
  if (identity === undefined) throw new RangeError("no identity");
  const roster = rosterOf(identities);
  const vault = vaultOf(identity, roster);
  const descriptor = descriptorOf(roster);
  vault.keepDescriptor(descriptor);
  vault.keepTranscript("2026-4", T1);
  const key = makeRoundKey(identity, T1);
  vault.keepRoundSecret("2026-4", { publicKey: key.posted.publicKey, secret: key.secret });
  const keys = { keyTag: Buffer.alloc(32, 1), keyProof: Buffer.alloc(32, 2), keyId: "A".repeat(22) };
  vault.keepPairings("2026-4", [{ counterpart: "HR", ...keys }]);
  vault.provenanceSeed("2026-4");
  writeBatchFile(vault.prepareBatch("2026-4", "HR"), [Buffer.from("ba"), Buffer.from("tch")]);
  vault.writeHandleMap("2026-4", "HR", [{ handle: HANDLES[0], refs: ["AT-1", "AT-2"] }]);
  return { vault, roster, identity, descriptor };
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
    const again = openVault(vault.directory);
    expect(again.identity).toEqual(identity);
    expect(again.roster()).toEqual(roster);
    expect(again.rounds()).toEqual(["2026-4"]);
    expect(again.descriptor("2026-4")).toEqual(descriptor);
    expect(again.transcript("2026-4")).toBe(T1);
    expect(again.pairings("2026-4")).toEqual(vault.pairings("2026-4"));
    expect(again.provenanceSeed("2026-4")).toEqual(vault.provenanceSeed("2026-4"));
    expect(readFileSync(again.batchPath("2026-4", "HR"), "utf8")).toBe("batch");
    expect(again.readHandleMap("2026-4", "HR")).toEqual(new Map([[HANDLES[0], ["AT-1", "AT-2"]]]));
    expect(again.descriptor("2026-5")).toBeNull();
    expect(again.receipt("2026-5", "HR")).toBeNull();
    expect(again.rounds()).toEqual(["2026-4"]);
  });

  test("never overwrites an identity", () => {
    const directory = join(temporaryFolder(), "AT");
    const first = createVault(directory, makeIdentity("AT"));
    expect(() => createVault(directory, makeIdentity("AT"))).toThrow(expect.objectContaining({ code: "file-exists" }));
    expect(openVault(directory).identity).toEqual(first.identity);
    expect(readdirSync(directory)).toEqual(["identity.json"]);
  });

  test("that others can read, that is a link, or that is not there is refused", () => {
    const { vault } = filledVault();
    const link = join(temporaryFolder(), "link");
    symlinkSync(vault.directory, link);
    const refused = (path: string) => {
      expect(() => openVault(path)).toThrow(expect.objectContaining({ code: "vault-invalid" }));
    };
    refused(link);
    refused(join(vault.directory, "nothing"));
    chmodSync(join(vault.directory, "identity.json"), 0o640);
    refused(vault.directory);
    chmodSync(join(vault.directory, "identity.json"), 0o600);
    chmodSync(vault.directory, 0o750);
    refused(vault.directory);
  });

  test("with a broken identity is refused without quoting it", () => {
    const { vault, identity } = filledVault();
    const path = join(vault.directory, "identity.json");
    for (const broken of [readFileSync(path, "utf8").slice(0, -9), JSON.stringify({ ...identity, extra: 1 })]) {
      writeFileSync(path, broken);
      expect(() => openVault(vault.directory)).toThrow(expect.objectContaining({ code: "vault-invalid" }));
      expect(() => openVault(vault.directory)).not.toThrow(identity.signSecret);
    }
  });

  test("pins a roster once; another only when told to replace it; never one with other keys for its own party", () => {
    const { vault, roster, identity } = filledVault();
    vault.pinRoster(roster);
    const other = rosterOf([identity, ...identitiesOf(["MK"])]);
    expect(() => {
      vault.pinRoster(other);
    }).toThrow(expect.objectContaining({ code: "file-exists" }));
    expect(vault.roster()).toEqual(roster);
    vault.pinRoster(other, true);
    expect(vault.roster()).toEqual(other);
    expect(() => {
      vault.pinRoster(rosterOf(identitiesOf(["AT", "HR"])), true);
    }).toThrow(expect.objectContaining({ code: "vault-invalid" }));
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

  test("destroys a round's ephemeral secret and its K_tags, and keeps K_proof", () => {
    const { vault } = filledVault();
    const folder = join(vault.directory, "rounds", "2026-4");
    writeFileSync(join(folder, ".round-key.json.0123.tmp"), "left by a crash");
    vault.destroyRoundSecret("2026-4");
    vault.destroyTagKeys("2026-4");
    expect(vault.roundSecret("2026-4")).toBeNull();
    expect(vault.pairings("2026-4")).toMatchObject([{ keyTag: null, keyProof: new Uint8Array(32).fill(2) }]);
    expect(readdirSync(folder).sort()).toEqual([
      "batches",
      "descriptor.json",
      "pairings.json",
      "provenance.json",
      "transcript.json",
    ]);
    vault.destroyRoundSecret("2026-4");
  });

  test("takes no other batch or handle map once one was submitted", () => {
    const { vault } = filledVault();
    vault.keepReceipt("2026-4", "HR", { digest: T1, byteLength: 5 });
    const again = [
      () => writeBatchFile(vault.prepareBatch("2026-4", "HR"), []),
      () => {
        vault.writeHandleMap("2026-4", "HR", []);
      },
    ];
    for (const write of again) expect(write).toThrow(expect.objectContaining({ code: "file-exists" }));
    expect(vault.readHandleMap("2026-4", "HR").size).toBe(1);
  });

  test("drops the handle map of a batch that is written anew, so that the two never disagree", () => {
    const { vault } = filledVault();
    writeBatchFile(vault.prepareBatch("2026-4", "HR"), [Buffer.from("another")]);
    expect(vault.holdsHandleMap("2026-4", "HR")).toBe(false);
  });

  test("makes no path of an id that is none", () => {
    const { vault } = filledVault();
    expect(() => vault.descriptor("../../etc")).toThrow(expect.objectContaining({ code: "round-unknown" }));
    expect(() => vault.batchPath("2026-4", "../HR")).toThrow(RangeError);
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
    const entries = Array.from({ length: 50_000 }, (_, index) => ({ handle: handleOf(index), refs: [`Ž-${index}`] }));
    vault.writeHandleMap("2026-4", "HR", entries);
    const whole = vault.readHandleMap("2026-4", "HR");
    expect(whole.size).toBe(50_000);
    for (const { handle, refs } of entries) if (whole.get(handle)?.[0] !== refs[0]) throw new RangeError(handle);
    const some = vault.readHandleMap("2026-4", "HR", new Set([handleOf(7), HANDLES[1]]));
    expect(some).toEqual(new Map([[handleOf(7), ["Ž-7"]]]));
  });

  test("with a line that is none is refused by its number, without its text", () => {
    const { vault } = filledVault();
    const path = join(vault.directory, "rounds", "2026-4", "batches", "HR.handles.jsonl");
    const good = readFileSync(path, "utf8");
    for (const bad of ["SECRET", '{"handle":"SECRET","refs":[]}', good.trim()]) {
      writeFileSync(path, `${good}${bad}\n`);
      expect(() => vault.readHandleMap("2026-4", "HR")).toThrow(/^vault-invalid: .*:2 /);
      expect(() => vault.readHandleMap("2026-4", "HR")).not.toThrow(/SECRET/);
    }
  });
});

describe("a durable file", () => {
  test("stays as it was, with nothing beside it, when writing its replacement fails", () => {
    const folder = temporaryFolder();
    const path = join(folder, "file");
    createFile(path, [Buffer.from("first")]);
    const failing = function* (): Generator<Uint8Array> {
      yield Buffer.from("sec");
      throw new RangeError("out of luck");
    };
    expect(() => {
      replaceFile(path, failing());
    }).toThrow("out of luck");
    expect(readFileSync(path, "utf8")).toBe("first");
    expect(readdirSync(folder)).toEqual(["file"]);
  });

  test("is overwritten before it is removed", () => {
    const folder = temporaryFolder();
    createFile(join(folder, "secret"), [new Uint8Array([1, 2, 3])]);
    linkSync(join(folder, "secret"), join(folder, "same-bytes"));
    destroyFile(join(folder, "secret"));
    expect(readdirSync(folder)).toEqual(["same-bytes"]);
    expect(readFileSync(join(folder, "same-bytes"))).toEqual(Buffer.alloc(3));
  });

  test("is destroyed even if it is empty, and destroying nothing is nothing", () => {
    const folder = temporaryFolder();
    mkdirSync(join(folder, "sub"));
    createFile(join(folder, "empty"), []);
    destroyFile(join(folder, "empty"));
    destroyFile(join(folder, "empty"));
    destroyFile(join(folder, "nowhere", "file"));
    expect(readdirSync(folder)).toEqual(["sub"]);
  });

  test("is read in pieces and lines whatever their lengths", () => {
    const path = join(temporaryFolder(), "file");
    const text = `${"ž".repeat(700_000)}\n\nlast`;
    createFile(path, [Buffer.from(text)]);
    expect([...readLines(path)]).toEqual(text.split("\n"));
    const lengths = [...readPieces(path, 400_000)].map((piece) => piece.length);
    expect(lengths).toEqual([400_000, 400_000, 400_000, 200_006]);
    expect(() => [...readPieces(join(path, "x"), 1)]).toThrow(expect.objectContaining({ code: "file-unreadable" }));
  });
});
