/**
 * Passphrase boxes, and the identities and vault keys in them.
 */
import { argon2Sync, createDecipheriv } from "node:crypto";
import { readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { boxFile, LEAST_COST, openBox, PassphraseBox, readBox, sealBox, USUAL_COST } from "#client/passphrase-box.ts";
import { changeBoxPassphrase, createIdentityFile, openIdentityFile, STAFF_FILE } from "#client/sealed-identity.ts";
import { canonicalBytes } from "#engine/canonical-json.ts";
import { makeStaffIdentity } from "#engine/round/identity.ts";
import { PASSPHRASE, temporaryFolder } from "./folders.ts";

const OTHER = new TextEncoder().encode("incorrect donkey battery staple");
const CONTENT = Buffer.from("a secret of 32 bytes, or about so");
const refused = (code: string) => expect.objectContaining({ code }) as Error;

describe("a passphrase box", () => {
  test("is as docs/spec/vault.md says: Argon2id, then AES-256-GCM over all that is outside", () => {
    const box = sealBox("vault-key", CONTENT, PASSPHRASE);
    expect(box.argon2id).toMatchObject({ lanes: 4, memoryKib: 65_536, passes: 3 });
    const key = argon2Sync("argon2id", {
      message: PASSPHRASE,
      nonce: Buffer.from(box.argon2id.salt, "base64url"),
      memory: 65_536,
      passes: 3,
      parallelism: 4,
      tagLength: 32,
    });
    const sealed = Buffer.from(box.sealed, "base64url");
    const { argon2id, format, holds } = box;
    const decipher = createDecipheriv("aes-256-gcm", key, sealed.subarray(0, 12))
      .setAAD(canonicalBytes({ argon2id, format, holds }))
      .setAuthTag(sealed.subarray(-16));
    expect(Buffer.concat([decipher.update(sealed.subarray(12, -16)), decipher.final()])).toEqual(CONTENT);
  });

  test("opens under its passphrase alone, and leaves that as it was", () => {
    const box = sealBox("vault-key", CONTENT, PASSPHRASE, LEAST_COST);
    expect(Buffer.from(openBox(box, PASSPHRASE, "it"))).toEqual(CONTENT);
    expect(Buffer.from(PASSPHRASE).toString()).toBe("correct horse battery staple");
    for (const wrong of [OTHER, PASSPHRASE.subarray(1), new Uint8Array(0)])
      expect(() => openBox(box, wrong, "it")).toThrow(refused("passphrase-wrong"));
  });

  test("with a member changed does not open", () => {
    const box = sealBox("vault-key", CONTENT, PASSPHRASE, LEAST_COST);
    const turned = (text: string, at: number) =>
      `${text.slice(0, at)}${text[at] === "A" ? "B" : "A"}${text.slice(at + 1)}`;
    const changed: PassphraseBox[] = [
      { ...box, holds: "party-identity" },
      { ...box, argon2id: { ...box.argon2id, passes: 3 } },
      { ...box, argon2id: { ...box.argon2id, memoryKib: 19_457 } },
      { ...box, argon2id: { ...box.argon2id, salt: turned(box.argon2id.salt, 3) } },
      ...[0, 15, 20, 40, box.sealed.length - 2].map((at) => ({ ...box, sealed: turned(box.sealed, at) })),
    ];
    for (const each of changed) expect(() => openBox(each, PASSPHRASE, "it")).toThrow(refused("passphrase-wrong"));
  });

  test("with a cost beyond the format's bounds, another shape or another spelling is refused before any work", () => {
    const box = sealBox("vault-key", CONTENT, PASSPHRASE, LEAST_COST);
    const { argon2id } = box;
    const spare = box.sealed.length % 4 === 0 ? "" : box.sealed.slice(0, -1);
    const path = join(temporaryFolder(), "box");
    const cases: unknown[] = [
      { ...box, argon2id: { ...argon2id, memoryKib: 19_455 } },
      { ...box, argon2id: { ...argon2id, memoryKib: 1_048_577 } },
      { ...box, argon2id: { ...argon2id, passes: 1 } },
      { ...box, argon2id: { ...argon2id, passes: 17 } },
      { ...box, argon2id: { ...argon2id, lanes: 0 } },
      { ...box, argon2id: { ...argon2id, lanes: 17 } },
      { ...box, argon2id: { ...argon2id, salt: "AAAA" } },
      { ...box, format: "aquila/passphrase-box/v2" },
      { ...box, extra: 1 },
      { ...box, sealed: `${spare}==` },
    ];
    for (const each of cases) {
      writeFileSync(path, JSON.stringify(each), { mode: 0o600 });
      expect(() => readBox(path, "vault-key", "it")).toThrow(refused("vault-invalid"));
    }
    writeFileSync(path, boxFile(box));
    expect(readBox(path, "vault-key", "it")).toEqual(box);
    expect(() => readBox(path, "party-identity", "it")).toThrow(refused("vault-invalid"));
  });

  test("has a usual cost within the bounds, above the least", () => {
    expect(USUAL_COST.memoryKib * USUAL_COST.passes).toBeGreaterThan(LEAST_COST.memoryKib * LEAST_COST.passes);
  });
});

describe("an operator's identity file", () => {
  test("opens under its passphrase, is for its owner's eyes, and holds nothing in the clear", () => {
    const path = join(temporaryFolder(), "anna.json");
    const anna = makeStaffIdentity("operator", "anna");
    createIdentityFile(path, STAFF_FILE, anna, PASSPHRASE, LEAST_COST);
    expect(openIdentityFile(path, STAFF_FILE, PASSPHRASE)).toEqual(anna);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    const text = readFileSync(path, "utf8");
    for (const part of [anna.id, anna.signKey, anna.signSecret]) expect(text).not.toContain(part);
    expect(() => {
      createIdentityFile(path, STAFF_FILE, anna, PASSPHRASE, LEAST_COST);
    }).toThrow(refused("file-exists"));
  });

  test("takes another passphrase; the old one and a wrong one change nothing", () => {
    const path = join(temporaryFolder(), "anna.json");
    const anna = makeStaffIdentity("operator", "anna");
    createIdentityFile(path, STAFF_FILE, anna, PASSPHRASE, LEAST_COST);
    changeBoxPassphrase(path, STAFF_FILE, PASSPHRASE, OTHER, LEAST_COST);
    expect(openIdentityFile(path, STAFF_FILE, OTHER)).toEqual(anna);
    expect(() => openIdentityFile(path, STAFF_FILE, PASSPHRASE)).toThrow(refused("passphrase-wrong"));
    const before = readFileSync(path);
    expect(() => {
      changeBoxPassphrase(path, STAFF_FILE, PASSPHRASE, PASSPHRASE, LEAST_COST);
    }).toThrow(refused("passphrase-wrong"));
    expect(readFileSync(path)).toEqual(before);
  });

  test("in the clear, of a version before passphrases, is refused without quoting it", () => {
    const path = join(temporaryFolder(), "anna.json");
    const anna = makeStaffIdentity("operator", "anna");
    writeFileSync(path, JSON.stringify(anna), { mode: 0o600 });
    const open = () => openIdentityFile(path, STAFF_FILE, PASSPHRASE);
    expect(open).toThrow(/^vault-invalid: .* in the clear, .*aquila key make/);
    expect(open).not.toThrow(anna.signSecret);
  });
});
