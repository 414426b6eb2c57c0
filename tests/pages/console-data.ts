/**
 * What the fixture console shows: hits of the fictional people of fixtures/small, rounds and coverage, the same at each call.
 */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { Coverage, HitList, HitRow, HitView, RoundStanding, STEPS, type ConsoleView } from "#client/console/shapes.ts";
import { YearStatistics } from "#engine/statistics/published.ts";
import { countedRound, publishedYear } from "../engine/statistics/published-years.ts";
import { seeded } from "../engine/statistics/seeded.ts";
import { SHIPPED_PROFILE } from "#engine/shipped-profile.ts";

export const CONSOLE_VIEW: ConsoleView = {
  party: "HR",
  counterparts: ["AT", "BG", "RS", "SI"],
  server: "https://aquila.example:8443",
  list: "HR.jsonl",
};

type OwnRecord = Readonly<Record<string, unknown>>;

const RECORDS: readonly OwnRecord[] = readFileSync(new URL("../../fixtures/small/HR.jsonl", import.meta.url), "utf8")
  .trim()
  .split("\n")
  .map((line) => JSON.parse(line) as OwnRecord);

const Accuracy = HitRow.shape.accuracy;
const BANDS = ["high", "high", "medium", "low"] as const;
const FINDINGS = [
  "independent",
  "same-origin",
  "origin-unknown",
  "known-before",
  "independent",
  "waiting",
  "unproven",
] as const;
const STATUSES = [
  null,
  null,
  "acknowledged",
  "channel-siena",
  "confirmed",
  "refuted",
  null,
  "channel-liaison",
] as const;
const PATTERNS = [
  ["document", "token-date", "skeleton-day", "name-undated-both"],
  ["token-date", "token-year-place", "skeleton-near-year"],
  ["skeleton-undated", "token-initial-day"],
  ["initials-date", "postcode-date"],
];

const made = new Map<number, HitList>();

/** @param count - Of hits, newest first. */
export function hitsOf(count: number): HitList {
  const hits = made.get(count) ?? HitList.parse(Array.from({ length: count }, (_, at) => hitRow(at)));
  made.set(count, hits);
  return hits;
}

/** @param at - Every number has its own hit; lower ones are newer. */
export function hitRow(at: number): HitRow {
  const draw = drawOf(at);
  const band = pick(BANDS, draw(0));
  const finding = pick(FINDINGS, draw(1));
  const isAnswered = finding !== "waiting";
  const accuracy = Accuracy.parse(accuracyText(RECORDS[at % RECORDS.length]?.["information_accuracy"]));
  const counterpart = pick(CONSOLE_VIEW.counterparts, draw(3));
  const minutes = at * 7;
  return HitRow.parse({
    hit: createHash("sha256").update(`hit ${at}`).digest().subarray(0, 16).toString("base64url"),
    round: `2026-${Math.max(1, 4 - Math.floor((4 * at) / 10_000))}`,
    counterpart,
    band,
    finding,
    refs: at % 29 === 3 ? [refOf(at), refOf(at + 1)] : [refOf(at)],
    accuracy,
    proposedAccuracy: finding === "independent" && accuracy === "4" ? "3" : null,
    notice: isAnswered
      ? {
          accuracy: pick(["4", "3", "2"] as const, draw(4)),
          contact: `desk-${counterpart.toLowerCase()}@police.example, +385 1 0000 ${100 + (at % 900)}`,
          handling: pick(["H0", "H1", "H2", "H3"] as const, draw(5)),
          originTags: finding === "origin-unknown" ? [] : ["AAAAAAAAAAAAAAAAAAAAAA"],
          reliability: pick(["A", "B", "C", "X"] as const, draw(6)),
          riskIndicators: draw(7) < 0.3 ? ["armed", "escape-risk"] : [],
        }
      : null,
    counterparts: draw(8) < 0.15 ? 2 : 1,
    rules: pick(PATTERNS, draw(9)),
    status: { own: pick(STATUSES, draw(10)), theirs: draw(11) < 0.2 ? "acknowledged" : null },
    openedAt: moment(minutes),
    keptUntil: "2027-06-30T00:00:00Z",
  } satisfies HitRow);
}

export function viewOf(row: HitRow): HitView {
  const at = Number(row.refs[0]?.slice(3)) - 1;
  const groups = new Map<string, { level: string; rules: string[] }>();
  for (const rule of SHIPPED_PROFILE.rules.filter(({ id }) => row.rules.includes(id)))
    for (const [group, level] of Object.entries(rule.evidence)) {
      const known = groups.get(group);
      groups.set(group, { level: known?.level ?? level, rules: [...(known?.rules ?? []), rule.id] });
    }
  const terms = SHIPPED_PROFILE.weights.groups.flatMap(({ id, levels }) => {
    const agreed = groups.get(id);
    const bits = levels.find((level) => level.id === agreed?.level)?.bits[1];
    return agreed === undefined || bits === undefined
      ? []
      : [{ group: id, level: agreed.level, bits, rules: agreed.rules }];
  });
  const all = [
    { group: "threshold", level: "rare", bits: 15.3, rules: [] },
    { group: "intercept", level: "any", bits: -9.4, rules: [] },
    ...terms,
  ];
  const sum = all.reduce((bits, term) => bits + term.bits, 0);
  const openTerms = [
    { group: "phone", disagreeBits: -1.8, missingBits: 0 },
    { group: "address", disagreeBits: 0, missingBits: 0 },
  ].filter(({ group }) => !groups.has(group));
  const lowered = openTerms.reduce((bits, term) => bits + Math.min(term.disagreeBits, 0), 0);
  const probability = { high: [0.95, 0.9996], medium: [0.62, 0.93], low: [0.17, 0.55] }[row.band];
  const record = RECORDS[at % RECORDS.length];
  return HitView.parse({
    row,
    records: row.refs.map((ref, index) =>
      withoutEmpty({ ...(RECORDS[(at + index) % RECORDS.length] ?? record), rec_id: ref }),
    ),
    listFault: null,
    terms: all,
    openTerms,
    leastBits: sum + lowered,
    mostBits: sum,
    probability: { least: probability[0] ?? 0, most: probability[1] ?? 1 },
    history: [
      { at: row.openedAt, kind: "opened", status: null },
      ...(row.notice === null ? [] : [{ at: row.openedAt, kind: "answered" as const, status: null }]),
      ...(row.status.theirs === null
        ? []
        : [{ at: row.openedAt, kind: "their-status" as const, status: row.status.theirs }]),
      ...(row.status.own === null ? [] : [{ at: row.openedAt, kind: "own-status" as const, status: row.status.own }]),
    ],
  } satisfies HitView);
}

/** A round at each stage that a page has to show. */
export function standings(): RoundStanding[] {
  const stepsUntil = (current: number, state: "ours" | "waiting", waitingFor: string[] = []): RoundStanding["steps"] =>
    STEPS.map((step, at) => ({
      step,
      state: at < current ? "done" : at === current ? state : "later",
      waitingFor: at === current ? waitingFor : [],
    }));
  const round = (changed: Partial<RoundStanding>): RoundStanding =>
    RoundStanding.parse({
      round: "2026-5",
      state: "submitting",
      ending: null,
      purpose: "Foreign terrorist fighters, second half of 2026",
      legalBasis: "Police Cooperation Convention for Southeast Europe, Article 9",
      lowestBand: "low",
      counterparts: CONSOLE_VIEW.counterparts,
      deadline: { name: "submission", at: "2026-12-04T12:00:00Z" },
      keptUntil: "2027-06-30T00:00:00Z",
      steps: stepsUntil(1, "ours"),
      work: null,
      hits: { high: 0, medium: 0, low: 0 },
      fault: null,
      ...changed,
    } satisfies RoundStanding);
  return [
    round({}),
    round({
      round: "2026-6",
      state: "opened",
      purpose: "Smuggling of migrants",
      counterparts: ["RS", "SI"],
      deadline: { name: "keys", at: "2026-12-01T12:00:00Z" },
      steps: stepsUntil(0, "waiting", ["RS", "SI"]),
    }),
    round({
      round: "2026-4",
      state: "released",
      deadline: { name: "answers", at: "2026-12-09T12:00:00Z" },
      steps: stepsUntil(7, "waiting", ["BG"]),
      hits: { high: 1250, medium: 610, low: 590 },
    }),
    round({
      round: "2026-3",
      state: "submitting",
      steps: stepsUntil(2, "ours"),
      fault: {
        code: "server-unreachable",
        detail: "https://aquila.example:8443 cannot be reached: connection refused",
      },
    }),
  ];
}

export function coverage(): Coverage {
  return Coverage.parse({
    state: "ready",
    fault: null,
    records: 12_480,
    refused: 3,
    refusals: [
      "line 812: dob: not a date",
      "line 4410: risk_indicators: a code has letters, digits, dot, hyphen or underscore",
      "line 9001: rec_id: occurs twice",
    ],
    rows: 12_391,
    thin: Array.from({ length: 640 }, (_, at) => refOf(at * 17)),
    silenced: Array.from({ length: 58 }, (_, at) => refOf(at * 211 + 5)),
    merged: Array.from({ length: 89 }, (_, at) => [refOf(at * 91), refOf(at * 91 + 40)]),
    silencing: Array.from({ length: 44 }, (_, at) => ({
      refA: refOf(at * 211 + 5),
      refB: refOf(at * 211 + 9),
      ruleCount: 1 + (at % 9),
    })),
    missingFacts: [
      { fact: "birth-date", records: 402 },
      { fact: "document", records: 391 },
      { fact: "phone", records: 371 },
      { fact: "birth-place", records: 118 },
      { fact: "address", records: 64 },
    ],
  } satisfies Coverage);
}

/** Three rounds a year with the real noise, seeded. */
export function statisticsOf(year: number): YearStatistics {
  const parties = ["AT", "BG", "HR", "RS", "SI"];
  const counted = [1, 2, 3]
    .map((number) => `${year}-${number}`)
    .map((id) => countedRound(parties, { id, field: "terrorism" }, (draw) => 900 * draw() ** 3, `console ${id}`));
  return YearStatistics.parse(publishedYear(year, counted, seeded(`console ${year}`)));
}

function accuracyText(value: unknown): string {
  return typeof value === "number" ? String(value) : "";
}

function refOf(at: number): string {
  return `HR-${String((at % 100_000) + 1).padStart(6, "0")}`;
}

function moment(minutesAgo: number): string {
  return new Date(Date.UTC(2026, 10, 27, 12) - minutesAgo * 60_000).toISOString().replace(".000", "");
}

/** @returns Fixed numbers in [0, 1) of one hit. */
function drawOf(at: number): (index: number) => number {
  const bytes = createHash("sha256").update(`draw ${at}`).digest();
  return (index) => (bytes[index] ?? 0) / 256;
}

function pick<Value>(values: readonly Value[], draw: number): Value {
  const value = values[Math.floor(draw * values.length)];
  if (value === undefined) throw new RangeError("nothing to pick from");
  return value;
}

function withoutEmpty(record: OwnRecord): OwnRecord {
  return Object.fromEntries(
    Object.entries(record).filter(([, value]) => value !== "" && !(Array.isArray(value) && value.length === 0)),
  );
}
