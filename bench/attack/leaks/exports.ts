/**
 * What is handed on on paper or in files: the regional picture as a report, a hit's page as it is printed; and the built pages
 * with their languages, which everybody gets.
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Browser } from "playwright-core";
import { findChromium, printPdf } from "#client/chromium.ts";
import { statisticsReport } from "#client/statistics-report.ts";
import { LinkageError } from "#engine/errors.ts";
import { PAGE_SETS, builtFolder } from "#pages/built.ts";
import type { ServerProcess } from "../../../demo/server-process.ts";
import { pdfPages } from "../../../tests/client/pdf-text.ts";
import type { ConsoleDesk } from "./console-desk.ts";
import { connectTo, type HuntedRound } from "./hunted-round.ts";

const LANGUAGES = fileURLToPath(new URL("../../../pages/languages", import.meta.url));
const ONCE = { attempts: 1, pauseMs: 0, longestPauseMs: 0 };
const STEP_MS = 30_000;

/** @returns Null where there is none: nothing is printed then. */
export function chromiumHere(): string | null {
  try {
    return findChromium(undefined, process.env["PATH"] ?? "");
  } catch (error) {
    if (error instanceof LinkageError) return null;
    throw error;
  }
}

/** @returns Folders that everybody gets who opens the pages. */
export function publicFiles(): string[] {
  return [...PAGE_SETS.map((set) => builtFolder(set)), LANGUAGES];
}

export function reportFolder({ folder }: Pick<HuntedRound, "folder">): string {
  return join(folder, "report");
}

/** Writes the year's report as HTML and, by Chromium, as PDF with its text. @returns Its folder. */
export async function exportReport(
  round: HuntedRound,
  server: Pick<ServerProcess, "url">,
  browser: string | null,
): Promise<string> {
  const folder = reportFolder(round);
  const [operator] = round.cast.operators;
  const published = await connectTo(round, server, operator, ONCE).statistics(new Date().getUTCFullYear());
  const html = statisticsReport([published], new Date());
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "report.html"), html);
  if (browser !== null) writePdf(folder, "report", await printPdf(browser, html));
  return folder;
}

/** Prints a hit's page of each party's console, as HTML and as PDF with its text. @returns Folders by party. */
export async function exportHits(
  round: HuntedRound,
  hits: ReadonlyMap<ConsoleDesk, string>,
  program: string,
): Promise<ReadonlyMap<string, string>> {
  // Here, so that no other attack loads it.
  const { chromium } = await import("playwright-core");
  const browser = await chromium.launch({ executablePath: program, args: ["--no-sandbox"] });
  try {
    const folders = new Map<string, string>();
    for (const [desk, hit] of hits) {
      const folder = join(round.folder, "printed", desk.party);
      mkdirSync(folder, { recursive: true });
      await printHit(browser, desk, hit, folder);
      folders.set(desk.party, folder);
    }
    return folders;
  } finally {
    await browser.close();
  }
}

async function printHit(browser: Browser, desk: ConsoleDesk, hit: string, folder: string): Promise<void> {
  const context = await browser.newContext({ locale: "en", timezoneId: "UTC" });
  context.setDefaultTimeout(STEP_MS);
  const page = await context.newPage();
  await page.goto(await desk.freshAddress());
  await page.waitForSelector("h1");
  await page.goto(`${desk.url}/#/hits/${hit}`);
  await page.waitForSelector("[data-hit]");
  await page.waitForSelector("[aria-busy]", { state: "detached" });
  await page.emulateMedia({ media: "print" });
  writeFileSync(join(folder, "hit.html"), await page.content());
  writePdf(folder, "hit", await page.pdf({ format: "A4", preferCSSPageSize: true, printBackground: true }));
  await context.close();
}

/** Writes it with its text, which a PDF holds as numbers of glyphs. @throws Error if it has none: the search would be blind. */
export function writePdf(folder: string, name: string, pdf: Uint8Array): void {
  const text = pdfPages(pdf)
    .map((page) => page.text)
    .join("\n");
  if (text.trim() === "") throw new Error(`${name}.pdf has no text that can be read`);
  writeFileSync(join(folder, `${name}.pdf`), pdf);
  // Chromium draws a word in several pieces where letters move together, and leaves out the space at which a line ends.
  const readings = ["\n", "", " "].map((between) => text.replaceAll("\n", between));
  writeFileSync(join(folder, `${name}.txt`), `${readings.join("\n\n")}\n`);
}
