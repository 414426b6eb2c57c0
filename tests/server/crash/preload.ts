/**
 * `node --import` of a server process under test: makes every durable step of node:fs and node:sqlite a counted one, at one
 * of which the process can be killed. The server's code knows nothing of it.
 *
 * A step is a name that appears, goes or moves in a folder, a file or folder that is synced, a length that is cut, a
 * transaction that is committed, or the write-ahead log emptied. What changes nothing is none.
 */
import { AsyncLocalStorage } from "node:async_hooks";
import fs from "node:fs";
import { syncBuiltinESMExports } from "node:module";
import { DatabaseSync, StatementSync } from "node:sqlite";
import { CRASH_VARIABLE, DurableSteps, parseCrash, STEPS_VARIABLE } from "./durable-steps.ts";
import { fileStepName, Transaction } from "./step-names.ts";

type Call = (...given: unknown[]) => unknown;
type Callback = (error: unknown, ...results: unknown[]) => void;
type Functions = Record<string, Call>;

const files: Functions = fs as never;
const promises: Functions = fs.promises as never;

const { [CRASH_VARIABLE]: crash, [STEPS_VARIABLE]: file } = process.env;
const steps = new DurableSteps(crash === undefined ? null : parseCrash(crash), file ?? null);

/** What the path or descriptor is of which a call is made; null if the call changes nothing. */
type Target = (given: readonly unknown[]) => string | null;
/** Paths by descriptor. */
const opened = new Map<number, string>();

const isThere = (path: string): boolean => fs.lstatSync(path, { throwIfNoEntry: false }) !== undefined;
const descriptor: Target = ([fd]) => opened.get(Number(fd)) ?? null;
const presentPath: Target = ([path]) => (isThere(String(path)) ? String(path) : null);
const absentPath: Target = ([path]) => (isThere(String(path)) ? null : String(path));
const secondPath: Target = ([, path]) => String(path);

const TARGETS: Readonly<Record<string, Target>> = {
  fsync: descriptor,
  fdatasync: descriptor,
  ftruncate: descriptor,
  truncate: presentPath,
  mkdir: absentPath,
  rename: secondPath,
  link: secondPath,
  rmdir: presentPath,
  unlink: presentPath,
};

/** Where a removal began whose single steps come from node itself. */
const removing = new AsyncLocalStorage<string>();

/** Begins the step that a call is. @returns To be called when it is over, well or not. */
function begin(operation: string, target: Target, given: readonly unknown[]): () => void {
  const path = target(given);
  if (path === null) return () => undefined;
  return steps.begin(fileStepName(operation, path, removing.getStore() ?? stack()));
}

function stack(): string {
  return new Error().stack ?? "";
}

/** Puts `act` in the place of a function. @param act - Gets the function bound to what it was called on, which comes last. */
function replace(
  functions: Functions,
  name: string,
  act: (call: Call, given: unknown[], calledOn: unknown) => unknown,
): void {
  const call = functions[name];
  if (call === undefined) throw new RangeError(`node has no ${name}`);
  functions[name] = function (this: unknown, ...given: unknown[]) {
    return act(call.bind(this), given, this);
  };
}

function countFileSteps(): void {
  for (const [operation, target] of Object.entries(TARGETS)) {
    replace(files, `${operation}Sync`, (call, given) => {
      const end = begin(operation, target, given);
      try {
        return call(...given);
      } finally {
        end();
      }
    });
    replace(files, operation, (call, given) => {
      const done = given.pop() as Callback;
      const end = begin(operation, target, given);
      return call(...given, (error: unknown, ...results: unknown[]) => {
        end();
        done(error, ...results);
      });
    });
    if (operation in promises) replace(promises, operation, (call, given) => counted(operation, target, call, given));
  }
  // Whole: only the synchronous one is native. The others unlink and rmdir, which count.
  replace(files, "rmSync", (call, given) => {
    const end = begin("rm", presentPath, given);
    call(...given);
    end();
  });
  for (const functions of [files, promises])
    replace(functions, "rm", (call, given) => removing.run(removing.getStore() ?? stack(), () => call(...given)));
}

async function counted(operation: string, target: Target, call: Call, given: readonly unknown[]): Promise<unknown> {
  const end = begin(operation, target, given);
  try {
    return await call(...given);
  } finally {
    end();
  }
}

/** Remembers what descriptors and handles are of. */
function watchOpening(): void {
  const remember = (fd: unknown, path: unknown): void => {
    if (typeof fd === "number") opened.set(fd, String(path));
  };
  replace(files, "openSync", (call, given) => {
    const fd = call(...given);
    remember(fd, given[0]);
    return fd;
  });
  replace(files, "open", (call, given) => {
    const done = given.pop() as Callback;
    return call(...given, (error: unknown, fd: unknown) => {
      remember(fd, given[0]);
      done(error, fd);
    });
  });
  replace(promises, "open", async (call, given) => {
    const handle = (await call(...given)) as fs.promises.FileHandle;
    remember(handle.fd, given[0]);
    return handle;
  });
}

async function countHandleSteps(): Promise<void> {
  const handle = await fs.promises.open(import.meta.filename, "r");
  const methods: Functions = Object.getPrototypeOf(handle) as never;
  await handle.close();
  for (const [method, operation] of [
    ["sync", "fsync"],
    ["datasync", "fdatasync"],
    ["truncate", "ftruncate"],
  ] as const)
    replace(methods, method, (call, given, of) =>
      counted(operation, () => descriptor([(of as fs.promises.FileHandle).fd]), call, given),
    );
}

/** A commit is a statement `COMMIT`, or one that writes while no transaction is open. */
function countCommits(): void {
  const transactions = new WeakMap<DatabaseSync, Transaction>();
  const statements = new WeakMap<object, { readonly database: DatabaseSync; readonly text: string }>();
  const run = (database: DatabaseSync, text: string, parameters: readonly unknown[], act: () => unknown): unknown => {
    const transaction = transactions.get(database) ?? new Transaction();
    transactions.set(database, transaction);
    const name = transaction.stepOf(text, parameters, database.isTransaction);
    const end = name === null ? () => undefined : steps.begin(name);
    const result = act();
    end();
    return result;
  };
  const ofDatabase: Functions = DatabaseSync.prototype as never;
  replace(ofDatabase, "exec", (call, [text], database) =>
    run(database as DatabaseSync, String(text), [], () => call(text)),
  );
  replace(ofDatabase, "prepare", (call, given, database) => {
    const statement = call(...given) as StatementSync;
    statements.set(statement, { database: database as DatabaseSync, text: String(given[0]) });
    return statement;
  });
  const ofStatement: Functions = StatementSync.prototype as never;
  for (const method of ["run", "all", "get"])
    replace(ofStatement, method, (call, given, statement) => {
      const known = statements.get(statement as object);
      return known === undefined ? call(...given) : run(known.database, known.text, given, () => call(...given));
    });
}

Error.stackTraceLimit = 30;
watchOpening();
countFileSteps();
await countHandleSteps();
countCommits();
syncBuiltinESMExports();
