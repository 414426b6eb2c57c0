/**
 * The pages' language files as they lie in the tree.
 */
import { readdirSync, readFileSync } from "node:fs";

const FOLDER = new URL("../../pages/languages/", import.meta.url);

/** A text, or its plural forms. */
export type Forms = string | Readonly<Record<string, string>>;

export const LANGUAGE_FILES: Readonly<Record<string, Readonly<Record<string, Forms>>>> = Object.fromEntries(
  readdirSync(FOLDER)
    .filter((name) => name.endsWith(".json"))
    .map((name) => [
      name.replace(".json", ""),
      JSON.parse(readFileSync(new URL(name, FOLDER), "utf8")) as Readonly<Record<string, Forms>>,
    ]),
);
