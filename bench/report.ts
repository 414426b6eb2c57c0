/**
 * `npm run -s bench -- report [--out FOLDER] [--from LINES]`: the speed benches as a page that an operator can read.
 * In: the lines that the benches print, run now (sizes by BENCH) or read from a file. Out: lines.jsonl, report.html and its
 * pictures as SVG files, in bench/results/speed unless a folder is named.
 */
import { spawn } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { wantedScale, type Scale } from "./measurement.ts";
import { figuresOf } from "./report/figures.ts";
import { parseLines, type SpeedLine } from "./report/lines.ts";
import { pageHtml } from "./report/page.ts";

const BENCHES = ["encode", "sort", "ingest", "join", "round"] as const;
const RESULTS = fileURLToPath(new URL("results/speed", import.meta.url));

/**
 * @param args - After the bench's name.
 * @returns Exit code: 0 written.
 * @throws Error if a bench fails or a line is none.
 */
export async function report(args: readonly string[]): Promise<number> {
  const { values } = parseArgs({
    args: [...args],
    options: { out: { type: "string", default: RESULTS }, from: { type: "string" } },
  });
  const scale = wantedScale();
  const lines = values.from === undefined ? await measuredLines(scale) : parseLines(readFileSync(values.from, "utf8"));
  const figures = figuresOf(lines);
  mkdirSync(values.out, { recursive: true });
  const write = (name: string, content: string): void => {
    writeFileSync(join(values.out, name), content);
    console.log(join(values.out, name));
  };
  write("lines.jsonl", jsonLines(lines));
  for (const { name, svg } of figures) write(`${name}.svg`, svg);
  write("report.html", pageHtml(lines, figures));
  return 0;
}

/** Runs each bench in a process of its own, one after the other. */
async function measuredLines(scale: Scale): Promise<SpeedLine[]> {
  const lines: SpeedLine[] = [];
  for (const name of BENCHES) {
    console.error(`bench ${name} …`);
    const date = new Date().toISOString().slice(0, 19) + "Z";
    for (const line of parseLines(await benchOutput(name))) lines.push({ ...line, date, scale });
  }
  // Read once more, so that members have the order that a file of these lines gives them.
  return parseLines(jsonLines(lines));
}

async function benchOutput(name: string): Promise<string> {
  const main = fileURLToPath(new URL("main.ts", import.meta.url));
  const child = spawn(process.execPath, [main, name, "--json"], { stdio: ["ignore", "pipe", "inherit"] });
  const ended = new Promise<number | null>((resolve) => child.once("close", resolve));
  const output = await text(child.stdout);
  if ((await ended) !== 0) throw new Error(`report: bench ${name} failed`);
  return output;
}

function jsonLines(lines: readonly SpeedLine[]): string {
  return lines.map((line) => `${JSON.stringify(line)}\n`).join("");
}
