/**
 * Encrypted files under hidden names: what a vault keeps, in groups, one group a round; docs/spec/vault.md.
 * A new kind of file is one line in vault.ts: a small one is JSON, a large one a run of pieces.
 */
import { createHmac, hkdfSync } from "node:crypto";
import { closeSync, existsSync, openSync, readdirSync, rmdirSync, statSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import type { z } from "zod";
import { canonicalBytes, type Json } from "#engine/canonical-json.ts";
import { LinkageError } from "#engine/errors.ts";
import { contextOf } from "#server/aead.ts";
import { createFileIfAbsent, destroyFile, makePrivateFolder, replaceFile, syncFolder } from "./durable-file.ts";
import { contentLength, openStream, sealStream } from "./sealed-stream.ts";

const KEY_BYTES = 32;
const NAME_BYTES = 16;
const HIDDEN_NAME = /^[0-9a-f]{32}$/;
/** JSON is padded to a power of two from here on, so that its length says little of what it holds. */
const LEAST_JSON_BYTES = 4_096;
const SPACE = 0x20;
const LOCK_MODE = 0o600;
/** What SQLite says of a file that another holds. */
const BUSY = "database is locked";

/** The group of files that belong to no round. */
export const OWN = "";

/** A folder's place and its key, 32 bytes, secret. */
export type VaultAccess = { readonly directory: string; readonly key: Uint8Array };

export class SealedFolder {
  readonly directory: string;
  /** Zeroed and gone after {@link close}. */
  #keys: { readonly files: Uint8Array; readonly names: Uint8Array } | null;

  /** @param key - 32 bytes; taken over, and zeroed by {@link close}. */
  constructor(directory: string, key: Uint8Array) {
    this.directory = directory;
    const names = new Uint8Array(hkdfSync("sha256", key, new Uint8Array(0), "aquila/v1/vault-names", KEY_BYTES));
    this.#keys = { files: key, names };
  }

  /** Wipes the keys; nothing can be read or written afterwards. */
  close(): void {
    this.#keys?.files.fill(0);
    this.#keys?.names.fill(0);
    this.#keys = null;
  }

  /** @returns What opens the same folder again on another thread; the key is a copy. */
  access(): VaultAccess {
    // Not slice(): of a Buffer it is a view, and whoever closes the other folder would zero this one's key.
    return { directory: this.directory, key: new Uint8Array(this.#open().files) };
  }

  has(group: string, name: string): boolean {
    return existsSync(this.#path(group, name));
  }

  /** @returns Null if there is no such file. @throws {@link LinkageError} `vault-invalid` if it was changed or has another shape. */
  readJson<T>(group: string, name: string, shape: z.ZodType<T>): T | null {
    return this.#readJsonAt(this.#path(group, name), whatOf(group, name), shape);
  }

  /** @returns What the groups have under `name`, those that have it, in no order. */
  readJsonOfAll<T>(name: string, shape: z.ZodType<T>): T[] {
    return readdirSync(this.directory)
      .filter((hidden) => HIDDEN_NAME.test(hidden) && statSync(join(this.directory, hidden)).isDirectory())
      .map((hidden) => this.#readJsonAt(this.#pathIn(hidden, name), name, shape))
      .filter((value) => value !== null);
  }

  /** Replaces what was there. */
  writeJson(group: string, name: string, value: Json): void {
    this.writePieces(group, name, [paddedJson(value)]);
  }

  /** @returns Whether it was written; false if there is a file already, which is not touched. */
  createJson(group: string, name: string, value: Json): boolean {
    const path = this.#prepared(group, name);
    return createFileIfAbsent(path, sealStream(this.#open().files, this.#contextOf(path), [paddedJson(value)]));
  }

  /** @returns What lies under `name` now: `value`, or what was there before. */
  keepFirst<T extends Json>(group: string, name: string, shape: z.ZodType<T>, value: T): T {
    if (this.createJson(group, name, value)) return value;
    const kept = this.readJson(group, name, shape);
    if (kept === null) throw new LinkageError("vault-invalid", `${whatOf(group, name)} was removed meanwhile`);
    return kept;
  }

  /** Replaces what was there once the last piece is written; on a fault what was there stays. */
  writePieces(group: string, name: string, pieces: Iterable<Uint8Array>): void {
    const path = this.#prepared(group, name);
    replaceFile(path, sealStream(this.#open().files, this.#contextOf(path), pieces));
  }

  /** As {@link openStream}. */
  readPieces(group: string, name: string): Generator<Uint8Array> {
    const path = this.#path(group, name);
    return openStream(this.#open().files, this.#contextOf(path), path, whatOf(group, name));
  }

  /** @returns Bytes of the content. @throws {@link LinkageError} `file-unreadable` if there is no such file. */
  byteLength(group: string, name: string): number {
    const found = statSync(this.#path(group, name), { throwIfNoEntry: false });
    if (found === undefined) throw new LinkageError("file-unreadable", `the vault has no ${whatOf(group, name)}`);
    return contentLength(found.size);
  }

  /** @returns When it was last written, milliseconds; null if there is no such file. */
  writtenMs(group: string, name: string): number | null {
    return statSync(this.#path(group, name), { throwIfNoEntry: false })?.mtimeMs ?? null;
  }

  /**
   * Holds an empty file until it is disposed of or the process ends, however that happens.
   *
   * @returns Null while another holds it, in this process or in one beside it.
   */
  lock(group: string, name: string): Disposable | null {
    const path = this.#prepared(group, name);
    closeSync(openSync(path, "a", LOCK_MODE));
    const database = new DatabaseSync(path);
    try {
      database.exec("BEGIN EXCLUSIVE");
    } catch (error) {
      database.close();
      if (error instanceof Error && error.message === BUSY) return null;
      throw error;
    }
    return {
      [Symbol.dispose]: () => {
        database.close();
      },
    };
  }

  /** As {@link destroyFile}. */
  destroy(group: string, name: string): void {
    destroyFile(this.#path(group, name));
  }

  /** Destroys all files of a group; nothing if there are none. */
  destroyGroup(group: string): void {
    const folder = join(this.directory, this.#hidden(group));
    if (!existsSync(folder)) return;
    for (const name of readdirSync(folder)) destroyFile(join(folder, name));
    rmdirSync(folder);
    syncFolder(this.directory);
  }

  #open(): { readonly files: Uint8Array; readonly names: Uint8Array } {
    if (this.#keys === null) throw new RangeError("the vault is closed");
    return this.#keys;
  }

  #readJsonAt<T>(path: string, what: string, shape: z.ZodType<T>): T | null {
    if (!existsSync(path)) return null;
    const content = Buffer.concat([...openStream(this.#open().files, this.#contextOf(path), path, what)]);
    const parsed = shape.safeParse(JSON.parse(content.toString("utf8")));
    content.fill(0);
    if (parsed.success) return parsed.data;
    const where = parsed.error.issues[0]?.path.join(".") ?? "";
    throw new LinkageError("vault-invalid", `${what} has another shape at ${where}: ${path}`);
  }

  #prepared(group: string, name: string): string {
    const path = this.#path(group, name);
    makePrivateFolder(dirname(path));
    return path;
  }

  #path(group: string, name: string): string {
    return this.#pathIn(group === OWN ? OWN : this.#hidden(group), name);
  }

  /** @param folder - Hidden name of a group's folder; empty for {@link OWN}. */
  #pathIn(folder: string, name: string): string {
    return join(this.directory, folder, this.#hidden(`${folder}/${name}`));
  }

  #hidden(name: string): string {
    const mac = createHmac("sha256", this.#open().names).update(name).digest();
    return mac.subarray(0, NAME_BYTES).toString("hex");
  }

  /** The file's hidden path, so that it opens in its own place only. */
  #contextOf(path: string): Uint8Array {
    const folder = dirname(path) === this.directory ? OWN : basename(dirname(path));
    return contextOf("aquila/v1/vault-file", folder, basename(path));
  }
}

function paddedJson(value: Json): Uint8Array {
  const json = canonicalBytes(value);
  const padded = new Uint8Array(Math.max(LEAST_JSON_BYTES, 2 ** Math.ceil(Math.log2(json.length)))).fill(SPACE);
  padded.set(json);
  json.fill(0);
  return padded;
}

function whatOf(group: string, name: string): string {
  return group === OWN ? name : `${name} of round ${group}`;
}
