/** `npm run bench:thirdparty` as its user runs it, without the rivals' tools and with them. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, test } from "vitest";
import { readChildLine, readLines, type ThirdpartyLine } from "#bench/thirdparty/line.ts";

const ROOT = fileURLToPath(new URL("../../..", import.meta.url));
const THIRDPARTY = join(ROOT, "bench", "thirdparty");
const PYTHON_FILES = readdirSync(join(THIRDPARTY, "python")).filter((name) => name.endsWith(".py"));
const PYTHON = ["python3.11", "python3"].find(
  (name) => spawnSync(name, ["-c", "import sys; sys.exit(sys.version_info < (3, 11))"]).status === 0,
);

const folder = mkdtempSync(join(tmpdir(), "aquila-thirdparty-test-"));
afterAll(() => {
  rmSync(folder, { recursive: true });
});

/** Nothing on the path, an empty cache: what a machine without Python, npm and taskset finds. */
function bench(args: readonly string[]): { code: number | null; out: string; err: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, ["start.mjs", "bench/thirdparty/main.ts", ...args], {
    cwd: ROOT,
    env: { PATH: folder, XDG_CACHE_HOME: join(folder, "cache"), HOME: folder },
    encoding: "utf8",
  });
  return { code: status, out: stdout, err: stderr };
}

function judgedTruePairs(line: ThirdpartyLine | undefined): number | undefined {
  return line !== undefined && "quality" in line ? line.quality?.truePairs : undefined;
}

describe("without the rivals' tools", () => {
  const out = join(folder, "out");
  const small = ["--records", "100", "--pairings", "HR-SI", "--keys", "2000", "--out", out];

  test("Aquila is measured alone, and each rival left out with its reason", () => {
    const { code, err } = bench(small);
    expect({ code, err }).toEqual({ code: 0, err: expect.stringContaining("join of 2000 keys a side") as string });
    const lines = readLines(readFileSync(join(out, "lines.jsonl"), "utf8"));
    const measured = lines.flatMap((line) => ("measure" in line ? [`${line.system} ${line.measure}`] : []));
    expect(measured).toEqual(["aquila join", "aquila link", "aquila round"]);
    const [link, round] = ["link", "round"].map((measure) =>
      lines.find((line) => "measure" in line && line.measure === measure),
    );
    expect(round).toMatchObject({ results: expect.toSatisfy((pairs: number) => pairs > 0) as number });
    expect(judgedTruePairs(round)).toBe(judgedTruePairs(link));
    const skipped = new Map(lines.flatMap((line) => ("skipped" in line ? [[line.system, line.skipped]] : [])));
    for (const rival of ["anonlink", "splink", "duckdb"] as const)
      expect(skipped.get(rival)).toContain("no Python 3.11");
    expect(skipped.get("psi.js")).toContain("npm install");
    const report = readFileSync(join(out, "report.md"), "utf8");
    expect(report).toContain("- splink: no Python 3.11");
  });
});

test.each(["--rivals nobody", "--records 0", "--pairings HR", "--nothing"])("wrong usage %s ends with 64", (args) => {
  expect(bench(args.split(" ")).code).toBe(64);
});

describe("what the rivals need", () => {
  test("is pinned and names no host", () => {
    const manifests = join(THIRDPARTY, "manifests");
    const requirements = readFileSync(join(manifests, "requirements.txt"), "utf8").trimEnd().split("\n");
    for (const line of requirements) expect(line).toMatch(/^[A-Za-z0-9._-]+==[0-9][0-9a-z.]*$/);
    const { dependencies } = JSON.parse(readFileSync(join(manifests, "package.json"), "utf8")) as {
      dependencies: Record<string, string>;
    };
    for (const version of Object.values(dependencies)) expect(version).toMatch(/^\d+\.\d+\.\d+$/);
  });

  test("is no dependency of the project", () => {
    expect(readFileSync(join(ROOT, "package.json"), "utf8")).not.toContain("psi.js");
  });
});

describe("Python files", () => {
  test("say at their top what they are", () => {
    for (const name of PYTHON_FILES)
      expect(readFileSync(join(THIRDPARTY, "python", name), "utf8"), name).toMatch(/^"""\s*\w/);
  });

  test("are of the grammar of Python 3.11", (context) => {
    if (PYTHON === undefined) return context.skip("no Python 3.11 on the path");
    const program = "import ast, sys\nfor path in sys.argv[1:]: ast.parse(open(path).read(), path)";
    const paths = PYTHON_FILES.map((name) => join(THIRDPARTY, "python", name));
    const { status, stderr } = spawnSync(PYTHON, ["-c", program, ...paths], { encoding: "utf8" });
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
  });

  test("print lines that the bench reads", (context) => {
    if (PYTHON === undefined) return context.skip("no Python 3.11 on the path");
    const program =
      "from report_line import cpu_seconds, print_line\nprint_line(timesS=[.5], cpuS=cpu_seconds(), versions={})";
    const { stdout } = spawnSync(PYTHON, ["-B", "-c", program], {
      encoding: "utf8",
      cwd: join(THIRDPARTY, "python"),
    });
    expect(readChildLine(stdout).timesS).toEqual([0.5]);
  });
});
