/**
 * Session, rounds, own list, and what a page shows when there is nothing, or something fails.
 */
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import type { Browser } from "playwright-core";
import { chromiumPath, NO_BROWSER, openContext, startBrowser } from "./browser.ts";
import { goTo, openConsole, rowCount, type OpenedPage } from "./console-page.ts";
import { startFixtureConsole, type FixtureConsole } from "./fixture-console.ts";

const hasBrowser = chromiumPath() !== null;
let browser: Browser;
let fixture: FixtureConsole;
let opened: OpenedPage;

beforeAll(async () => {
  if (hasBrowser) browser = await startBrowser();
});
beforeEach(async (context) => {
  if (!hasBrowser) context.skip(NO_BROWSER);
  fixture = await startFixtureConsole(20);
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

test("the token opens one session and is not left in the address or the history", async () => {
  const address = fixture.address();
  const context = await openContext(browser, { width: 1280, colours: "light" });
  const page = await context.newPage();
  await page.goto(address);
  await page.getByRole("heading", { name: "Hits" }).waitFor();
  expect(page.url()).toBe(`${fixture.origin}/`);
  const other = await openContext(browser, { width: 1280, colours: "light" });
  const late = await other.newPage();
  await late.goto(address);
  await late.getByRole("heading", { name: "Not signed in" }).waitFor();
  expect(late.url()).toBe(`${fixture.origin}/`);
  await Promise.all([context.close(), other.close()]);
});

test("a round says whose turn it is, is begun after a question, and shows what is done", async () => {
  const { page } = opened;
  await goTo(page, "rounds");
  const round = page.locator('[data-round="2026-5"]');
  expect(await round.locator('[aria-current="step"]').innerText()).toMatch(/Encode\s+your turn/);
  expect(await page.locator('[data-round="2026-6"] [aria-current="step"]').innerText()).toContain("waits for RS, SI");
  await round.getByRole("button", { name: "Begin what is your turn" }).click();
  await page.getByText("The list HR.jsonl is encoded on this machine").waitFor();
  await page.locator("dialog").getByRole("button", { name: "Begin what is your turn" }).click();
  await page.waitForSelector("dialog", { state: "detached" });
  expect(fixture.held.run).toEqual(["2026-5"]);
  const standing = fixture.held.rounds[0];
  if (standing === undefined) throw new RangeError("no round");
  fixture.send("round", { ...standing, work: { round: "2026-5", stage: "encoding", done: 4_000, total: 12_391 } });
  await round.getByText("4,000 of 12,391").waitFor();
  expect(await round.getByRole("progressbar").getAttribute("value")).toMatch(/^0\.32/);
  expect(await round.getByRole("button").count()).toBe(0);
  fixture.send("round", { ...standing, fault: { code: "quota-exceeded", detail: "AT allows 10,000 rows a year" } });
  await round.getByText("A counterpart's agreement allows no more rows this year.").waitFor();
  await round.getByText("AT allows 10,000 rows a year").waitFor();
  await round.getByRole("button", { name: "Try again" }).waitFor();
});

test("a round's counts lead to its hits", async () => {
  const { page } = opened;
  await goTo(page, "rounds");
  await page.locator('[data-round="2026-4"]').getByRole("link", { name: "Medium 610" }).click();
  await page.getByRole("heading", { name: "Hits" }).waitFor();
  const expected = [...fixture.held.hits.values()].filter(({ round, band }) => round === "2026-4" && band === "medium");
  expect(await rowCount(page)).toBe(expected.length);
});

test("the own list's page counts what cannot be found and what would help", async () => {
  const { page } = opened;
  await goTo(page, "list");
  const { thin, silenced, missingFacts } = fixture.held.coverage;
  expect(await rowCount(page)).toBe(thin.length + silenced.length);
  const bars = await page.locator("table.bars tbody tr").allInnerTexts();
  expect(bars.map((bar) => Number(/\d+$/.exec(bar)?.[0]))).toEqual(missingFacts.map(({ records }) => records));
  fixture.send("coverage", {
    ...fixture.held.coverage,
    state: "failed",
    fault: { code: "list-malformed", detail: "line 3" },
  });
  await page.getByText("The list cannot be read.").waitFor();
  fixture.send("coverage", { ...fixture.held.coverage, state: "none" });
  await page.getByText("No list", { exact: true }).waitFor();
});

test("the regional picture is drawn from the secretariat's statistics", async () => {
  const { page } = opened;
  await goTo(page, "picture");
  await page.getByRole("heading", { name: "Regional picture" }).waitFor();
  await page.waitForSelector("svg.picture");
  const thisYear = new Date().getUTCFullYear();
  await page.getByText(`Privacy budget of ${thisYear}: 3 of 4 is spent.`).waitFor();
  await page.getByLabel("Three years until").selectOption(String(thisYear - 3));
  await page.getByText(`Privacy budget of ${thisYear - 5}`).waitFor();
  expect(await page.getByText(`Privacy budget of ${thisYear}`).count()).toBe(0);
  fixture.held.failing.set("statistics", { status: 503, code: "server-unreachable", detail: "" });
  await page.reload();
  await page.waitForSelector("h1");
  await page.getByText("The secretariat's server cannot be reached.").waitFor();
  fixture.held.failing.clear();
  await page.getByRole("button", { name: "Try again" }).click();
  await page.waitForSelector("svg.picture");
  opened = { ...opened, faults: opened.faults.filter((fault) => !fault.includes("503")) };
});

test("nothing and failures are said in words, with the way on", async () => {
  const { page } = opened;
  fixture.held.hits.clear();
  fixture.held.rounds = [];
  await page.reload();
  await page.getByText("No hits yet").waitFor();
  await goTo(page, "rounds");
  await page.getByText("No rounds").waitFor();
  await goTo(page, "hits", "AAAAAAAAAAAAAAAAAAAAAA");
  await page.getByText("The console does not know this hit.").waitFor();
  fixture.held.failing.set("hits", { status: 503, code: "server-busy", detail: "" });
  await page.reload();
  await page.waitForSelector("h1");
  await goTo(page, "hits");
  await page.getByText("server is busy").waitFor();
  fixture.held.failing.clear();
  await page.getByRole("button", { name: "Try again" }).click();
  await page.getByText("No hits yet").waitFor();
  opened = { ...opened, faults: opened.faults.filter((fault) => !/404|503/.test(fault)) };
});

test("the skip link, and a page that follows, take the focus to what is read", async () => {
  const { page } = opened;
  await page.keyboard.press("Tab");
  expect(await page.evaluate("document.activeElement.textContent")).toBe("Skip to the page");
  await page.keyboard.press("Enter");
  expect(await page.evaluate("document.activeElement.id")).toBe("main");
  await page.getByRole("link", { name: "Own list" }).click();
  await page.getByRole("heading", { name: "Own list", level: 1 }).waitFor();
  expect(await page.evaluate("document.activeElement.tagName")).toBe("H1");
});
