/**
 * axe-core finds nothing serious on any page of the console; light and dark, wide and narrow. WCAG 2.2 A and AA.
 * Nothing is wider than the page, whatever the language.
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

beforeAll(async () => {
  if (!hasBrowser) return;
  browser = await startBrowser();
  fixture = await startFixtureConsole(200);
});
beforeEach((context) => {
  if (!hasBrowser) context.skip(NO_BROWSER);
});
afterAll(async () => {
  if (!hasBrowser) return;
  await browser.close();
  await fixture.close();
});

for (const width of [1280, 390] as const)
  for (const colours of ["light", "dark"] as const)
    test(`nothing serious at ${width} pixels, ${colours}`, async () => {
      const { page, faults, close } = await openConsole(browser, fixture, { width, colours });
      const rows = [...fixture.held.hits.values()];
      const hit = rows.find(({ finding }) => finding === "unproven")?.hit ?? "";
      for (const parts of [["hits"], ["hits", hit], ["rounds"], ["list"]]) {
        await goTo(page, ...parts);
        expect(await seriousFaults(page), parts[0]).toEqual([]);
        expect(await page.evaluate("document.documentElement.scrollWidth - innerWidth"), parts[0]).toBe(0);
      }
      await goTo(page, "hits", hit);
      await page.locator('[data-act="channel"]').click();
      expect(await seriousFaults(page), "dialog").toEqual([]);
      expect(faults).toEqual([]);
      await close();
    });

test("no language makes a narrow page wider than it is", async () => {
  for (const language of Object.keys(LANGUAGE_FILES)) {
    const { page, close } = await openConsole(browser, fixture, { width: 390, colours: "light", language });
    const hit = [...fixture.held.hits.keys()][0] ?? "";
    for (const parts of [["hits"], ["hits", hit], ["rounds"], ["list"]]) {
      await goTo(page, ...parts);
      expect(await page.evaluate("document.documentElement.lang"), language).toBe(language);
      expect(await page.evaluate("document.documentElement.scrollWidth - innerWidth"), language).toBe(0);
    }
    await close();
  }
});
