/**
 * The party's hits as the page holds them: kept up by events, filtered, ordered. In memory only.
 */
import { computed, signal } from "@preact/signals";
import type { HitList, HitRow } from "../../client/console/shapes.ts";
import { getJson } from "../kit/api.ts";
import { LOADING, loadOf, type Load } from "../kit/load.ts";
import type { Order } from "../kit/row-table.tsx";
import { askConsole } from "./session.ts";

/** `open`: nobody here has said anything of the hit yet; `requested`: by any channel. */
export const STATUS_CHOICES = ["open", "acknowledged", "requested", "confirmed", "refuted"] as const;
export type StatusChoice = (typeof STATUS_CHOICES)[number];
export const BANDS = ["high", "medium", "low"] as const satisfies readonly HitRow["band"][];
export const FINDINGS = [
  "independent",
  "same-origin",
  "origin-unknown",
  "known-before",
  "unproven",
  "waiting",
] as const satisfies readonly HitRow["finding"][];

/** Empty: whatever it is. */
export type HitFilter = {
  readonly band: "" | HitRow["band"];
  readonly counterpart: string;
  readonly round: string;
  readonly status: "" | StatusChoice;
  readonly finding: "" | HitRow["finding"];
  /** Part of an own reference. */
  readonly reference: string;
};

export const NO_FILTER: HitFilter = { band: "", counterpart: "", round: "", status: "", finding: "", reference: "" };

export const hitFilter = signal<HitFilter>(NO_FILTER);
export const hitOrder = signal<Order>({ column: "opened", isDescending: true });
/** Hit that was opened last; the list goes on there. */
export const lastOpened = signal<string | null>(null);
export const hitsLoad = signal<Load<ReadonlyMap<string, HitRow>>>(LOADING);

/** What came while the whole list was on its way. */
let arrived: HitList[] | null = null;

export async function loadHits(): Promise<void> {
  arrived = [];
  const load = await loadOf(getJson<HitList>("api/hits", askConsole));
  const later = arrived.flat();
  arrived = null;
  hitsLoad.value =
    load.state === "ready"
      ? { state: "ready", value: new Map([...load.value, ...later].map((row) => [row.hit, row])) }
      : load;
}

/** @returns How many of them are new. */
export function takeHits(rows: HitList): number {
  arrived?.push(rows);
  if (hitsLoad.value.state !== "ready") return 0;
  const known = hitsLoad.value.value;
  const fresh = rows.filter(({ hit }) => !known.has(hit));
  const changed = rows.filter(({ hit }) => known.has(hit)).map((row) => [row.hit, row] as const);
  const kept = new Map([...known, ...changed]);
  // The list is newest first, and so is what comes.
  hitsLoad.value = { state: "ready", value: new Map([...fresh.map((row) => [row.hit, row] as const), ...kept]) };
  return fresh.length;
}

export const allHits = computed(() => (hitsLoad.value.state === "ready" ? [...hitsLoad.value.value.values()] : []));

/** Compare two hits; the most certain is the greatest. */
export const HIT_ORDERS = {
  band: (a, b) => BANDS.indexOf(b.band) - BANDS.indexOf(a.band),
  references: (a, b) => compareTexts(a.refs[0] ?? "", b.refs[0] ?? ""),
  counterpart: (a, b) => compareTexts(a.counterpart, b.counterpart),
  finding: (a, b) => FINDINGS.indexOf(b.finding) - FINDINGS.indexOf(a.finding),
  accuracy: (a, b) => compareTexts(b.accuracy, a.accuracy),
  status: (a, b) => STATUS_CHOICES.indexOf(statusChoiceOf(a)) - STATUS_CHOICES.indexOf(statusChoiceOf(b)),
  round: (a, b) => compareTexts(a.round, b.round),
  opened: (a, b) => compareTexts(a.openedAt, b.openedAt),
} as const satisfies Record<string, (a: HitRow, b: HitRow) => number>;

const searchedHits = computed(() => {
  const { column, isDescending } = hitOrder.value;
  const compare = Object.entries(HIT_ORDERS).find(([id]) => id === column)?.[1] ?? HIT_ORDERS.opened;
  const rows = [...allHits.value].sort(isDescending ? (a, b) => compare(b, a) : compare);
  return rows.map((row) => ({ row, references: row.refs.join("\n").toLocaleLowerCase() }));
});

/** Hits that pass the filter, in order. */
export const shownHits = computed(() => {
  const { band, counterpart, round, status, finding, reference } = hitFilter.value;
  const wanted = reference.trim().toLocaleLowerCase();
  const shown: HitRow[] = [];
  for (const { row, references } of searchedHits.value) {
    if (band !== "" && row.band !== band) continue;
    if (counterpart !== "" && row.counterpart !== counterpart) continue;
    if (round !== "" && row.round !== round) continue;
    if (finding !== "" && row.finding !== finding) continue;
    if (status !== "" && statusChoiceOf(row) !== status) continue;
    if (wanted !== "" && !references.includes(wanted)) continue;
    shown.push(row);
  }
  return shown;
});

/** Counterparts and rounds that occur among the hits, in order. */
export const hitCounterparts = computed(() => [...new Set(allHits.value.map(({ counterpart }) => counterpart))].sort());
export const hitRounds = computed(() => [...new Set(allHits.value.map(({ round }) => round))].sort());

/** Hits of which nobody here has said anything yet. */
export const openHitCount = computed(() => allHits.value.filter((row) => statusChoiceOf(row) === "open").length);

function statusChoiceOf({ status: { own } }: HitRow): StatusChoice {
  switch (own) {
    case null:
      return "open";
    case "acknowledged":
    case "confirmed":
    case "refuted":
      return own;
    case "channel-siena":
    case "channel-selec":
    case "channel-interpol":
    case "channel-liaison":
    case "channel-prevention":
      return "requested";
  }
}

function compareTexts(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}
