/**
 * Statements on statistics.
 */
import { sql, type Selectable } from "kysely";
import type { Store, Tables } from "./tables.ts";

export type StatisticsRow = Selectable<Tables["statistics"]>;

export async function insertStatistics(store: Store, row: StatisticsRow): Promise<void> {
  await store.insertInto("statistics").values(row).execute();
}

/** @returns Null if nothing of this source was published about the round. */
export async function findStatistics(store: Store, round: string, source: string): Promise<StatisticsRow | null> {
  const row = await store
    .selectFrom("statistics")
    .selectAll()
    .where("round", "=", round)
    .where("source", "=", source)
    .executeTakeFirst();
  return row ?? null;
}

/** @returns Oldest first. */
export async function listStatistics(store: Store, year: number): Promise<StatisticsRow[]> {
  return store
    .selectFrom("statistics")
    .selectAll()
    .where("year", "=", year)
    .orderBy("released_at")
    .orderBy("round")
    .orderBy("source")
    .execute();
}

/** @returns As {@link listStatistics}, each with its round's field of crime. */
export async function listPublished(store: Store, year: number): Promise<(StatisticsRow & { field: string })[]> {
  return store
    .selectFrom("statistics")
    .innerJoin("rounds", "rounds.id", "statistics.round")
    .selectAll("statistics")
    .select(sql<string>`json_extract(rounds.descriptor, '$.field')`.as("field"))
    .where("statistics.year", "=", year)
    .orderBy("statistics.released_at")
    .orderBy("statistics.round")
    .orderBy("statistics.source")
    .execute();
}
