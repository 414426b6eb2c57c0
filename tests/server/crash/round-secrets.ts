/**
 * Everything of a round that nobody may find at the server once the round is erased; also what is in no clear form there.
 */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { unwrapDataKey } from "#server/data-key.ts";
import type { House } from "../harness.ts";
import { stretches, type Secrets } from "../secret-search.ts";
import { ROUND, type Play } from "./round-play.ts";

/** Of the handles of a batch, one in so many is looked for. */
const HANDLE_STEP = 5;

/** @returns Secrets that lie there encrypted until the erasure (`clear`), and their encrypted forms (`wrapped`). */
export function secretsOf({ house, vaults }: Play): { readonly clear: Secrets; readonly wrapped: Secrets } {
  const clear: [string, Buffer][] = [];
  for (const vault of vaults)
    for (const { counterpart, keyNotice, keyProof } of vault.pairings(ROUND) ?? []) {
      const bytes = Buffer.concat([...vault.readBatch(ROUND, counterpart)]);
      for (const stretch of stretches(bytes)) clear.push(["batch", stretch]);
      [...vault.readHandleMap(ROUND, counterpart).keys()].forEach((handle, at) => {
        if (at % HANDLE_STEP === 0) clear.push(["handle", Buffer.from(handle, "base64url")]);
      });
      for (const { hit, handle } of vault.section(ROUND, counterpart)?.hits ?? [])
        clear.push(["hit", Buffer.from(hit, "base64url")], ["handle", Buffer.from(handle, "base64url")]);
      for (const key of [keyNotice, keyProof]) if (key !== null) clear.push(["pairing key", Buffer.from(key)]);
    }
  const wrapped: [string, Buffer][] = [];
  const serverKey = new Uint8Array(readFileSync(join(house.folder, "keys", "server.key")));
  for (const name of readdirSync(keyFolderOf(house))) {
    const bytes = readFileSync(join(keyFolderOf(house), name));
    wrapped.push(["wrapped data key", bytes]);
    clear.push(["data key", Buffer.from(unwrapDataKey(serverKey, ROUND, new Uint8Array(bytes)))]);
  }
  const database = new DatabaseSync(join(house.dataDir, "aquila.db"), { readOnly: true });
  for (const [name, query] of [
    ["wrapped package key", "SELECT wrapped_key AS bytes FROM pairings"],
    ["status", "SELECT sealed AS bytes FROM statuses"],
    ["tag of a hit", "SELECT hit_tag AS bytes FROM statuses"],
  ] as const)
    for (const { bytes } of database.prepare(query).all())
      if (bytes instanceof Uint8Array) wrapped.push([name, Buffer.from(bytes)]);
  database.close();
  return { clear, wrapped };
}

export function keyFolderOf({ folder }: Pick<House, "folder">): string {
  return join(folder, "keys", "data-keys");
}
