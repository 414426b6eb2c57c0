/**
 * Opens a whole server: store, server key, worker pool, recovery, app. Closing the app closes all of it.
 */
import type { KeyObject } from "node:crypto";
import { dirname } from "node:path";
import type { FastifyBaseLogger } from "fastify";
import { LinkageError } from "#engine/errors.ts";
import type { Profile } from "#engine/profile.ts";
import { privateKeyOf } from "#engine/round/raw-key.ts";
import { checkRoster, type Roster } from "#engine/round/roster.ts";
import { headFileOf, openAuditLog } from "./audit.ts";
import { buildApp, buildMetricsApp, type App } from "./app.ts";
import { makeBell } from "./bell.ts";
import { makeBenches } from "./benches.ts";
import { makeChunkMemory } from "./chunk-memory.ts";
import type { Config } from "./config.ts";
import { openKeyFolder } from "./data-key-file.ts";
import { openServerKey, signingKeysOf } from "./data-key.ts";
import { watchDeadlines, workOffDeadlines } from "./deadlines.ts";
import { bringAnnouncements, type Couriers } from "./deliveries.ts";
import { makeFolder } from "./encrypted-file.ts";
import type { Timeouts, Tls } from "./listener.ts";
import { makeMailCourier } from "./mail.ts";
import { makeMetrics } from "./metrics.ts";
import { bindServerKey, recover } from "./recovery.ts";
import { keepRoster } from "./round-roster.ts";
import { roundsFolderOf, type Clock, type Matching, type Secretariat } from "./secretariat.ts";
import { databaseOf, lockFolder, openStore } from "./store/open.ts";
import { makeWebhookCourier } from "./webhook.ts";
import { openPool } from "./workers/pool.ts";

const MINUTE_MS = 60_000;

type ServerOptions = {
  /** Made if it is missing. */
  readonly dataDir: string;
  /** Made if it is missing, with the folder of wrapped data keys beside it. */
  readonly serverKeyFile: string;
  readonly roster: Roster;
  readonly profile: Profile;
  /** Threads, at least 1. */
  readonly workers: number;
  readonly maxRecords: number;
  readonly leastHoursBetweenRounds: number;
  /** Most hits in one party's package, of all its pairings. */
  readonly maxHits: number;
  readonly requestsPerMinute: number;
  /** How often deadlines are looked at; each minute when left out. */
  readonly deadlinesEveryMs?: number;
  /** With the password of the mail server, null if it asks for none. */
  readonly announcements?: (NonNullable<Config["announcements"]> & { readonly password: string | null }) | undefined;
  /** How often deliveries are looked at when none is known to be due; each minute when left out. */
  readonly deliveriesEveryMs?: number | undefined;
  /** How often resources are sampled; each 5 seconds when left out. */
  readonly samplesEveryMs?: number | undefined;
  /** Of built pages; the project's own when left out. */
  readonly pagesFolder?: string | undefined;
  readonly tls: Tls | null;
  /** Those of server/listener.ts when left out. */
  readonly timeouts?: Timeouts | undefined;
  readonly metrics: {
    /** Whether the API's address serves /metrics. */
    readonly onApi: boolean;
    /** Of the metrics' own address. */
    readonly tls: Tls | null;
  };
  /** Goes on with an audit log that is not the one of the last head: of a backup that was put back on purpose. */
  readonly acceptsRestoredLog: boolean;
  readonly clock: Clock;
  readonly log: FastifyBaseLogger;
};

/** Both ready to listen; closing `app` closes everything. */
type OpenedServer = { readonly app: App; readonly metricsApp: App };

/**
 * @throws {@link LinkageError} `file-exists` if another server uses the folder; `file-unreadable` if the server key is not
 * the store's, or the store cannot be opened.
 */
export async function openServer(options: ServerOptions): Promise<OpenedServer> {
  const { dataDir, serverKeyFile, roster, profile, maxRecords, leastHoursBetweenRounds, maxHits, clock, log } = options;
  makeFolder(dataDir);
  makeFolder(dirname(serverKeyFile));
  checkRoster(roster);
  requireListed(roster, options.announcements);
  const serverKey = openServerKey(serverKeyFile);
  const signing = signingKeysOf(serverKey);
  if (signing.signKey !== roster.secretariat)
    throw new LinkageError(
      "file-unreadable",
      "the roster names another secretariat than this server key's: aquila server key",
    );
  const couriers = couriersOf(options.announcements, privateKeyOf("ed25519", signing.signSecret), clock);
  const keyFolder = openKeyFolder(serverKeyFile);
  const lock = lockFolder(dataDir);
  const store = await openStore(databaseOf(dataDir)).catch((error: unknown) => {
    lock.release();
    throw error;
  });
  const pool = openPool(options.workers, profile);
  const jobs = new Set<Promise<void>>();
  const stopping = new AbortController();
  const close = async (): Promise<void> => {
    stopping.abort();
    // Ending the threads fails a matching under way, which then seals its round again: the store has to be there.
    await pool.close();
    await Promise.all(jobs);
    await store.destroy();
    lock.release();
  };
  try {
    await bindServerKey(store, serverKey);
    const audit = await openAuditLog(store, signing, clock, headFileOf(serverKeyFile), options.acceptsRestoredLog);
    await keepRoster(store, roster);
    const matchings = new Map<string, Matching>();
    const secretariat: Secretariat = {
      roster,
      profile,
      store,
      audit,
      roundsFolder: roundsFolderOf(dataDir),
      serverKey,
      signing,
      keyFolder,
      pool,
      lendChunkMemory: makeChunkMemory(),
      metrics: makeMetrics({ store, pool, matchings }),
      clock,
      // A clock that was set back would let what was used before pass again.
      openedSecond: Math.floor(Math.max(clock().getTime(), audit.lastSignedMs()) / 1_000),
      log,
      maxRecords,
      leastHoursBetweenRounds,
      maxHits,
      announced: makeBell(),
      deliveriesDue: makeBell(),
      couriers,
      benches: makeBenches({ clock, jobs, log, matchings, stopping: stopping.signal }),
      matchings,
      jobs,
      stopping: stopping.signal,
    };
    await recover(secretariat);
    await workOffDeadlines(secretariat);
    const watching = watchDeadlines(secretariat, options.deadlinesEveryMs ?? MINUTE_MS, stopping.signal);
    jobs.add(watching);
    jobs.add(bringAnnouncements(secretariat, couriers, options.deliveriesEveryMs ?? MINUTE_MS, stopping.signal));
    const { requestsPerMinute, metrics, timeouts, samplesEveryMs, pagesFolder } = options;
    const metricsApp = await buildMetricsApp({ secretariat, tls: metrics.tls, requestsPerMinute, timeouts });
    const { onApi: withMetrics } = metrics;
    const { tls } = options;
    const watched = { requestsPerMinute, timeouts, withMetrics, samplesEveryMs, pagesFolder };
    const app = await buildApp({ secretariat, tls, ...watched });
    app.addHook("onClose", async () => {
      await metricsApp.close();
      await close();
    });
    await metricsApp.ready();
    await app.ready();
    return { app, metricsApp };
  } catch (error) {
    await close();
    throw error;
  }
}

function couriersOf(announcements: ServerOptions["announcements"], key: KeyObject, clock: Clock): Couriers {
  if (announcements === undefined) return {};
  const { webhooks, mail, password } = announcements;
  const webhook = makeWebhookCourier(webhooks, key, clock);
  return mail === undefined ? { webhook } : { webhook, mail: makeMailCourier(mail, password) };
}

/** @throws {@link LinkageError} `file-unreadable` if announcements are to be brought to a party that is not in the roster. */
function requireListed({ parties }: Roster, announcements: ServerOptions["announcements"]): void {
  const named = Object.keys({ ...announcements?.webhooks, ...announcements?.mail?.to });
  const unknown = named.filter((party) => parties.every(({ id }) => id !== party));
  if (unknown.length > 0)
    throw new LinkageError("file-unreadable", `announcements: not in the roster: ${unknown.join(", ")}`);
}
