/**
 * Bench `pages`: the analyst console in a real Chromium, with fictional hits: bytes of its bundle, first paint, filtering, scrolling.
 * `npm run -s bench -- pages [--json]`; sizes by BENCH as for every bench. Where there is no Chromium it says so and measures the bundle alone.
 * The console that serves the pages is the tests' fixture, so that neither vault nor secretariat is part of the times.
 */
import { createHash } from "node:crypto";
import { parseArgs } from "node:util";
import { buildPages } from "#pages/build.ts";
import { chromiumPath, NO_BROWSER, startBrowser } from "../tests/pages/browser.ts";
import { consoleBundle } from "../tests/pages/bundle.ts";
import { openConsole } from "../tests/pages/console-page.ts";
import { startFixtureConsole } from "../tests/pages/fixture-console.ts";
import { filterTimes, firstPaint, scrollTimes } from "../tests/pages/page-times.ts";
import { machine, wantedScale, type Scale } from "./measurement.ts";

const SIZES: Record<Scale, { readonly hits: number; readonly opens: number; readonly frames: number }> = {
  smoke: { hits: 500, opens: 1, frames: 20 },
  usual: { hits: 10_000, opens: 7, frames: 200 },
  full: { hits: 100_000, opens: 15, frames: 1_000 },
};
const SEARCHES = ["h", "hr-0", "hr-00", "hr-001", "hr-0012", "hr-001", "hr", ""];

/**
 * @param args - After the bench's name.
 * @returns Exit code: 0 measured.
 * @throws Error if the page finds another number of hits than there are, or asks anybody else for anything.
 */
export async function pages(args: readonly string[]): Promise<number> {
  const { values } = parseArgs({ args: [...args], options: { json: { type: "boolean", default: false } } });
  const size = SIZES[wantedScale()];
  await buildPages();
  const lines: Readonly<Record<string, unknown>>[] = [{ measured: "bundle", ...consoleBundle() }];
  if (chromiumPath() === null) console.error(`pages: ${NO_BROWSER}`);
  else lines.push(...(await measureIn(size)));
  for (const line of lines)
    console.log(
      values.json
        ? JSON.stringify({ bench: "pages", ...line, machine: machine() })
        : Object.entries(line)
            .map(([name, value]) => (name === "measured" ? String(value).padEnd(12) : `${name} ${String(value)}`))
            .join("  "),
    );
  return 0;
}

async function measureIn({ hits, opens, frames }: (typeof SIZES)[Scale]): Promise<Record<string, unknown>[]> {
  const fixture = await startFixtureConsole(hits);
  const browser = await startBrowser();
  try {
    const paintsMs: number[] = [];
    const filtersMs: number[] = [];
    let framesMs: number[] = [];
    for (let open = 0; open < opens; open++) {
      const { page, faults, close } = await openConsole(browser, fixture);
      paintsMs.push(await firstPaint(page));
      await page.waitForSelector(`[data-count="${hits}"]`);
      filtersMs.push(...(await filterTimes(page, SEARCHES)));
      if (open === opens - 1) framesMs = await scrollTimes(page, frames);
      await page.waitForSelector(`[data-count="${hits}"]`);
      if (faults.length > 0) throw new Error(`pages: ${faults.join("; ")}`);
      await close();
    }
    const checksum = createHash("sha256")
      .update([...fixture.held.hits.keys()].join())
      .digest("hex")
      .slice(0, 16);
    return [
      { measured: "first-paint", opens, ...timesOf(paintsMs) },
      { measured: "filter", hits, ...timesOf(filtersMs), checksum },
      { measured: "scroll", hits, frames, ...timesOf(framesMs) },
    ];
  } finally {
    await browser.close();
    await fixture.close();
  }
}

function timesOf(timesMs: readonly number[]): { leastMs: number; medianMs: number; p95Ms: number; maxMs: number } {
  const sorted = [...timesMs].sort((a, b) => a - b);
  const at = (share: number): number =>
    Number((sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? NaN).toFixed(1));
  return { leastMs: at(0), medianMs: at(0.5), p95Ms: at(0.95), maxMs: at(1) };
}
