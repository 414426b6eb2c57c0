/**
 * One hit in a real browser: what stands beside what, what is said of it, what leaves the page.
 */
import { inflateSync } from "node:zlib";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import type { Browser, Page } from "playwright-core";
import type { HitRow } from "#client/console/shapes.ts";
import { chromiumPath, NO_BROWSER, startBrowser } from "./browser.ts";
import { viewOf } from "./console-data.ts";
import { goTo, openConsole, type OpenedPage } from "./console-page.ts";
import { startFixtureConsole, type FixtureConsole } from "./fixture-console.ts";

const STANDING = "Possible match, not evidence";
const hasBrowser = chromiumPath() !== null;
let browser: Browser;
let fixture: FixtureConsole;
let opened: OpenedPage;

beforeAll(async () => {
  if (hasBrowser) browser = await startBrowser();
});
beforeEach(async (context) => {
  if (!hasBrowser) context.skip(NO_BROWSER);
  fixture = await startFixtureConsole(100);
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

test("own record, counterpart's word, weight and certainty stand on one page", async () => {
  const { page } = opened;
  const row = hitWhere(({ proposedAccuracy, finding }) => proposedAccuracy === "3" && finding === "independent");
  await goTo(page, "hits", row.hit);
  const text = await page.locator("article.hit").innerText();
  const view = viewOf(row);
  for (const value of Object.values(view.records?.[0] ?? {}).filter((each) => typeof each === "string"))
    expect(text).toContain(value);
  expect(await page.locator("[data-contact]").innerText()).toBe(row.notice?.contact);
  expect(text).toContain(`Handling code: ${row.notice?.handling ?? ""}`);
  expect(await page.locator("[data-proposed]").innerText()).toBe("3 – not known at first hand, corroborated");
  expect(await page.locator("[data-hit]").innerText()).toBe(row.hit);
  const bits = await page.locator("tbody td.number").allInnerTexts();
  const known = bits.map((each) => each.replace("\u2212", "-")).filter((each) => !each.includes(" to "));
  const sum = known.reduce((total, each) => total + Number(each), 0);
  expect(sum).toBeCloseTo(view.mostBits, 1);
  expect(await page.locator(".waterfall rect.shape").count()).toBe(bits.length + 1);
  expect(await page.locator("[data-probability]").innerText()).not.toContain("100");
});

test("a list that cannot be read leaves the hit with its references, and says why", async () => {
  const { page } = opened;
  const row = hitWhere(() => true);
  fixture.held.listFault = { code: "file-unreadable", detail: "there is no file list.jsonl" };
  await goTo(page, "hits", row.hit);
  const own = await page.locator("section[aria-labelledby=own-title]").innerText();
  for (const said of ["cannot be read now", "file-unreadable", "there is no file list.jsonl", ...row.refs])
    expect(own).toContain(said);
  expect(own).not.toContain("without a list");
  expect(await page.locator("tbody td.number").count()).toBeGreaterThan(0);
});

test("each finding is explained, and one that corroborates nothing warns", async () => {
  const { page } = opened;
  const words = {
    "same-origin": "one source",
    "origin-unknown": "nothing is corroborated",
    "known-before": "earlier round",
    unproven: "Do not act",
    waiting: "not here yet",
  } as const;
  for (const [finding, words_] of Object.entries(words)) {
    await goTo(page, "hits", hitWhere((row) => row.finding === finding).hit);
    const warning = page.locator(`[data-finding="${finding}"]`);
    expect(await warning.innerText()).toContain(words_);
    expect(await warning.getAttribute("class")).toMatch(/warning|fault/);
    expect(await page.locator("[data-proposed]").innerText()).toBe("No change");
  }
});

test("possible match, not evidence: in sight at the top, at the end and in print", async () => {
  const { page } = opened;
  const standing = page.getByText("Possible match, not evidence", { exact: true });
  await standing.waitFor();
  await goTo(page, "hits", hitWhere(() => true).hit);
  for (const at of ["0", "document.documentElement.scrollHeight"]) {
    await page.evaluate(`scrollTo(0, ${at})`);
    const box = await standing.boundingBox();
    expect(box?.y).toBeGreaterThanOrEqual(0);
    expect((box?.y ?? 0) + (box?.height ?? 0)).toBeLessThanOrEqual(800);
  }
  await page.emulateMedia({ media: "print" });
  expect(await standing.isVisible()).toBe(true);
  expect(await page.getByText(/^Printed .* To be destroyed by/).isVisible()).toBe(true);
  expect(await page.getByRole("button", { name: "Refute" }).isVisible()).toBe(false);
  expect(await page.getByRole("navigation", { name: "Pages" }).isVisible()).toBe(false);
});

test("every printed page says that it is no evidence, and dark is not printed", async () => {
  const { page } = opened;
  await page.getByLabel("Colours").selectOption("dark");
  await goTo(page, "hits", hitWhere(() => true).hit);
  // What is hidden keeps its place, so the margin of each page is left to show.
  await page.evaluate("document.styleSheets[0].insertRule('body, body * { visibility: hidden !important }')");
  const glyphs = glyphsByPage(await page.pdf({ format: "A4", preferCSSPageSize: true, printBackground: true }));
  expect(glyphs.length).toBeGreaterThan(1);
  expect(glyphs).toEqual(glyphs.map(() => STANDING.length));
  await page.emulateMedia({ media: "print" });
  expect(await page.evaluate("getComputedStyle(document.documentElement).backgroundColor")).toBe("rgb(255, 255, 255)");
});

test("a word on a hit is asked for once more, sent, and stands in the history", async () => {
  const { page } = opened;
  const row = hitWhere(({ status }) => status.own === null);
  await goTo(page, "hits", row.hit);
  await page.getByRole("button", { name: "Acknowledge" }).click();
  await page.getByText("cannot be taken back").waitFor();
  await page.keyboard.press("Escape");
  await page.waitForSelector("dialog", { state: "detached" });
  expect(fixture.held.hits.get(row.hit)?.status.own).toBe(null);
  await expect.poll(() => focusedAct(page)).toBe("acknowledged");
  for (const [act, status, button] of [
    ["acknowledged", "acknowledged", "Acknowledge"],
    ["confirmed", "confirmed", "Confirm the match"],
    ["refuted", "refuted", "Refute the match"],
  ] as const) {
    await page.locator(`[data-act="${act}"]`).click();
    await page.locator("dialog").getByRole("button", { name: button }).click();
    await page.waitForSelector("dialog", { state: "detached" });
    expect(fixture.held.hits.get(row.hit)?.status.own).toBe(status);
    await expect.poll(() => focusedAct(page)).toBe(act);
  }
  await page.locator(".history").getByText("HR: Refuted").waitFor();
});

test("a word that is refused stays in its dialog with the reason", async () => {
  const { page } = opened;
  const row = hitWhere(() => true);
  await goTo(page, "hits", row.hit);
  fixture.held.failing.set(`hits/${row.hit}/status`, {
    status: 409,
    code: "round-deadline",
    detail: "the follow-up is over",
  });
  await page.locator('[data-act="confirmed"]').click();
  await page.locator("dialog").getByRole("button", { name: "Confirm the match" }).click();
  await page.locator("dialog").getByText("The deadline for this has passed.").waitFor();
  expect(await page.locator("dialog").innerText()).toContain("round-deadline");
  opened = { ...opened, faults: opened.faults.filter((fault) => !fault.includes("409")) };
});

test("the text for the channel names the hit and nothing else of it", async () => {
  const { page } = opened;
  await page.context().grantPermissions(["clipboard-read", "clipboard-write"], { origin: fixture.origin });
  const row = hitWhere(({ refs, notice }) => refs.length === 1 && notice !== null);
  const view = viewOf(row);
  await goTo(page, "hits", row.hit);
  await page.getByRole("button", { name: "Request by channel" }).click();
  await page.getByLabel("Channel", { exact: true }).selectOption({ label: "INTERPOL I-24/7" });
  await page.getByRole("button", { name: "Copy text" }).click();
  await page.getByText("Text copied").waitFor();
  const text = await page.evaluate<string>("navigator.clipboard.readText()");
  expect(text).toContain(row.hit);
  const held = [row.counterpart, row.round, row.band, row.notice?.contact, ...Object.values(view.records?.[0] ?? {})];
  for (const value of held.filter((each) => typeof each === "string" && each.length > 1))
    expect(text.replace(row.hit, "")).not.toMatch(new RegExp(`\\b${escaped(String(value))}\\b`));
  await page.locator("dialog").getByRole("button", { name: "Say that it is requested" }).click();
  await page.waitForSelector("dialog", { state: "detached" });
  expect(fixture.held.hits.get(row.hit)?.status.own).toBe("channel-interpol");
});

test("what the counterpart says arrives on the open page and takes the focus from nothing", async () => {
  const { page } = opened;
  const row = hitWhere(({ status }) => status.theirs === null);
  await goTo(page, "hits", row.hit);
  await page.locator('[data-act="refuted"]').focus();
  const changed: HitRow = { ...row, status: { ...row.status, theirs: "confirmed" } };
  fixture.held.hits.set(row.hit, changed);
  fixture.send("hits", [changed]);
  await page.locator(".history").getByText(`${row.counterpart}: Confirmed`).waitFor();
  expect(await focusedAct(page)).toBe("refuted");
});

test("nothing of a hit is in the title, the address beside its id, or the browser's storage", async () => {
  const { page } = opened;
  const row = hitWhere(() => true);
  await page.getByLabel("Search in own references").fill(row.refs[0] ?? "");
  await goTo(page, "hits", row.hit);
  await page.getByLabel("Language").selectOption("en");
  await page.getByLabel("Colours").selectOption("dark");
  expect(await page.title()).toBe("Hit – Aquila");
  expect(page.url()).toBe(`${fixture.origin}/#/hits/${row.hit}`);
  expect(await page.evaluate("Object.keys({ ...localStorage, ...sessionStorage }).sort().join()")).toBe(
    "aquila-key,aquila-language,aquila-theme",
  );
  expect(await page.evaluate("indexedDB.databases().then((all) => all.length)")).toBe(0);
});

/** @returns How many glyphs each page of a PDF shows; Chromium writes one operator for each. */
function glyphsByPage(pdf: Buffer): number[] {
  const text = pdf.toString("latin1");
  return [...text.matchAll(/\/Filter \/FlateDecode[^>]*>>\s*stream\n/g)].flatMap(({ index, 0: head }) => {
    const start = index + head.length;
    const shown = inflateSync(pdf.subarray(start, text.indexOf("endstream", start))).toString("latin1");
    const count = shown.match(/\bTj\b|\bTJ\b/g)?.length ?? 0;
    return count === 0 ? [] : [count];
  });
}

function hitWhere(isWanted: (row: HitRow) => boolean): HitRow {
  const found = [...fixture.held.hits.values()].find(isWanted);
  if (found === undefined) throw new RangeError("the fixture has no such hit");
  return found;
}

async function focusedAct(page: Page): Promise<string | null> {
  return page.evaluate<string | null>("document.activeElement.dataset.act ?? null");
}

function escaped(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
}
