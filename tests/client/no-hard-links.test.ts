/**
 * New files on a medium whose file system has no hard links, as FAT; only link(2) is stood in for.
 */
import { readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test, vi } from "vitest";
import { createFile, createFileIfAbsent } from "#client/durable-file.ts";
import { temporaryFolder } from "./folders.ts";

/** Called in place of link(2). */
const link = vi.hoisted(() => ({ before: (): void => undefined }));

vi.mock("node:fs", async (original) => ({
  ...(await original<typeof import("node:fs")>()),
  linkSync: () => {
    link.before();
    throw Object.assign(new Error("operation not permitted, link"), { code: "EPERM" });
  },
}));

test("a file is made whole, and one that came in between is not overwritten", () => {
  const folder = temporaryFolder();
  const path = join(folder, "bundle");
  createFile(path, [Buffer.from("whole")]);
  expect(readFileSync(path, "utf8")).toBe("whole");
  expect(statSync(path).mode & 0o777).toBe(0o600);

  const other = join(folder, "other");
  link.before = () => {
    writeFileSync(other, "theirs");
  };
  expect(createFileIfAbsent(other, [Buffer.from("ours")])).toBe(false);
  expect(readFileSync(other, "utf8")).toBe("theirs");
  expect(readdirSync(folder).sort()).toEqual(["bundle", "other"]);
});
