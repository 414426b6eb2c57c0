/**
 * The parties' quotas as the secretariat holds them: counted from the rounds that it opened, erased ones among them.
 */
import { expectedRowCount } from "#engine/round/descriptor.ts";
import { quotaStart, requireWithinQuotas, type TestedBatch } from "#engine/round/quota.ts";
import { readRound, type Round } from "./rounds.ts";
import type { Secretariat } from "./secretariat.ts";
import { listPairings, type PairingRow } from "./store/pairings.ts";
import { listRoundsOpenedSince } from "./store/rounds.ts";
import type { Store } from "./store/tables.ts";

/** @throws {@link LinkageError} `quota-exceeded` if opening the round now would exceed a quota of one of its agreements. */
export async function requireQuotasLeft(
  store: Store,
  { clock }: Pick<Secretariat, "clock">,
  { descriptor }: Round,
): Promise<void> {
  const now = clock();
  const opened = await listRoundsOpenedSince(store, quotaStart(now).toISOString());
  const tested: TestedBatch[] = [];
  for (const round of opened.map(readRound)) {
    if (round.descriptor.field !== descriptor.field) continue;
    for (const pairing of await listPairings(store, round.id))
      if (counts(round, pairing)) tested.push(...batchesOf(round, pairing));
  }
  requireWithinQuotas(descriptor, descriptor.agreements, tested, now);
}

/** Whether the pairing was matched, or still may be. */
function counts({ ending }: Round, { state, high }: PairingRow): boolean {
  return high !== null || (ending === null && state !== "left-out");
}

function batchesOf({ descriptor, opened_at: at }: Round, { lower, higher }: PairingRow): TestedBatch[] {
  if (at === null) throw new RangeError("a draft has no batches");
  return [
    { at, from: lower, to: higher, rows: expectedRowCount(descriptor, lower) },
    { at, from: higher, to: lower, rows: expectedRowCount(descriptor, higher) },
  ];
}
