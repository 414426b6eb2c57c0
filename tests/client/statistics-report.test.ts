/**
 * The printable report: whole by itself, nothing under ten in it, and printed by a real Chromium as it should be.
 */
import { createHash } from "node:crypto";
import { chmodSync, readdirSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { describe, expect, test } from "vitest";
import { findChromium, printPdf } from "#client/chromium.ts";
import { statisticsReport } from "#client/statistics-report.ts";
import type { YearStatistics } from "#engine/statistics/published.ts";
import { countedRound, partyIds, publishedYear } from "../engine/statistics/published-years.ts";
import { seeded } from "../engine/statistics/seeded.ts";
import { startChromium, wantedChromium } from "../pages/browser.ts";
import { temporaryFolder } from "./folders.ts";
import { pdfPages } from "./pdf-text.ts";

const NOW = new Date("2027-01-31T09:00:00Z");

/** Half of the counts are none, most others are small. */
function yearOf(year: number, parties: number, rounds: number): YearStatistics {
  const counted = Array.from({ length: rounds }, (_, at) =>
    countedRound(
      partyIds(parties),
      { id: `${year}-${at + 1}`, field: at % 2 === 0 ? "terrorism" : "firearms" },
      (draw) => (draw() < 0.5 ? 0 : 40 * parties * draw() ** 2),
      `report ${parties} ${year} ${at}`,
    ),
  );
  return publishedYear(year, counted, seeded(`report ${parties} ${year}`));
}

/** Cells of the tables, but for the lines that say what those under ten count. */
function cellsIn(html: string): string[] {
  return [...html.matchAll(/<tr class="(?:figure|total)">(.*?)<\/tr>/gs)].flatMap(([, row = ""]) =>
    [...row.matchAll(/<td>(.*?)<\/td>/gs)].map(([, cell = ""]) => cell.replaceAll("&lt;", "<")),
  );
}

/** Whole numbers that stand alone as figures in a text: not error bars, ends of intervals, or names. */
function figuresIn(cells: readonly string[]): number[] {
  return cells.flatMap((cell) => {
    const [, figure] = /^([\d,]+)(?: ±[\d,]+)?$/.exec(cell) ?? [];
    return figure === undefined ? [] : [Number(figure.replaceAll(",", ""))];
  });
}

describe("the report", () => {
  test.each([2, 3, 12])("of %d parties shows no figure under ten, in tables or drawings", (parties) => {
    const years = [yearOf(2026, parties, 3), yearOf(2027, parties, 2)];
    const suppressed = years.flatMap(({ hits }) =>
      hits.flatMap(({ figures }) => figures.filter((each) => each.hits === null)),
    );
    expect(suppressed.length).toBeGreaterThan(0);
    const html = statisticsReport(years, NOW);
    const drawn = [...html.matchAll(/class="figure"[^>]*>([^<]*)</g)].map(([, text = ""]) =>
      text.replaceAll("&lt;", "<"),
    );
    const figures = figuresIn([...cellsIn(html), ...drawn]);
    expect(figures.length).toBeGreaterThan(20);
    for (const figure of figures) expect(figure).toBeGreaterThanOrEqual(10);
    expect(cellsIn(html).some((cell) => cell.startsWith("<10"))).toBe(true);
  });

  test("loads nothing and runs nothing: a policy with its style's digest, no script, no address", () => {
    const html = statisticsReport([yearOf(2026, 3, 2)], NOW);
    expect(html).not.toMatch(/<script|javascript:|\son\w+=|\ssrc=|\shref=|url\((?!#)/i);
    expect(html.replaceAll("http://www.w3.org/2000/svg", "")).not.toMatch(/https?:\/\//);
    const style = /<style>([\s\S]*?)<\/style>/.exec(html)?.[1] ?? "";
    const digest = createHash("sha256").update(style).digest("base64");
    expect(html).toContain(
      `content="default-src 'none'; style-src 'sha256-${digest}'; base-uri 'none'; form-action 'none'"`,
    );
  });

  test("says its years, its day, the budget, and how to read it", () => {
    const html = statisticsReport([yearOf(2026, 3, 2), yearOf(2027, 3, 1)], NOW);
    for (const said of [
      "Regional picture 2026 to 2027",
      "31 Jan 2027",
      "Privacy budget of 2026: 2/1 of 4/1 is spent.",
      "Privacy budget of 2027: 1/1 of 4/1 is spent.",
      "Dwork and Roth 2014",
      "Hay, Rastogi, Miklau and Suciu 2010",
      "possible match, not evidence",
    ])
      expect(html).toContain(said);
    const none = statisticsReport([{ budget: { limit: "4/1", spent: "0/1" }, hits: [], parties: [], year: 2026 }], NOW);
    expect(none).toContain("Nothing was published in this time.");
    expect(none).not.toContain("<svg");
  });

  test("writes a party's and a round's name as text, whatever it is", () => {
    const year = yearOf(2026, 2, 1);
    const html = statisticsReport([{ ...year, hits: year.hits.map((each) => ({ ...each, round: "<b>&" })) }], NOW);
    expect(html).not.toContain("<b>");
    expect(html).toContain("&lt;b&gt;&amp;");
  });

  test("opens in Chromium without a request or a refused style, and nothing is wider than a small screen", async (context) => {
    const file = join(temporaryFolder(), "report.html");
    writeFileSync(file, statisticsReport([yearOf(2026, 12, 2)], NOW));
    const browser = await startChromium(context);
    for (const width of [1280, 390]) {
      const page = await browser.newPage({ viewport: { width, height: 900 } });
      const [requests, complaints]: [string[], string[]] = [[], []];
      page.on("request", (request) => requests.push(request.url()));
      page.on("console", (message) => complaints.push(message.text()));
      await page.goto(pathToFileURL(file).href);
      expect(requests).toEqual([pathToFileURL(file).href]);
      expect(complaints).toEqual([]);
      const seen = await page.evaluate(`({
        wide: document.documentElement.scrollWidth,
        bar: getComputedStyle(document.querySelector("svg .value")).fillOpacity,
        drawings: document.querySelectorAll("svg[role=img][aria-labelledby]").length,
        ids: [...document.querySelectorAll("[id]")].length - new Set([...document.querySelectorAll("[id]")].map((e) => e.id)).size,
      })`);
      expect(seen).toEqual({ wide: width, bar: "0.5", drawings: 8, ids: 0 });
      await page.close();
    }
  });
});

describe("printed", () => {
  test("it has A4 pages with every section, no figure under ten, and numbered pages", async (context) => {
    const html = statisticsReport([yearOf(2026, 12, 2)], NOW);
    const before = readdirSync(tmpdir()).filter((name) => name.startsWith("aquila-print-"));
    const pdf = await printPdf(wantedChromium(context), html);
    expect(readdirSync(tmpdir()).filter((name) => name.startsWith("aquila-print-"))).toEqual(before);
    const pages = pdfPages(pdf);
    expect(pages.length).toBeGreaterThanOrEqual(7);
    expect(pages.length).toBeLessThanOrEqual(10);
    for (const { size } of pages) {
      expect(size[0]).toBeCloseTo(595, 0);
      expect(size[1]).toBeCloseTo(842, 0);
    }
    const text = pages.map((page) => page.text).join("\n");
    for (const said of [
      "Regional picture 2026",
      "Who with whom: matrix",
      "Hits by purpose",
      "Every pairing",
      "How to read this",
    ])
      expect(text.replaceAll("\n", "")).toContain(said);
    expect(pages[0]?.text.replaceAll("\n", "")).toContain(`1 / ${pages.length}`);
    expect(pages.at(-1)?.text.replaceAll("\n", "")).toContain("The full method");
    expect(text).toContain("<10");
    const figures = [...text.matchAll(/([\d,]+) ±/g)].map(([, figure = ""]) => Number(figure.replaceAll(",", "")));
    expect(figures.length).toBeGreaterThan(50);
    for (const figure of figures) expect(figure).toBeGreaterThanOrEqual(10);
  });

  test("the matrix of many parties has a page across", async (context) => {
    const pages = pdfPages(await printPdf(wantedChromium(context), statisticsReport([yearOf(2026, 20, 1)], NOW)));
    const across = pages.filter(({ size: [width, height] }) => width > height);
    expect(across).toHaveLength(1);
    expect(across[0]?.text.replaceAll("\n", "")).toContain("Who with whom: matrix");
  });

  test("needs a Chromium, and says how to get one", async () => {
    const folder = temporaryFolder();
    expect(() => findChromium(undefined, folder)).toThrow(
      /browser-unavailable: no Chromium on PATH; install it .*--chromium PATH/,
    );
    expect(() => findChromium(join(folder, "none"), "")).toThrow(
      expect.objectContaining({ code: "browser-unavailable" }),
    );
    const fake = join(folder, "chromium");
    writeFileSync(fake, "#!/bin/sh\nexit 3\n");
    chmodSync(fake, 0o700);
    expect(findChromium(undefined, `/nowhere:${folder}`)).toBe(fake);
    await expect(printPdf(fake, "<p>")).rejects.toMatchObject({ code: "browser-unavailable" });
  });
});
