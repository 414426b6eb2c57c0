/**
 * A whole round from two real consoles in two browser contexts at a real secretariat: run from the pages, released by two operators,
 * hits live at both, words that travel, nothing of one side's records at the other.
 */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { PACE } from "#client/console/follower.ts";
import { openConsole as openRealConsole, type OpenConsole } from "#client/console/open.ts";
import { CATEGORIES } from "#engine/encode/person.ts";
import { SHIPPED_PROFILE } from "#engine/shipped-profile.ts";
import { describeRound } from "#fixtures/cast.ts";
import { builtFolder } from "#pages/built.ts";
import { closeTable, connectAs, openTable, range, recordsOf, vaultOfParty, type Table } from "../client/round/table.ts";
import { reportFigures } from "../figures.ts";
import { approve, matchRound } from "../server/acts.ts";
import { operatorSigning, viewIn } from "../server/harness.ts";
import { send } from "../server/requests.ts";
import { chromiumPath, NO_BROWSER, startBrowser } from "./browser.ts";
import { goTo, openConsole, rowCount, type OpenedPage } from "./console-page.ts";

const ROUND = "pages-1";
const PEOPLE = { AT: range(0, 12), HR: range(5, 20) } as const;
type Side = keyof typeof PEOPLE;
const SIDES = ["AT", "HR"] as const;
/** Of persons 5 to 11. */
const HITS = 7;

const hasBrowser = chromiumPath() !== null;
let browser: Browser;
let table: Table;
const consoles: OpenConsole[] = [];

beforeAll(async () => {
  if (!hasBrowser) return;
  browser = await startBrowser();
  table = await openTable();
});
beforeEach((context) => {
  if (!hasBrowser) context.skip(NO_BROWSER);
});
afterAll(async () => {
  if (!hasBrowser) return;
  await browser.close();
  for (const console of consoles) await console.close();
  await closeTable(table);
});

test("two analysts in two browsers take a round from keys to a word on the same hit", async () => {
  const { house, server } = table;
  const operator = operatorSigning(house);
  const opened = { AT: await openSide("AT"), HR: await openSide("HR") };
  const pages = SIDES.map((side) => opened[side].page);
  const setting = { id: ROUND, profile: SHIPPED_PROFILE, declaredRecords: 60, now: house.clock() };
  const descriptor = describeRound(house.cast, setting, {
    pairings: [["AT", "HR"]],
    categories: [...CATEGORIES].sort(),
    parties: SIDES.map((id) => ({ id, declaredRecords: 60, legalBasis: "national act" })),
  });
  await approve(house, server.url, "open", viewIn(await send(server.url, operator, "POST", "/v1/rounds", descriptor)));

  for (const page of pages) {
    await goTo(page, "rounds");
    await page.locator(`[data-run="${ROUND}"]`).click();
    await page.locator("dialog").getByRole("button", { name: "Begin what is your turn" }).click();
    await page.waitForSelector("dialog", { state: "detached" });
  }
  for (const page of pages) await stepIs(page, "Submit", "done");
  await send(server.url, operator, "POST", `/v1/rounds/${ROUND}/close`);
  for (const page of pages) await stepIs(page, "Seal", "done");
  await matchRound(house, server.url, ROUND);
  for (const page of pages) {
    await stepIs(page, "Release", "waits for operators");
    await goTo(page, "hits");
    await page.getByText("No hits yet").waitFor();
  }

  const view = viewIn(await send(server.url, operator, "GET", `/v1/rounds/${ROUND}`));
  await approve(house, server.url, "release", view);
  const releasedMs = performance.now();
  await Promise.all(pages.map((page) => page.waitForSelector(`[data-count="${HITS}"]`)));
  const shownMs = performance.now() - releasedMs;
  reportFigures("pages-release", { milliseconds: Math.round(shownMs) });
  console.log(`hits in both browsers ${Math.round(shownMs)} ms after the release`);
  for (const page of pages) expect(await rowCount(page)).toBe(HITS);

  const [hit = ""] = (await consoleHits(opened.AT.page)).sort();
  expect((await consoleHits(opened.HR.page)).sort()[0]).toBe(hit);
  for (const side of SIDES) {
    const { page } = opened[side];
    await goTo(page, "hits", hit);
    await page.getByText(`national contact point ${other(side)}`).waitFor();
    expect(await page.locator("[data-hit]").innerText()).toBe(hit);
    const text = await page.locator("article.hit").innerText();
    const received = await page.evaluate<string>(`fetch("api/hits/${hit}").then((answer) => answer.text())`);
    for (const seen of [text, received]) {
      expect(seen).toContain(`only-${side}-`);
      expect(seen).not.toContain(`only-${other(side)}-`);
    }
  }
  await say(opened.AT.page, "acknowledged", "Acknowledge");
  await opened.HR.page.locator(".history").getByText("AT: Acknowledged").waitFor();
  await say(opened.HR.page, "refuted", "Refute the match");
  await opened.AT.page.locator(".history").getByText("HR: Refuted").waitFor();
  await opened.AT.page.locator(".history").getByText("AT: Acknowledged").waitFor();
  for (const side of SIDES) {
    expect(opened[side].faults).toEqual([]);
    await opened[side].close();
  }
});

async function openSide(side: Side): Promise<OpenedPage> {
  const path = join(table.house.folder, `${side}.jsonl`);
  writeFileSync(
    path,
    recordsOf(side, PEOPLE[side], (person) => ({ case_ref: `only-${side}-${person}` }))
      .map((record) => JSON.stringify(record))
      .join("\n"),
  );
  const console = await openRealConsole({
    vault: vaultOfParty(table, side),
    profile: SHIPPED_PROFILE,
    caseSystem: null,
    list: { path, format: { kind: "jsonl", encoding: "utf-8", delimiter: ",", headerMap: {} }, strict: false },
    server: { url: table.server.url, connection: connectAs(table, side) },
    pages: builtFolder("console"),
    port: 0,
    pace: PACE,
    now: () => table.house.clock(),
  });
  consoles.push(console);
  return openConsole(browser, { origin: console.url, address: console.freshAddress });
}

async function stepIs(page: Page, step: string, state: string): Promise<void> {
  await page
    .locator(`[data-round="${ROUND}"] .step`, { hasText: new RegExp(`^\\W*${step}\\s*${state}`) })
    .waitFor({ timeout: 60_000 });
}

/** Ids of the hits as the console says them to its page. */
async function consoleHits(page: Page): Promise<string[]> {
  return page.evaluate<string[]>(
    "fetch('api/hits').then((answer) => answer.json()).then((all) => all.map(({ hit }) => hit))",
  );
}

async function say(page: Page, act: string, button: string): Promise<void> {
  await page.locator(`[data-act="${act}"]`).click();
  await page.locator("dialog").getByRole("button", { name: button }).click();
  await page.waitForSelector("dialog", { state: "detached" });
}

function other(side: Side): Side {
  return side === "AT" ? "HR" : "AT";
}
