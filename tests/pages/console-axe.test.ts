/**
 * axe-core finds nothing serious on any page of the console; light and dark, wide and narrow. WCAG 2.2 A and AA.
 * Nothing is wider than the page, whatever the
 * language, and figures are written as the language writes them.
 */
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import type { Browser } from "playwright-core";
import { LANGUAGE_FILES } from "./language-files.ts";
import { chromiumPath, NO_BROWSER, startBrowser } from "./browser.ts";
import { seriousFaults } from "./axe.ts";
import { goTo, openConsole } from "./console-page.ts";
import { startFixtureConsole, type FixtureConsole } from "./fixture-console.ts";

const hasBrowser = chromiumPath() !== null;
let browser: Browser;
let fixture: FixtureConsole;
let many: FixtureConsole;

beforeAll(async () => {
  if (!hasBrowser) return;
  browser = await startBrowser();
  fixture = await startFixtureConsole(200);
  many = await startFixtureConsole(10_000);
});
beforeEach((context) => {
  if (!hasBrowser) context.skip(NO_BROWSER);
});
afterAll(async () => {
  if (!hasBrowser) return;
  await browser.close();
  await fixture.close();
  await many.close();
});

test("nothing serious on any page, light and dark, wide and narrow", async () => {
  const { page, faults, close } = await openConsole(browser, fixture, { width: 1280, colours: "light" });
  const hit = [...fixture.held.hits.values()].find(({ finding }) => finding === "unproven")?.hit ?? "";
  for (const parts of [["hits"], ["hits", hit], ["rounds"], ["list"], ["picture"], ["dialog"]]) {
    if (parts[0] === "dialog") {
      await goTo(page, "hits", hit);
      await page.locator('[data-act="channel"]').click();
    } else await goTo(page, ...parts);
    for (const width of [1280, 390])
      for (const colorScheme of ["light", "dark"] as const) {
        await page.setViewportSize({ width, height: 800 });
        await page.emulateMedia({ colorScheme });
        const look = `${parts[0] ?? ""}, ${width} pixels, ${colorScheme}`;
        expect(await seriousFaults(page), look).toEqual([]);
        expect(await page.evaluate("document.documentElement.scrollWidth - innerWidth"), look).toBe(0);
      }
    await page.setViewportSize({ width: 1280, height: 800 });
  }
  expect(faults).toEqual([]);
  await close();
});

test("no language makes a narrow page wider than it is", async () => {
  const { page, close } = await openConsole(browser, fixture, { width: 390, colours: "light" });
  const hit = [...fixture.held.hits.keys()][0] ?? "";
  for (const parts of [["hits"], ["hits", hit], ["rounds"], ["list"], ["picture"]]) {
    await goTo(page, ...parts);
    for (const language of Object.keys(LANGUAGE_FILES)) {
      await page.locator(".tools select").first().selectOption(language);
      await page.waitForSelector(`html[lang="${language}"]`);
      expect(await page.evaluate("document.documentElement.scrollWidth - innerWidth"), language).toBe(0);
    }
  }
  await close();
});

test("a browser's language is taken, and figures and dates are written as it writes them", async () => {
  for (const [language, count, opened] of [
    ["en", "10,000", "27 Nov 2026, 12:00"],
    ["bg", "10 000", "27.11.2026 г., 12:00"],
    ["sq", "10.000", "27.11.2026, 12:00"],
    ["sr-Latn", "10.000", "27. 11. 2026. 12:00"],
  ] as const) {
    const { page, close } = await openConsole(browser, many, { width: 1280, colours: "light", language });
    // Blanks that do not break are blanks here.
    const said = async (place: string): Promise<string> =>
      (await page.locator(place).first().innerText()).replace(/\s/g, " ");
    expect(await said("[data-count]")).toContain(count);
    expect(await said(".cell-opened time")).toBe(opened);
    await close();
  }
});
