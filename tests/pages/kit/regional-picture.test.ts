/**
 * The regional picture in a real browser: every drawing with few and many parties, small and large counts, on narrow and wide screens.
 */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { YearStatistics } from "#engine/statistics/published.ts";
import { regionalPicture } from "#engine/statistics/regional-picture.ts";
import { showView, VIEWS, type ViewWording } from "#pages/kit/picture/views.ts";
import { countedRound, partyIds, publishedYear, type Size } from "../../engine/statistics/published-years.ts";
import { seeded } from "../../engine/statistics/seeded.ts";
import { startChromium } from "../browser.ts";
import { startHarness, type Harness } from "./harness.ts";

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const SIZES: Readonly<Record<string, Size>> = {
  none: () => 0,
  small: (draw) => (draw() < 0.5 ? 0 : 200 * draw()),
  uneven: (draw) => 2_000_000 * draw() ** 12,
};
const WORDING: ViewWording = {
  term: (term, values) => `${term} ${Object.values(values ?? {}).join(" ")}`,
  view: (term) => term,
  number: (value) => value.toLocaleString("en"),
  day: (moment) => moment,
};

function yearOf(parties: number, size: keyof typeof SIZES, rounds = 3): YearStatistics {
  const counted = Array.from({ length: rounds }, (_, at) =>
    countedRound(
      partyIds(parties),
      { id: `2026-${at + 1}`, field: at % 2 === 0 ? "terrorism" : "firearms" },
      SIZES[size] ?? (() => 0),
      `${size} ${parties} ${at}`,
    ),
  );
  return publishedYear(2026, counted, seeded(`${size} ${parties}`));
}

describe("drawings", () => {
  test.each([2, 3, 12, 32])("of %d parties have finite numbers, a title, and no figure under ten", (parties) => {
    for (const size of Object.keys(SIZES)) {
      const picture = regionalPicture([yearOf(parties, size, 2)]);
      for (const view of VIEWS)
        for (const width of [280, 760]) {
          const drawing = showView(picture, view, {}, WORDING, { id: "d", width })?.drawing ?? "";
          expect(drawing).toMatch(/^<svg [^>]*role="img" aria-labelledby="d-title d-desc"/);
          expect(drawing).not.toMatch(/NaN|Infinity|undefined|null|="-?\d*\.\d{4,}/);
          for (const [, figure = ""] of drawing.matchAll(/class="figure"[^>]*>([\d,]+)/g))
            expect(Number(figure.replaceAll(",", ""))).toBeGreaterThanOrEqual(10);
        }
    }
  });

  test("of nothing are none", () => {
    const picture = regionalPicture([{ budget: { limit: "4/1", spent: "0/1" }, hits: [], parties: [], year: 2026 }]);
    for (const view of VIEWS) expect(showView(picture, view, {}, WORDING, { id: "d", width: 300 })).toBeNull();
  });

  test("hatch what was suppressed", () => {
    const year = yearOf(3, "none", 1);
    const suppressed = year.hits[0]?.figures.filter(({ band, hits }) => band === "high" && hits === null).length ?? 0;
    const shown = showView(regionalPicture([year]), "matrix", { band: "high" }, WORDING, { id: "d", width: 300 });
    const cells = shown?.drawing.match(
      /class="cell"><title>[^<]*<\/title><rect class="ground"[^>]*><\/rect><rect class="under-ten"[^>]*url\(#d-hatch\)/g,
    );
    expect(suppressed).toBeGreaterThan(0);
    expect(cells?.length ?? 0).toBeGreaterThanOrEqual(2 * suppressed);
  });
});

/** Texts of the drawing whose boxes overlap, or that stand outside of it. */
const FAULTS = `(() => {
  const svg = document.querySelector("svg.picture");
  const frame = svg.getBoundingClientRect();
  const texts = [...svg.querySelectorAll("text")].map((text) => ({
    of: text.textContent, turned: text.hasAttribute("transform"), box: text.getBoundingClientRect() }));
  const faults = [];
  for (const { of, box } of texts)
    if (box.left < frame.left - 1 || box.right > frame.right + 1 || box.top < frame.top - 2 || box.bottom > frame.bottom + 2)
      faults.push("outside: " + of);
  for (const [at, one] of texts.entries())
    for (const other of texts.slice(at + 1)) {
      if (one.turned && other.turned) continue;
      const across = Math.min(one.box.right, other.box.right) - Math.max(one.box.left, other.box.left);
      const down = Math.min(one.box.bottom, other.box.bottom) - Math.max(one.box.top, other.box.top);
      if (across > 1 && down > 3.5) faults.push("overlap: " + one.of + " | " + other.of);
    }
  return faults.slice(0, 5);
})()`;

describe("in the browser", () => {
  const folder = mkdtempSync(join(tmpdir(), "aquila-picture-"));
  let harness: Harness;
  beforeAll(async () => {
    harness = await startHarness(folder);
  });
  afterAll(async () => {
    await harness.close();
    rmSync(folder, { recursive: true });
  });

  const choose = (page: Page, label: string, value: string) =>
    page.getByRole("combobox", { name: label, exact: true }).selectOption(value, { timeout: 5_000 });

  test.for([2, 12, 32])(
    "of %d parties nothing overlaps or is cut off, and the page is as wide as the screen",
    async (parties, context) => {
      const browser = await startChromium(context);
      for (const width of [1280, 390]) {
        const page = await browser.newPage({ viewport: { width, height: 900 } });
        for (const size of parties === 12 ? ["small", "uneven"] : ["uneven"]) {
          harness.show([yearOf(parties, size, parties === 32 ? 1 : 4)]);
          await page.goto(harness.url);
          await page.locator("svg.picture").waitFor();
          for (const view of VIEWS) {
            await choose(page, "Drawing", view);
            await page.locator(`h2:text-is("${await page.locator("option:checked").first().innerText()}")`).waitFor();
            const faults = await page.evaluate<string[]>(FAULTS);
            expect(faults, `${view}, ${size}, ${width}`).toEqual([]);
            expect(await page.evaluate("document.documentElement.scrollWidth"), `${view}, ${width}`).toBe(width);
          }
        }
        await page.close();
      }
    },
  );

  test("asks nobody else, breaks no policy, and axe finds nothing serious, light and dark, narrow and wide", async (context) => {
    harness.show([yearOf(12, "small")]);
    const browser = await startChromium(context);
    for (const [colorScheme, width] of [
      ["light", 1280],
      ["dark", 390],
    ] as const) {
      // prettier-ignore
      // prettier-ignore
      const page = await browser.newPage({ viewport: { width, height: 900 }, colorScheme });
      const [foreign, complaints]: [string[], string[]] = [[], []];
      page.on("request", (request) => {
        if (!request.url().startsWith(harness.url) && !request.url().startsWith("data:")) foreign.push(request.url());
      });
      page.on("console", (message) => complaints.push(message.text()));
      page.on("pageerror", (error) => complaints.push(error.message));
      await page.goto(harness.url);
      for (const view of ["chord", "matrix", "trend", "categories"]) {
        await choose(page, "Drawing", view);
        if (view === "chord") await page.locator("summary").click();
        await page.evaluate(AXE);
        const found = await page.evaluate<{ violations: { id: string; impact: string; nodes: { html: string }[] }[] }>(
          "axe.run({ runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'] })",
        );
        const grave = found.violations.filter(({ impact }) => impact === "serious" || impact === "critical");
        expect(
          grave.map(({ id, nodes }) => `${id}: ${nodes[0]?.html ?? ""}`),
          `${view}, ${colorScheme}`,
        ).toEqual([]);
      }
      expect(foreign).toEqual([]);
      expect(complaints).toEqual([]);
      await page.close();
    }
  });

  test("shows what is chosen: a round, a band, a party, and tables without a figure under ten", async (context) => {
    const year = yearOf(3, "small");
    harness.show([year]);
    const browser = await startChromium(context);
    const page = await browser.newPage();
    await page.goto(harness.url);
    await page.getByText("Privacy budget of 2026").waitFor();
    await choose(page, "Drawing", "matrix");
    for (const [at, { round, figures }] of year.hits.entries()) {
      await choose(page, "Round", round);
      await choose(page, "Band", "high");
      const cells = await page.locator("table.figures").first().locator("tbody tr.figure").allTextContents();
      const expected = figures
        .filter(({ band }) => band === "high")
        .map(({ hits }) => (hits === null ? "<10" : `${hits.toLocaleString("en")} ±`));
      expect(cells, `round ${at}`).toHaveLength(expected.length);
      cells.forEach((cell, of) => {
        expect(cell).toContain(expected[of]);
      });
    }
    await choose(page, "Drawing", "riskIndicators");
    await choose(page, "Party", "AB");
    await choose(page, "Round", "2026-2");
    const histogram = year.parties.find(({ party, round }) => party === "AB" && round === "2026-2");
    const armed = histogram?.riskIndicators.armed;
    expect(await page.locator("table.figures tbody tr").first().textContent()).toMatch(
      armed === null || armed === undefined ? /^Armed<10/ : new RegExp(`^Armed${armed}±${histogram?.errorBar ?? ""}`),
    );
  });

  test("comes as a chunk of its own", () => {
    expect(harness.chunkBytes).toBeGreaterThan(1_000);
    expect(harness.chunkBytes).toBeLessThan(20_000);
    process.stdout.write(`picture chunk ${harness.chunkBytes} bytes gzip, the rest ${harness.entryBytes}\n`);
  });
});
