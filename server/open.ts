/**
 * Opens a whole server: store, server key, worker pool, recovery, app. Closing the app closes all of it.
 */
import { mkdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { FastifyBaseLogger } from "fastify";
import type { Profile } from "#engine/profile.ts";
import type { Progress } from "#engine/round/messages.ts";
import type { Roster } from "#engine/round/roster.ts";
import { buildApp, type App } from "./app.ts";
import type { Operator } from "./caller.ts";
import { openServerKey } from "./data-key.ts";
import type { Tls } from "./listener.ts";
import { makeMetrics } from "./metrics.ts";
import { bindServerKey, recover } from "./recovery.ts";
import type { Clock, Secretariat } from "./secretariat.ts";
import { lockFolder, openStore } from "./store/open.ts";
import { openPool } from "./workers/pool.ts";

type ServerOptions = {
  /** Made if it is missing. */
  readonly dataDir: string;
  readonly serverKeyFile: string;
  readonly roster: Roster;
  readonly operators: readonly Operator[];
  readonly profile: Profile;
  /** Threads, at least 1. */
  readonly workers: number;
  readonly maxRecords: number;
  readonly requestsPerMinute: number;
  readonly tls: Tls | null;
  readonly clock: Clock;
  readonly log: FastifyBaseLogger;
};

/**
 * @returns The app, ready to listen.
 * @throws {@link LinkageError} `file-exists` if another server uses the folder; `file-unreadable` if the server key is not
 * the store's.
 */
export async function openServer(options: ServerOptions): Promise<App> {
  const { dataDir, serverKeyFile, roster, operators, profile, maxRecords, clock, log } = options;
  await mkdir(dataDir, { recursive: true, mode: 0o700 });
  await mkdir(dirname(serverKeyFile), { recursive: true, mode: 0o700 });
  const serverKey = openServerKey(serverKeyFile);
  const lock = lockFolder(join(dataDir, "aquila.lock"));
  const store = await openStore(join(dataDir, "aquila.db"));
  const pool = openPool(options.workers, profile);
  const jobs = new Set<Promise<void>>();
  const close = async (): Promise<void> => {
    // Ending the threads fails a matching under way, which then seals its round again: the store has to be there.
    await pool.close();
    await Promise.all(jobs);
    await store.destroy();
    lock.release();
  };
  try {
    await bindServerKey(store, serverKey);
    const secretariat: Secretariat = {
      roster,
      operators,
      profile,
      store,
      roundsFolder: join(dataDir, "rounds"),
      serverKey,
      pool,
      metrics: makeMetrics(store),
      clock,
      log,
      maxRecords,
      progress: new Map<string, Progress>(),
      jobs,
    };
    await recover(secretariat);
    const app = await buildApp({ secretariat, tls: options.tls, requestsPerMinute: options.requestsPerMinute });
    app.addHook("onClose", close);
    await app.ready();
    return app;
  } catch (error) {
    await close();
    throw error;
  }
}
