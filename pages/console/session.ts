/**
 * Who uses the console: a token from the address for a cookie and a key, once, and what the console says of itself.
 */
import { signal } from "@preact/signals";
import type { ConsoleView, SessionAnswer } from "../../client/console/shapes.ts";
import { getJson, refusalOf, sendJson, type Ask } from "../kit/api.ts";
import { LOADING, type Load } from "../kit/load.ts";
import { takeFromAddress } from "../kit/route.ts";

export const consoleView = signal<Load<ConsoleView>>(LOADING);

/** In storage, which unlike a cookie no other port of this machine sees; worth nothing once the console has ended. */
const KEPT_AS = "aquila-key";

/** Asks the console, as the session that was opened in this browser. */
export const askConsole: Ask = (path, init = {}) =>
  fetch(path, {
    cache: "no-store",
    credentials: "same-origin",
    redirect: "error",
    ...init,
    headers: { ...Object.fromEntries(new Headers(init.headers)), "aquila-key": localStorage.getItem(KEPT_AS) ?? "" },
  });

/** @returns Whether the console knows this browser; its refusal stands in {@link consoleView}. */
export async function startSession(): Promise<boolean> {
  const token = takeFromAddress("t");
  try {
    if (token !== null) {
      const opened = await sendJson<SessionAnswer>("POST", "api/session", { token }, askConsole);
      if (opened !== null) localStorage.setItem(KEPT_AS, opened.key);
    }
    consoleView.value = { state: "ready", value: await getJson<ConsoleView>("api/console", askConsole) };
    return true;
  } catch (error) {
    consoleView.value = { state: "failed", refusal: refusalOf(error) };
    return false;
  }
}

/** The party whose console it is; empty until it is known. */
export function ownParty(): string {
  return consoleView.value.state === "ready" ? consoleView.value.value.party : "";
}
