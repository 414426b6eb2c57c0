/**
 * `npm run bench` as its user runs it, at smoke size.
 */
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { z } from "zod";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));

const Line = z.strictObject({
  bench: z.literal("join"),
  size: z.strictObject({
    rowsA: z.int().positive(),
    rowsB: z.int().positive(),
    sharedKeys: z.int().positive(),
    cellBytes: z.literal(12),
  }),
  keysPerSecond: z.int().positive(),
  medianMs: z.number().positive(),
  repeats: z.int().min(5),
  peakRssMb: z.int().positive(),
  checksum: z.string().regex(/^[0-9a-f]{16}$/),
  machine: z.string().min(1),
});

const ThreadLine = z.looseObject({
  bench: z.literal("join"),
  size: z.looseObject({
    workers: z.int().positive(),
    speedup: z.number().positive(),
    bestSpeedup: z.number().positive(),
  }),
  checksum: z.string().regex(/^[0-9a-f]{16}$/),
});

function bench(args: readonly string[], scale = "smoke"): { code: number | null; out: string; err: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, ["start.mjs", "bench/main.ts", ...args], {
    cwd: ROOT,
    env: { ...process.env, BENCH: scale },
    encoding: "utf8",
  });
  return { code: status, out: stdout, err: stderr };
}

describe("bench join", () => {
  test("prints a line for one core, and lines for one thread and for two, whose checksums are the same in every run", () => {
    const runs = [1, 2].map(() => {
      const { code, out, err } = bench(["join", "--json"]);
      expect({ code, err }).toEqual({ code: 0, err: "" });
      const [first = "", ...threads] = out.trim().split("\n");
      return {
        alone: Line.parse(JSON.parse(first)),
        threads: threads.map((line) => ThreadLine.parse(JSON.parse(line))),
      };
    });
    expect(runs.map(({ alone }) => alone.checksum)).toEqual(["e62fb6af609392a9", "e62fb6af609392a9"]);
    expect(runs[0]?.alone.size).toEqual({ rowsA: 20_000, rowsB: 20_000, sharedKeys: 1000, cellBytes: 12 });
    expect(runs[0]?.threads.map(({ size }) => size.workers)).toEqual([1, 2, 1, 2, 1, 2]);
    const checksums = runs.map(({ threads }) => threads.map(({ checksum }) => checksum));
    expect(checksums[0]).toEqual(checksums[1]);
  });

  test("prints a line for people without --json", () => {
    const { code, out } = bench(["join"]);
    expect(code).toBe(0);
    expect(out).toMatch(/^join +rowsA 20,000.* M keys\/s +e62fb6af609392a9$/m);
  });
});

describe("the bench command", () => {
  test("lists its benches", () => {
    const { code, out } = bench(["--list"]);
    expect(code).toBe(0);
    expect(out).toMatch(/^join /m);
  });

  test.each([
    { args: [], scale: "smoke" },
    { args: ["nothing"], scale: "smoke" },
    { args: ["join", "nothing"], scale: "smoke" },
    { args: ["join", "--yaml"], scale: "smoke" },
    { args: ["join"], scale: "huge" },
  ])("refuses $args at $scale with exit code 64", ({ args, scale }) => {
    const { code, out, err } = bench(args, scale);
    expect(code).toBe(64);
    expect(out).toBe("");
    expect(err).not.toBe("");
  });
});
