/**
 * Encrypted files: bound to their place, whole or not there.
 */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { makeDataKey } from "#server/data-key.ts";
import { chunkContext, freshFileName, packageContext, readEncrypted, writeEncrypted } from "#server/encrypted-file.ts";

const KEY = makeDataKey();
const PLACE = { round: "round-1", from: "AT", to: "HR", index: 1, path: "/data/rounds/round-1/aa" };
const CONTEXT = chunkContext(PLACE);
const PLAIN = new TextEncoder().encode("a chunk of a batch");

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "aquila-files-"));
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

async function written(): Promise<string> {
  const name = freshFileName();
  await writeEncrypted(folder, name, KEY, CONTEXT, PLAIN);
  return name;
}

describe("an encrypted file", () => {
  it("opens where it belongs", async () => {
    expect(await readEncrypted(folder, await written(), KEY, CONTEXT)).toEqual(Buffer.from(PLAIN));
  });

  it.each<[string, Uint8Array]>([
    ["of another round", chunkContext({ ...PLACE, round: "round-2", from: "AT", to: "HR", index: 1 })],
    ["of another sender", chunkContext({ ...PLACE, round: "round-1", from: "SI", to: "HR", index: 1 })],
    ["of another recipient", chunkContext({ ...PLACE, round: "round-1", from: "AT", to: "SI", index: 1 })],
    ["of the other direction", chunkContext({ ...PLACE, round: "round-1", from: "HR", to: "AT", index: 1 })],
    ["at another position", chunkContext({ ...PLACE, index: 2 })],
    ["in another file", chunkContext({ ...PLACE, path: "/data/rounds/round-1/bb" })],
    ["as a package", packageContext("round-1", "AT")],
  ])("does not open in the place of one %s", async (_place, context) => {
    await expect(readEncrypted(folder, await written(), KEY, context)).rejects.toThrow();
  });

  it("does not open under another key or with a byte changed", async () => {
    const name = await written();
    await expect(readEncrypted(folder, name, makeDataKey(), CONTEXT)).rejects.toThrow();
    const sealed = readFileSync(join(folder, name));
    for (const at of [0, 12, sealed.length - 1]) {
      const changed = Buffer.from(sealed);
      changed.writeUInt8(changed.readUInt8(at) ^ 1, at);
      writeFileSync(join(folder, name), changed);
      await expect(readEncrypted(folder, name, KEY, CONTEXT), String(at)).rejects.toThrow();
    }
    writeFileSync(join(folder, name), sealed.subarray(0, 27));
    await expect(readEncrypted(folder, name, KEY, CONTEXT)).rejects.toThrow();
  });

  it("has a nonce of its own each time, and leaves nothing half-written", async () => {
    const [one, other] = [await written(), await written()].map((name) => readFileSync(join(folder, name)));
    expect(one?.subarray(0, 12)).not.toEqual(other?.subarray(0, 12));
    expect(readdirSync(folder)).toHaveLength(2);
  });
});
