/**
 * The party's steps in its rounds, done in the background, one walk at a time in each round.
 */
import { LinkageError } from "#engine/errors.ts";
import type { Profile } from "#engine/profile.ts";
import { encodeListInto } from "../encode-list.ts";
import type { Connection } from "../http.ts";
import type { ListFile } from "../list-file.ts";
import { walkRound } from "../walk.ts";
import type { Vault } from "../vault.ts";
import { faultOf } from "./fault.ts";
import type { Fault, RoundStanding } from "./shapes.ts";

type Work = NonNullable<RoundStanding["work"]>;

/** How often a page is told how far a step has come. */
const TELL_EVERY_MS = 100;

export type WalkOptions = {
  readonly vault: Vault;
  readonly connection: Connection;
  readonly profile: Profile;
  /** Null if none was named. */
  readonly list: ListFile | null;
  readonly now: () => Date;
  /** Called when work or fault of a round is another one. */
  readonly onChange: (round: string) => void;
  /** Called when sections may have been opened: hits are shown before they are answered. */
  readonly onOpened: () => Promise<void>;
};

export class RoundWalks {
  readonly #options: WalkOptions;
  readonly #walks = new Map<string, Promise<void>>();
  readonly #work = new Map<string, Work>();
  readonly #faults = new Map<string, Fault>();

  constructor(options: WalkOptions) {
    this.#options = options;
  }

  isWalking(round: string): boolean {
    return this.#walks.has(round);
  }

  work(round: string): Work | null {
    return this.#work.get(round) ?? null;
  }

  fault(round: string): Fault | null {
    return this.#faults.get(round) ?? null;
  }

  /** Does all that is the party's turn, unless that is under way. What fails is kept as the round's fault. */
  walk(round: string): Promise<void> {
    const running = this.#walks.get(round);
    if (running !== undefined) return running;
    const walk = this.#walk(round).finally(() => {
      this.#walks.delete(round);
      this.#work.delete(round);
      this.#options.onChange(round);
    });
    this.#walks.set(round, walk);
    return walk;
  }

  /** Waits for the walks that are under way. */
  async settled(): Promise<void> {
    await Promise.all(this.#walks.values());
  }

  async #walk(round: string): Promise<void> {
    const { vault, connection, profile, now } = this.#options;
    this.#faults.delete(round);
    try {
      vault.requireOneVault(round);
      await walkRound({
        ...{ connection, vault, round, profile, now: now() },
        encode: () => this.#encode(round),
        onStage: (stage, done, total) => {
          this.#tell({ round, stage, done, total });
          if (done === 0 && vault.descriptor(round) !== null) vault.keepRunAsked(round, now());
          if (stage === "answering") void this.#options.onOpened();
        },
      });
    } catch (error) {
      this.#faults.set(round, faultOf(error));
    }
  }

  async #encode(round: string): Promise<void> {
    const { list, vault, now } = this.#options;
    if (list === null)
      throw new LinkageError("request-invalid", "no list was named; start the console again: aquila console LIST");
    this.#tell({ round, stage: "reading", done: 0, total: 1 });
    await encodeListInto(list, vault, round, now(), {
      reading: (done, total) => {
        this.#tell({ round, stage: "reading", done, total });
      },
      read: () => {
        this.#tell({ round, stage: "encoding", done: 0, total: 1 });
      },
      encoding: (done, total) => {
        this.#tell({ round, stage: "encoding", done, total });
      },
    });
  }

  #toldMs = 0;

  #tell(work: Work): void {
    const before = this.#work.get(work.round);
    this.#work.set(work.round, work);
    const nowMs = this.#options.now().getTime();
    const isNew = before?.stage !== work.stage || work.done === work.total;
    if (!isNew && nowMs - this.#toldMs < TELL_EVERY_MS) return;
    this.#toldMs = nowMs;
    this.#options.onChange(work.round);
  }
}
