/**
 * Where the built pages lie, and the headers they are served with, by the client's console and by the secretariat alike.
 */
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { join } from "node:path";

/** Folders below `pages/` that are built each by itself. */
export const PAGE_SETS = ["console", "secretariat"] as const;
export type PageSet = (typeof PAGE_SETS)[number];

/** @returns Folder of a set's built pages, whether or not they are built. */
export function builtFolder(set: PageSet): string {
  return fileURLToPath(new URL(`dist/${set}`, import.meta.url));
}

/** @param folder - Of built pages; the set's own when left out. */
export function isBuilt(set: PageSet, folder = builtFolder(set)): boolean {
  return existsSync(join(folder, "index.html"));
}

/** Content Security Policy Level 3: nothing but the page's own files, and no request to anybody else. */
export const PAGE_POLICY = {
  defaultSrc: ["'none'"],
  scriptSrc: ["'self'"],
  styleSrc: ["'self'"],
  imgSrc: ["'self'", "data:"],
  fontSrc: ["'self'"],
  connectSrc: ["'self'"],
  baseUri: ["'none'"],
  formAction: ["'none'"],
  frameAncestors: ["'none'"],
} as const;
