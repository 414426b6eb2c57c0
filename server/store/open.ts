/**
 * The embedded store: node:sqlite through kysely, write-ahead log, synchronous FULL.
 * What is deleted is overwritten (secure_delete), since databases of before 0002 hold wrapped keys.
 */
import { closeSync, fchmodSync, openSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync, type SQLInputValue } from "node:sqlite";
import { Kysely, SqliteAdapter, SqliteDialect, sql, type SqliteStatement } from "kysely";
import { Migrator } from "kysely/migration";
import { LinkageError } from "#engine/errors.ts";
import { rounds } from "./migrations/0003-rounds.ts";
import { statistics } from "./migrations/0010-statistics.ts";
import { quotas } from "./migrations/0011-quotas.ts";
import { matched } from "./migrations/0012-matched.ts";
import { announcements } from "./migrations/0030-announcements.ts";
import { audit } from "./migrations/0020-audit.ts";
import type { Store, Tables } from "./tables.ts";

/** In the data folder. */
export const DATABASE_FILE = "aquila.db";
const PRIVATE_MODE = 0o600;

const BUSY_MS = 5_000;
const PRAGMAS = [
  "journal_mode = WAL",
  "synchronous = FULL",
  "secure_delete = ON",
  "foreign_keys = ON",
  `busy_timeout = ${BUSY_MS}`,
];

/**
 * Opens the database and brings its tables up to date.
 *
 * @param path - Made if it is missing.
 * @throws {@link LinkageError} `file-unreadable` if it is no database, is of a version before 0.2, holds rounds of an older format, or a migration fails.
 */
export async function openStore(path: string): Promise<Store> {
  makePrivate(path);
  const database = openDatabase(path);
  requireWhole(database, path);
  const store = new Kysely<Tables>({ dialect: dialectOf(database) });
  const { error } = await migratorOf(store).migrateToLatest();
  if (error !== undefined) {
    await store.destroy();
    if (error instanceof LinkageError) throw error;
    throw new LinkageError(
      "file-unreadable",
      `database ${path}: its tables cannot be brought up to date; one of before version 0.2 has to be erased with that version`,
      { cause: error },
    );
  }
  return store;
}

/**
 * Opens a database that is there, to read it; a server may use it at the same time.
 *
 * @throws {@link LinkageError} `file-unreadable` if it is missing, no database, damaged, or of another version than this one.
 */
export async function openStoreToRead(path: string): Promise<Store> {
  const database = openToRead(path);
  requireWhole(database, path);
  const store = new Kysely<Tables>({ dialect: dialectOf(database) });
  try {
    const broken = database.prepare("PRAGMA foreign_key_check").all().length;
    if (broken > 0) throw new LinkageError("file-unreadable", `database ${path}: ${broken} rows belong to none`);
    const migrations = await migratorOf(store).getMigrations();
    if (migrations.some(({ executedAt }) => executedAt === undefined))
      throw new LinkageError("file-unreadable", `database ${path} is of another version; start the server on it once`);
    return store;
  } catch (error) {
    await store.destroy();
    if (error instanceof LinkageError) throw error;
    throw new LinkageError("file-unreadable", `database ${path} cannot be read`, { cause: error });
  }
}

/**
 * Copies a database as it is at one moment, without what was deleted in it; a server may use it meanwhile.
 *
 * @param copy - New file; not synced.
 * @throws {@link LinkageError} `file-unreadable`.
 */
export function copyStore(path: string, copy: string): void {
  const database = openToRead(path);
  makePrivate(copy);
  try {
    database.prepare("VACUUM INTO ?").run(copy);
  } catch (error) {
    throw new LinkageError("file-unreadable", `database ${path} cannot be copied to ${copy}`, { cause: error });
  } finally {
    database.close();
  }
}

/** Empties the write-ahead log, so that what was overwritten in the database is gone from there too. */
export async function emptyLog(store: Store): Promise<void> {
  await sql`PRAGMA wal_checkpoint(TRUNCATE)`.execute(store);
}

/** @throws Error if the store does not answer. */
export async function pingStore(store: Store): Promise<void> {
  await sql`SELECT 1`.execute(store);
}

/** @returns The database of a data folder. */
export function databaseOf(dataDir: string): string {
  return join(dataDir, DATABASE_FILE);
}

/** Holds a data folder for one process: a lock that ends with the process, however it ends. */
type FolderLock = { readonly release: () => void };

/**
 * By a lock file: a database of its own with nothing in it.
 *
 * @throws {@link LinkageError} `file-exists` if another server uses the folder.
 */
export function lockFolder(dataDir: string): FolderLock {
  const path = join(dataDir, "aquila.lock");
  makePrivate(path);
  const database = new DatabaseSync(path);
  try {
    database.exec("BEGIN EXCLUSIVE");
  } catch (error) {
    database.close();
    throw new LinkageError("file-exists", `${path}: another server uses this data folder`, { cause: error });
  }
  return {
    release: () => {
      database.close();
    },
  };
}

/** Makes the file if it is missing; only its owner can read it. SQLite gives its write-ahead log the same mode. */
function makePrivate(path: string): void {
  const file = openSync(path, "a", PRIVATE_MODE);
  fchmodSync(file, PRIVATE_MODE);
  closeSync(file);
}

function openDatabase(path: string): DatabaseSync {
  const database = new DatabaseSync(path);
  try {
    for (const pragma of PRAGMAS) database.exec(`PRAGMA ${pragma}`);
    return database;
  } catch (error) {
    database.close();
    throw new LinkageError("file-unreadable", `database ${path} cannot be opened`, { cause: error });
  }
}

/** Cut pages may lie where nobody looks until later. @throws {@link LinkageError} `file-unreadable` if they do; the database is closed then. */
function requireWhole(database: DatabaseSync, path: string): void {
  let found: unknown;
  let cause: unknown;
  try {
    found = database.prepare("PRAGMA integrity_check(1)").get()?.["integrity_check"];
  } catch (error) {
    cause = error;
  }
  if (found === "ok") return;
  database.close();
  throw new LinkageError("file-unreadable", `database ${path} is damaged; restore a backup: docs/operations.md`, {
    cause,
  });
}

function openToRead(path: string): DatabaseSync {
  try {
    return new DatabaseSync(path, { readOnly: true, timeout: BUSY_MS });
  } catch (error) {
    throw new LinkageError("file-unreadable", `database ${path} cannot be opened`, { cause: error });
  }
}

/** In order; a released migration is never changed. */
function migratorOf(store: Store): Migrator {
  const migrations = {
    "0003-rounds": rounds,
    "0010-statistics": statistics,
    "0011-quotas": quotas,
    "0012-matched": matched,
    "0020-audit": audit,
    "0030-announcements": announcements,
  };
  return new Migrator({ db: store, provider: { getMigrations: () => Promise.resolve(migrations) } });
}

/** With changes of tables in transactions, as SQLite can: a migration that is cut off leaves nothing. */
class AtomicSqliteDialect extends SqliteDialect {
  override createAdapter(): SqliteAdapter {
    return new AtomicSqliteAdapter();
  }
}

class AtomicSqliteAdapter extends SqliteAdapter {
  override get supportsTransactionalDdl(): boolean {
    return true;
  }
}

/** Statements that stay prepared, at most: more than the server has. */
const KEPT_STATEMENTS = 200;

function dialectOf(database: DatabaseSync): SqliteDialect {
  const kept = new Map<string, SqliteStatement>();
  const prepare = (text: string): SqliteStatement => {
    const statement = database.prepare(text);
    return {
      reader: statement.columns().length > 0,
      all: (parameters) => statement.all(...parameters.map(sqlValue)),
      // A database without space has rolled back by itself.
      run: (parameters) =>
        text === "rollback" && !database.isTransaction
          ? { changes: 0, lastInsertRowid: 0 }
          : statement.run(...parameters.map(sqlValue)),
      // One that is read row by row must not be run again meanwhile.
      iterate: (parameters) => database.prepare(text).iterate(...parameters.map(sqlValue)),
    };
  };
  return new AtomicSqliteDialect({
    database: {
      close: () => {
        database.close();
      },
      prepare: (text) => {
        const known = kept.get(text);
        if (known !== undefined) return known;
        if (kept.size === KEPT_STATEMENTS) kept.clear();
        const statement = prepare(text);
        kept.set(text, statement);
        return statement;
      },
    },
  });
}

function sqlValue(value: unknown): SQLInputValue {
  if (value === null || typeof value === "string" || typeof value === "number" || typeof value === "bigint")
    return value;
  if (value instanceof Uint8Array) return value;
  throw new RangeError(`a ${typeof value} cannot be stored`);
}
