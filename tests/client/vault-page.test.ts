/**
 * The worked example of docs/spec/vault.md, which was made without this code.
 */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { openBox, readBox } from "#client/passphrase-box.ts";
import { OWN, SealedFolder } from "#client/sealed-folder.ts";
import { PASSPHRASE, temporaryFolder } from "./folders.ts";

const PAGE = readFileSync(new URL("../../docs/spec/vault.md", import.meta.url), "utf8");
const KEY = Uint8Array.from({ length: 32 }, (_, at) => at);

/** @returns What the pattern's group finds on the page, each once, in order. */
function onPage(pattern: RegExp): string[] {
  return [...new Set([...PAGE.matchAll(pattern)].map(([, found = ""]) => found))];
}

test("the page's box opens, and its file lies under its name", () => {
  const folder = temporaryFolder();
  const [box = ""] = onPage(/```json\n(.*)\n```/g);
  writeFileSync(join(folder, "vault.json"), box, { mode: 0o600 });
  const key = openBox(readBox(join(folder, "vault.json"), "vault-key", "it"), PASSPHRASE, "it");
  expect(new Uint8Array(key)).toEqual(KEY);

  const [identity = "", round = "", batch = ""] = onPage(/`([0-9a-f]{32})`/g);
  const [hexadecimal = ""] = onPage(/```text\n([0-9a-f\n]*)```/g);
  mkdirSync(join(folder, round));
  writeFileSync(join(folder, round, batch), Buffer.from(hexadecimal.replaceAll("\n", ""), "hex"));
  writeFileSync(join(folder, identity), "");
  const files = new SealedFolder(folder, key);
  expect(Buffer.concat([...files.readPieces("2026-4", "HR.batch")]).toString()).toBe("not a batch");
  expect(files.byteLength("2026-4", "HR.batch")).toBe(11);
  expect(files.has(OWN, "identity.json")).toBe(true);
});
