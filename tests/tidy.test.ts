/**
 * The house rules of docs/architecture.md, held over the whole tree. Each rule is shown able to fail in tests/tidy/.
 */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import * as rules from "./tidy/rules.ts";
import { readTree } from "./tidy/tree.ts";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const TREE = readTree(ROOT);

/** The rules' own tests hold what the rules forbid, as text. */
const WITHOUT_RULE_TESTS = new Map([...TREE].filter(([path]) => path !== "tests/tidy/rules.test.ts"));

test("the tree that is read holds the rooms", () => {
  for (const path of ["engine/match/join.ts", "engine/errors.ts", "tests/tidy.test.ts"])
    expect(TREE.has(path), path).toBe(true);
});

test("every file has a header comment", () => {
  expect(rules.headerMissing(TREE)).toEqual([]);
});

test("engine/match, engine/batch and server never reach engine/encode", () => {
  expect(rules.wallBroken(TREE)).toEqual([]);
});

test("the engine has no I/O, clock, randomness or logging of its own and imports no other room", () => {
  expect(rules.engineImpure(TREE)).toEqual([]);
});

test("no file, folder or class has a name that says nothing", () => {
  expect(rules.emptyName(TREE)).toEqual([]);
});

test("there are no barrels", () => {
  expect(rules.barrel(TREE)).toEqual([]);
});

test("no file is longer than 400 lines", () => {
  expect(rules.tooLong(TREE)).toEqual([]);
});

test("nothing reaches outside the project", () => {
  expect(rules.reachesOutside(WITHOUT_RULE_TESTS)).toEqual([]);
});

test("there are no double casts", () => {
  expect(rules.doubleCast(TREE)).toEqual([]);
});

test("no test is switched off or runs alone", () => {
  expect(rules.testSwitchedOff(TREE)).toEqual([]);
});

test("package-lock.json names no host", () => {
  expect(rules.lockFileHosts(readFileSync(new URL("../package-lock.json", import.meta.url), "utf8"))).toEqual([]);
});
