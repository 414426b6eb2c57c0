/**
 * A whole round as people see it: two operators and an officer at the secretariat's pages, an analyst of each party at a console of her own, each in a
 * browser context of its own, and every part a process of its own.
 */
import type { Browser, Request } from "playwright-core";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { HitList, type HitRow } from "#client/console/shapes.ts";
import { reportFigures } from "../figures.ts";
import { seriousFaults } from "./axe.ts";
import { chromiumPath, NO_BROWSER, startBrowser } from "./browser.ts";
import { goTo, openConsole, type OpenedPage } from "./console-page.ts";
import { watchContext, type Given } from "./given.ts";
import { act, signIn, visit, type Entrance, type Seat } from "./staff-desk.ts";
import {
  COMMON,
  PARTIES,
  referenceOf,
  seatTwoParties,
  tellingWords,
  type Party,
  type TwoParties,
} from "./two-parties.ts";

const ROUND = "2026-9";
/** Whose hit the analysts work on. */
const PERSON = 0;
/** Consoles look at all rounds every ten seconds, and the machine may be busy. */
const PATIENT = { timeout: 60_000 };
const ASK_HITS = `fetch("api/hits", { headers: { "aquila-key": localStorage.getItem("aquila-key") } })
  .then((answer) => answer.json())`;
const hasBrowser = chromiumPath() !== null;
const startedMs = performance.now();

let browser: Browser;
let parties: TwoParties;
const given = new Map<string, Given>();
const consoles = new Map<Party, OpenedPage>();
const seats = new Map<string, Seat>();

beforeAll(async () => {
  if (!hasBrowser) return;
  [browser, parties] = await Promise.all([startBrowser(), seatTwoParties()]);
  for (const party of PARTIES)
    consoles.set(party, await openConsole(browser, parties.consoleOf(party), WIDE, watch(party)));
});
beforeEach((context) => {
  if (!hasBrowser) context.skip(NO_BROWSER);
});
afterAll(async () => {
  if (!hasBrowser) return;
  await browser.close();
  await parties.close();
  reportFigures("whole-round-in-browsers", { seconds: Math.round((performance.now() - startedMs) / 1000) });
});

const WIDE = { width: 1280, colours: "light" } as const;

function watch(who: string) {
  return (context: Parameters<typeof watchContext>[0]): void => {
    given.set(who, watchContext(context));
  };
}

function of<Key, Value>(map: ReadonlyMap<Key, Value>, key: Key): Value {
  const value = map.get(key);
  if (value === undefined) throw new RangeError(`nobody is called ${String(key)}`);
  return value;
}
const pageOf = (party: Party) => of(consoles, party).page;
const operators = () => [of(seats, "op-1"), of(seats, "op-2")] as const;

async function sit(id: string): Promise<Seat> {
  const entrance: Entrance = { browser, server: parties.server, keyFile: parties.keyFile };
  const seat = await signIn(entrance, id, WIDE, watch(id));
  seats.set(id, seat);
  return seat;
}

async function keepPages(): Promise<void> {
  await Promise.all([...given.values()].map((each) => each.keepPage()));
}

/** @returns What the page's own API says, by the page's own session. */
async function hitsAt(party: Party): Promise<HitRow[]> {
  return HitList.parse(await pageOf(party).evaluate(ASK_HITS));
}

test("one operator creates the round from a descriptor's file, and two open it", async () => {
  const [first, second] = [await sit("op-1"), await sit("op-2")];
  const { file, descriptor } = parties.describe(ROUND);
  await first.page.getByRole("link", { name: "New round" }).click();
  await first.page.getByLabel("Descriptor file").setInputFiles(file);
  await first.page.getByText(descriptor.purpose).waitFor();
  await act(first, "Create the round");
  await first.page.getByRole("heading", { name: `Round ${ROUND}` }).waitFor();
  await act(first, "Approve opening");
  await visit(second, "rounds", ROUND);
  await second.page.getByText("1 of 2 operators approve").waitFor();
  await act(second, "Approve opening");
  await second.page.getByText("Opened", { exact: true }).waitFor();
  expect(await seriousFaults(second.page)).toEqual([]);
});

test("each analyst begins it with a button, and her list is encoded and submitted", async () => {
  for (const party of PARTIES) {
    const page = pageOf(party);
    await page.getByText("No hits yet").waitFor();
    await goTo(page, "rounds");
    await page.locator(`[data-run="${ROUND}"]`).click(PATIENT);
    const dialog = page.getByRole("dialog");
    expect(await dialog.innerText()).toContain(`${party}.jsonl`);
    await dialog.getByRole("button", { name: "Begin what is your turn" }).click();
    await dialog.waitFor({ state: "detached" });
  }
  await keepPages();
  const [first] = operators();
  await first.page.getByText("Closing of submission").waitFor(PATIENT);
  for (const party of PARTIES) {
    const said = await of(given, party).answers();
    expect(
      said.filter(({ path, text }) => path === "/api/events" && text.includes('"stage":"submitting"')),
    ).not.toEqual([]);
    expect(await seriousFaults(pageOf(party))).toEqual([]);
  }
});

test("an operator closes submission and matches, and sees how far it is", async () => {
  const [first] = operators();
  await act(first, "Close submission");
  // The consoles seal by themselves.
  await first.page.getByText("Start of matching").waitFor(PATIENT);
  const progress = first.page.waitForResponse((answer) => answer.url().endsWith("/progress/events"));
  await act(first, "Start matching");
  expect((await progress).status()).toBe(200);
  await first.page.getByText("In review", { exact: true }).waitFor(PATIENT);
  const told = (await of(given, "op-1").answers()).filter(({ path }) => path.endsWith("/progress/events"));
  expect(told.map(({ text }) => text).join("")).toContain('"stage":"done"');
  await keepPages();
});

test("the second approval brings hits to both consoles, without a reload, under the same ids", async () => {
  const [first, second] = operators();
  const opened = await Promise.all(PARTIES.map((party) => pageOf(party).evaluate<number>("performance.timeOrigin")));
  for (const party of PARTIES) {
    await pageOf(party).locator(`[data-round="${ROUND}"]`).getByText("waits for operators").waitFor(PATIENT);
    await goTo(pageOf(party), "hits");
    await pageOf(party).getByText("No hits yet").waitFor();
  }
  await act(first, "Approve release");
  await second.page.getByText("1 of 2 operators approve").waitFor();
  const isApproval = (request: Request) => request.method() === "PUT" && request.url().includes("/approvals/release/");
  const approved = second.page.waitForRequest(isApproval).then(() => performance.now());
  const answered = second.page.waitForResponse((answer) => isApproval(answer.request())).then(() => performance.now());
  const arrived = PARTIES.map(async (party) => {
    await pageOf(party).locator('.grid-body [role="row"]').first().waitFor(PATIENT);
    return performance.now();
  });
  await act(second, "Approve release");
  const [sentMs, ...laterMs] = await Promise.all([approved, answered, ...arrived]);
  const [answerMs = NaN, AT = NaN, HR = NaN] = laterMs.map((ms) => Math.round(ms - sentMs));
  // Milliseconds from the second approval's request. Told, not asserted: others use the machine.
  reportFigures("hits-in-browsers-after-release", { answerMs, AT, HR });
  await second.page.getByText("Released", { exact: true }).first().waitFor();

  const [at, hr] = [await hitsAt("AT"), await hitsAt("HR")];
  expect(at.map(({ hit }) => hit).sort()).toEqual(hr.map(({ hit }) => hit).sort());
  for (const person of COMMON) {
    const [own] = at.filter(({ refs }) => refs.includes(referenceOf("AT", person)));
    const [theirs] = hr.filter(({ refs }) => refs.includes(referenceOf("HR", person)));
    expect(own?.hit).toBe(theirs?.hit);
    expect(own?.band).toBe("high");
  }
  expect(await Promise.all(PARTIES.map((party) => pageOf(party).evaluate("performance.timeOrigin")))).toEqual(opened);
  for (const party of PARTIES) expect(await seriousFaults(pageOf(party))).toEqual([]);
  await keepPages();
});

test("one acknowledges and the other refutes, and each sees it at the other while the page is open", async () => {
  const ids: string[] = [];
  for (const party of PARTIES) {
    const page = pageOf(party);
    await page
      .locator('.grid-body [role="row"]')
      .filter({ hasText: referenceOf(party, PERSON) })
      .click();
    ids.push(await page.locator("[data-hit]").innerText());
    await page.getByText("Possible match, not evidence").first().waitFor();
    await page.getByText(`national contact point ${party === "AT" ? "HR" : "AT"}`).waitFor(PATIENT);
  }
  expect(ids[0]).toBe(ids[1]);
  expect(ids[0]).toMatch(/^[\w-]{22}$/);
  await say("AT", "acknowledged", "Acknowledge");
  await pageOf("HR").locator("ol.history").getByText("AT: Acknowledged").waitFor(PATIENT);
  await say("HR", "refuted", "Refute the match");
  await pageOf("AT").locator("ol.history").getByText("HR: Refuted").waitFor(PATIENT);
  for (const party of PARTIES) expect(await seriousFaults(pageOf(party))).toEqual([]);
  await keepPages();
  await goTo(pageOf("AT"), "hits");
  const row = pageOf("AT").locator('.grid-body [role="row"]').filter({ hasText: "theirs: Refuted" });
  expect(await row.innerText()).toContain("Acknowledged");
  await goTo(pageOf("AT"), "picture");
  await keepPages();
  await goTo(pageOf("AT"), "list");
  await keepPages();
});

/** Presses the button of a word, and that of the question. */
async function say(party: Party, word: string, confirm: string): Promise<void> {
  const page = pageOf(party);
  await page.locator(`[data-act="${word}"]`).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByRole("button", { name: confirm, exact: true }).click();
  await dialog.waitFor({ state: "detached" });
}

test("neither console was given anything of the other's list", async () => {
  for (const [own, other] of [PARTIES, [...PARTIES].reverse()] as readonly (readonly [Party, Party])[]) {
    const text = (await of(given, own).text()).toLowerCase();
    const secret = tellingWords(parties.lists[other], parties.lists[own]);
    expect(secret.length).toBeGreaterThan(200);
    expect(secret.filter((word) => text.includes(word.toLowerCase()))).toEqual([]);
    // The search finds what is there: her own record of the hit that she looked at, and the references of the others.
    const [shown] = parties.lists[own].filter(({ rec_id }) => rec_id === referenceOf(own, PERSON));
    if (shown === undefined) throw new RangeError("no such record");
    const found = tellingWords(parties.lists[own], parties.lists[other]).filter((word) =>
      text.includes(word.toLowerCase()),
    );
    expect(found).toEqual(expect.arrayContaining([shown.rec_id, shown.address_street, shown.case_ref, shown.phone]));
  }
});

test("the secretariat's pages were given no handle and nobody of a list", async () => {
  const officer = await sit("dpo-1");
  await visit(officer, "rounds", ROUND);
  await officer.page.getByRole("heading", { name: `Round ${ROUND}` }).waitFor();
  await of(given, "dpo-1").keepPage();
  await visit(officer, "audit");
  await officer.page.getByRole("button", { name: "Load the latest entries" }).click();
  await officer.page.getByText(/^\d+ of \d+ entries$/).waitFor();
  expect(await seriousFaults(officer.page)).toEqual([]);
  await of(given, "dpo-1").keepPage();
  for (const place of ["announcements", "certificates", "statistics", "resources"]) {
    await visit(officer, place);
    await officer.page.locator("[aria-busy]").first().waitFor({ state: "detached" });
    await of(given, "dpo-1").keepPage();
  }
  const hits = (await hitsAt("AT")).map(({ hit }) => hit);
  const texts = await Promise.all(["op-1", "op-2", "dpo-1"].map((id) => of(given, id).text()));
  const handles = await parties.handlesAtTheEnd(ROUND);
  expect(handles.length).toBeGreaterThan(100);
  const secret = [...handles, ...hits, ...tellingWords(Object.values(parties.lists).flat(), [])];
  for (const text of texts) {
    expect(text).toContain(ROUND);
    expect(secret.filter((word) => text.includes(word))).toEqual([]);
  }
});

test("no page asked anybody but this machine, and none broke its policy", () => {
  const asked = [...given.values()].flatMap(({ addresses }) => addresses);
  const hosts = new Set(asked.filter((url) => !url.startsWith("data:")).map((url) => new URL(url).hostname));
  expect([...hosts]).toEqual(["127.0.0.1"]);
  expect([...consoles.values(), ...seats.values()].flatMap(({ faults }) => faults)).toEqual([]);
});
