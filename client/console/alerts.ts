/**
 * Alerts to the party's own case system: each opened hit is due until it was accepted, across restarts; at least once.
 */
import { setTimeout as wait } from "node:timers/promises";
import { RESULT_NOTE } from "../results.ts";
import type { Vault } from "../vault.ts";
import type { Alert, SendAlert } from "./case-system.ts";
import type { HitList, HitRow } from "./shapes.ts";

/** Milliseconds; the pause doubles from the first to the longest. */
type AlertPauses = { readonly firstMs: number; readonly longestMs: number };
export const ALERT_PAUSES: AlertPauses = { firstMs: 1_000, longestMs: 300_000 };

/** What was accepted is kept at the latest then: one writing for many alerts. */
const KEEP_EVERY_MS = 1_000;

export class Alerts {
  readonly #vault: Vault;
  readonly #send: SendAlert;
  readonly #pauses: AlertPauses;
  readonly #end = new AbortController();
  /** By hit, in the order in which they are to be sent. */
  readonly #due = new Map<string, HitRow>();
  /** By round. */
  readonly #accepted = new Map<string, Set<string>>();
  readonly #unkept = new Set<string>();
  #keptMs = 0;
  #running: Promise<void> | null = null;

  constructor(vault: Vault, send: SendAlert, pauses: AlertPauses) {
    this.#vault = vault;
    this.#send = send;
    this.#pauses = pauses;
  }

  /** Sends what was not accepted before; a hit that is due already is so once. */
  take(hits: HitList): void {
    for (const row of hits) if (!this.#acceptedOf(row.round).has(row.hit)) this.#due.set(row.hit, row);
    if (this.#due.size > 0) this.#running ??= this.#run();
  }

  /** Ends sending, once the one under way has its answer; what is due then is due at the next start. */
  async close(): Promise<void> {
    this.#end.abort();
    await this.#running;
  }

  async #run(): Promise<void> {
    const { signal } = this.#end;
    let pauseMs = this.#pauses.firstMs;
    for (let row = this.#first(); row !== null && !signal.aborted; row = this.#first()) {
      this.#due.delete(row.hit);
      if (await this.#send(alertOf(row))) {
        this.#accept(row);
        pauseMs = this.#pauses.firstMs;
      } else if (this.#isKept(row.round)) {
        // Behind the others: one that is never accepted holds up none.
        this.#due.set(row.hit, row);
        this.#keep();
        await wait(pauseMs, undefined, { signal }).catch(() => undefined);
        pauseMs = Math.min(2 * pauseMs, this.#pauses.longestMs);
      }
    }
    this.#keep();
    this.#running = null;
  }

  /** Whether the vault has the round; one that cannot be read has it still. */
  #isKept(round: string): boolean {
    try {
      return this.#vault.descriptor(round) !== null;
    } catch {
      return true;
    }
  }

  #first(): HitRow | null {
    for (const row of this.#due.values()) return row;
    return null;
  }

  #accept({ round, hit }: HitRow): void {
    this.#acceptedOf(round).add(hit);
    // It can have become due anew while it was under way.
    this.#due.delete(hit);
    this.#unkept.add(round);
    if (performance.now() - this.#keptMs >= KEEP_EVERY_MS) this.#keep();
  }

  /** What cannot be written now is tried again with the next; it is not worth ending for: an alert may come twice. */
  #keep(): void {
    this.#keptMs = performance.now();
    for (const round of this.#unkept) {
      try {
        if (this.#vault.descriptor(round) !== null) this.#vault.keepAlerted(round, [...this.#acceptedOf(round)]);
      } catch {
        continue;
      }
      this.#unkept.delete(round);
    }
  }

  #acceptedOf(round: string): Set<string> {
    const known = this.#accepted.get(round);
    if (known !== undefined) return known;
    const read = new Set(this.#vault.alerted(round));
    this.#accepted.set(round, read);
    return read;
  }
}

function alertOf({ round, hit, counterpart, band, refs }: HitRow): Alert {
  return { id: `${round}/${hit}`, round, hit, counterpart, band, refs, note: RESULT_NOTE };
}
