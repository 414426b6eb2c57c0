/**
 * The secretariat's pages for tests: a real server that serves them, key files of its staff, and a browser at which they sit.
 */
import { mkdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import type { Browser, BrowserContext, Page } from "playwright-core";
import { expect } from "vitest";
import { createIdentityFile, STAFF_FILE } from "#client/sealed-identity.ts";
import { LEAST_COST } from "#client/passphrase-box.ts";
import { buildPages } from "#pages/build.ts";
import { makeHouse, startServer, type House, type RunningServer } from "../server/harness.ts";
import { faultsOf, openContext, startBrowser, type View } from "./browser.ts";

export const PASSPHRASE = "correct horse battery staple";
const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const SERIOUS = ["serious", "critical"];

export type StaffDesk = {
  readonly browser: Browser;
  readonly house: House;
  readonly server: RunningServer;
  readonly pagesFolder: string;
  /** @returns Path of a key file. */
  readonly keyFile: (id: string) => string;
  readonly close: () => Promise<void>;
};

/** Builds the pages, starts the server and the browser. @param samplesEveryMs - How often resources are sampled. */
export async function openDesk(samplesEveryMs = 250): Promise<StaffDesk> {
  const house = makeHouse();
  const pagesFolder = join(house.folder, "pages");
  await buildPages(["secretariat"], () => pagesFolder);
  const keys = join(house.folder, "staff");
  mkdirSync(keys, { mode: 0o700 });
  const keyFile = (id: string): string => join(keys, `${id}.key`);
  for (const identity of [...house.cast.operators, house.cast.officer])
    createIdentityFile(keyFile(identity.id), STAFF_FILE, identity, Buffer.from(PASSPHRASE), LEAST_COST);
  const server = await startServer(house, { samplesEveryMs, pagesFolder });
  const browser = await startBrowser();
  const close = async (): Promise<void> => {
    await browser.close();
    await server.app.close();
  };
  return { browser, house, server, pagesFolder, keyFile, close };
}

/** One who sits at a browser of his own, and what his pages did that they must not. */
export type Seat = { readonly context: BrowserContext; readonly page: Page; readonly faults: readonly string[] };

/** A browser, and a server whose pages it opens; it may be another process. */
export type Entrance = Pick<StaffDesk, "browser" | "keyFile"> & { readonly server: Pick<RunningServer, "url"> };

export async function sitDown(
  { browser, server }: Omit<Entrance, "keyFile">,
  view: View = { width: 1280, colours: "light" },
  onContext?: (context: BrowserContext) => unknown,
): Promise<Seat> {
  const context = await openContext(browser, view);
  await onContext?.(context);
  const page = await context.newPage();
  page.setDefaultTimeout(15_000);
  const faults = faultsOf(page, server.url);
  await page.goto(`${server.url}/`);
  return { context, page, faults };
}

/** Opens the key file with a passphrase. */
export async function unlock({ page }: Seat, path: string, passphrase = PASSPHRASE): Promise<void> {
  await page.getByLabel("Key file").setInputFiles(path);
  await page.getByLabel("Passphrase").fill(passphrase);
  await page.getByRole("button", { name: "Unlock" }).click();
}

/** @param onContext - Called before the first page opens. */
export async function signIn(
  desk: Entrance,
  id: string,
  view?: View,
  onContext?: (context: BrowserContext) => unknown,
): Promise<Seat> {
  const seat = await sitDown(desk, view, onContext);
  await unlock(seat, desk.keyFile(id));
  await seat.page.getByRole("heading", { name: "Rounds", level: 1 }).waitFor();
  return seat;
}

/** Goes to a page by its address's fragment, without leaving the session. */
export async function visit({ page }: Seat, ...parts: readonly string[]): Promise<void> {
  await page.evaluate(`location.hash = "#/${parts.join("/")}"`);
  await page.getByRole("heading", { level: 1 }).waitFor();
}

/** Presses the button of an act, and that of the dialog that asks. */
export async function act({ page }: Seat, name: string): Promise<void> {
  await page.getByRole("button", { name, exact: true }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByRole("button", { name, exact: true }).click();
  await dialog.waitFor({ state: "detached" });
}

type Violation = { readonly id: string; readonly impact: string; readonly at: readonly string[] };

/** @returns What axe finds serious or critical (WCAG 2.2 A and AA), one line each. */
export async function axeFaults(page: Page): Promise<string[]> {
  await page.evaluate(AXE);
  const found = await page.evaluate<readonly Violation[]>(
    `axe.run(document, { runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"] })
      .then(({ violations }) => violations.map(({ id, impact, nodes }) => ({ id, impact, at: nodes.map(({ target }) => target.join(" ")) })))`,
  );
  return found.filter(({ impact }) => SERIOUS.includes(impact)).map(({ id, at }) => `${id}: ${at.join(", ")}`);
}

/** Nothing is wider than the window but what is moved by itself. */
export async function expectNoOverflow(page: Page): Promise<void> {
  const wider = await page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth");
  expect(wider).toBe(0);
}
