/**
 * Bench `api` as its user runs it, at smoke size.
 */
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { z } from "zod";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));

const Line = z.strictObject({
  bench: z.literal("api"),
  asked: z.enum(["round", "progress", "events"]),
  size: z.strictObject({ requests: z.literal(200), connections: z.literal(8) }),
  requestsPerSecond: z.int().positive(),
  requestsPerServerCpuSecond: z.int().positive(),
  medianMs: z.number().positive(),
  p99Ms: z.number().positive(),
  peakRssMb: z.int().positive(),
  checksum: z.string().regex(/^[0-9a-f]{16}$/),
  machine: z.string().min(1),
});

function bench(args: readonly string[], scale = "smoke"): { code: number | null; out: string; err: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, ["start.mjs", "bench/main.ts", "api", ...args], {
    cwd: ROOT,
    env: { ...process.env, BENCH: scale },
    encoding: "utf8",
  });
  return { code: status, out: stdout, err: stderr };
}

test("bench api prints a JSON line for each kind of request, whose checksum is the same in every run", () => {
  const [one, other] = [1, 2].map(() => {
    const { code, out, err } = bench(["--json"]);
    expect({ code, err }).toEqual({ code: 0, err: "" });
    const lines = out
      .trim()
      .split("\n")
      .map((line) => Line.parse(JSON.parse(line)));
    for (const { medianMs, p99Ms } of lines) expect(p99Ms).toBeGreaterThanOrEqual(medianMs);
    return lines.map(({ asked, checksum }) => [asked, checksum]);
  });
  expect(one?.map(([asked]) => asked)).toEqual(["round", "progress", "events"]);
  expect(one).toEqual(other);
});

test("bench api refuses a size and an option that it does not know", () => {
  expect(bench([], "huge").code).toBe(64);
  expect(bench(["--yaml"]).code).toBe(64);
});
