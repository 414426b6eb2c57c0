/**
 * A party's hits as its analysts see them: own references, counterpart, certainty, proof, notice and statuses.
 * A hit is a possible match, not evidence.
 */
import { stringify } from "csv-stringify/sync";
import { LinkageError } from "#engine/errors.ts";
import type { Profile } from "#engine/profile.ts";
import type { HitStatus, Status } from "#engine/round/acts.ts";
import { corroborate, type AnsweredHit, type Finding } from "#engine/round/corroboration.ts";
import type { ReleasedBand } from "#engine/round/descriptor.ts";
import type { Notice } from "#engine/round/notice.ts";
import { isSignedBy } from "#engine/round/statement.ts";
import type { HandleEntry } from "./handle-map.ts";
import { isOver } from "./report.ts";
import type { Vault } from "./vault.ts";

/** Said with every result. */
export const RESULT_NOTE = "possible match, not evidence";
/** Said too of a hit whose counterpart's answers were not handed over in time. */
const UNANSWERED_NOTE = "the counterpart did not answer";

export type ResultRow = {
  /** Own references of the records that the row stood for. */
  readonly refs: readonly string[];
  readonly counterpart: string;
  /** Id of the hit, the same at the counterpart. */
  readonly hit: string;
  readonly band: ReleasedBand;
  /** Ids of the rules that agreed, profile order. */
  readonly rules: readonly string[];
  /** Until the counterpart's answers are here `waiting`, and `unproven` once their deadline is over. */
  readonly finding: Finding | "waiting";
  /** Own 4×4 code of the information. */
  readonly accuracy: Notice["accuracy"];
  /** What the analyst may raise it to; never done by itself. */
  readonly proposedAccuracy: "3" | null;
  /** What the counterpart says; null until its answers are here. */
  readonly notice: Notice | null;
  /** Counterparts with which the same record has hits in this round. */
  readonly counterparts: number;
};

/** What either side said of a hit, by hit id. */
export type Statuses = ReadonlyMap<string, { readonly own: HitStatus | null; readonly theirs: HitStatus | null }>;

/**
 * @param profile - The round's.
 * @param now - Says whether answers can still come.
 * @returns Most certain first, then by counterpart, then by first reference.
 * @throws {@link LinkageError} `package-unavailable` if no section is open yet.
 */
export function resultsOf(vault: Vault, round: string, profile: Profile, now: Date): ResultRow[] {
  const pairings = vault.pairings(round) ?? [];
  const sections = pairings.flatMap((pairing) => {
    const section = vault.section(round, pairing.counterpart);
    return section === null ? [] : [{ ...pairing, ...section }];
  });
  if (sections.length === 0)
    throw new LinkageError("package-unavailable", `no pairing of round ${round} is open yet for this vault`);
  const before = hitsOfOthers(vault, round);
  const descriptor = vault.descriptor(round);
  const unanswered = descriptor !== null && isOver(descriptor, "answers", now) ? "unproven" : "waiting";
  const found = sections.flatMap(({ counterpart, hits, openedAt = "" }) => {
    if (hits.length === 0) return [];
    const entries = vault.readHandleMap(round, counterpart, new Set(hits.map(({ handle }) => handle)));
    const answers = new Map((vault.answers(round, counterpart) ?? []).map((answer) => [answer.hit, answer]));
    return hits.map(({ hit, handle, band, pattern }) => {
      const entry = entries.get(handle);
      if (entry === undefined) throw new LinkageError("vault-invalid", "a hit's handle is no longer in the vault");
      const answer = answers.get(hit) ?? null;
      const rules = profile.rules.filter((_, index) => ((pattern >>> index) & 1) === 1).map(({ id }) => id);
      const first = before.get(knownName(entry, counterpart));
      return { counterpart, hit, band, rules, entry, answer, knownBefore: first !== undefined && first < openedAt };
    });
  });
  // A record has one row in every batch of the round: the same references.
  const byRecord = Map.groupBy(found, ({ entry }) => entry.refs.join("\0"));
  const rows = [...byRecord.values()].flatMap((hits) => {
    const accuracy = hits[0]?.entry.accuracy ?? "";
    const answered = hits.flatMap(({ counterpart, hit, answer, knownBefore }): AnsweredHit[] =>
      answer === null
        ? []
        : [
            {
              hit,
              counterpart,
              notice: answer.notice,
              ownOriginTags: answer.ownOriginTags,
              proven: answer.proven,
              knownBefore,
            },
          ],
    );
    const { findings, proposedAccuracy } = corroborate(accuracy, answered);
    const findingOf = new Map(findings.map(({ hit, finding }) => [hit, finding]));
    const counterparts = new Set(hits.map(({ counterpart }) => counterpart)).size;
    return hits.map(({ counterpart, hit, band, rules, entry, answer }): ResultRow => {
      const finding = findingOf.get(hit) ?? unanswered;
      return {
        refs: entry.refs,
        counterpart,
        hit,
        band,
        rules,
        finding,
        accuracy,
        proposedAccuracy: finding === "independent" ? proposedAccuracy : null,
        notice: answer?.notice ?? null,
        counterparts,
      };
    });
  });
  return rows.sort(byCertainty);
}

/** @param statuses - Of both sides, as the server shows them; one that its party did not sign for this round says nothing. */
export function statusesByHit(vault: Vault, round: string, statuses: readonly Status[]): Statuses {
  const { parties } = vault.rosterOf(round);
  const byHit = new Map<string, { own: HitStatus | null; theirs: HitStatus | null }>();
  for (const said of statuses) {
    const author = parties.find(({ id }) => id === said.party);
    if (author === undefined || said.round !== round || !isSignedBy(author.signKey, "status", said)) continue;
    const both = byHit.get(said.hit) ?? { own: null, theirs: null };
    const isOwn = author.id === vault.identity.party;
    byHit.set(said.hit, isOwn ? { ...both, own: said.status } : { ...both, theirs: said.status });
  }
  return byHit;
}

/** The round of all rows, and until when the vault keeps its hits and nobody may keep them longer elsewhere. */
export type ResultsOf = { readonly round: string; readonly keptUntil: string };

const COLUMNS = [
  "references",
  "counterpart",
  "band",
  "hit",
  "rules",
  "finding",
  "accuracy",
  "proposed_accuracy",
  "their_reliability",
  "their_accuracy",
  "their_handling",
  "their_risk_indicators",
  "contact",
  "own_status",
  "their_status",
  "round",
  "kept_until",
  "note",
];

/** @returns CSV (RFC 4180) with a header; several references of one row are separated by " | ", rules by spaces; formulas are escaped. */
export function resultsCsv(of: ResultsOf, rows: readonly ResultRow[], statuses: Statuses): string {
  return stringify(
    rows.map((row) => [
      row.refs.join(" | "),
      row.counterpart,
      row.band,
      row.hit,
      row.rules.join(" "),
      row.finding,
      row.accuracy,
      row.proposedAccuracy ?? "",
      row.notice?.reliability ?? "",
      row.notice?.accuracy ?? "",
      row.notice?.handling ?? "",
      row.notice?.riskIndicators.join(" ") ?? "",
      row.notice?.contact ?? "",
      statuses.get(row.hit)?.own ?? "",
      statuses.get(row.hit)?.theirs ?? "",
      of.round,
      of.keptUntil,
      row.finding === "unproven" && row.notice === null ? `${RESULT_NOTE}; ${UNANSWERED_NOTE}` : RESULT_NOTE,
    ]),
    { header: true, columns: COLUMNS, escape_formulas: true, record_delimiter: "windows" },
  );
}

/** @returns JSON with the same rows, and the note once. */
export function resultsJson(of: ResultsOf, rows: readonly ResultRow[], statuses: Statuses): string {
  const hits = rows.map((row) => ({ ...row, status: statuses.get(row.hit) ?? { own: null, theirs: null } }));
  return `${JSON.stringify({ note: RESULT_NOTE, ...of, hits }, null, 2)}\n`;
}

/**
 * @returns When what has a proven hit in another round that the vault still keeps was opened first, by {@link knownName}: a
 * round's deadlines do not say which of two came first.
 */
function hitsOfOthers(vault: Vault, round: string): Map<string, string> {
  const opened = new Map<string, string>();
  for (const other of vault.rounds().filter((id) => id !== round))
    for (const { counterpart } of vault.pairings(other) ?? []) {
      const answers = vault.answers(other, counterpart) ?? [];
      const proven = new Set(answers.flatMap((answer) => (answer.proven ? [answer.hit] : [])));
      const { hits = [], openedAt = "" } = vault.section(other, counterpart) ?? {};
      const handles = hits.filter(({ hit }) => proven.has(hit)).map(({ handle }) => handle);
      if (handles.length === 0) continue;
      for (const entry of vault.readHandleMap(other, counterpart, new Set(handles)).values()) {
        const name = knownName(entry, counterpart);
        const before = opened.get(name);
        if (before === undefined || openedAt < before) opened.set(name, openedAt);
      }
    }
  return opened;
}

/** First reference and counterpart: the record that leads a row leads it again in another round. */
function knownName({ refs }: HandleEntry, counterpart: string): string {
  return `${counterpart}\0${refs[0] ?? ""}`;
}

const CERTAINTY: readonly string[] = ["high", "medium", "low"];

function byCertainty(a: ResultRow, b: ResultRow): number {
  return (
    CERTAINTY.indexOf(a.band) - CERTAINTY.indexOf(b.band) ||
    compareText(a.counterpart, b.counterpart) ||
    compareText(a.refs[0] ?? "", b.refs[0] ?? "") ||
    compareText(a.hit, b.hit)
  );
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
