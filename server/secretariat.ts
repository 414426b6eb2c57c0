/**
 * Everything that the secretariat's routes and jobs work with; server/open.ts puts it together.
 */
import type { FastifyBaseLogger } from "fastify";
import { join } from "node:path";
import type { Profile } from "#engine/profile.ts";
import type { Progress } from "#engine/round/messages.ts";
import type { SigningKeys } from "#engine/round/identity.ts";
import type { Roster } from "#engine/round/roster.ts";
import type { AuditLog } from "./audit.ts";
import type { Bell } from "./bell.ts";
import type { Benches } from "./benches.ts";
import type { ChunkMemory } from "./chunk-memory.ts";
import type { Couriers } from "./deliveries.ts";
import type { Metrics } from "./metrics.ts";
import type { Store } from "./store/tables.ts";
import type { WorkerPool } from "./workers/pool.ts";

export type Clock = () => Date;

/** A matching under way: how far it has come, what stops it, and when it has ended. */
export type Matching = { progress: Progress; readonly stop: AbortController; readonly ended: Promise<void> };

export type Secretariat = {
  readonly roster: Roster;
  readonly profile: Profile;
  readonly store: Store;
  readonly audit: AuditLog;
  /** Folder that holds one folder of encrypted files for each round. */
  readonly roundsFolder: string;
  readonly serverKey: Uint8Array;
  /** Keys with which the secretariat signs; the roster names the public one. */
  readonly signing: SigningKeys;
  /** Folder of the rounds' wrapped data keys, beside the server key. */
  readonly keyFolder: string;
  readonly pool: WorkerPool;
  readonly lendChunkMemory: ChunkMemory;
  readonly metrics: Metrics;
  readonly clock: Clock;
  /** In which it opened, or signed its last head before, since the epoch. */
  readonly openedSecond: number;
  readonly log: FastifyBaseLogger;
  /** Largest list that a party may declare. */
  readonly maxRecords: number;
  /** Least time between two rounds of one pairing for one field. */
  readonly leastHoursBetweenRounds: number;
  /** Most hits in one party's package, of all its pairings. */
  readonly maxHits: number;
  /** Rung when announcements were committed. */
  readonly announced: Bell;
  /** Rung when deliveries of them were committed, or one has ended. */
  readonly deliveriesDue: Bell;
  /** Ways by which announcements are brought. */
  readonly couriers: Couriers;
  /** Speed benches beside the server. */
  readonly benches: Benches;
  /** Rounds being matched. */
  readonly matchings: Map<string, Matching>;
  /** Work that goes on after its request was answered; closing waits for it. */
  readonly jobs: Set<Promise<void>>;
  /** Aborts when the server closes. */
  readonly stopping: AbortSignal;
};

/** @returns Folder of a round's files. */
export function folderOf({ roundsFolder }: Pick<Secretariat, "roundsFolder">, round: string): string {
  return join(roundsFolder, round);
}

/** @returns Folder of all rounds' folders. */
export function roundsFolderOf(dataDir: string): string {
  return join(dataDir, "rounds");
}
