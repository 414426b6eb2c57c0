/**
 * The worked example of docs/spec/matching.md: the profile as the page prints it.
 */
import { readFileSync } from "node:fs";
import { parseProfile, type Profile } from "#engine/profile.ts";

export const SPEC_TEXT = readFileSync(new URL("../../../docs/spec/matching.md", import.meta.url), "utf8");

export const EXAMPLE: Profile = parseProfile(JSON.parse(/```json\n(.*?)```/s.exec(SPEC_TEXT)?.[1] ?? "null"));

/** Bits of a pattern, by rule id of the example. */
export const NAME_BIRTH = 1;
export const NAME_YEAR = 2;
export const DOCUMENT = 4;
