/**
 * The console's server: who may ask, what it says of itself, and how fast it lists many hits.
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import { PACE } from "#client/console/follower.ts";
import { openConsole, type ConsoleOptions, type OpenConsole } from "#client/console/open.ts";
import { ConsoleView, Coverage, HitList, HitView, RoundStanding } from "#client/console/shapes.ts";
import { Problem } from "#engine/round/messages.ts";
import { SHIPPED_PROFILE } from "#engine/shipped-profile.ts";
import { reportFigures } from "../../figures.ts";
import { temporaryFolder } from "../folders.ts";
import { askConsole, Page } from "./browser-requests.ts";
import { hitId, OPENED_AT, ROUND, vaultWithHits } from "./many-hits.ts";

const PAGE = "<!doctype html><title>pages of the console</title>";

let opened: OpenConsole | null = null;
afterEach(async () => {
  await opened?.close();
  opened = null;
});

async function openWith(hits: number, changes: Partial<ConsoleOptions> = {}): Promise<OpenConsole> {
  const pages = join(temporaryFolder(), "pages");
  mkdirSync(pages);
  writeFileSync(join(pages, "index.html"), PAGE);
  opened = await openConsole({
    ...{ vault: vaultWithHits(hits), profile: SHIPPED_PROFILE, server: null, list: null, caseSystem: null },
    ...{ pages, port: 0, pace: PACE, now: () => new Date(OPENED_AT) },
    ...changes,
  });
  return opened;
}

function refusal({ status, text }: { readonly status: number; readonly text: string }): string {
  return `${status} ${Problem.parse(JSON.parse(text)).code}`;
}

describe("a session", () => {
  test("is opened by a token once, and its cookie goes to nobody else", async () => {
    const { url, freshAddress } = await openWith(1);
    const token = new URL(freshAddress()).hash.slice(3);
    expect(Buffer.from(token, "base64url")).toHaveLength(16);
    const open = (): ReturnType<typeof askConsole> =>
      askConsole(
        url,
        "POST",
        "/api/session",
        { origin: url, "content-type": "application/json" },
        JSON.stringify({ token }),
      );
    const first = await open();
    expect(first.status).toBe(200);
    const { key } = JSON.parse(first.text) as { key: string };
    expect(Buffer.from(key, "base64url")).toHaveLength(32);
    const cookie = first.headers["set-cookie"]?.[0] ?? "";
    const [, value = ""] = /^aquila-\d+=([\w-]+); HttpOnly; SameSite=Strict; Path=\/$/.exec(cookie) ?? [];
    expect(Buffer.from(value, "base64url")).toHaveLength(32);
    expect(refusal(await open())).toBe("403 request-forbidden");
  });

  // Browsers send a cookie to every port of a host: what another user of the machine listens on gets it, too.
  test("is not used with its cookie alone, nor with the key of another", async () => {
    const { url, freshAddress } = await openWith(1);
    const [page, other] = [await Page.open(freshAddress()), await Page.open(freshAddress())];
    const stolen = Object.fromEntries(Object.entries(page.headers).filter(([name]) => name !== "aquila-key"));
    const statusOf = async (headers: Record<string, string>): Promise<number> =>
      (await askConsole(url, "GET", "/api/hits", headers)).status;
    expect(await statusOf(page.headers)).toBe(200);
    expect(await statusOf(stolen)).toBe(403);
    expect(await statusOf({ ...stolen, "aquila-key": other.headers["aquila-key"] ?? "" })).toBe(403);
  });

  test("is not kept from its stream by HEAD, which nobody would end", async () => {
    const { url, freshAddress } = await openWith(1);
    const page = await Page.open(freshAddress());
    for (let ask = 0; ask < 20; ask++) await askConsole(url, "HEAD", "/api/events", page.headers);
    const end = new AbortController();
    const stream = await fetch(new URL("/api/events", url), { headers: page.headers, signal: end.signal });
    expect(stream.status).toBe(200);
    end.abort();
  });

  test("is not opened by a token of eleven minutes ago", async () => {
    let now = new Date(OPENED_AT);
    const { freshAddress } = await openWith(1, { now: () => now });
    const [old, fresh] = [freshAddress(), freshAddress()];
    now = new Date(now.getTime() + 9 * 60_000);
    await Page.open(fresh);
    now = new Date(now.getTime() + 2 * 60_000);
    await expect(Page.open(old)).rejects.toThrow("403");
  });

  test("is needed for every route of the API, and for no page", async () => {
    const { url } = await openWith(1);
    const page = await askConsole(url, "GET", "/");
    expect([page.status, page.text]).toEqual([200, PAGE]);
    for (const path of ["console", "hits", `hits/${hitId(0)}`, "rounds", "coverage", "statistics?year=2026", "events"])
      expect([path, refusal(await askConsole(url, "GET", `/api/${path}`))]).toEqual([path, "403 request-forbidden"]);
    const forged = { origin: url, cookie: `aquila-${new URL(url).port}=${"A".repeat(43)}` };
    expect(refusal(await askConsole(url, "POST", `/api/rounds/${ROUND}/run`, forged))).toBe("403 request-forbidden");
  });
});

describe("a request from elsewhere", () => {
  test("is refused by Host, by Origin, and for want of Origin", async () => {
    const { url, freshAddress } = await openWith(1);
    const page = await Page.open(freshAddress());
    const { port } = new URL(url);
    for (const host of [`localhost:${port}`, `evil.example:${port}`, "127.0.0.1", `127.0.0.1:${Number(port) + 1}`])
      for (const path of ["/", "/api/hits"])
        expect(refusal(await askConsole(url, "GET", path, { ...page.headers, host }))).toBe("403 request-forbidden");
    for (const origin of ["http://evil.example", `http://localhost:${port}`, "null", `https://127.0.0.1:${port}`]) {
      const { status } = await askConsole(url, "GET", "/api/hits", { ...page.headers, origin });
      expect([origin, status]).toEqual([origin, 403]);
    }
    const without = Object.fromEntries(Object.entries(page.headers).filter(([name]) => name !== "origin"));
    const body = JSON.stringify({ status: "confirmed" });
    expect(refusal(await askConsole(url, "PUT", `/api/hits/${hitId(0)}/status`, without, body))).toBe(
      "403 request-forbidden",
    );
    expect((await askConsole(url, "GET", "/api/hits", without)).status).toBe(200);
  });

  test("that is too large, no JSON or of another shape is refused, and says nothing of what it held", async () => {
    const { freshAddress } = await openWith(1);
    const page = await Page.open(freshAddress());
    const path = `/api/hits/${hitId(0)}/status`;
    expect(refusal(await page.send("PUT", path, { status: "x".repeat(5_000) }))).toBe("413 request-too-large");
    const odd = await page.send("PUT", path, { status: "Horvat" });
    expect(refusal(odd)).toBe("400 request-invalid");
    expect(odd.text).not.toContain("Horvat");
    expect(refusal(await page.send("GET", "/api/hits/AT-1"))).toBe("404 hit-unknown");
    expect(refusal(await page.send("GET", `/api/hits/${hitId(5)}`))).toBe("404 hit-unknown");
    expect(refusal(await page.send("GET", "/api/nothing"))).toBe("404 not-found");
    expect(refusal(await page.send("GET", "/../../package.json"))).toBe("404 not-found");
    expect(refusal(await page.send("PUT", path, { status: "confirmed" }))).toBe("502 server-unreachable");
  });
});

test("every answer is bound to its own page and kept by nobody", async () => {
  const { url, freshAddress } = await openWith(1);
  const page = await Page.open(freshAddress());
  for (const { headers } of [await askConsole(url, "GET", "/"), await page.send("GET", "/api/hits")]) {
    expect(headers["content-security-policy"]).toMatch(/^default-src 'none';script-src 'self';/);
    expect(headers).toMatchObject({
      "x-content-type-options": "nosniff",
      "referrer-policy": "no-referrer",
      "cross-origin-opener-policy": "same-origin",
      "cross-origin-resource-policy": "same-origin",
    });
    expect(Object.keys(headers).filter((name) => name.startsWith("access-control"))).toEqual([]);
  }
  expect((await page.send("GET", "/api/hits")).headers["cache-control"]).toBe("no-store");
});

describe("without a server and a list", () => {
  test("the console shows what the vault has", async () => {
    const { freshAddress } = await openWith(7);
    const page = await Page.open(freshAddress());
    expect(await page.get(ConsoleView, "/api/console")).toEqual({
      party: "AT",
      counterparts: ["HR"],
      server: null,
      list: null,
    });
    const hits = await page.get(HitList, "/api/hits");
    expect(hits.map(({ band }) => band)).toEqual(["high", "high", "high", "medium", "medium", "low", "low"]);
    expect(hits[0]).toMatchObject({ refs: ["AT-0"], round: ROUND, openedAt: OPENED_AT, finding: "waiting" });
    const view = await page.get(HitView, `/api/hits/${hitId(0)}`);
    expect(view).toMatchObject({ records: null, history: [{ at: OPENED_AT, kind: "opened", status: null }] });
    expect(view.terms.reduce((sum, { bits }) => sum + bits, 0)).toBeLessThanOrEqual(view.mostBits + 1e-6);
    const { probability } = view;
    expect(probability.least).toBeLessThanOrEqual(probability.most);
    expect(probability.least).toBeGreaterThanOrEqual(SHIPPED_PROFILE.bands.high);
    const [standing] = await page.get(RoundStanding.array(), "/api/rounds");
    expect(standing).toMatchObject({ round: ROUND, state: "released", hits: { high: 3, medium: 2, low: 2 } });
    expect(await page.get(Coverage, "/api/coverage")).toMatchObject({ state: "none" });
  });
});

test("10,000 hits are read in seconds and listed in a moment", async () => {
  const vault = vaultWithHits(10_000);
  const start = performance.now();
  const { freshAddress } = await openWith(0, { vault });
  const openMs = performance.now() - start;
  const page = await Page.open(freshAddress());
  const times: number[] = [];
  for (let call = 0; call < 3; call++) {
    const asked = performance.now();
    const { text } = await page.send("GET", "/api/hits");
    times.push(performance.now() - asked);
    if (call === 0) expect(HitList.parse(JSON.parse(text))).toHaveLength(10_000);
  }
  const asked = performance.now();
  await page.get(HitView, `/api/hits/${hitId(9_999)}`);
  const viewMs = performance.now() - asked;
  reportFigures("console-hits", {
    hits: 10_000,
    openMs: Math.round(openMs),
    listMs: Math.round(Math.min(...times)),
    firstListMs: Math.round(times[0] ?? NaN),
    viewMs: Math.round(viewMs),
  });
  expect(Math.min(...times)).toBeLessThan(500);
});

test("the vault stays open when the console ends, and streams end with it", async () => {
  const vault = vaultWithHits(1);
  const console = await openWith(0, { vault });
  const page = await Page.open(console.freshAddress());
  const ended = page.event(
    () => undefined,
    () => {
      void console.close();
    },
  );
  await expect(ended).rejects.toThrow();
  opened = null;
  expect(vault.rounds()).toEqual([ROUND]);
});
