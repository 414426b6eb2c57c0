/**
 * Files that only their owner can read and that are never half-written: a temporary file beside the target, fsynced,
 * then renamed, then the folder fsynced.
 */
import { randomBytes } from "node:crypto";
import {
  closeSync,
  existsSync,
  fstatSync,
  fsyncSync,
  linkSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from "node:fs";
import { basename, dirname, join } from "node:path";
import { LinkageError, type ProblemCode } from "#engine/errors.ts";

const FOLDER_MODE = 0o700;
const FILE_MODE = 0o600;
const OTHERS = 0o077;
/** What link(2) says on a file system that has none, such as FAT on a medium. */
const NO_HARD_LINKS = ["EPERM", "ENOTSUP", "EOPNOTSUPP", "ENOSYS"];

/** What open(2) says when there is no folder to write to. */
const NO_PLACE = ["ENOENT", "ENOTDIR", "EACCES", "EPERM", "EROFS"];

/** Makes a folder, and those above it, that only its owner can enter; an existing one is left as it is. */
export function makePrivateFolder(path: string): void {
  mkdirSync(path, { recursive: true, mode: FOLDER_MODE });
}

/**
 * @param what - How the file is called in the refusal's detail.
 * @throws {@link LinkageError} `code` if the path is missing, a symbolic link, or open to group or others.
 */
export function requirePrivate(path: string, what: string, code: ProblemCode = "vault-invalid"): void {
  const found = lstatSync(path, { throwIfNoEntry: false });
  if (found === undefined) throw new LinkageError(code, `${what} is missing: ${path}`);
  if (found.isSymbolicLink()) throw new LinkageError(code, `${what} is a symbolic link: ${path}`);
  if ((found.mode & OTHERS) !== 0)
    throw new LinkageError(code, `${what} can be read by others than its owner; run: chmod go= ${path}`);
}

/**
 * Writes `pieces` under mode 600, replacing what was there; on a fault what was there stays.
 *
 * @throws {@link LinkageError} `file-unreadable` if its folder is missing or cannot be written to.
 */
export function replaceFile(path: string, pieces: Iterable<Uint8Array>): void {
  const temporary = writeTemporary(path, pieces);
  renameSync(temporary, path);
  syncFolder(dirname(path));
}

/** As {@link replaceFile}; then what was there is overwritten with zeros, as far as {@link destroyFile} can. */
export function supersedeFile(path: string, pieces: Iterable<Uint8Array>): void {
  const earlier = openSync(path, "r+");
  try {
    replaceFile(path, pieces);
    overwrite(earlier);
  } finally {
    closeSync(earlier);
  }
}

/** @throws {@link LinkageError} `file-exists`; `file-unreadable` if its folder is none, so that nothing is done in vain. */
export function requireCreatable(path: string): void {
  requireAbsent(path);
  if (statSync(dirname(path), { throwIfNoEntry: false })?.isDirectory() !== true)
    throw new LinkageError("file-unreadable", `cannot write ${path}: there is no folder ${dirname(path)}`);
}

/** @throws {@link LinkageError} `file-exists` */
export function requireAbsent(path: string): void {
  if (existsSync(path)) throw new LinkageError("file-exists", `${path} exists and is never overwritten`);
}

/**
 * Writes `pieces` under mode 600.
 *
 * @throws {@link LinkageError} `file-exists` if there is a file already; it is not touched; as {@link replaceFile}.
 */
export function createFile(path: string, pieces: Iterable<Uint8Array>): void {
  if (!createFileIfAbsent(path, pieces))
    throw new LinkageError("file-exists", `${path} exists and is never overwritten`);
}

/** @returns Whether `pieces` were written; false if there is a file already, which is not touched. */
export function createFileIfAbsent(path: string, pieces: Iterable<Uint8Array>): boolean {
  if (existsSync(path)) return false;
  const temporary = writeTemporary(path, pieces);
  try {
    // Unlike a rename, a hard link never replaces a file that came in between.
    linkSync(temporary, path);
  } catch (error) {
    const code = errorCode(error);
    if (code === "EEXIST") return false;
    if (!NO_HARD_LINKS.includes(code)) throw error;
    if (!reserve(path)) return false;
    renameSync(temporary, path);
  } finally {
    rmSync(temporary, { force: true });
  }
  syncFolder(dirname(path));
  return true;
}

/**
 * Overwrites with zeros and removes a file and what a crash may have left of its writing; nothing if all is gone.
 * A file system that copies on write, or a flash drive, may keep the bytes all the same.
 */
export function destroyFile(path: string): void {
  const folder = dirname(path);
  if (!existsSync(folder)) return;
  const prefix = temporaryPrefix(path);
  const names = readdirSync(folder).filter((name) => name === basename(path) || name.startsWith(prefix));
  for (const name of names) {
    const found = join(folder, name);
    const file = openSync(found, "r+");
    try {
      overwrite(file);
    } finally {
      closeSync(file);
    }
    rmSync(found);
  }
  if (names.length > 0) syncFolder(folder);
}

/** @throws {@link LinkageError} `file-unreadable` */
export function readWhole(path: string): Uint8Array {
  try {
    return readFileSync(path);
  } catch (error) {
    throw new LinkageError("file-unreadable", `cannot read ${path} (${errorCode(error)})`, { cause: error });
  }
}

/** @returns The file's first bytes, fewer than `byteLength` if it is shorter. @throws {@link LinkageError} `file-unreadable` */
export function readStart(path: string, byteLength: number): Uint8Array {
  const bytes = new Uint8Array(byteLength);
  try {
    const file = openSync(path, "r");
    try {
      let filled = 0;
      for (let read = -1; read !== 0 && filled < byteLength; filled += read)
        read = readSync(file, bytes, filled, byteLength - filled, filled);
      return bytes.subarray(0, filled);
    } finally {
      closeSync(file);
    }
  } catch (error) {
    throw new LinkageError("file-unreadable", `cannot read ${path} (${errorCode(error)})`, { cause: error });
  }
}

function writeTemporary(path: string, pieces: Iterable<Uint8Array>): string {
  const temporary = join(dirname(path), `${temporaryPrefix(path)}${randomBytes(6).toString("hex")}.tmp`);
  const file = openTemporary(temporary, path);
  try {
    for (const piece of pieces) writeAll(file, piece);
    fsyncSync(file);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  } finally {
    closeSync(file);
  }
  return temporary;
}

function openTemporary(temporary: string, path: string): number {
  try {
    return openSync(temporary, "wx", FILE_MODE);
  } catch (error) {
    const code = errorCode(error);
    if (!NO_PLACE.includes(code)) throw error;
    throw new LinkageError("file-unreadable", `cannot write ${path} (${code})`, { cause: error });
  }
}

/** Makes an empty file, to be replaced at once. @returns False if there is one already. */
function reserve(path: string): boolean {
  try {
    closeSync(openSync(path, "wx", FILE_MODE));
    return true;
  } catch (error) {
    if (errorCode(error) === "EEXIST") return false;
    throw error;
  }
}

function overwrite(file: number): void {
  writeAll(file, new Uint8Array(fstatSync(file).size));
  fsyncSync(file);
}

function writeAll(file: number, bytes: Uint8Array): void {
  for (let written = 0; written < bytes.length;) written += writeSync(file, bytes, written);
}

export function syncFolder(path: string): void {
  const folder = openSync(path, "r");
  try {
    fsyncSync(folder);
  } finally {
    closeSync(folder);
  }
}

function temporaryPrefix(path: string): string {
  return `.${basename(path)}.`;
}

function errorCode(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : "unknown";
}
