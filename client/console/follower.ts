/**
 * Follows the party's rounds: looks at them, does by itself what was asked for, and tells the pages what is new.
 * docs/spec/console.md, "What runs by itself"
 */
import { setTimeout as wait } from "node:timers/promises";
import { LinkageError, type ProblemCode } from "#engine/errors.ts";
import type { RoundDescriptor } from "#engine/round/descriptor.ts";
import { DEADLINES } from "#engine/round/descriptor.ts";
import type { RoundView } from "#engine/round/messages.ts";
import { hasReached } from "#engine/round/states.ts";
import type { Connection } from "../http.ts";
import { isOver } from "../report.ts";
import { tidyVault } from "../retention.ts";
import { refusalOf, UNREACHABLE } from "../transport.ts";
import type { Vault } from "../vault.ts";
import { faultOf } from "./fault.ts";
import type { HitBoard } from "./hit-board.ts";
import type { RoundWalks } from "./round-walks.ts";
import type { Fault, HitList } from "./shapes.ts";

/** Milliseconds from one look to the next. */
export type Pace = {
  /** At all rounds. */
  readonly allMs: number;
  /** At a round whose pairings are about to open or to be answered. */
  readonly openingMs: number;
  /** The same, once nothing has changed for a minute. */
  readonly slowOpeningMs: number;
  /** At a round that awaits its release, while no announcements are listened to. */
  readonly releaseMs: number;
};
export const PACE: Pace = { allMs: 10_000, openingMs: 300, slowOpeningMs: 2_000, releaseMs: 1_000 };

const QUIET_MS = 60_000;
const TIDY_EVERY_MS = 3_600_000;
const LISTEN_MS = 600_000;
const LISTEN_AGAIN_MS = 5_000;

export type FollowerOptions = {
  readonly vault: Vault;
  /** Null: inside, without a network. */
  readonly connection: Connection | null;
  readonly board: HitBoard;
  readonly walks: RoundWalks | null;
  readonly now: () => Date;
  readonly pace: Pace;
  readonly onRound: (round: string) => void;
  readonly onHits: (hits: HitList) => void;
};

export class Follower {
  readonly #options: FollowerOptions;
  readonly #views = new Map<string, RoundView>();
  /** What each round was when it was walked last. */
  readonly #walked = new Map<string, string>();
  readonly #told = new Map<string, string>();
  readonly #changedMs = new Map<string, number>();
  /** Rounds that a person asked for while this process runs: keys and list are theirs too. */
  readonly #asked = new Set<string>();
  /** Rounds to look at without delay. */
  readonly #called = new Set<string>();
  readonly #end = new AbortController();
  #pause = new AbortController();
  #running: Promise<unknown> = Promise.resolve();
  #nextAllMs = 0;
  #nextTidyMs = 0;
  #isListening = false;
  #fault: Fault | null = null;

  constructor(options: FollowerOptions) {
    this.#options = options;
  }

  start(): void {
    this.#running = Promise.all([this.#follow(), this.#listen()]);
  }

  /** Ends looking, and waits for what is under way. */
  async close(): Promise<void> {
    this.#end.abort();
    this.#pause.abort();
    await this.#running;
    await this.#options.walks?.settled();
  }

  /** @returns As the server showed it last; null if it did not. */
  view(round: string): RoundView | null {
    return this.#views.get(round) ?? null;
  }

  /** Ids of the rounds that server or vault know. */
  rounds(): string[] {
    return [...new Set([...this.#views.keys(), ...this.#options.vault.rounds()])];
  }

  /** @returns Null if neither server nor vault knows the round. */
  descriptor(round: string): RoundDescriptor | null {
    return this.#options.vault.descriptor(round) ?? this.view(round)?.descriptor ?? null;
  }

  /** Why nothing could be seen at the last look. */
  fault(): Fault | null {
    return this.#fault;
  }

  /**
   * Takes a person's word that a round is to be run, from its keys on.
   *
   * @throws {@link LinkageError} `server-unreachable` if the console has no server; `round-unknown`; `round-state` if the round is over, or is carried.
   */
  async ask(round: string): Promise<void> {
    const { connection, vault } = this.#options;
    if (connection === null)
      throw new LinkageError("server-unreachable", "this console was started without a server; name it with --server");
    vault.requireOneVault(round);
    const view = await connection.round(round);
    if (view.ending !== null || hasReached(view.state, "followed-up"))
      throw new LinkageError("round-state", `round ${round} is over`);
    this.#views.set(round, view);
    this.#asked.add(round);
    this.#walk(round);
  }

  /** Looks at one round at once. */
  #lookAt(round: string): void {
    this.#called.add(round);
    this.#pause.abort();
  }

  /** Tells what is new in the vault. */
  async showHits(): Promise<void> {
    try {
      await this.#refreshHits();
    } catch (error) {
      this.#setFault(faultOf(error));
    }
  }

  async #refreshHits(): Promise<void> {
    this.#options.onHits(await this.#options.board.refresh());
  }

  async #follow(): Promise<void> {
    while (!this.#end.signal.aborted) {
      this.#pause = new AbortController();
      const isAll = this.#options.now().getTime() >= this.#nextAllMs;
      try {
        if (isAll) this.#nextAllMs = this.#options.now().getTime() + this.#options.pace.allMs;
        await this.#look(isAll);
        this.#setFault(null);
      } catch (error) {
        this.#setFault(faultOf(error));
      }
      const signal = AbortSignal.any([this.#pause.signal, this.#end.signal]);
      await wait(this.#pauseMs(), undefined, { signal }).catch(() => undefined);
    }
  }

  async #look(isAll: boolean): Promise<void> {
    const { connection, now, vault } = this.#options;
    if (isAll) {
      await this.#refreshHits();
      if (now().getTime() >= this.#nextTidyMs) {
        tidyVault(vault, now());
        this.#nextTidyMs = now().getTime() + TIDY_EVERY_MS;
      }
    }
    if (connection === null) return;
    if (!isAll) {
      const wanted = new Set([...this.#called, ...this.#hotRounds()]);
      this.#called.clear();
      for (const round of wanted) this.#see(await connection.round(round));
      await this.#refreshHits();
      return;
    }
    for (const view of await connection.rounds()) this.#see(view);
    await this.#refreshHits();
    for (const [round, { state }] of this.#views)
      if (state === "released" && vault.pairings(round) !== null) await this.#takeStatuses(connection, round);
  }

  async #takeStatuses(connection: Connection, round: string): Promise<void> {
    const { board, onHits, vault } = this.#options;
    try {
      onHits(await board.takeStatuses(round, await connection.statuses(round, vault.identity.party)));
    } catch (error) {
      // The round went on meanwhile; the others have statuses too.
      if (refusalOf(error) === null) throw error;
    }
  }

  #see(view: RoundView): void {
    const { now, walks, onRound } = this.#options;
    const round = view.descriptor.id;
    this.#views.set(round, view);
    // Progress changes all the time, and is nobody's turn.
    const lasting = { ...view, progress: null };
    const passed = DEADLINES.filter((name) => isOver(view.descriptor, name, now()));
    const told = JSON.stringify([lasting, passed]);
    if (this.#told.get(round) !== told) {
      this.#told.set(round, told);
      this.#changedMs.set(round, now().getTime());
      onRound(round);
    }
    this.#seeEnd(view);
    if (walks === null || walks.isWalking(round) || !this.#mayWalk(view)) return;
    const isToBeTriedAgain = UNREACHABLE.some((code: ProblemCode) => code === walks.fault(round)?.code);
    if (this.#walked.get(round) !== told || isToBeTriedAgain) this.#walk(round);
  }

  #seeEnd({ descriptor: { id: round }, ending }: RoundView): void {
    const { vault } = this.#options;
    // Of an attempt that is over nothing is needed: who gets at the vault later finds no key.
    if (ending !== null && vault.pairings(round)?.some(({ keyProof }) => keyProof !== null) === true)
      vault.destroyProofKeys(round);
  }

  /** Whether the next step is one that is done by itself. */
  #mayWalk({ descriptor: { id: round }, ending, state }: RoundView): boolean {
    const { vault } = this.#options;
    if (ending !== null || hasReached(state, "followed-up") || vault.carriage(round) !== null) return false;
    if (this.#asked.has(round)) return true;
    return hasReached(state, "sealed") && vault.isRunAsked(round) && vault.pairings(round) !== null;
  }

  #walk(round: string): void {
    const { walks } = this.#options;
    if (walks === null) return;
    this.#walked.set(round, this.#told.get(round) ?? "");
    void this.#walkAndLook(walks, round);
  }

  async #walkAndLook(walks: RoundWalks, round: string): Promise<void> {
    await walks.walk(round);
    if (this.#end.signal.aborted) return;
    await this.showHits();
    this.#changedMs.set(round, this.#options.now().getTime());
    // Others may have gone on meanwhile.
    if (walks.fault(round) === null) this.#lookAt(round);
  }

  /** Rounds at which it is looked between the looks at all. */
  #hotRounds(): string[] {
    return [...this.#views.values()]
      .filter((view) => this.#paceOf(view) !== null)
      .map(({ descriptor }) => descriptor.id);
  }

  /** @returns Milliseconds to the next look at one round; null when it can wait for the look at all. */
  #paceOf(view: RoundView): number | null {
    const { pace, vault, now } = this.#options;
    const round = view.descriptor.id;
    if (!this.#mayWalk(view)) return null;
    if (view.state === "reviewed") return this.#isListening ? null : pace.releaseMs;
    if (view.state !== "released") return null;
    const isAwaited = view.pairings.some(({ pairing, state, answered }) => {
      if (state === "matched" || state === "held") return !isOver(view.descriptor, "acknowledgements", now());
      const counterpart = pairing.find((id) => id !== vault.identity.party) ?? "";
      const isHere = vault.section(round, counterpart) !== null && vault.answers(round, counterpart) !== null;
      return state === "opened" && !isHere && (answered.length < 2 || !isOver(view.descriptor, "answers", now()));
    });
    if (!isAwaited) return null;
    const quietMs = now().getTime() - (this.#changedMs.get(round) ?? 0);
    return quietMs < QUIET_MS ? pace.openingMs : pace.slowOpeningMs;
  }

  #pauseMs(): number {
    const untilAll = Math.max(0, this.#nextAllMs - this.#options.now().getTime());
    if (this.#called.size > 0) return 0;
    try {
      return Math.min(untilAll, ...[...this.#views.values()].flatMap((view) => this.#paceOf(view) ?? []));
    } catch {
      // A vault that cannot be read: the look at all says so.
      return untilAll;
    }
  }

  /** An announcement is a reason to look, and nothing else: it is not signed. */
  async #listen(): Promise<void> {
    const { connection } = this.#options;
    if (connection === null) return;
    const { signal } = this.#end;
    let after: string | null = null;
    while (!signal.aborted) {
      this.#isListening = true;
      const options = { timeoutMs: LISTEN_MS, after, signal };
      const listening = connection.followAnnouncements(options, ({ id, round }) => {
        after = id;
        this.#lookAt(round);
      });
      this.#isListening = await listening.catch(() => false);
      if (!this.#isListening) await wait(LISTEN_AGAIN_MS, undefined, { signal }).catch(() => undefined);
    }
  }

  #setFault(fault: Fault | null): void {
    const isOther = this.#fault?.code !== fault?.code || this.#fault?.detail !== fault?.detail;
    this.#fault = fault;
    if (!isOther) return;
    try {
      for (const round of this.rounds()) this.#options.onRound(round);
    } catch {
      // A vault that cannot be read: that is the fault, and whoever asks for the rounds is told so.
    }
  }
}
