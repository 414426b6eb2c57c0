/**
 * A page of a console in a real browser, signed in, and what its tests look for.
 */
import type { Browser, BrowserContext, Page } from "playwright-core";
import { faultsOf, openContext, type View } from "./browser.ts";

export type OpenedPage = {
  readonly page: Page;
  readonly faults: readonly string[];
  readonly close: () => Promise<void>;
};

/** Less than a test's own time, so that the step that hangs is named. */
const STEP_MS = 10_000;

/** @param onContext - Called before the first page opens. */
export async function openConsole(
  browser: Browser,
  { origin, address }: { readonly origin: string; readonly address: () => string },
  view: View = { width: 1280, colours: "light" },
  onContext?: (context: BrowserContext) => unknown,
): Promise<OpenedPage> {
  const context = await openContext(browser, view);
  await onContext?.(context);
  context.setDefaultTimeout(STEP_MS);
  const page = await context.newPage();
  const faults = faultsOf(page, origin);
  await page.goto(address());
  await page.waitForSelector("h1");
  return { page, faults, close: () => context.close() };
}

/** Goes to a page by its address, as a link of the page would, and waits until nothing is loading. */
export async function goTo(page: Page, ...parts: readonly string[]): Promise<void> {
  await page.evaluate(`location.hash = ${JSON.stringify(`#/${parts.join("/")}`)}`);
  await page.waitForSelector("h1");
  await page.waitForSelector("[aria-busy]", { state: "detached" });
}

/** @returns References of the first rows in the document, top to bottom. */
export async function firstReferences(page: Page, count: number): Promise<string[]> {
  const rows = await page.evaluate<[number, string][]>(
    `[...document.querySelectorAll('.grid-body [role="row"]')].map((row) =>
      [Number(row.ariaRowIndex), row.querySelector(".cell-references").textContent])`,
  );
  return rows
    .sort(([a], [b]) => a - b)
    .slice(0, count)
    .map(([, references]) => references);
}

/** @returns `aria-rowindex` of what has the focus; null when that is no row. */
export async function focusedRow(page: Page): Promise<string | null> {
  return page.evaluate<string | null>("document.activeElement.getAttribute('aria-rowindex')");
}

export async function rowCount(page: Page): Promise<number> {
  return Number(await page.locator('[role="grid"]').first().getAttribute("aria-rowcount")) - 1;
}
