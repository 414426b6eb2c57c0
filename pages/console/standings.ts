/**
 * Where the party stands in its rounds, and what its list is worth: kept up by events.
 */
import { computed, signal } from "@preact/signals";
import type { Coverage, RoundStanding } from "../../client/console/shapes.ts";
import { getJson, sendJson } from "../kit/api.ts";
import { LOADING, loadOf, type Load } from "../kit/load.ts";
import { askConsole } from "./session.ts";

export const roundsLoad = signal<Load<readonly RoundStanding[]>>(LOADING);
export const coverageLoad = signal<Load<Coverage>>(LOADING);

export async function loadRounds(): Promise<void> {
  roundsLoad.value = await loadOf(getJson<readonly RoundStanding[]>("api/rounds", askConsole));
}

export async function loadCoverage(): Promise<void> {
  coverageLoad.value = await loadOf(getJson<Coverage>("api/coverage", askConsole));
}

export function takeRound(standing: RoundStanding): void {
  if (roundsLoad.value.state !== "ready") return;
  const known = roundsLoad.value.value;
  const isKnown = known.some(({ round }) => round === standing.round);
  const rounds = isKnown
    ? known.map((each) => (each.round === standing.round ? standing : each))
    : [standing, ...known];
  roundsLoad.value = { state: "ready", value: rounds };
}

export function takeCoverage(coverage: Coverage): void {
  coverageLoad.value = { state: "ready", value: coverage };
}

/** Begins all that is the party's turn. @throws Refusal */
export async function runRound(round: string): Promise<void> {
  await sendJson("POST", `api/rounds/${encodeURIComponent(round)}/run`, undefined, askConsole);
}

/** Rounds that wait for a person here. */
export const waitingRoundCount = computed(() =>
  roundsLoad.value.state === "ready" ? roundsLoad.value.value.filter(isOurTurn).length : 0,
);

export function isOurTurn({ steps, work }: RoundStanding): boolean {
  return work === null && steps.some(({ state }) => state === "ours");
}
