/**
 * Protected statistics: what is published about rounds, and the yearly privacy budget that all of it shares.
 * An output and its charge are one row, written in one transaction. docs/spec/statistics.md
 */
import { canonicalBytes } from "#engine/canonical-json.ts";
import { LinkageError } from "#engine/errors.ts";
import { requireState } from "#engine/round/states.ts";
import {
  parseRational,
  rationalText,
  requireBudget,
  sumOf,
  YEARLY_EPSILON,
  type Rational,
} from "#engine/statistics/budget.ts";
import { HitStatistics, PartyStatistics, YearStatistics } from "#engine/statistics/published.ts";
import {
  HIT_EPSILON,
  histogramEpsilon,
  histogramErrorBar,
  releaseHits,
  type PairingCounts,
} from "#engine/statistics/release.ts";
import type { RandomFill } from "#engine/uniform.ts";
import type { Caller } from "./caller.ts";
import { recordAct, requireRound, type Round } from "./rounds.ts";
import type { Secretariat } from "./secretariat.ts";
import {
  findStatistics,
  insertStatistics,
  listPublished,
  listStatistics,
  type StatisticsRow,
} from "./store/statistics.ts";
import type { Store } from "./store/tables.ts";

/** Source of what the secretariat itself draws noise for; no party has such an id. */
const SECRETARIAT = "secretariat";

type Deps = Pick<Secretariat, "store" | "clock" | "audit">;

/**
 * Publishes a round's hits by pairing and band; once it has, it changes nothing and draws nothing.
 *
 * @param store - The transaction that releases the round.
 * @param counts - Distinct hits of each pairing that has any; exact, so they are not stored or logged.
 * @param random - Of the noise.
 * @throws {@link LinkageError} `statistics-budget-spent`; then nothing is published.
 */
export async function releaseRoundStatistics(
  store: Store,
  secretariat: Pick<Secretariat, "audit" | "clock">,
  { id, descriptor }: Pick<Round, "id" | "descriptor">,
  counts: readonly PairingCounts[],
  random: RandomFill,
): Promise<void> {
  if ((await findStatistics(store, id, SECRETARIAT)) !== null) return;
  const charged = await chargedRow(store, secretariat.clock(), HIT_EPSILON);
  const content = jsonText(releaseHits(descriptor, counts, random));
  await insertStatistics(store, { ...charged, round: id, source: SECRETARIAT, content });
  await recordAct(store, secretariat, id, null, "statistics-published");
}

/**
 * Publishes a party's histogram, noised at home; the same again changes nothing.
 *
 * @throws {@link LinkageError} `round-unknown`; `round-state` unless the round is released; `request-invalid` if ε or categories are not
 * those of the round; `statistics-conflict` if the party sent another one; `statistics-budget-spent`.
 */
export async function storePartyStatistics(
  { store, clock, audit }: Deps,
  id: string,
  caller: Caller,
  sent: PartyStatistics,
): Promise<void> {
  const content = jsonText(sent);
  await store.transaction().execute(async (transaction) => {
    const { descriptor, state } = await requireRound(transaction, id, caller);
    const known = await findStatistics(transaction, id, sent.party);
    if (known?.content === content) return;
    if (known !== null)
      throw new LinkageError("statistics-conflict", "this party sent another histogram of the round before");
    requireState(state, ["released"]);
    const epsilon = histogramEpsilon(descriptor);
    if (sent.epsilon !== rationalText(epsilon))
      throw new LinkageError("request-invalid", `body/epsilon: in this round it is ${rationalText(epsilon)}`);
    if (Object.keys(sent.categories).sort().join() !== descriptor.categories.join())
      throw new LinkageError("request-invalid", "body/categories: not those that the round admits");
    const charged = await chargedRow(transaction, clock(), epsilon);
    await insertStatistics(transaction, { ...charged, round: id, source: sent.party, content });
    await recordAct(transaction, { audit, clock }, id, caller, "statistics-published");
  });
}

/** @returns What was published in a year, and what of its budget is spent. */
export async function statisticsOf({ store }: Pick<Deps, "store">, year: number): Promise<YearStatistics> {
  const rows = await listPublished(store, year);
  const hits: YearStatistics["hits"] = [];
  const parties: YearStatistics["parties"] = [];
  for (const { source, content, released_at: releasedAt, field } of rows) {
    const published: unknown = JSON.parse(content);
    if (source === SECRETARIAT) hits.push({ ...HitStatistics.parse(published), field, releasedAt });
    else {
      const histogram = PartyStatistics.parse(published);
      const errorBar = histogramErrorBar(parseRational(histogram.epsilon));
      parties.push({ ...histogram, errorBar, field, releasedAt });
    }
  }
  return {
    budget: { limit: rationalText(YEARLY_EPSILON), spent: rationalText(sumOf(spendsOf(rows))) },
    hits,
    parties,
    year,
  };
}

/** @throws {@link LinkageError} `statistics-budget-spent` */
async function chargedRow(
  store: Store,
  now: Date,
  epsilon: Rational,
): Promise<Pick<StatisticsRow, "year" | "epsilon" | "released_at">> {
  const year = now.getUTCFullYear();
  requireBudget(spendsOf(await listStatistics(store, year)), epsilon);
  return { year, epsilon: rationalText(epsilon), released_at: now.toISOString() };
}

function spendsOf(rows: readonly StatisticsRow[]): Rational[] {
  return rows.map(({ epsilon }) => parseRational(epsilon));
}

function jsonText(published: HitStatistics | PartyStatistics): string {
  return new TextDecoder().decode(canonicalBytes(published));
}
