/**
 * `npm run pictures [-- NAME…]`: pictures of every page, light, dark and narrow, to docs/pictures/; names begin with those given; of the secretariat's
 * all are drawn, or none.
 * The hits are those of fictional people. A palette keeps the files small.
 */
import { mkdir, writeFile } from "node:fs/promises";
import type { Browser, Page } from "playwright-core";
import { buildPages } from "#pages/build.ts";
import { startBrowser, type View } from "./browser.ts";
import { goTo, openConsole } from "./console-page.ts";
import { startFixtureConsole, type FixtureConsole } from "./fixture-console.ts";
import { smallPng } from "./small-png.ts";
import { takeStaffPictures } from "./staff-pictures.ts";

const FOLDER = new URL("../../docs/pictures/", import.meta.url);

/** One page in one look. */
type Picture = {
  readonly name: string;
  readonly view: View;
  readonly parts: (fixture: FixtureConsole) => readonly string[];
  /** Done before the picture is taken. */
  readonly act?: (page: Page) => Promise<void>;
  readonly isWhole?: boolean;
};

const WIDE = { width: 1280, colours: "light" } as const;
const DARK = { width: 1280, colours: "dark" } as const;
const NARROW = { width: 390, colours: "light" } as const;
const toHits = () => ["hits"];
const toRounds = () => ["rounds"];
const toList = () => ["list"];
const toPicture = () => ["picture"];
const drawing = (view: string) => async (page: Page) => {
  await page.getByRole("combobox", { name: "Drawing" }).selectOption(view);
};
const toHit = ({ held }: FixtureConsole): string[] => {
  const told = [...held.hits.values()].find(
    ({ proposedAccuracy, band, rules }) => proposedAccuracy === "3" && band === "high" && rules.length > 2,
  );
  return ["hits", told?.hit ?? ""];
};

const PICTURES: readonly Picture[] = [
  { name: "console-hits-light", view: WIDE, parts: toHits },
  { name: "console-hits-dark", view: DARK, parts: toHits },
  { name: "console-hits-narrow", view: NARROW, parts: toHits },
  { name: "console-hits-bulgarian", view: { ...WIDE, language: "bg" }, parts: toHits },
  { name: "console-hit-light", view: WIDE, parts: toHit, isWhole: true },
  { name: "console-hit-dark", view: DARK, parts: toHit, isWhole: true },
  { name: "console-hit-narrow", view: NARROW, parts: toHit },
  {
    name: "console-request-light",
    view: WIDE,
    parts: toHit,
    act: (page) => page.locator('[data-act="channel"]').click(),
  },
  {
    name: "console-hit-print",
    view: WIDE,
    parts: toHit,
    act: (page) => page.emulateMedia({ media: "print" }),
    isWhole: true,
  },
  { name: "console-rounds-light", view: WIDE, parts: toRounds, isWhole: true },
  { name: "console-rounds-dark", view: DARK, parts: toRounds },
  { name: "console-rounds-narrow", view: NARROW, parts: toRounds },
  { name: "console-list-light", view: WIDE, parts: toList, isWhole: true },
  { name: "console-list-dark", view: DARK, parts: toList },
  { name: "console-picture-light", view: WIDE, parts: toPicture, isWhole: true },
  { name: "console-picture-dark", view: DARK, parts: toPicture, act: drawing("trend"), isWhole: true },
  { name: "console-picture-narrow", view: NARROW, parts: toPicture, isWhole: true },
  { name: "console-picture-matrix", view: WIDE, parts: toPicture, act: drawing("matrix"), isWhole: true },
  { name: "console-picture-bands", view: NARROW, parts: toPicture, act: drawing("bands"), isWhole: true },
  { name: "console-list-narrow", view: NARROW, parts: toList },
];

async function take(browser: Browser, fixture: FixtureConsole, picture: Picture): Promise<void> {
  const { name, view, parts, act, isWhole = false } = picture;
  const { page, close } = await openConsole(browser, fixture, view);
  await goTo(page, ...parts(fixture));
  await act?.(page);
  const png = smallPng(await page.screenshot({ fullPage: isWhole, animations: "disabled", caret: "hide" }));
  await writeFile(new URL(`${name}.png`, FOLDER), png);
  console.log(`${name}.png  ${Math.round(png.length / 1000)} kB`);
  await close();
}

await buildPages();
await mkdir(FOLDER, { recursive: true });
const wanted = process.argv.slice(2);
if (wanted.length === 0 || wanted.some((start) => start.startsWith("office"))) await takeStaffPictures();
const browser = await startBrowser();
const fixture = await startFixtureConsole();
for (const picture of PICTURES.filter(
  ({ name }) => wanted.length === 0 || wanted.some((start) => name.startsWith(start)),
))
  await take(browser, fixture, picture);
await browser.close();
await fixture.close();
