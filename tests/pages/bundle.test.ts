/**
 * The console stays small, and its files carry nothing that the policy would stop.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { builtFolder } from "#pages/built.ts";
import { consoleBundle } from "./bundle.ts";

const MOST_BYTES = 150_000;

test("the console's bundle is at most 150 kB gzip, all languages included", () => {
  const { startBytes, allBytes } = consoleBundle();
  console.log(`console: ${startBytes} bytes gzip at the start, ${allBytes} in all`);
  expect(startBytes).toBeGreaterThan(10_000);
  expect(allBytes).toBeLessThanOrEqual(MOST_BYTES);
});

test("the page has no inline script and no inline style", () => {
  const html = readFileSync(join(builtFolder("console"), "index.html"), "utf8");
  expect(html).not.toMatch(/<script(?![^>]*\bsrc=)/);
  expect(html).not.toMatch(/<style|\sstyle=/);
});
