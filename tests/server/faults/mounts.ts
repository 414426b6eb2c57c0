/**
 * File systems of a test's own, which take root to mount. All are gone after {@link unmountAll}.
 */
import { spawnSync } from "node:child_process";
import { randomUUID } from "node:crypto";
import {
  closeSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  rmSync,
  statfsSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { storageFailure } from "#server/storage-failure.ts";

const mounted: string[] = [];

/** @throws Error with what the command says if it ends with another code than `codes`. */
function run(command: string, given: readonly string[], codes: readonly number[] = [0]): string {
  const { status, stdout, stderr, error } = spawnSync(command, given, { encoding: "utf8" });
  if (error !== undefined) throw error;
  if (status === null || !codes.includes(status)) throw new Error(`${command} ${given.join(" ")}: ${stderr}`);
  return stdout.trim();
}

function mount(folder: string, ...given: readonly string[]): void {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  run("mount", [...given, folder]);
  mounted.push(folder);
}

/** @param mebibytes - How much it holds. */
export function mountMemory(folder: string, mebibytes: number): void {
  mount(folder, "-t", "tmpfs", "-o", `size=${mebibytes}m,mode=700`, "tmpfs");
}

/** @param options - Of mount(8): `ro`, `rw`, `size=…`. */
export function remount(folder: string, options: string): void {
  run("mount", ["-o", `remount,${options}`, folder]);
}

/** Mounts a new ext4 of 400 MiB that becomes read-only when it finds itself damaged. @param image - Path of the file that it lies in. */
export function mountImage(folder: string, image: string): void {
  writeFileSync(image, "");
  run("truncate", ["-s", "400M", image]);
  run("mkfs.ext4", ["-q", image]);
  mountAgain(folder, image);
}

export function mountAgain(folder: string, image: string): void {
  mount(folder, "-o", "loop,errors=remount-ro", image);
}

/** Has an ext4 find itself damaged. */
export function breakImage(folder: string): void {
  const device = run("findmnt", ["-n", "-o", "SOURCE", folder]);
  writeFileSync(join("/sys/fs/ext4", basename(device), "trigger_fs_error"), "1");
}

/** As an administrator does it, without anybody using it. */
export function repairImage(folder: string, image: string): void {
  unmount(folder);
  // 1: errors were corrected.
  run("e2fsck", ["-f", "-y", image], [0, 1]);
  mountAgain(folder, image);
}

const FILLER = "filler-";

/** Writes zeros into a new file until so many bytes are left to others, or the disk takes no more. */
export function fill(folder: string, leftBytes = 0): void {
  const { bavail, bsize } = statfsSync(folder);
  const file = openSync(join(folder, FILLER + randomUUID()), "wx");
  const block = new Uint8Array(bsize);
  try {
    for (let free = bavail * bsize; free >= leftBytes + bsize; free -= bsize) writeSync(file, block);
  } catch (error) {
    if (storageFailure(error) === null) throw error;
  } finally {
    closeSync(file);
  }
}

/** Takes away what {@link fill} wrote. */
export function empty(folder: string): void {
  for (const name of readdirSync(folder)) if (name.startsWith(FILLER)) rmSync(join(folder, name));
}

function unmount(folder: string): void {
  run("umount", [folder]);
  mounted.splice(mounted.indexOf(folder), 1);
}

/** Even what is still in use. */
export function unmountAll(): void {
  for (const folder of mounted.splice(0).reverse()) run("umount", ["-l", folder]);
}

/** @returns Whether a file system can be mounted here. @param act - Mounts one in an empty folder. */
export function canMount(act: (folder: string) => void): boolean {
  const folder = mkdtempSync(join(tmpdir(), "aquila-mount-"));
  try {
    act(join(folder, "mounted"));
    return true;
  } catch {
    return false;
  } finally {
    unmountAll();
    rmSync(folder, { recursive: true, force: true });
  }
}
