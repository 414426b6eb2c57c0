/** The demonstration as a whole, on small lists. */
import { execFile } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";

const run = promisify(execFile);
const REPOSITORY = new URL("../..", import.meta.url).pathname;
const DEMO_MS = 180_000;
const PARTIES = ["AL", "AT", "BA", "BG", "HR", "HU", "MD", "ME", "MK", "RO", "RS", "SI"];

let temporary: string;
beforeAll(() => {
  temporary = mkdtempSync(join(tmpdir(), "aquila-demo-test-"));
});
afterAll(() => {
  rmSync(temporary, { recursive: true });
});

async function demo(...options: string[]): Promise<{ code: number; output: string }> {
  const env = { ...process.env, TMPDIR: temporary };
  try {
    const { stdout } = await run(process.execPath, ["start.mjs", "demo/main.ts", ...options], { cwd: REPOSITORY, env });
    return { code: 0, output: stdout };
  } catch (error) {
    if (!(error instanceof Error && "code" in error && typeof error.code === "number" && "stderr" in error))
      throw error;
    return { code: error.code, output: String(error.stderr) };
  }
}

test(
  "twelve parties find their common persons, nothing leaks, and what is planted is found",
  async () => {
    const { code, output } = await demo("--records", "200");
    const lines = output.split("\n");
    expect(code, output).toBe(0);

    const header = lines.findIndex((line) => line.trim().split(/\s+/).join(" ") === PARTIES.join(" "));
    expect(header).toBeGreaterThan(0);
    PARTIES.forEach((party, at) => {
      const cells = lines[header + 1 + at]?.trim().split(/\s+/) ?? [];
      expect(cells[0]).toBe(party);
      expect(cells).toHaveLength(PARTIES.length + 1);
      expect(cells[at + 1]).toBe("·");
    });

    const precision = Number(/^high +[\d,]+ +[\d,]+ +[\d,]+ +([\d.]+) +[\d.]+$/m.exec(output)?.[1]);
    expect(precision).toBeGreaterThan(0.95);

    const from = lines.findIndex((line) => line.startsWith("where "));
    const places = lines.slice(
      from + 1,
      lines.findIndex((line) => line.startsWith("planted ")),
    );
    expect(places.length).toBeGreaterThanOrEqual(6);
    for (const place of places) expect(place).toMatch(/ 0$/);
    expect(output).not.toContain("LEAK");

    const planted = [...output.matchAll(/^planted in .*: (\d+) leaks?, found (\d+)$/gm)];
    expect(planted.map(([, , found]) => found)).toEqual(planted.map(([, count]) => count));
    expect(planted.map(([, count]) => Number(count))).toEqual([14, 1]);

    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(100);
    expect(readdirSync(temporary)).toEqual([]);
  },
  DEMO_MS,
);

test("a size that cannot be is a usage error", async () => {
  for (const records of ["0", "many", "1e9"]) {
    const { code, output } = await demo("--records", records);
    expect(code).toBe(64);
    expect(output).toContain("usage: npm run demo");
  }
});
