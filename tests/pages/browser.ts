/**
 * A real Chromium for the tests of pages, their pictures and their bench.
 */
import { chromium, type Browser, type BrowserContext, type Page } from "playwright-core";
import type { TestContext } from "vitest";
import { findChromium } from "#client/chromium.ts";
import { LinkageError } from "#engine/errors.ts";

/** Said where a browser test cannot run. */
export const NO_BROWSER = "no Chromium here: apt-get install chromium, or name one in AQUILA_CHROMIUM";

/** @returns Null where there is none. */
export function chromiumPath(): string | null {
  try {
    return findChromium(process.env["AQUILA_CHROMIUM"], process.env["PATH"] ?? "");
  } catch (error) {
    if (error instanceof LinkageError) return null;
    throw error;
  }
}

/** @returns Where it is; skips the test where there is none. */
export function wantedChromium(context: TestContext): string {
  return chromiumPath() ?? context.skip(NO_BROWSER);
}

/** @returns A browser that ends with the test; skips the test where there is none. */
export async function startChromium(context: TestContext): Promise<Browser> {
  wantedChromium(context);
  const browser = await startBrowser();
  context.onTestFinished(() => browser.close());
  return browser;
}

/** @throws Error with {@link NO_BROWSER} where there is none. */
export async function startBrowser(): Promise<Browser> {
  const executablePath = chromiumPath();
  if (executablePath === null) throw new Error(NO_BROWSER);
  // Root has no sandbox; the pages are the project's own.
  return chromium.launch({ executablePath, args: ["--no-sandbox"] });
}

export type View = { readonly width: 1280 | 390; readonly colours: "light" | "dark"; readonly language?: string };

export async function openContext(
  browser: Browser,
  { width, colours, language = "en" }: View,
): Promise<BrowserContext> {
  return browser.newContext({
    viewport: { width, height: width === 390 ? 844 : 800 },
    colorScheme: colours,
    locale: language,
    timezoneId: "UTC",
    reducedMotion: "reduce",
  });
}

/** What a page did that it must not do; empty at the end of a good test. */
export function faultsOf(page: Page, origin: string): string[] {
  const faults: string[] = [];
  page.on("pageerror", (error) => faults.push(`error: ${error.message}`));
  page.on("console", (message) => {
    if (message.type() === "error" || /content security policy/i.test(message.text()))
      faults.push(`console: ${message.text()}`);
  });
  page.on("request", (request) => {
    const url = request.url();
    if (!url.startsWith(`${origin}/`) && !url.startsWith("data:")) faults.push(`request: ${url}`);
  });
  return faults;
}
