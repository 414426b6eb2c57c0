/**
 * `npm run build`: the pages of console and secretariat, from their sources to `pages/dist/`, each with names by content.
 * `npm ci` calls it too, with --if-present: an installation without development packages has no Vite and takes built pages along.
 */
import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { PAGE_SETS, builtFolder, type PageSet } from "./built.ts";

/** @param folderOf - Where each set is built; emptied first. */
export async function buildPages(sets: readonly PageSet[] = PAGE_SETS, folderOf = builtFolder): Promise<void> {
  const { build } = await import("vite");
  for (const set of sets)
    await build({
      root: new URL(set, import.meta.url).pathname,
      base: "./",
      configFile: false,
      logLevel: "warn",
      oxc: { jsx: { runtime: "automatic", importSource: "preact" } },
      build: {
        outDir: folderOf(set),
        emptyOutDir: true,
        target: "es2022",
        assetsInlineLimit: 0,
        modulePreload: { polyfill: false },
        reportCompressedSize: false,
      },
    });
}

function hasVite(): boolean {
  try {
    return existsSync(createRequire(import.meta.url).resolve("vite/package.json"));
  } catch {
    return false;
  }
}

if (import.meta.filename === process.argv[1])
  if (hasVite() || !process.argv.includes("--if-present")) await buildPages();
