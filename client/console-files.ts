/**
 * What the analyst console keeps of each round; docs/spec/console.md.
 *
 *   run.json                     that a person asked for the round to be run
 *   history.json                 when answers came, and when statuses were first seen
 *   alerts.json                  hits whose alert the case system accepted
 */
import { z } from "zod";
import { Bytes16 } from "#engine/round/binary.ts";
import { HitStatus } from "#engine/round/acts.ts";
import { Moment, PartyId } from "#engine/round/ids.ts";
import { MAX_HITS } from "#engine/round/package.ts";
import { MAX_PARTIES } from "#engine/round/roster.ts";
import { CarriedFiles } from "./carried-files.ts";
import { pairingFile } from "./pairing-file.ts";
import { checkedRound } from "./round-files.ts";

/** Of one round; beyond, the oldest go. */
export const MAX_STATUSES = 65_536;

const RunAsked = z.strictObject({ askedAt: Moment });

const SeenStatus = z.strictObject({ at: Moment, hit: Bytes16, side: z.enum(["own", "their"]), status: HitStatus });
export type SeenStatus = z.infer<typeof SeenStatus>;

/** In the order in which they were seen. */
const History = z.strictObject({
  answered: z.array(z.strictObject({ at: Moment, counterpart: PartyId })).max(MAX_PARTIES),
  statuses: z.array(SeenStatus).max(MAX_STATUSES),
});
export type History = z.infer<typeof History>;

const Alerted = z.array(Bytes16).max(MAX_HITS);

export class ConsoleFiles extends CarriedFiles {
  /** Whether a person asked for the round to be run. */
  isRunAsked(round: string): boolean {
    return this.files.readJson(checkedRound(round), "run.json", RunAsked) !== null;
  }

  keepRunAsked(round: string, now: Date): void {
    this.files.keepFirst(checkedRound(round), "run.json", RunAsked, { askedAt: momentOf(now) });
  }

  /** @returns Empty before anything is kept. */
  history(round: string): History {
    return this.files.readJson(checkedRound(round), "history.json", History) ?? { answered: [], statuses: [] };
  }

  keepHistory(round: string, history: History): void {
    this.files.writeJson(checkedRound(round), "history.json", history);
  }

  /** @returns Hits whose alert the case system accepted. */
  alerted(round: string): string[] {
    return this.files.readJson(checkedRound(round), "alerts.json", Alerted) ?? [];
  }

  keepAlerted(round: string, hits: readonly string[]): void {
    this.files.writeJson(checkedRound(round), "alerts.json", [...hits]);
  }

  /** @returns Changes whenever an opened section, or its answers, were written anew; empty before a section is open. */
  resultsMark(round: string, counterparts: readonly string[]): string {
    const times = counterparts.map((counterpart) => {
      const written = (["section.json", "answers.json"] as const).map((ending) =>
        this.files.writtenMs(checkedRound(round), pairingFile(counterpart, ending)),
      );
      return written[0] === null ? "" : `${counterpart} ${written.join(" ")}`;
    });
    return times.join("").length === 0 ? "" : times.join();
  }
}

/** @returns UTC, whole seconds. */
export function momentOf(time: Date): string {
  return time.toISOString().replace(/\.\d+Z$/, "Z");
}
