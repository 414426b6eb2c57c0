/**
 * Between matching and release: pairings whose hit rate stands out are held, and officers decide.
 */
import { LinkageError } from "#engine/errors.ts";
import type { Hold } from "#engine/round/acts.ts";
import { RoundDescriptor } from "#engine/round/descriptor.ts";
import { staffOf } from "#engine/round/roster.ts";
import { requireState } from "#engine/round/states.ts";
import { checkStatement } from "#engine/round/statement.ts";
import type { Caller } from "./caller.ts";
import { recordAct, requireRound } from "./rounds.ts";
import type { Secretariat } from "./secretariat.ts";
import { insertHold } from "./store/acts.ts";
import { emptyLog } from "./store/open.ts";
import { findPairing, listPairings, listReleased, updatePairing, type PairingRow } from "./store/pairings.ts";
import type { Store } from "./store/tables.ts";

/** A hit rate above this many times the usual one is held, and one below the usual by as much. */
const UNUSUAL = 5;
/** Fewer hits than this say nothing, and so does their absence. */
const FEWEST_HITS = 20;
/** Earlier rounds from which a pairing's own history counts. */
const HISTORY = 3;

/**
 * Holds each pairing whose hit rate is far above that of its own earlier rounds or, while there are few, of its peers, and
 * each whose rate is far below that of its own.
 * To be called in the transaction that writes the counts.
 */
export async function holdUnusual(
  store: Store,
  secretariat: Secretariat,
  id: string,
  descriptor: RoundDescriptor,
): Promise<void> {
  const matched = (await listPairings(store, id)).filter(({ state }) => state === "matched");
  for (const pairing of matched) {
    const peers = matched.filter((other) => other !== pairing).map((other) => rateOf(descriptor, other));
    const own = await historyOf(store, descriptor, pairing);
    const hasHistory = own.length >= HISTORY;
    const usual = hasHistory ? own : peers;
    if (usual.length === 0) continue;
    const usualHits = medianOf(usual) * smallerList(descriptor, pairing);
    const hits = hitsOf(pairing);
    const isHigh = hits >= FEWEST_HITS && hits > UNUSUAL * usualHits;
    // One pairing far above its peers puts them far below it: that says nothing of them.
    const isLow = hasHistory && usualHits >= FEWEST_HITS && UNUSUAL * hits < usualHits;
    if (!isHigh && !isLow) continue;
    const { lower, higher } = pairing;
    await updatePairing(store, id, [lower, higher], { state: "held" });
    await recordAct(store, secretariat, id, null, "held-unusual-rate", `${lower}-${higher}`);
  }
}

/**
 * Takes an officer's decision on a pairing: hold it, let it go, or open it to neither.
 *
 * @throws {@link LinkageError} `round-unknown`, `pairing-unknown`, `round-state`, `statement-signature`.
 */
export async function decide(secretariat: Secretariat, hold: Hold, caller: Caller): Promise<void> {
  const { decision, officer, pairing, round: id, signature, t2 } = hold;
  checkStatement(staffOf(secretariat.roster, "officers", officer).signKey, "hold", hold);
  await secretariat.store.transaction().execute(async (store) => {
    const round = await requireRound(store, id, caller);
    if (round.t2 !== t2) throw new LinkageError("statement-signature", "the decision is for another T2");
    requireState(round.state, ["reviewed"]);
    const found = await findPairing(store, id, pairing);
    if (found === null) throw new LinkageError("pairing-unknown", "the round has no such pairing");
    if (found.state !== "matched" && found.state !== "held")
      throw new LinkageError("round-state", `the pairing is ${found.state}`);
    const [lower, higher] = pairing;
    if (decision === "drop") await updatePairing(store, id, pairing, { state: "dropped", wrapped_key: null });
    else await updatePairing(store, id, pairing, { state: decision === "hold" ? "held" : "matched" });
    await insertHold(store, { round: id, lower, higher, officer, decision, signature });
    await recordAct(store, secretariat, id, caller, `decided-${decision}`, `${lower}-${higher}`);
  });
  // The package key must not live on in the write-ahead log.
  if (decision === "drop") await emptyLog(secretariat.store);
}

/** @returns The pairing's rates in rounds of the same field, lowest band and margin that were released. */
async function historyOf(store: Store, like: RoundDescriptor, { lower, higher }: PairingRow): Promise<number[]> {
  const earlier = await listReleased(store, like.id, [lower, higher], like);
  return earlier.flatMap(({ descriptor, ...counts }) => {
    const parsed = RoundDescriptor.safeParse(JSON.parse(descriptor));
    return parsed.success ? [rateOf(parsed.data, { lower, higher, ...counts })] : [];
  });
}

/** @returns Hits for each declared record of the smaller list. */
function rateOf(
  descriptor: RoundDescriptor,
  pairing: Pick<PairingRow, "lower" | "higher" | "high" | "medium" | "low">,
): number {
  return hitsOf(pairing) / smallerList(descriptor, pairing);
}

/** @returns Declared records of the pairing's smaller list. */
function smallerList({ parties }: RoundDescriptor, pairing: Pick<PairingRow, "lower" | "higher">): number {
  const sizes = parties
    .filter(({ id }) => id === pairing.lower || id === pairing.higher)
    .map(({ declaredRecords }) => declaredRecords);
  return Math.min(...sizes);
}

function hitsOf({ high, medium, low }: Pick<PairingRow, "high" | "medium" | "low">): number {
  return (high ?? 0) + (medium ?? 0) + (low ?? 0);
}

/** @param values - At least one. */
function medianOf(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.slice(Math.ceil(sorted.length / 2) - 1, Math.floor(sorted.length / 2) + 1);
  return middle.reduce((sum, value) => sum + value, 0) / middle.length;
}
