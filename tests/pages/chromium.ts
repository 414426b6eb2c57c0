/**
 * The Chromium that tests of pages run in; where there is none the test is listed as skipped, with the way to get it.
 */
import { chromium, type Browser } from "playwright-core";
import type { TestContext } from "vitest";
import { findChromium } from "#client/chromium.ts";
import { LinkageError } from "#engine/errors.ts";

/** @returns Where Chromium is; skips the test if it is nowhere. */
export function chromiumPath(context: TestContext): string {
  try {
    return findChromium(undefined, process.env["PATH"] ?? "");
  } catch (error) {
    if (error instanceof LinkageError) context.skip(error.detail);
    throw error;
  }
}

/** @returns A browser that ends with the test; skips the test if there is none. */
export async function startChromium(context: TestContext): Promise<Browser> {
  const browser = await chromium.launch({
    executablePath: chromiumPath(context),
    args: process.getuid?.() === 0 ? ["--no-sandbox"] : [],
  });
  context.onTestFinished(() => browser.close());
  return browser;
}
