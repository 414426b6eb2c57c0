/**
 * Who uses the console: a token from the address for a cookie, once, and what the console says of itself.
 */
import { signal } from "@preact/signals";
import type { ConsoleView } from "../../client/console/shapes.ts";
import { getJson, refusalOf, sendJson } from "../kit/api.ts";
import { LOADING, type Load } from "../kit/load.ts";
import { takeFromAddress } from "../kit/route.ts";

export const consoleView = signal<Load<ConsoleView>>(LOADING);

/** @returns Whether the console knows this browser; its refusal stands in {@link consoleView}. */
export async function startSession(): Promise<boolean> {
  const token = takeFromAddress("t");
  try {
    if (token !== null) await sendJson("POST", "api/session", { token });
    consoleView.value = { state: "ready", value: await getJson<ConsoleView>("api/console") };
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
