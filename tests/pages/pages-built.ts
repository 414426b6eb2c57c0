/**
 * Before all tests: the pages are built, once, if a source of theirs is newer than what was built.
 */
import { readdirSync, statSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { join } from "node:path";
import { buildPages } from "#pages/build.ts";
import { builtFolder, isBuilt, PAGE_SETS } from "#pages/built.ts";

export default async function ensureBuiltPages(): Promise<void> {
  const folder = fileURLToPath(new URL("../../pages", import.meta.url));
  const newest = Math.max(
    ...readdirSync(folder, { recursive: true, encoding: "utf8" })
      .filter((name) => !name.startsWith("dist"))
      .map((name) => statSync(join(folder, name)).mtimeMs),
  );
  const isFresh = PAGE_SETS.every(
    (set) => isBuilt(set) && statSync(join(builtFolder(set), "index.html")).mtimeMs > newest,
  );
  if (!isFresh) await buildPages();
}
