/**
 * The hunted round's open sides: what receivers get, what staff and strangers are answered, what each party's console lets out,
 * what is printed and exported. In: the round as it goes. Out: places to search, each with what it may show to its party.
 */
import { setTimeout as pause } from "node:timers/promises";
import type { NodeRun, ServerProcess } from "../../../demo/server-process.ts";
import { openDesk, type ConsoleDesk } from "./console-desk.ts";
import { chromiumHere, exportHits, exportReport, publicFiles } from "./exports.ts";
import type { HuntedRound, Moment } from "./hunted-round.ts";
import { OWN_ALERTS, OWN_ANSWERS, WARDS } from "./planted.ts";
import type { Hunted, Place } from "./search.ts";
import { askAsStaff, listenAsParties, staffAnswers } from "./staff-requests.ts";

const PATIENCE_MS = 60_000;
const POLL_MS = 50;

type SurfaceOptions = {
  /** Those that have a console. */
  readonly parties: readonly string[];
  /** When they are started: from the beginning they walk the round, later they show what is there. */
  readonly consolesFrom: "empty" | "released";
  /** Where there is a Chromium. */
  readonly isPrinted: boolean;
  /** When staff asks for all that its pages show. */
  readonly staffAt: readonly (Moment | "erased")[];
  readonly consoleRun?: (temporary: string, alertsTo: string) => NodeRun;
};

export class Surfaces {
  /** The Chromium that prints; null: none does. */
  readonly browser: string | null;
  readonly #round: HuntedRound;
  readonly #options: SurfaceOptions;
  #exports: readonly Place[] = [];

  constructor(round: HuntedRound, options: SurfaceOptions) {
    this.#round = round;
    this.#options = options;
    this.browser = options.isPrinted ? chromiumHere() : null;
  }

  async at(moment: Moment | "erased", server: ServerProcess): Promise<void> {
    const { parties, consolesFrom, consoleRun, staffAt } = this.#options;
    const { desks } = this.#round;
    if (moment === consolesFrom) {
      // Here, so that no other attack loads a bundler.
      await (await import("../../../tests/pages/pages-built.ts")).default();
      const opened = await Promise.all(parties.map((party) => openDesk(this.#round, party, server, consoleRun)));
      for (const desk of opened) desks.set(desk.party, desk);
    }
    if (moment === "released") {
      await announcementsArrived(this.#round);
      await listenAsParties(this.#round, server);
      await this.#export(server);
    }
    if (staffAt.includes(moment)) await askAsStaff(this.#round, server);
    // What they have not written by now they never will.
    if (moment === "erased") for (const desk of desks.values()) await desk.stop();
  }

  places(): Place[] {
    return [
      ...receiverPlaces(this.#round),
      { name: "staff's answers", paths: [staffAnswers(this.#round)], forbidden: WARDS },
      ...[...this.#round.desks.values()].flatMap(consolePlaces),
      ...this.#exports,
      { name: "built pages and languages", paths: publicFiles(), forbidden: WARDS },
    ];
  }

  async #export(server: ServerProcess): Promise<void> {
    const [person] = this.#round.records;
    const hits = new Map<ConsoleDesk, string>();
    for (const desk of this.#round.desks.values()) {
      hits.set(desk, await desk.look());
      await desk.askAsStranger(person?.family_name ?? "");
    }
    const report = await exportReport(this.#round, server, this.browser);
    const printed = this.browser === null ? [] : await exportHits(this.#round, hits, this.browser);
    this.#exports = [
      { name: "exports", paths: [report], forbidden: WARDS },
      ...[...printed].map(([party, folder]): Place => ({
        name: `printed hit, ${party}`,
        paths: [folder],
        forbidden: WARDS,
        shown: { party, kinds: OWN_ANSWERS },
      })),
    ];
  }
}

/** Every byte that webhook and mail server got. */
export function receiverPlaces({ receivers: { webhooks, mail } }: HuntedRound): Place[] {
  return [
    { name: "webhooks", paths: [webhooks], forbidden: WARDS },
    { name: "mail", paths: [mail], forbidden: WARDS },
  ];
}

function consolePlaces({ party, kept }: ConsoleDesk): Place[] {
  return [
    { name: `console's terminal, ${party}`, paths: [kept.terminal], forbidden: WARDS },
    { name: `console's temporary files, ${party}`, paths: [kept["temporary files"]], forbidden: WARDS },
    { name: `console's refusals, ${party}`, paths: [kept.refusals], forbidden: WARDS },
    {
      name: `console's answers, ${party}`,
      paths: [kept.answers],
      forbidden: WARDS,
      shown: { party, kinds: OWN_ANSWERS },
    },
    {
      name: `console's alerts, ${party}`,
      paths: [kept.alerts],
      forbidden: WARDS,
      shown: { party, kinds: OWN_ALERTS },
    },
  ];
}

/** @throws Error if a place that shows a party its own shows none of some kind: it was not filled, and nothing is proven. */
export function requireFilled(places: readonly Place[], { shown }: Pick<Hunted, "shown">): void {
  for (const { name, shown: may } of places) {
    const kinds = new Set([...(shown.get(name) ?? [])].map(({ kind }) => kind));
    const lacking = may?.kinds.filter((kind) => !kinds.has(kind)) ?? [];
    if (lacking.length > 0) throw new Error(`${name}: shows no ${lacking.join(", no ")}`);
  }
}

/** Waits until each party's announcement has come by both ways. */
async function announcementsArrived({ receivers, vaults }: HuntedRound): Promise<void> {
  const deadline = performance.now() + PATIENCE_MS;
  for (;;) {
    const { webhooks, mail, faults } = receivers.arrived();
    if (faults.length > 0) throw new Error(`the webhook got what it must not: ${faults.join("; ")}`);
    if (Math.min(webhooks, mail) >= vaults.length) return;
    if (performance.now() > deadline) throw new Error(`${webhooks} webhooks and ${mail} mails have come`);
    await pause(POLL_MS);
  }
}
