/**
 * The secretariat's pages in a real Chromium against a real server: operators and an officer, each at a browser of his own, take a round from its
 * descriptor to its certificate.
 */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { RoundDescriptor } from "#engine/round/descriptor.ts";
import { acknowledge, openSubmission, sealOnce, submitAll } from "../server/acts.ts";
import {
  makeDescriptor,
  makeHouse,
  operatorSigning,
  people,
  PARTIES,
  removeHouse,
  startServer,
  viewIn,
} from "../server/harness.ts";
import { send } from "../server/requests.ts";
import { chromiumPath, NO_BROWSER } from "./browser.ts";
import {
  act,
  axeFaults,
  expectNoOverflow,
  openDesk,
  signIn,
  sitDown,
  unlock,
  visit,
  type Seat,
  type StaffDesk,
} from "./staff-desk.ts";

const ROUND = "2026-4";
/** A machine that others use, too, draws late. */
const PATIENT = { timeout: 15_000 };
let desk: StaffDesk;
let descriptor: RoundDescriptor;
let first: Seat;
let second: Seat;
let officer: Seat;
const seats: Seat[] = [];

beforeAll(async () => {
  if (chromiumPath() === null) return;
  desk = await openDesk();
});
beforeEach((context) => {
  if (chromiumPath() === null) context.skip(NO_BROWSER);
});
afterAll(async () => {
  if (chromiumPath() === null) return;
  await desk.close();
  removeHouse(desk.house);
});

async function seat(id: string): Promise<Seat> {
  const seated = await signIn(desk, id);
  seats.push(seated);
  return seated;
}

describe("serving", () => {
  it("the page comes unsigned, under a policy that lets nothing foreign in, its assets for good", async () => {
    const page = await fetch(`${desk.server.url}/`);
    expect(page.headers.get("content-security-policy")).toBe(
      "default-src 'none';script-src 'self';style-src 'self';img-src 'self' data:;font-src 'self';connect-src 'self';base-uri 'none';form-action 'none';frame-ancestors 'none'",
    );
    expect(page.headers.get("cache-control")).toBe("public, max-age=0");
    expect(page.headers.get("x-content-type-options")).toBe("nosniff");
    expect(page.headers.get("set-cookie")).toBeNull();
    const script = /src="\.(\/assets\/[^"]+\.js)"/.exec(await page.text())?.[1] ?? "";
    const asset = await fetch(desk.server.url + script);
    expect(asset.status).toBe(200);
    expect(asset.headers.get("cache-control")).toBe("public, max-age=31536000, immutable");
    expect((await fetch(`${desk.server.url}/assets/../index.html`)).status).not.toBe(500);
    expect((await fetch(`${desk.server.url}/assets/%2e%2e/index.html`)).status).toBe(404);
  });

  it("where they are not built the server starts, and says what to run", async () => {
    const house = makeHouse();
    const { app, url, log } = await startServer(house, { pagesFolder: join(house.folder, "nothing") });
    const answer = await fetch(`${url}/`);
    expect([answer.status, await answer.json()]).toMatchObject([404, { code: "not-found" }]);
    expect((await fetch(`${url}/healthz`)).status).toBe(200);
    expect(log.filter((line) => line.includes("npm run build"))).toHaveLength(1);
    await app.close();
    removeHouse(house);
  });
});

describe("sign-in", () => {
  it("a wrong passphrase, another file and a key of nobody open nothing", async () => {
    const seated = await sitDown(desk);
    await unlock(seated, desk.keyFile("op-1"), "correct horse battery stapler");
    await seated.page.getByText("This passphrase does not open the key file").waitFor();
    const other = join(desk.house.folder, "other.json");
    writeFileSync(other, '{"format":"aquila/passphrase-box/v1"}');
    await unlock(seated, other);
    await seated.page.getByText("This is no key file of an operator or officer.").waitFor();
    expect(await seated.page.getByRole("navigation").getByRole("link").count()).toBe(0);
    expect(
      await seated.page.evaluate(
        "JSON.stringify([Object.keys(localStorage), Object.keys(sessionStorage), document.cookie])",
      ),
    ).toBe('[["aquila-theme"],[],""]');
    await seated.context.close();
  });

  it("the right one shows the rounds, and the page locks itself after a quarter of an hour", async () => {
    const seated = await sitDown(desk);
    await seated.page.clock.install();
    await unlock(seated, desk.keyFile("op-1"));
    await seated.page.getByText("There are no such rounds.").waitFor();
    await seated.page.clock.fastForward("14:00");
    expect(await seated.page.getByRole("button", { name: "Lock" }).isVisible()).toBe(true);
    await seated.page.clock.fastForward("02:00");
    await seated.page.getByText("The page locked itself").waitFor();
    await seated.context.close();
  });

  it("the touch that wakes a machine after its sleep locks the page, too", async () => {
    const seated = await sitDown(desk);
    await seated.page.clock.install();
    await unlock(seated, desk.keyFile("op-1"));
    await seated.page.getByText("There are no such rounds.").waitFor();
    // The clock is an hour on, and no timer has run.
    await seated.page.clock.setFixedTime(new Date(Date.now() + 3_600_000));
    await seated.page.mouse.move(10, 10);
    await seated.page.mouse.move(20, 20);
    await seated.page.getByText("The page locked itself").waitFor();
    await seated.context.close();
  });
});

describe("a round", () => {
  it("is created from a descriptor by one operator, and opened by two", async () => {
    first = await seat("op-1");
    second = await seat("op-2");
    descriptor = makeDescriptor(desk.house, { id: ROUND });
    const file = join(desk.house.folder, "round.json");
    writeFileSync(file, JSON.stringify(descriptor));
    await first.page.getByRole("link", { name: "New round" }).click();
    await first.page.getByLabel("Descriptor file").setInputFiles(file);
    await first.page.getByText(descriptor.purpose).waitFor();
    expect(await axeFaults(first.page)).toEqual([]);
    await act(first, "Create the round");
    await first.page.getByRole("heading", { name: `Round ${ROUND}` }).waitFor();
    await act(first, "Approve opening");
    await first.page.getByText("1 of 2 operators approve").waitFor();
    expect(await first.page.getByRole("button", { name: "Approve opening" }).isDisabled()).toBe(true);

    await visit(second, "rounds", ROUND);
    await second.page.getByText("op-1").first().waitFor();
    await act(second, "Approve opening");
    await second.page.getByText("Opened", { exact: true }).waitFor();
    await second.page.getByText("Round keys").waitFor();
    expect(await second.page.getByText("holds", { exact: true }).count()).toBe(2);
  });

  it("waits for whom the page says, is closed and matched by an operator", async () => {
    const { house, server } = desk;
    const { view, keys } = await openSubmission(house, server.url, descriptor);
    await submitAll(house, server.url, view, keys, () => people(12));
    await first.page.getByText("Closing of submission").waitFor();
    await act(first, "Close submission");
    await first.page.getByText("AT, HR, SI").waitFor();
    const sealed = viewIn(await send(server.url, operatorSigning(house), "GET", `/v1/rounds/${ROUND}`));
    for (const party of PARTIES) await sealOnce(house, server.url, party, sealed);
    await first.page.getByText("Start of matching").waitFor();
    const progress = first.page.waitForResponse((answer) => answer.url().endsWith("/progress/events"));
    await act(first, "Start matching");
    expect((await progress).status()).toBe(200);
    await first.page.getByText("In review", { exact: true }).waitFor();
    const row = first.page.locator('tr[data-pairing="AT-HR"]');
    await expect.poll(() => row.locator("td").nth(1).textContent(), PATIENT).toMatch(/^12/);
    expect(await row.textContent()).toContain("expected 0");
  });

  it("is held by the officer, let go again, and released by two operators", async () => {
    officer = await seat("dpo-1");
    await visit(officer, "rounds", ROUND);
    expect(await officer.page.getByRole("button", { name: "Approve release" }).count()).toBe(0);
    await officer.page.getByRole("button", { name: "Hold AT–HR" }).click();
    await officer.page.getByRole("dialog").getByRole("button", { name: "Hold" }).click();
    await officer.page.locator('tr[data-pairing="AT-HR"]').getByText("Held").waitFor();
    await first.page.getByText("nothing can be released before").waitFor();
    expect(await first.page.getByRole("button", { name: "Approve release" }).isDisabled()).toBe(true);
    await officer.page.getByRole("button", { name: "Let go AT–HR" }).click();
    await officer.page.getByRole("dialog").getByRole("button", { name: "Let go" }).click();
    await officer.page.getByText("Nothing was reported.").waitFor();
    await officer.page
      .locator("section", { hasText: "Log of the round" })
      .getByRole("button", { name: "Load again" })
      .click();
    await officer.page.getByText("decided-hold by officer:dpo-1").waitFor();
    expect(await axeFaults(officer.page)).toEqual([]);

    await expect
      .poll(() => first.page.getByRole("button", { name: "Approve release" }).isDisabled(), PATIENT)
      .toBe(false);
    await act(first, "Approve release");
    await second.page.getByText("1 of 2 operators approve").waitFor();
    await act(second, "Approve release");
    await second.page.getByText("Released", { exact: true }).first().waitFor();
  });

  it("shows who has acknowledged, and is erased early by two, under a certificate that holds", async () => {
    const { house, server } = desk;
    const view = viewIn(await send(server.url, operatorSigning(house), "GET", `/v1/rounds/${ROUND}`));
    await visit(first, "announcements");
    await expect.poll(() => first.page.locator("tbody tr").count(), PATIENT).toBe(PARTIES.length);
    await visit(first, "rounds", ROUND);
    for (const party of PARTIES) await acknowledge(house, server.url, party, view);
    await second.page.locator('tr[data-pairing="AT-HR"]').getByText("Opened").waitFor();
    await act(first, "Approve erasure");
    await second.page.getByText("1 of 2 operators approve").waitFor();
    await act(second, "Approve erasure");
    await second.page.getByText("Erased early by two operators").waitFor();
    await visit(officer, "certificates");
    const certificate = officer.page.getByRole("region", { name: `Certificate of round ${ROUND}` });
    await certificate.getByText("holds", { exact: true }).waitFor();
    await visit(officer, "statistics");
    await officer.page.getByText(/^ε 0.5 of 4$/).waitFor();
  });
});

describe("the audit log", () => {
  it("is searched, and an entry is proven to be in it", async () => {
    await visit(officer, "audit");
    await officer.page.getByRole("button", { name: "Load the latest entries" }).click();
    await officer.page.getByText(/^\d+ of \d+ entries$/).waitFor();
    await officer.page.getByRole("combobox", { name: "Act" }).selectOption("approved-release");
    await officer.page.getByText(/^2 of \d+ entries$/).waitFor();
    await officer.page.getByLabel("Actor").fill("op-2");
    await officer.page.getByText(/^1 of \d+ entries$/).waitFor();
    await officer.page
      .getByRole("button", { name: /^Check/ })
      .first()
      .click();
    const proof = officer.page.getByRole("region", { name: "Proof" });
    await proof.waitFor();
    expect(await proof.getAttribute("data-holds")).toBe("true");
    expect(await proof.getByText("holds", { exact: true }).count()).toBe(4);
    expect(await axeFaults(officer.page)).toEqual([]);
  });

  it("a proof that somebody changed on its way is not taken", async () => {
    await officer.page.route("**/v1/audit/inclusion*", async (route) => {
      const answer = await route.fetch();
      const { path } = (await answer.json()) as { path: string[] };
      await route.fulfill({ response: answer, json: { path: [...path].reverse() } });
    });
    await officer.page
      .getByRole("button", { name: /^Check/ })
      .first()
      .click();
    await officer.page.getByText("the answer is not signed by the secretariat of the roster").waitFor();
    expect(await officer.page.getByRole("region", { name: "Proof" }).count()).toBe(0);
    await officer.page.unroute("**/v1/audit/inclusion*");
  });

  it("a head kept in a file is compared, and one of another log does not hold", async () => {
    const download = officer.page.waitForEvent("download");
    await officer.page.getByRole("button", { name: "Keep this head" }).click();
    const kept = join(desk.house.folder, "head.json");
    await (await download).saveAs(kept);
    await officer.page.getByLabel("Compare with a head kept before").setInputFiles(kept);
    await officer.page
      .getByRole("button", { name: /^Check/ })
      .first()
      .click();
    const proof = officer.page.getByRole("region", { name: "Proof" });
    await expect.poll(() => proof.getByText("holds", { exact: true }).count(), PATIENT).toBe(5);
    const { default: head } = (await import(kept, { with: { type: "json" } })) as { default: Record<string, unknown> };
    const forged = join(desk.house.folder, "forged-head.json");
    writeFileSync(forged, JSON.stringify({ ...head, root: "A".repeat(43) }));
    await officer.page.getByLabel("Compare with a head kept before").setInputFiles(forged);
    await officer.page
      .getByRole("button", { name: /^Check/ })
      .first()
      .click();
    await expect.poll(() => proof.getAttribute("data-holds"), PATIENT).toBe("false");
    expect(await proof.getByText("does not hold", { exact: true }).count()).toBe(1);
  });

  it("an entry that was changed in the database is not shown", async () => {
    const database = new DatabaseSync(join(desk.house.dataDir, "aquila.db"));
    database.exec("UPDATE audit_leaves SET entry = replace(entry, 'operator:op-1', 'operator:op-2') WHERE number = 0");
    database.close();
    await officer.page.getByRole("button", { name: "Load again" }).click();
    await officer.page.getByText("Entry 0 is not what the log commits to.").waitFor();
  });
});

describe("the machine", () => {
  it("its resources are drawn, and stand in a table", async () => {
    await visit(first, "resources");
    const plots = first.page.locator("figure.plot");
    await expect.poll(() => plots.locator("canvas").count(), PATIENT).toBe(7);
    // Something is drawn: a curve is in the colour of the accent.
    const isDrawn = `[...document.querySelectorAll("figure.plot canvas")].every((canvas) => {
      const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
      return data.some((value, at) => at % 4 === 3 && value > 0);
    })`;
    await expect.poll(() => first.page.evaluate(isDrawn), PATIENT).toBe(true);
    await first.page.getByText("As a table").click();
    await expect.poll(() => first.page.locator("details tbody tr").count(), PATIENT).toBeGreaterThan(0);
    expect(await axeFaults(first.page)).toEqual([]);
  });

  it("a bench is run and drawn, one at a time", async () => {
    await visit(first, "benches");
    await act(first, "Start");
    await first.page.locator('section[data-outcome="running"]').waitFor();
    const again = await send(desk.server.url, operatorSigning(desk.house, 1), "POST", "/v1/operations/benches", {
      bench: "join",
      scale: "smoke",
    });
    expect(again.status).toBe(409);
    await first.page.locator('section[data-outcome="done"]').waitFor({ timeout: 60_000 });
    await first.page.getByText("keys a second", { exact: true }).first().waitFor();
    expect(await first.page.locator("table.rates .bar").count()).toBeGreaterThan(2);
    expect(await axeFaults(first.page)).toEqual([]);
    await expectNoOverflow(first.page);
  });
});

it.each([
  { width: 390, colours: "light" },
  { width: 1280, colours: "dark" },
] as const)("at $width pixels, $colours, nothing overflows and axe finds nothing serious", async (view) => {
  const seated = await signIn(desk, "op-2", view);
  seats.push(seated);
  for (const parts of [
    ["rounds", ROUND],
    ["rounds"],
    ["announcements"],
    ["certificates"],
    ["statistics"],
    ["resources"],
    ["benches"],
    ["new-round"],
  ]) {
    await visit(seated, ...parts);
    await seated.page.locator(".state[aria-busy]").first().waitFor({ state: "detached" });
    expect(await axeFaults(seated.page), parts.join("/")).toEqual([]);
    await expectNoOverflow(seated.page);
  }
});

it("no page asked for anything elsewhere, broke its policy or failed", async () => {
  for (const { faults, page } of seats) {
    // The browser says of each refused request that it was refused; one answer was changed on purpose.
    expect(faults.filter((fault) => !fault.includes("Failed to load resource"))).toEqual([]);
    await page.getByRole("button", { name: "Lock" }).click();
    await page.getByText("The page is locked.").waitFor();
  }
});
