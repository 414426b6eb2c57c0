/**
 * Attack `leaks`: planted secrets, searched in all that the secretariat and the parties' machines leave outside vaults, lists
 * and key files, in every writing: over a whole round, over rounds with faults, and over the README's session. The attacker
 * holds disks, logs, the wire within TLS, temporary files, command lines and the memory of the server's process; gets every
 * announcement and alert, stands before a console without a session, or is the counterpart, staff, or gets what was printed.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { generateRecords } from "#fixtures/people.ts";
import type { NodeRun, ServerProcess } from "../../demo/server-process.ts";
import type { Scale } from "../measurement.ts";
import type { Attack, Finding } from "./finding.ts";
import { faultsOf, startOnCutStores } from "./leaks/faults.ts";
import {
  closeHuntedRound,
  openHuntedRound,
  playHunted,
  PURPOSE,
  secretsOf,
  type HuntedRound,
  type Moment,
} from "./leaks/hunted-round.ts";
import { Kept } from "./leaks/kept.ts";
import { leakByEveryWay, leakyConsole, leakyServer, type Leaked } from "./leaks/leaky-round.ts";
import { plantedIn, WARDS, type Secret } from "./leaks/planted.ts";
import { runReadmeSession, runSession } from "./leaks/readme-session.ts";
import { countFound, foundByPlace, hunt, type Hunted, type Place } from "./leaks/search.ts";
import { requireFilled, Surfaces } from "./leaks/surfaces.ts";

type Size = {
  readonly parties: number;
  /** Parties that walk the round by their console. */
  readonly consoles: number;
  readonly persons: number;
  /** When the process is looked into. */
  readonly moments: readonly (Moment | "erased")[];
  /** Faults of each kind in one round; none: no such rounds. */
  readonly faults: number;
  /** Copies of the store that are cut. */
  readonly cuts: number;
  readonly hasSession: boolean;
  /** Whether pages are printed where there is a Chromium. */
  readonly isPrinted: boolean;
};

const SIZES: Record<Scale, Size> = {
  smoke: {
    parties: 2,
    consoles: 1,
    persons: 20,
    moments: ["empty", "erased"],
    faults: 0,
    cuts: 1,
    hasSession: false,
    isPrinted: false,
  },
  usual: {
    parties: 2,
    consoles: 2,
    persons: 100,
    moments: ["empty", "released", "erased"],
    faults: 2,
    cuts: 2,
    hasSession: true,
    isPrinted: true,
  },
  full: {
    parties: 12,
    consoles: 12,
    persons: 200,
    moments: ["empty", "submitted", "matching", "released", "erased"],
    faults: 8,
    cuts: 10,
    hasSession: true,
    isPrinted: true,
  },
};
const NOTHING_LEAKED: Leaked = { orders: new Map(), printed: [] };
/** Of the rounds with faults and of the control. */
const FEWER = { parties: 2, persons: 20 };

export const leaks: Attack = {
  name: "leaks",
  about: "planted secrets, searched on disks, in logs, answers, metrics, memory, temporary files and command lines",
  async *run(scale, seed): AsyncIterable<Finding> {
    const folder = mkdtempSync(join(tmpdir(), "aquila-leaks-"));
    const size = SIZES[scale];
    const open = (name: string, { parties, persons }: Pick<Size, "parties" | "persons">): Promise<HuntedRound> =>
      openHuntedRound(join(folder, name), parties, persons, seed);
    try {
      yield* overRound(await open("round", size), size, seed);
      for (const { name, runs } of faultsOf(size.faults)) {
        const round = await open(name, FEWER);
        yield overFaults(name, round, runs(round.folder));
      }
      if (size.hasSession) yield overSession(join(folder, "session"), size.persons, seed);
      yield overLeaks(await open("leaky", FEWER), join(folder, "leaky-session"), size);
    } finally {
      rmSync(folder, { recursive: true, force: true, maxRetries: 10 });
    }
  },
};

async function* overRound(round: HuntedRound, size: Size, seed: number): AsyncIterable<Finding> {
  const { moments, consoles, cuts, isPrinted } = size;
  const kept = new Kept(round, moments);
  const surfaces = new Surfaces(round, {
    parties: round.vaults.map(({ identity }) => identity.party).slice(0, consoles),
    consolesFrom: "empty",
    isPrinted,
    staffAt: ["matching", "released", "erased"],
  });
  try {
    const server = await playKept(round, kept, [], (moment, at) => surfaces.at(moment, at));
    const secrets = secretsOf(round);
    const ofRound = secrets.filter(({ ward }) => ward === "round" || ward === "data");
    const others = secrets.filter(({ ward }) => ward !== "round");
    const hunted = await hunt(others, PURPOSE, kept.places(server), kept.program());
    yield judged(`a whole round of ${round.vaults.length} parties`, others, hunted);
    const { disk, shown, process } = kept.afterErasure();
    const left = [
      { name: "disk", paths: disk, forbidden: WARDS },
      { name: "log", paths: [server.logFile], forbidden: WARDS },
      { name: "metrics", paths: shown, forbidden: WARDS },
    ];
    const measure = "handles, linkage keys and data keys found";
    const ofDisk = judged(
      "on disk, in log and metrics after the erasure",
      ofRound,
      await hunt(ofRound, PURPOSE, left, []),
    );
    yield { ...ofDisk, measure };
    const memory = { name: "process", paths: process, forbidden: WARDS };
    const ofMemory = told(
      "in the server's process after the erasure",
      ofRound,
      await hunt(ofRound, PURPOSE, [memory], []),
    );
    // Told, not judged: a program in JavaScript cannot wipe what was text, nor what a garbage collector has moved.
    yield { ...ofMemory, measure };
    const cut: Place = {
      name: "cut stores and what their servers said",
      paths: await startOnCutStores(round, kept.diskWithRound(), cuts, seed),
      forbidden: WARDS,
    };
    yield judged(`${cuts} cut ${cuts === 1 ? "store" : "stores"}`, secrets, await hunt(secrets, PURPOSE, [cut], []));
    const open = surfaces.places();
    const huntedOpen = await hunt(secrets, PURPOSE, open, []);
    requireFilled(open, huntedOpen);
    yield judged("receivers, pages, consoles and exports", secrets, huntedOpen);
  } finally {
    await closeHuntedRound(round);
  }
}

async function overFaults(name: string, round: HuntedRound, runs: readonly NodeRun[]): Promise<Finding> {
  const kept = new Kept(round, []);
  try {
    const server = await playKept(round, kept, runs);
    const secrets = secretsOf(round);
    return judged(name, secrets, await hunt(secrets, PURPOSE, kept.places(server), []));
  } finally {
    await closeHuntedRound(round);
  }
}

async function overSession(folder: string, persons: number, seed: number): Promise<Finding> {
  const options = { seed, recordsPerParty: persons, parties: ["AT"], overlap: 0, preset: "life" } as const;
  const records = plantedIn([...generateRecords(options, "AT")], seed);
  const { secrets, places } = await runReadmeSession(folder, records);
  // The purpose that the README states.
  return judged("the README's session", secrets, await hunt(secrets, "a first round", places, []));
}

/** The same hunt where every secret leaks by one way: it counts if it is found in a place that the way leads to. */
async function overLeaks(round: HuntedRound, sessionFolder: string, { moments, isPrinted }: Size): Promise<Finding> {
  const kept = new Kept(round, moments);
  const [party = ""] = round.vaults.map(({ identity }) => identity.party);
  const surfaces = new Surfaces(round, {
    ...{ parties: [party], isPrinted, consoleRun: leakyConsole },
    consolesFrom: "released",
    staffAt: ["released"],
  });
  const leaked: Leaked[] = [];
  try {
    const server = await playKept(round, kept, [leakyServer(round)], async (moment, at) => {
      await surfaces.at(moment, at);
      if (moment === "released") leaked.push(await leakByEveryWay(round, at, surfaces.browser));
    });
    const [{ orders, printed } = NOTHING_LEAKED] = leaked;
    const [typed] = orders.keys();
    if (typed === undefined) throw new RangeError("nothing is planted");
    const session = await runSession(sessionFolder, `: '${typed.writings[0] ?? ""}'\n`);
    const places = [...kept.places(server), ...surfaces.places(), session];
    const hunted = await hunt([...orders.keys()], PURPOSE, places, kept.program());
    const isFound = (secret: Secret, way: string): boolean =>
      [...hunted.found].some(([place, secrets]) => place.startsWith(way) && secrets.has(secret));
    const wanted = [
      ...[...orders].map(([secret, { channel }]) => [secret, channel] as const),
      ...printed.map((secret) => [secret, "exports"] as const),
      [typed, "session"] as const,
    ];
    const missed = wanted.filter(([secret, way]) => !isFound(secret, way));
    return {
      variant: "server, console and export that leak",
      against: "control",
      measure: "share of planted secrets found",
      figure: (wanted.length - missed.length) / wanted.length,
      above: 0.999,
      also: {
        planted: wanted.length,
        ways: new Set(wanted.map(([, way]) => way)).size,
        ...Object.fromEntries(
          [...Map.groupBy(missed, ([{ kind }, way]) => `${kind} not in ${way}`)].map(([what, some]) => [
            what,
            some.length,
          ]),
        ),
      },
    };
  } finally {
    await closeHuntedRound(round);
  }
}

/** Plays a round, keeping what an attacker would. @returns Its last server, stopped. */
async function playKept(
  round: HuntedRound,
  kept: Kept,
  runs: readonly NodeRun[],
  beforeKept: (moment: Moment | "erased", server: ServerProcess) => Promise<void> = () => Promise.resolve(),
): Promise<ServerProcess> {
  const { server } = await playHunted(round, {
    runs,
    at: async (moment, at) => {
      await beforeKept(moment, at);
      await kept.keep(moment, at);
    },
    afterEnd: (dataFolder) => kept.keepDisk(dataFolder),
  });
  try {
    await beforeKept("erased", server);
    await kept.keep("erased", server);
  } finally {
    await server.stop();
  }
  return server;
}

/** As {@link told}, and nothing may be found. */
function judged(variant: string, planted: readonly Secret[], hunted: Hunted): Finding {
  return { ...told(variant, planted, hunted), most: 0 };
}

/** @throws Error if the search is blind: it did not find what stands there in the clear. */
function told(variant: string, planted: readonly Secret[], hunted: Hunted): Finding {
  if (hunted.controls === 0) throw new Error(`${variant}: the search found no control`);
  return {
    variant,
    against: "ours",
    measure: "secrets found",
    figure: countFound(hunted),
    also: {
      planted: planted.length,
      searchedMegabytes: Math.round(hunted.searchedBytes / 1e6),
      controls: hunted.controls,
      setAside: hunted.setAside,
      ...foundByPlace(hunted),
    },
  };
}
