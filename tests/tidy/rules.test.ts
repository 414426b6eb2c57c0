/**
 * Every house rule can fail: a small tree that keeps all rules, and one change to it for each way of breaking them.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import * as rules from "./rules.ts";
import { readTree } from "./tree.ts";

const GOOD = {
  "engine/encode/facts.ts": `/** Facts. */\nimport { size } from "../batch/batch.ts";\nexport const facts = size;\n`,
  "engine/batch/batch.ts": `/** Batch. */\nimport { createHash } from "node:crypto";\nexport const size = createHash("sha256");\n`,
  "engine/match/join.ts": `/** Join. */\nimport type { size } from "#engine/batch/batch.ts";\nexport const at = (text: string): Date => new Date(text);\nexport type Size = typeof size;\n`,
  "engine/round/keys.ts": `/** Keys. */\n// process.env, console.log and Math.random are words here.\nexport const text = "Date.now";\n`,
  "server/main.ts": `#!/usr/bin/env node\n/** Server. */\nimport { at } from "../engine/match/join.ts";\nconsole.log(at("1"), process.pid, Date.now());\n`,
  "client/main.ts": `/** Client. */\nimport { facts } from "#engine/encode/facts.ts";\nexport { at } from "#engine/match/join.ts";\nexport const all = [facts];\n`,
  "node_modules/other/utils.ts": `export * from "./no-header.ts";\n`,
};

const folders: string[] = [];
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
});

/** @returns What `rule` finds in the good tree with `changes` laid over it. */
function found(rule: rules.Rule, changes: Record<string, string> = {}): string[] {
  const root = mkdtempSync(join(tmpdir(), "aquila-tidy-"));
  folders.push(root);
  for (const [path, text] of Object.entries({ ...GOOD, ...changes })) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
  return rule(readTree(root));
}

describe("a tree that keeps the rules", () => {
  test.each([
    rules.headerMissing,
    rules.wallBroken,
    rules.engineImpure,
    rules.emptyName,
    rules.barrel,
    rules.tooLong,
    rules.reachesOutside,
    rules.doubleCast,
    rules.testSwitchedOff,
  ])("passes rule %#", (rule) => {
    expect(found(rule)).toEqual([]);
  });
});

describe("headerMissing", () => {
  test.each([
    "export const a = 1;\n",
    "",
    "// a line\nexport const a = 1;\n",
    `import "x";\n/** Late. */\n`,
    "/** */\n",
  ])("finds %j", (text) => {
    expect(found(rules.headerMissing, { "server/app.ts": text })).toEqual(["server/app.ts: no header comment"]);
  });
});

describe("wallBroken", () => {
  test.each(["server/app.ts", "engine/match/score.ts", "engine/batch/read.ts"])("finds an import from %s", (path) => {
    for (const specifier of [
      "#engine/encode/facts.ts",
      `${"../".repeat(path.split("/").length - 1)}engine/encode/facts.ts`,
    ]) {
      const changes = { [path]: `/** A. */\nimport { facts } from "${specifier}";\nexport const a = facts;\n` };
      expect(found(rules.wallBroken, changes)).toEqual([`${path} → engine/encode/facts.ts: through the wall`]);
    }
  });

  test.each([
    `import type { facts } from "#engine/encode/facts.ts";`,
    `export { facts } from "#engine/encode/facts.ts";`,
    `const facts = await import("#engine/encode/facts.ts");`,
    `import "#engine/encode/facts.ts";`,
    `new Worker(new URL("../engine/encode/facts.ts", import.meta.url));`,
  ])("finds it written as %s", (statement) => {
    expect(found(rules.wallBroken, { "server/app.ts": `/** A. */\n${statement}\n` })).toHaveLength(1);
  });

  test("finds it at any remove, and says the way", () => {
    const changes = {
      "server/app.ts": `/** A. */\nimport "#engine/round/keys.ts";\n`,
      "engine/round/keys.ts": `/** K. */\nimport "../near.ts";\n`,
      "engine/near.ts": `/** N. */\nimport "./encode/facts.ts";\n`,
    };
    expect(found(rules.wallBroken, changes)).toEqual([
      "server/app.ts → engine/round/keys.ts → engine/near.ts → engine/encode/facts.ts: through the wall",
    ]);
  });

  test("finds a server that imports the client", () => {
    const changes = { "server/app.ts": `/** A. */\nimport "#client/main.ts";\n` };
    expect(found(rules.wallBroken, changes)).toHaveLength(1);
  });

  test("ends on a circle of imports", () => {
    const changes = {
      "server/a.ts": `/** A. */\nimport "./b.ts";\n`,
      "server/b.ts": `/** B. */\nimport "./a.ts";\n`,
    };
    expect(found(rules.wallBroken, changes)).toEqual([]);
  });
});

describe("engineImpure", () => {
  test.each([
    "node:fs",
    "fs",
    "node:fs/promises",
    "node:net",
    "node:http",
    "node:worker_threads",
    "node:process",
    "pino",
  ])("finds the module %s", (specifier) => {
    const changes = {
      "engine/round/keys.ts": `/** K. */\nimport * as found from "${specifier}";\nexport { found };\n`,
    };
    expect(found(rules.engineImpure, changes)).toEqual([`engine/round/keys.ts: imports ${specifier}`]);
  });

  test.each([
    "process.env",
    "globalThis.process.env",
    "console.log(1)",
    "Date.now()",
    "new Date()",
    "new Date",
    "Date()",
    "Math.random()",
    "performance.now()",
    "fetch(text)",
    "setTimeout(text)",
  ])("finds %s", (expression) => {
    const changes = { "engine/round/keys.ts": `/** K. */\nexport const text = "";\nexport const a = ${expression};\n` };
    const places = found(rules.engineImpure, changes);
    expect(places).toHaveLength(1);
    expect(places[0]).toContain("engine/round/keys.ts:3: ");
  });

  test("finds an import of another room", () => {
    const changes = { "engine/round/keys.ts": `/** K. */\nimport "#server/main.ts";\n` };
    expect(found(rules.engineImpure, changes)).toEqual(["engine/round/keys.ts: imports #server/main.ts"]);
  });
});

describe("emptyName", () => {
  test.each([
    "engine/utils.ts",
    "server/util.ts",
    "server/helpers.ts",
    "client/common.ts",
    "client/misc/words.ts",
    "server/RoundService.ts",
    "server/round-manager.ts",
    "server/Repository.ts",
    "server/keyFactory.ts",
    "tests/helpers.test.ts",
  ])("finds %s", (path) => {
    expect(found(rules.emptyName, { [path]: "/** A. */\n" })).toHaveLength(1);
  });

  test("finds a class", () => {
    expect(found(rules.emptyName, { "server/round.ts": "/** A. */\nexport class RoundManager {}\n" })).toHaveLength(1);
  });
});

describe("barrel", () => {
  test.each([
    ["engine/index.ts", `export { at } from "./match/join.ts";\nexport const own = 1;`],
    ["engine/all.ts", `export { at } from "./match/join.ts";`],
    ["engine/all.ts", `export * from "./match/join.ts";\nexport const own = 1;`],
  ])("finds %s with %j", (path, text) => {
    expect(found(rules.barrel, { [path]: `/** A. */\n${text}\n` })).toEqual([`${path}: a barrel`]);
  });
});

describe("tooLong", () => {
  test("finds 401 lines and not 400", () => {
    const lines = (count: number): string => `/** A. */\n${"export {};\n".repeat(count - 1)}`;
    expect(found(rules.tooLong, { "server/app.ts": lines(400) })).toEqual([]);
    expect(found(rules.tooLong, { "server/app.ts": lines(401) })).toEqual(["server/app.ts: 401 lines"]);
  });
});

describe("reachesOutside", () => {
  test.each([
    `import "../../shared/data.ts";`,
    `import "../../../elsewhere.ts";`,
    `import "/srv/elsewhere.ts";`,
    "export const path = `/home/${1}`;",
    `export const path = "/work/main/a";`,
    `export const path = "file:///a";`,
    `export const path = new URL("../shared/data", import.meta.url);`,
  ])("finds %s", (statement) => {
    expect(found(rules.reachesOutside, { "server/app.ts": `/** A. */\n${statement}\n` })).not.toEqual([]);
  });

  test("lets addresses of routes be", () => {
    expect(found(rules.reachesOutside, { "server/app.ts": `/** A. */\nexport const route = "/v1/rounds";\n` })).toEqual(
      [],
    );
  });
});

describe("doubleCast", () => {
  test.each(["1 as unknown as string", "(1 as unknown) as string"])("finds %s", (expression) => {
    expect(found(rules.doubleCast, { "server/app.ts": `/** A. */\nexport const a = ${expression};\n` })).toEqual([
      "server/app.ts:2: a double cast",
    ]);
  });
});

describe("testSwitchedOff", () => {
  test.each(["test.skip", "describe.only", "it.todo", "test.skipIf"])("finds %s", (call) => {
    expect(found(rules.testSwitchedOff, { "tests/a.test.ts": `/** A. */\n${call}("a");\n` })).toEqual([
      `tests/a.test.ts:2: ${call}`,
    ]);
  });
});

describe("lockFileHosts", () => {
  test("finds a package with an address", () => {
    const packages = { a: { version: "1.0.0" }, b: { resolved: "https://registry.example/b.tgz" } };
    expect(rules.lockFileHosts(JSON.stringify({ packages }, null, 2))).toEqual([
      "package-lock.json: https://registry.example/b.tgz",
    ]);
    expect(rules.lockFileHosts(JSON.stringify({ packages: { a: { resolved: "a", link: true } } }))).toEqual([]);
  });
});
