/** The leak search over files and a process's memory, on several threads. */
import { mkdtempSync, rmSync, writeFileSync, mkdirSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { filesHaystack } from "../../demo/haystack.ts";
import { indexNeedles } from "../../demo/needle-index.ts";
import { copyMemory } from "../../demo/process-memory.ts";
import { openSearchPool, type SearchPool } from "../../demo/search-pool.ts";

const name = "Ágnes Kovács";
let folder: string;
let pool: SearchPool;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "aquila-search-"));
  pool = openSearchPool(indexNeedles([{ kind: "full name", text: name }]), 2);
});
afterAll(async () => {
  await pool.close();
  rmSync(folder, { recursive: true });
});

test("a fact is found once wherever it stands in a large file, across the stretches that threads take", async () => {
  const offsets = [0, (16 << 20) - 20, (16 << 20) - 3, 16 << 20, (17 << 20) - 14];
  for (const offset of offsets) {
    const bytes = Buffer.alloc(17 << 20, 0x2e);
    bytes.write(name, offset, "utf8");
    writeFileSync(join(folder, "large"), bytes);
    const { leaks, searchedBytes } = await pool.search(filesHaystack("large", [join(folder, "large")]));
    expect(leaks.map((leak) => leak.offset)).toEqual([offset]);
    expect(searchedBytes).toBeGreaterThanOrEqual(bytes.length);
  }
});

test("folders are searched with all that is in them", async () => {
  mkdirSync(join(folder, "tree/deep"), { recursive: true });
  writeFileSync(join(folder, "tree/empty"), "");
  writeFileSync(join(folder, "tree/deep/base64"), Buffer.from(`{"name":"${name}"}`).toString("base64"));
  const { leaks } = await pool.search(filesHaystack("tree", [join(folder, "tree")]));
  expect(leaks).toHaveLength(1);
  expect(leaks[0]?.path).toBe(join(folder, "tree/deep/base64"));
});

test.runIf(process.platform === "linux")(
  "a fact in an array buffer is found in a copy of the process's memory",
  async () => {
    const held = Buffer.alloc(1 << 22, 0x2e);
    held.write(name, 12_345, "utf16le");
    const copy = join(folder, "memory");
    expect(copyMemory(process.pid, copy)).toBe(true);
    const { leaks } = await pool.search(filesHaystack("memory", [copy]));
    expect(leaks.map((leak) => leak.encoding)).toContain("utf-16le");
    expect(held).toHaveLength(1 << 22);
  },
);

test("memory that the system does not show is said to be so", () => {
  expect(copyMemory(2 ** 22 + 1, join(folder, "nobody"))).toBe(false);
});
