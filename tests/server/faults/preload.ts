/**
 * `node --import` of a server process under test: makes writes of its own files fail as a disk does that is full, breaks or
 * takes less than it was given. The server's code knows nothing of it; SQLite writes by itself and is not met.
 *
 * A write is a file opened to be written, bytes written, a file or folder synced, a name moved or a folder made. They are
 * counted over all threads of the process.
 */
import fs from "node:fs";
import { syncBuiltinESMExports } from "node:module";
import { getEnvironmentData, isMainThread, setEnvironmentData } from "node:worker_threads";
import { FAULTS_VARIABLE, parseFaults } from "./faults.ts";

type Call = (...given: unknown[]) => unknown;
type Functions = Record<string, Call>;

const COUNTS = "aquila-test-faults";
const OURS = /\/(data|keys)(\/|$)/;
const ERRNO = { ENOSPC: -28, EIO: -5 } as const;

const { kind, first, every, file } = parseFaults(process.env[FAULTS_VARIABLE] ?? "");
const shared: unknown = isMainThread ? new SharedArrayBuffer(4) : getEnvironmentData(COUNTS);
if (!(shared instanceof SharedArrayBuffer)) throw new Error("a thread of no process that counts its writes");
if (isMainThread) setEnvironmentData(COUNTS, shared);
const counts = new Int32Array(shared);
/** Paths by descriptor. */
const opened = new Map<number, string>();

/** @returns Whether this write fails. */
function isHit(operation: string, path: string | undefined): boolean {
  if (path === undefined || !OURS.test(path)) return false;
  const isData = operation === "write";
  if (kind === "short" && !isData) return false;
  const number = Atomics.add(counts, 0, 1) + 1;
  if (number < first || (number - first) % every !== 0) return false;
  fs.appendFileSync(file, `${number} ${kind} ${operation} ${path}\n`);
  return true;
}

function failure(operation: string): Error {
  const code = kind === "EIO" ? "EIO" : "ENOSPC";
  return Object.assign(new Error(`${code}: injected, ${operation}`), { code, errno: ERRNO[code], syscall: operation });
}

function replace(
  functions: Functions,
  name: string,
  act: (call: Call, given: unknown[], of: unknown) => unknown,
): void {
  const call = functions[name];
  if (call === undefined) throw new RangeError(`node has no ${name}`);
  functions[name] = function (this: unknown, ...given: unknown[]) {
    return act(call.bind(this), given, this);
  };
}

const files: Functions = fs as never;
const promises: Functions = fs.promises as never;
const isWriting = (flags: unknown): boolean => typeof flags === "string" && /[wa+]/.test(flags);
const half = (bytes: unknown): Uint8Array => {
  if (!(bytes instanceof Uint8Array)) throw new RangeError("the server writes bytes only");
  return bytes.subarray(0, Math.floor(bytes.length / 2));
};

replace(files, "openSync", (call, given) => {
  if (isWriting(given[1]) && isHit("open", String(given[0]))) throw failure("open");
  const fd = call(...given);
  opened.set(Number(fd), String(given[0]));
  return fd;
});
replace(files, "writeFileSync", (call, given) => {
  const path = typeof given[0] === "number" ? opened.get(given[0]) : String(given[0]);
  if (!isHit("write", path)) return call(...given);
  if (kind === "short") call(given[0], half(given[1]), ...given.slice(2));
  throw failure("write");
});
replace(files, "fsyncSync", (call, given) => {
  if (isHit("fsync", opened.get(Number(given[0])))) throw failure("fsync");
  return call(...given);
});
for (const operation of ["mkdir", "link", "rename"] as const)
  replace(files, `${operation}Sync`, (call, given) => {
    if (isHit(operation, String(given[0]))) throw failure(operation);
    return call(...given);
  });
replace(promises, "rename", (call, given) =>
  isHit("rename", String(given[0])) ? Promise.reject(failure("rename")) : call(...given),
);
replace(promises, "open", async (call, given) => {
  if (isWriting(given[1]) && isHit("open", String(given[0]))) throw failure("open");
  const handle = (await call(...given)) as fs.promises.FileHandle;
  opened.set(handle.fd, String(given[0]));
  return handle;
});

const handle = await fs.promises.open(import.meta.filename, "r");
const methods: Functions = Object.getPrototypeOf(handle) as never;
await handle.close();
const pathOf = (of: unknown): string | undefined => opened.get((of as fs.promises.FileHandle).fd);
replace(methods, "writeFile", async (call, given, of) => {
  if (!isHit("write", pathOf(of))) return call(...given);
  if (kind === "short") await call(half(given[0]), ...given.slice(1));
  throw failure("write");
});
replace(methods, "sync", (call, given, of) =>
  isHit("fsync", pathOf(of)) ? Promise.reject(failure("fsync")) : call(...given),
);
syncBuiltinESMExports();
