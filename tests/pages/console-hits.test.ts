/**
 * The list of hits in a real browser: 10,000 of them, filtered, ordered, by keyboard, live.
 */
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import type { Browser } from "playwright-core";
import { chromiumPath, NO_BROWSER, startBrowser } from "./browser.ts";
import { hitRow } from "./console-data.ts";
import { firstReferences, focusedRow, openConsole, rowCount, type OpenedPage } from "./console-page.ts";
import { filterTimes } from "./page-times.ts";
import { startFixtureConsole, type FixtureConsole } from "./fixture-console.ts";

const COUNT = 10_000;
/** Run in the page: what the analyst reads, and where on the screen it stands. */
const FOCUS_PLACE = "[document.activeElement.textContent, document.activeElement.getBoundingClientRect().top]";
/** Run in the page: alerts are kept in a list instead of shown, for a browser without a screen shows none. */
const RECORDED_ALERTS = `
  window.told = [];
  window.Notification = class {
    static requestPermission() { return Promise.resolve("granted"); }
    constructor(title, options) { window.told.push([title, options]); }
  };`;

const hasBrowser = chromiumPath() !== null;
let browser: Browser;
let fixture: FixtureConsole;
let opened: OpenedPage;

beforeAll(async () => {
  if (hasBrowser) browser = await startBrowser();
});
beforeEach(async (context) => {
  if (!hasBrowser) context.skip(NO_BROWSER);
  fixture = await startFixtureConsole(COUNT);
  opened = await openConsole(browser, fixture);
});
afterEach(async () => {
  if (!hasBrowser) return;
  expect(opened.faults).toEqual([]);
  await opened.close();
  await fixture.close();
});
afterAll(async () => {
  if (hasBrowser) await browser.close();
});

test("of 10,000 hits few rows are in the document, and the end is one key away", async () => {
  const { page } = opened;
  await page.waitForSelector('[role="grid"]');
  expect(await rowCount(page)).toBe(COUNT);
  expect(await page.locator('.grid-body [role="row"]').count()).toBeLessThan(60);
  await page.locator('.grid-body [role="row"][tabindex="0"]').focus();
  await page.keyboard.press("End");
  const last = page.locator('.grid-body [role="row"]:focus');
  expect(await last.getAttribute("aria-rowindex")).toBe(String(COUNT + 1));
  expect(await last.locator(".cell-references").innerText()).toBe(
    [...fixture.held.hits.values()].at(-1)?.refs.join(", "),
  );
  const box = await last.boundingBox();
  expect((box?.y ?? 0) + (box?.height ?? 0)).toBeLessThanOrEqual(800);
  await page.evaluate("document.querySelector('[role=grid]').scrollTop = 0");
  await page.waitForSelector('.grid-body [aria-rowindex="2"]');
  expect(await focusedRow(page)).toBe(String(COUNT + 1));
});

test("each filter shows what passes it and says how many", async () => {
  const { page } = opened;
  const hits = [...fixture.held.hits.values()];
  const counts: [string, string, number][] = [
    ["Band", "High", hits.filter(({ band }) => band === "high").length],
    ["Counterpart", "AT", hits.filter(({ counterpart }) => counterpart === "AT").length],
    ["Round", "2026-2", hits.filter(({ round }) => round === "2026-2").length],
    ["Status", "Requested", hits.filter(({ status }) => status.own?.startsWith("channel-")).length],
    ["Status", "New", hits.filter(({ status }) => status.own === null).length],
    ["Origin", "Same origin", hits.filter(({ finding }) => finding === "same-origin").length],
  ];
  for (const [field, option, count] of counts) {
    await page.getByLabel(field, { exact: true }).selectOption({ label: option });
    await page.waitForSelector(`[data-count="${count}"]`);
    expect(await rowCount(page)).toBe(count);
    await page
      .locator("[data-live]", { hasText: `${count.toLocaleString("en-GB")} hits` })
      .waitFor({ state: "attached" });
    await page.getByLabel(field, { exact: true }).selectOption({ label: "All" });
  }
  await page.getByLabel("Search in own references").fill("hr-00012");
  await page.waitForSelector(
    `[data-count="${hits.filter(({ refs }) => refs.some((ref) => ref.includes("HR-00012"))).length}"]`,
  );
  await page.getByLabel("Search in own references").fill("nobody");
  await page.getByRole("button", { name: "Clear filters" }).click();
  expect(await rowCount(page)).toBe(COUNT);
});

test("a column orders the list, one way and the other", async () => {
  const { page } = opened;
  const references = [...fixture.held.hits.values()].map(({ refs }) => refs.join(", ")).sort();
  await page.getByRole("button", { name: "Own references" }).click();
  expect(await firstReferences(page, 5)).toEqual(references.slice(0, 5));
  await page.getByRole("button", { name: "Own references" }).click();
  expect(await firstReferences(page, 5)).toEqual(references.reverse().slice(0, 5));
  expect(await page.getByRole("columnheader", { name: "Own references" }).getAttribute("aria-sort")).toBe("descending");
});

test("the list is worked by keyboard alone, and a hit gives the place back", async () => {
  const { page } = opened;
  await page.waitForSelector('[role="grid"]');
  const focused = () => focusedRow(page);
  await page.keyboard.press("/");
  expect(await page.locator(":focus").getAttribute("type")).toBe("search");
  await page.keyboard.type("HR-0001");
  await page.waitForSelector('[data-count="100"], [data-count="103"], [data-count="104"]');
  await page.keyboard.press("Enter");
  expect(await focused()).toBe("2");
  await page.keyboard.press("j");
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("j");
  await page.keyboard.press("k");
  expect(await focused()).toBe("4");
  const [, , reference = ""] = await firstReferences(page, 3);
  await page.keyboard.press("Enter");
  await page.waitForSelector("article.hit h2");
  expect(await page.evaluate("document.activeElement.tagName")).toBe("H1");
  expect(await page.locator("article.hit").innerText()).toContain(reference.split(", ")[0]);
  await page.keyboard.press("Escape");
  await page.waitForSelector('[role="grid"]');
  expect(await focused()).toBe("4");
  expect(await page.getByLabel("Search in own references").inputValue()).toBe("HR-0001");
  await page.keyboard.press("?");
  await page.waitForSelector("dialog[open]");
  await page.getByLabel(/Single letters/).uncheck();
  await page.keyboard.press("Escape");
  await page.waitForSelector("dialog", { state: "detached" });
  expect(await focused()).toBe("4");
  await page.keyboard.press("j");
  expect(await focused()).toBe("4");
});

test("a new hit comes without reload, moves nothing that is being read, and is told without names", async () => {
  await opened.close();
  opened = await openConsole(browser, fixture);
  const { page } = opened;
  await page.context().grantPermissions(["notifications"], { origin: fixture.origin });
  await page.evaluate(RECORDED_ALERTS);
  const told = () => page.evaluate("told");
  await page.waitForSelector('[role="grid"]');
  fixture.send("hits", [hitRow(20_001)]);
  await page.waitForSelector(`[data-count="${COUNT + 1}"]`);
  expect(await told()).toEqual([]);
  await page.getByRole("button", { name: "Desktop alerts: off" }).click();
  await page.getByRole("button", { name: "Desktop alerts: on" }).waitFor();

  await page.locator('.grid-body [role="row"][tabindex="0"]').focus();
  for (let press = 0; press < 4; press++) await page.keyboard.press("PageDown");
  const before = await page.evaluate(FOCUS_PLACE);
  const row = { ...hitRow(20_002), openedAt: "2026-11-28T09:00:00Z", refs: ["HR-SECRET-1"] };
  fixture.held.hits.set(row.hit, row);
  fixture.send("hits", [row]);
  await page.waitForSelector(`[data-count="${COUNT + 2}"]`);
  expect(await page.evaluate(FOCUS_PLACE)).toEqual(before);
  expect(await told()).toEqual([["Aquila", { body: "New possible match", tag: "aquila-hit" }]]);
  expect(await page.locator(".message").last().innerText()).toContain("1 new possible match");
  await page.keyboard.press("Home");
  expect((await firstReferences(page, 1))[0]).toBe("HR-SECRET-1");
});

test("what is kept up after a lost stream is everything that happened meanwhile", async () => {
  const { page } = opened;
  await page.waitForSelector('[role="grid"]');
  fixture.held.failing.set("events", { status: 503, code: "overloaded", detail: "" });
  fixture.cut();
  await page.getByText("The connection is lost").waitFor();
  const row = { ...hitRow(20_003), openedAt: "2026-11-28T09:00:00Z" };
  fixture.held.hits.set(row.hit, row);
  fixture.held.failing.clear();
  await page.waitForSelector(`[data-count="${COUNT + 1}"]`);
  await page.getByText("The connection is lost").waitFor({ state: "detached" });
  opened = { ...opened, faults: opened.faults.filter((fault) => !/503|ERR_|Failed to load/.test(fault)) };
});

test("10,000 hits are filtered while one types", async () => {
  const { page } = opened;
  await page.waitForSelector('[role="grid"]');
  const timesMs = await filterTimes(page, ["h", "hr", "hr-", "hr-0", "hr-00", "hr-001", "hr-0012", ""]);
  console.log(`filter 10,000 hits: ${timesMs.map((time) => time.toFixed(1)).join(", ")} ms`);
  expect(timesMs).toHaveLength(8);
});
