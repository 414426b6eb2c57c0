/**
 * What happened to the hits of a round, as this vault saw it, and what an own person says of them; docs/spec/console.md, "History".
 */
import type { HitStatus, Status } from "#engine/round/acts.ts";
import { signStatement } from "#engine/round/statement.ts";
import { MAX_STATUSES, momentOf, type SeenStatus } from "./console-files.ts";
import type { Connection } from "./http.ts";
import type { Statuses } from "./results.ts";
import type { Vault } from "./vault.ts";

/** The server takes no more at once. */
const STATUSES_AT_ONCE = 100;
/** Of one hit and side. */
const STATUSES_OF_ONE = 16;

/** Signs a status of hits of one round, sends it, and keeps when it was sent. */
export async function markHits(
  connection: Pick<Connection, "putStatuses">,
  vault: Vault,
  round: string,
  status: HitStatus,
  hits: readonly string[],
  now: Date,
): Promise<void> {
  const { identity } = vault;
  const said = hits.map((hit): Status =>
    signStatement(identity, "status", { hit, party: identity.party, round, status }),
  );
  for (let at = 0; at < said.length; at += STATUSES_AT_ONCE)
    await connection.putStatuses(round, identity.party, said.slice(at, at + STATUSES_AT_ONCE));
  if (vault.descriptor(round) === null) return;
  noteStatuses(vault, round, new Map(hits.map((hit) => [hit, { own: status, theirs: null }])), now);
}

/**
 * Keeps of statuses those that are others than what was seen last.
 *
 * @param statuses - A side that says nothing changes nothing.
 */
export function noteStatuses(vault: Vault, round: string, statuses: Statuses, now: Date): void {
  const { answered, statuses: seen } = vault.history(round);
  const last = new Map(seen.map(({ hit, side, status }) => [`${side} ${hit}`, status]));
  const at = momentOf(now);
  const fresh = [...statuses].flatMap(([hit, { own, theirs }]): SeenStatus[] =>
    (
      [
        ["own", own],
        ["their", theirs],
      ] as const
    ).flatMap(([side, status]) =>
      status === null || last.get(`${side} ${hit}`) === status ? [] : [{ at, hit, side, status }],
    ),
  );
  if (fresh.length === 0) return;
  vault.keepHistory(round, { answered, statuses: bounded([...seen, ...fresh]) });
}

/** Keeps when the answers of counterparts were first seen. */
export function noteAnswers(vault: Vault, round: string, counterparts: readonly string[], now: Date): void {
  const { answered, statuses } = vault.history(round);
  const fresh = counterparts.filter((id) => !answered.some(({ counterpart }) => counterpart === id));
  if (fresh.length === 0) return;
  const at = momentOf(now);
  vault.keepHistory(round, { answered: [...answered, ...fresh.map((counterpart) => ({ at, counterpart }))], statuses });
}

/** @returns The newest of each hit and side, and of all. */
function bounded(statuses: readonly SeenStatus[]): SeenStatus[] {
  const counts = new Map<string, number>();
  const kept = statuses.toReversed().filter(({ hit, side }) => {
    const count = (counts.get(`${side} ${hit}`) ?? 0) + 1;
    counts.set(`${side} ${hit}`, count);
    return count <= STATUSES_OF_ONE;
  });
  return kept.slice(0, MAX_STATUSES).toReversed();
}
