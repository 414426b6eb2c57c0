/**
 * Temporary folders and vaults for tests of the client.
 */
import { chmodSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach } from "vitest";
import type { Identity } from "#engine/round/identity.ts";
import type { Roster } from "#engine/round/roster.ts";
import { LEAST_COST } from "#client/passphrase-box.ts";
import { writeBatchFile } from "#client/batch-file.ts";
import { SealedFolder } from "#client/sealed-folder.ts";
import { createVault, openVault, type Vault } from "#client/vault.ts";

export const PASSPHRASE = new TextEncoder().encode("correct horse battery staple");

const made: string[] = [];

afterEach(() => {
  for (const folder of made.splice(0)) rmSync(folder, { recursive: true, force: true });
});

/** @returns A folder of mode 700 that goes after the test. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "aquila-client-"));
  chmodSync(folder, 0o700);
  made.push(folder);
  return folder;
}

/** @returns A vault that goes after the test, with this roster pinned. */
export function vaultOf(identity: Identity, roster: Roster): Vault {
  const vault = createVault(join(temporaryFolder(), identity.party), identity, PASSPHRASE, LEAST_COST);
  vault.pinRoster(roster);
  return vault;
}

/** @returns The vault of `vaultOf`, opened anew. */
export function reopened(vault: Vault): Vault {
  return openVault(vault.directory, PASSPHRASE);
}

/** Writes these bytes as the vault's batch for a counterpart, whether they are one or not. */
export function writeRawBatch(vault: Vault, round: string, counterpart: string, pieces: Iterable<Uint8Array>): void {
  vault.prepareBatch(round, counterpart);
  const { directory, key } = vault.access();
  const files = new SealedFolder(directory, key);
  try {
    writeBatchFile(files, round, counterpart, pieces);
  } finally {
    files.close();
  }
}
