/**
 * Pictures of the secretariat's pages for docs/pictures, with rounds of fictional parties in several states: `npm run pictures -- office`.
 */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import {
  approve,
  acknowledge,
  decide,
  matchRound,
  openSubmission,
  releaseRound,
  sealedRound,
  submitAll,
} from "../server/acts.ts";
import { makeDescriptor, operatorSigning, people, removeHouse } from "../server/harness.ts";
import { send } from "../server/requests.ts";
import type { View } from "./browser.ts";
import { smallPng } from "./small-png.ts";
import { openDesk, signIn, sitDown, visit, type Seat, type StaffDesk } from "./staff-desk.ts";

const FOLDER = fileURLToPath(new URL("../../docs/pictures", import.meta.url));
const VIEWS: Readonly<Record<string, View>> = {
  light: { width: 1280, colours: "light" },
  dark: { width: 1280, colours: "dark" },
  narrow: { width: 390, colours: "light" },
};
const REVIEWED = "2026-5";

/** Rounds that stand where people look at them: one released and erased, one in review with a pairing held, one submitting, one draft. */
async function playRounds({ house, server: { url } }: StaffDesk): Promise<void> {
  const describe = (id: string) => makeDescriptor(house, { id });
  const planted = (from: string, to: string) => people([from, to].includes("HR") ? 14 : 3);
  const erased = await openSubmission(house, url, describe("2026-3"));
  await submitAll(house, url, erased.view, erased.keys, planted);
  const released = await releaseRound(house, url, "2026-3");
  await approve(house, url, "erase", released);
  const open = await openSubmission(house, url, describe("2026-4"));
  await submitAll(house, url, open.view, open.keys, planted);
  const handedOut = await releaseRound(house, url, "2026-4");
  for (const party of ["AT", "HR"]) await acknowledge(house, url, party, handedOut);
  const { view } = await sealedRound(house, url, describe(REVIEWED), planted);
  await matchRound(house, url, view.descriptor.id);
  await decide(house, url, "hold", ["AT", "HR"], view);
  await openSubmission(house, url, describe("2026-6"));
  await send(url, operatorSigning(house), "POST", "/v1/rounds", describe("2026-7"));
}

async function takePictures(desk: StaffDesk, folder: string): Promise<void> {
  for (const [name, view] of Object.entries(VIEWS)) {
    const path = (page: string): string => join(folder, `office-${page}-${name}.png`);
    const before = await sitDown(desk, view);
    await takePicture(before, path("sign-in"));
    await before.context.close();
    for (const [id, pages] of [
      ["op-1", [["rounds"], ["rounds", REVIEWED], ["resources"], ["benches"]]],
      ["dpo-1", [["rounds", REVIEWED], ["audit"], ["announcements"], ["certificates"], ["statistics"]]],
    ] as const) {
      const seat = await signIn(desk, id, view);
      for (const parts of pages) {
        await visit(seat, ...parts);
        if (parts[0] === "audit") {
          await seat.page.getByRole("button", { name: "Load the latest entries" }).click();
          await seat.page.getByRole("combobox", { name: "Act" }).selectOption("approved-release");
          await seat.page
            .getByRole("button", { name: /^Check/ })
            .first()
            .click();
          await seat.page.getByRole("region", { name: "Proof" }).waitFor();
        }
        await seat.page.waitForLoadState("networkidle");
        await seat.page.locator(".state[aria-busy]").first().waitFor({ state: "detached" });
        const called = parts.length > 1 ? (id === "op-1" ? "round" : "round-officer") : parts[0];
        if (parts[0] === "resources") await seat.page.locator("figure.plot canvas").nth(6).waitFor();
        await takePicture(seat, path(called));
      }
      await seat.context.close();
    }
  }
}

/** The whole page, with a palette. */
async function takePicture({ page }: Seat, path: string): Promise<void> {
  writeFileSync(path, smallPng(await page.screenshot({ fullPage: true })));
}

/** Plays the rounds and takes all pictures. */
export async function takeStaffPictures(): Promise<void> {
  const desk = await openDesk();
  try {
    await playRounds(desk);
    const operator = await signIn(desk, "op-2");
    await visit(operator, "benches");
    for (const bench of ["join", "api"]) {
      await operator.page.getByRole("combobox", { name: "Bench" }).selectOption(bench);
      await operator.page.getByRole("button", { name: "Start", exact: true }).click();
      await operator.page.getByRole("dialog").getByRole("button", { name: "Start" }).click();
      await operator.page.locator('section[data-outcome="running"]').waitFor();
      await operator.page.locator('section[data-outcome="running"]').waitFor({ state: "detached", timeout: 120_000 });
    }
    await takePictures(desk, FOLDER);
  } finally {
    await desk.close();
    removeHouse(desk.house);
  }
}
