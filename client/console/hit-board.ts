/**
 * The opened hits of every round that the vault keeps, as the console lists them. Read from the vault when something of them
 * was written there, by this process or by a command beside it.
 */
import { setImmediate as yieldOnce } from "node:timers/promises";
import type { Profile } from "#engine/profile.ts";
import type { Status } from "#engine/round/acts.ts";
import { momentOf } from "../console-files.ts";
import { noteAnswers, noteStatuses } from "../hit-history.ts";
import { isOver } from "../report.ts";
import { resultsOf, statusesByHit } from "../results.ts";
import { keptUntil } from "../retention.ts";
import type { Vault } from "../vault.ts";
import type { HitList, HitRow, RoundStanding } from "./shapes.ts";

/** Signatures checked before other work is let through. */
const SIGNATURES_AT_ONCE = 100;

type RoundHits = {
  readonly rows: readonly HitRow[];
  /** When the round's first section was opened. */
  readonly openedAt: string;
};

export class HitBoard {
  readonly #vault: Vault;
  readonly #profile: Profile;
  readonly #now: () => Date;
  readonly #rounds = new Map<string, RoundHits>();
  /** What the vault's files and the deadlines were when the rounds were read. */
  #marks = "";
  /** By round, then hit; signatures checked. */
  readonly #statuses = new Map<string, Map<string, HitRow["status"]>>();
  /** Signatures of statuses that were looked at, by round and author. */
  readonly #looked = new Map<string, string>();
  #rows: ReadonlyMap<string, HitRow> = new Map();
  /** One reading at a time. */
  #last: Promise<unknown> = Promise.resolve();
  #json: string | null = null;

  constructor(vault: Vault, profile: Profile, now: () => Date) {
    this.#vault = vault;
    this.#profile = profile;
    this.#now = now;
  }

  /** Looks whether something was written in the vault. @returns Rows that are new or changed. */
  refresh(): Promise<HitList> {
    return this.#inTurn(() => this.#refresh());
  }

  /** Takes what both sides say of a round's hits, and keeps it in the vault. @returns Rows that are changed. */
  takeStatuses(round: string, statuses: readonly Status[]): Promise<HitList> {
    return this.#inTurn(() => this.#takeAll(round, statuses));
  }

  async #inTurn<T>(act: () => Promise<T>): Promise<T> {
    const turn = this.#last.then(act, act);
    this.#last = turn.catch(() => undefined);
    return turn;
  }

  async #refresh(): Promise<HitList> {
    const open = this.#openRounds();
    const marks = open.map(({ round, mark }) => `${round}:${mark}`).join(";");
    if (marks === this.#marks) return [];
    for (const round of this.#rounds.keys()) if (!open.some((each) => each.round === round)) this.#rounds.delete(round);
    // A hit that is proven in one round can make one of another known before.
    for (const { round, counterparts } of open) {
      if (!this.#statuses.has(round)) await this.#take(round, this.#vault.statuses(round));
      this.#rounds.set(round, this.#read(round, counterparts));
      await yieldOnce();
    }
    this.#marks = marks;
    return this.#settle();
  }

  async #takeAll(round: string, statuses: readonly Status[]): Promise<HitList> {
    if (!(await this.#take(round, statuses)) || this.#isForgotten(round)) return [];
    this.#vault.keepStatuses(round, [...statuses]);
    const found = this.#rounds.get(round);
    if (found === undefined) return [];
    this.#rounds.set(round, { ...found, rows: found.rows.map((row) => this.#withStatus(row)) });
    return this.#settle();
  }

  /** @returns Newest round first, of one round most certain first. */
  list(): HitList {
    return [...this.#rows.values()];
  }

  /** @returns {@link list} as JSON, made once for as long as nothing changes. */
  json(): string {
    this.#json ??= JSON.stringify(this.list());
    return this.#json;
  }

  row(hit: string): HitRow | null {
    return this.#rows.get(hit) ?? null;
  }

  countsOf(round: string): RoundStanding["hits"] {
    const counts = { high: 0, medium: 0, low: 0 };
    for (const { band } of this.#rounds.get(round)?.rows ?? []) counts[band]++;
    return counts;
  }

  #openRounds(): { readonly round: string; readonly mark: string; readonly counterparts: readonly string[] }[] {
    return this.#vault.rounds().flatMap((round) => {
      const counterparts = (this.#vault.pairings(round) ?? []).map(({ counterpart }) => counterpart);
      const mark = this.#vault.resultsMark(round, counterparts);
      if (mark === "") return [];
      const descriptor = this.#vault.descriptor(round);
      const isLate = descriptor !== null && isOver(descriptor, "answers", this.#now());
      return [{ round, mark: `${mark} ${isLate}`, counterparts }];
    });
  }

  #read(round: string, counterparts: readonly string[]): RoundHits {
    const now = this.#now();
    const descriptor = this.#vault.descriptor(round);
    if (descriptor === null) return { rows: [], openedAt: "" };
    const answered = counterparts.filter((counterpart) => this.#vault.answers(round, counterpart) !== null);
    noteAnswers(this.#vault, round, answered, now);
    const openedAt = new Map(
      counterparts.flatMap((counterpart) => {
        const section = this.#vault.section(round, counterpart);
        if (section === null) return [];
        return [[counterpart, momentOf(new Date(section.openedAt ?? descriptor.deadlines.release))] as const];
      }),
    );
    const until = momentOf(keptUntil(descriptor));
    const rows = resultsOf(this.#vault, round, this.#profile, now).map((row) =>
      this.#withStatus({
        ...row,
        round,
        refs: [...row.refs],
        rules: [...row.rules],
        openedAt: openedAt.get(row.counterpart) ?? descriptor.deadlines.release,
        keptUntil: until,
        status: { own: null, theirs: null },
      }),
    );
    return { rows, openedAt: [...openedAt.values()].sort()[0] ?? "" };
  }

  #withStatus(row: HitRow): HitRow {
    return { ...row, status: this.#statuses.get(row.round)?.get(row.hit) ?? { own: null, theirs: null } };
  }

  /** Checks signatures of those that were not looked at before. @returns Whether there were any. */
  async #take(round: string, statuses: readonly Status[]): Promise<boolean> {
    const known = this.#statuses.get(round) ?? new Map<string, HitRow["status"]>();
    this.#statuses.set(round, known);
    const nameOf = ({ party, hit }: Status): string => `${round} ${party} ${hit}`;
    const fresh = statuses.filter((said) => this.#looked.get(nameOf(said)) !== said.signature);
    const taken = new Map<string, HitRow["status"]>();
    for (let at = 0; at < fresh.length; at += SIGNATURES_AT_ONCE) {
      for (const [hit, said] of statusesByHit(this.#vault, round, fresh.slice(at, at + SIGNATURES_AT_ONCE))) {
        const before = known.get(hit) ?? { own: null, theirs: null };
        const both = { own: said.own ?? before.own, theirs: said.theirs ?? before.theirs };
        known.set(hit, both);
        taken.set(hit, both);
      }
      await yieldOnce();
    }
    if (this.#isForgotten(round)) return false;
    for (const said of fresh) this.#looked.set(nameOf(said), said.signature);
    noteStatuses(this.#vault, round, taken, this.#now());
    return fresh.length > 0;
  }

  /** Whether the round went meanwhile, here or by a command: nothing of it is written any more. */
  #isForgotten(round: string): boolean {
    return this.#vault.descriptor(round) === null;
  }

  /** Puts the rounds in order. @returns Rows that are others than before. */
  #settle(): HitList {
    const inOrder = [...this.#rounds.values()].sort((one, other) => (one.openedAt < other.openedAt ? 1 : -1));
    const before = this.#rows;
    this.#rows = new Map(inOrder.flatMap(({ rows }) => rows.map((row) => [row.hit, row] as const)));
    this.#json = null;
    return this.list().filter((row) => {
      const earlier = before.get(row.hit);
      return earlier !== row && (earlier === undefined || JSON.stringify(earlier) !== JSON.stringify(row));
    });
  }
}
