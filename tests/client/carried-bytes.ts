/**
 * Everything that a vault or a bundle holds, in the clear, for tests of what must not be there.
 */
import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { openBundle } from "#client/bundle-file.ts";
import { openStream } from "#client/sealed-stream.ts";
import type { Vault } from "#client/vault.ts";
import type { Identity } from "#engine/round/identity.ts";
import { contextOf } from "#server/aead.ts";

/** @returns Every file of the vault, one after the other. */
export function contentOfVault(vault: Vault): Buffer {
  const { directory, key } = vault.access();
  const filesIn = (folder: string): Buffer[] =>
    readdirSync(join(directory, folder)).flatMap((name) => {
      const path = join(directory, folder, name);
      const found = statSync(path);
      if (found.isDirectory()) return filesIn(name);
      // A lock is not sealed: it is empty, which no sealed file is.
      if (name === "vault.json" || found.size === 0) return [];
      return [...openStream(key, contextOf("aquila/v1/vault-file", folder, name), path, name)].map((piece) =>
        Buffer.from(piece),
      );
    });
  return Buffer.concat(filesIn(""));
}

/** @returns The bundle's index and every part, one after the other. */
export async function contentOfBundle(identity: Identity, path: string): Promise<Buffer> {
  const bundle = await openBundle(identity, path);
  const pieces = [Buffer.from(JSON.stringify(bundle.index))];
  bundle.read((_, content) => {
    for (const piece of content) pieces.push(Buffer.from(piece));
  });
  return Buffer.concat(pieces);
}
