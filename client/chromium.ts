/**
 * A page printed as PDF by Chromium without a window, in a folder of its own that goes afterwards, and without a network.
 */
import { spawn } from "node:child_process";
import { accessSync, constants, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { pathToFileURL } from "node:url";
import { LinkageError } from "#engine/errors.ts";
import { readWhole } from "./durable-file.ts";

const NAMES = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome", "microsoft-edge"];
const TIMEOUT_MS = 60_000;
const WAY =
  "install it (Debian: apt install chromium) or name one with --chromium PATH; a report that ends in .html needs none and can be printed by any browser";

/**
 * @param named - Of --chromium; else the first on `searched`.
 * @param searched - As PATH is written.
 * @throws {@link LinkageError} `browser-unavailable`
 */
export function findChromium(named: string | undefined, searched: string): string {
  const places =
    named === undefined
      ? NAMES.flatMap((name) => searched.split(delimiter).map((folder) => join(folder, name)))
      : [named];
  const found = places.find(isProgram);
  if (found !== undefined) return found;
  throw new LinkageError(
    "browser-unavailable",
    `no Chromium ${named === undefined ? "on PATH" : `at ${named}`}; ${WAY}`,
  );
}

/**
 * @param html - Loads nothing.
 * @returns PDF.
 * @throws {@link LinkageError} `browser-unavailable` if it does not print in a minute.
 */
export async function printPdf(chromium: string, html: string): Promise<Uint8Array> {
  const folder = mkdtempSync(join(tmpdir(), "aquila-print-"));
  try {
    const [page, pdf] = [join(folder, "report.html"), join(folder, "report.pdf")];
    writeFileSync(page, html, { mode: 0o600 });
    const ended = await run(chromium, [...flagsOf(folder), `--print-to-pdf=${pdf}`, pathToFileURL(page).href], folder);
    if (ended !== 0 || statSync(pdf, { throwIfNoEntry: false }) === undefined)
      throw new LinkageError("browser-unavailable", `${chromium} did not print (${ended ?? "no exit code"}); ${WAY}`);
    return readWhole(pdf);
  } finally {
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  }
}

function flagsOf(folder: string): string[] {
  return [
    "--headless",
    "--no-pdf-header-footer",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-extensions",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    // Names lead nowhere, and no proxy is asked either.
    "--host-resolver-rules=MAP * ~NOTFOUND",
    "--no-proxy-server",
    `--user-data-dir=${join(folder, "profile")}`,
    // Chromium's sandbox refuses root.
    ...(process.getuid?.() === 0 ? ["--no-sandbox"] : []),
  ];
}

/** @returns Exit code; null if it was ended or did not start. */
function run(program: string, args: readonly string[], home: string): Promise<number | null> {
  return new Promise((resolve) => {
    const child = spawn(program, args, {
      stdio: "ignore",
      env: { PATH: process.env["PATH"], HOME: home, TMPDIR: home },
      timeout: TIMEOUT_MS,
      killSignal: "SIGKILL",
    });
    child.once("error", () => {
      resolve(null);
    });
    child.once("close", (exitCode) => {
      resolve(exitCode);
    });
  });
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}
