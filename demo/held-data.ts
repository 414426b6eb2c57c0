/**
 * What the secretariat holds, as an examiner with its disk and its key would see it.
 */
import { cpSync, linkSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { z } from "zod";
import { handleOf, viewBatch } from "#engine/batch/read.ts";
import { SHIPPED_PROFILE } from "#engine/shipped-profile.ts";
import { decrypt } from "#server/aead.ts";
import { keyFileName, openKeyFolder } from "#server/data-key-file.ts";
import { openServerKey, unwrapDataKey } from "#server/data-key.ts";
import { chunkContext, packageContext } from "#server/encrypted-file.ts";

const KeyId = z.object({ key_id: z.instanceof(Uint8Array) });
const ChunkFile = z.object({ sender: z.string(), recipient: z.string(), position: z.int(), file: z.string() });
const PackageFile = z.object({ party: z.string(), file: z.string() });

/** Copies a data folder as it lies; a round's files never change and are linked, so that deleting them takes nothing away. */
export function keepDataFolder(dataFolder: string, copy: string): void {
  mkdirSync(copy, { recursive: true });
  for (const entry of readdirSync(dataFolder, { withFileTypes: true })) {
    if (entry.isFile()) cpSync(join(dataFolder, entry.name), join(copy, entry.name));
  }
  const rounds = join(dataFolder, "rounds");
  for (const round of readdirSync(rounds)) {
    mkdirSync(join(copy, "rounds", round), { recursive: true });
    for (const name of readdirSync(join(rounds, round)))
      linkIfThere(join(rounds, round, name), join(copy, "rounds", round, name));
  }
}

/** A file that the server deletes meanwhile is gone for an examiner too. */
function linkIfThere(path: string, copy: string): void {
  try {
    linkSync(path, copy);
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "ENOENT")) throw error;
  }
}

/**
 * Decrypts all files of a round under the server's key.
 *
 * @param into - Gets `FROM-TO.batch` for each batch and `PARTY.package` for each sealed package.
 * @returns Paths of the batches.
 */
export function decryptRound(dataFolder: string, serverKeyFile: string, round: string, into: string): string[] {
  mkdirSync(into, { recursive: true });
  const database = new DatabaseSync(join(dataFolder, "aquila.db"), { readOnly: true });
  try {
    const { key_id: keyId } = KeyId.parse(database.prepare("select key_id from rounds where id = ?").get(round));
    const wrapped = readFileSync(join(openKeyFolder(serverKeyFile), keyFileName(round, keyId)));
    const dataKey = unwrapDataKey(openServerKey(serverKeyFile), round, wrapped);
    const folder = join(dataFolder, "rounds", round);
    const chunks = z
      .array(ChunkFile)
      .parse(database.prepare("select * from chunks where round = ? order by sender, recipient, position").all(round));
    const batches = Map.groupBy(chunks, ({ sender, recipient }) => `${sender}-${recipient}.batch`);
    for (const [name, parts] of batches) {
      const opened = parts.map(({ sender, recipient, position, file }) =>
        decrypt(
          dataKey,
          chunkContext({ round, from: sender, to: recipient, index: position, path: file }),
          readFileSync(join(folder, file)),
        ),
      );
      writeFileSync(join(into, name), Buffer.concat(opened));
    }
    const packages = z
      .array(PackageFile)
      .parse(database.prepare("select party, file from packages where round = ?").all(round));
    for (const { party, file } of packages) {
      const sealed = decrypt(dataKey, packageContext(round, party), readFileSync(join(folder, file)));
      writeFileSync(join(into, `${party}.package`), sealed);
    }
    return [...batches.keys()].map((name) => join(into, name));
  } finally {
    database.close();
  }
}

/** All that a batch says of one row. */
export type HeldRow = {
  readonly handle: string;
  readonly coverageClass: number;
  /** Rule id and the row's keys under it, 16 hexadecimal digits each; which of them are fillers cannot be told. */
  readonly cells: readonly { readonly rule: string; readonly keys: readonly string[] }[];
};

/**
 * @param bytes - A whole batch.
 * @param handle - Of a row in it, base64url.
 */
export function heldRow(bytes: Uint8Array, handle: string): HeldRow {
  const batch = viewBatch(new Uint8Array(bytes), SHIPPED_PROFILE);
  const row = [...batch.classes.keys()].find((candidate) => handleOf(batch, candidate) === handle);
  if (row === undefined) throw new RangeError("heldRow: the batch has no such handle");
  const hex = (half: number | undefined): string => (half ?? 0).toString(16).padStart(8, "0");
  return {
    handle,
    coverageClass: batch.classes[row] ?? 0,
    cells: batch.columns.map(({ upper, lower, row: rows }, rule) => ({
      rule: SHIPPED_PROFILE.rules[rule]?.id ?? "",
      keys: [...rows.keys()].filter((cell) => rows[cell] === row).map((cell) => hex(upper[cell]) + hex(lower[cell])),
    })),
  };
}
