/**
 * Problem codes against docs/spec/problems.md.
 */
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { PROBLEM_CODES } from "#engine/errors.ts";
import { Problem } from "#engine/round/messages.ts";
import { PROBLEM_ANSWERS, problemOf } from "#server/problem.ts";

const page = readFileSync(new URL("../../docs/spec/problems.md", import.meta.url), "utf8");
const rows = [...page.matchAll(/^\| `([a-z-]+)` \| ([0-9]+|–) \| (.+) \| (.+) \|$/gm)].map(
  ([, code, status, meaning, remedy]) => ({ code, status, meaning, remedy }),
);

describe("docs/spec/problems.md", () => {
  it("has one row for each problem code, in the order of the list", () => {
    expect(rows.map(({ code }) => code)).toEqual([...PROBLEM_CODES]);
  });

  it("gives the status that the server answers, or none for codes that never leave a party's machine", () => {
    for (const code of PROBLEM_CODES) {
      const status = rows.find((row) => row.code === code)?.status;
      if (status !== "–") expect(status, code).toBe(String(PROBLEM_ANSWERS[code].status));
    }
  });
});

describe("a problem", () => {
  it("has the shape of the API for every code, however long its detail", () => {
    for (const code of PROBLEM_CODES) {
      const problem = Problem.parse(problemOf(code, "x".repeat(5_000), `/${"y".repeat(5_000)}`));
      expect(problem).toMatchObject({ code, type: `urn:aquila:problem:${code}` });
    }
  });
});
