/**
 * The roster that a round's descriptor names: acts on the round are by whom it lists, whatever roster the server was
 * started with since. Every roster that it was started with is kept.
 */
import { canonicalBytes } from "#engine/canonical-json.ts";
import { LinkageError } from "#engine/errors.ts";
import { Roster, rosterDigest } from "#engine/round/roster.ts";
import type { Caller } from "./caller.ts";
import { requireRound, type Round } from "./rounds.ts";
import type { Secretariat } from "./secretariat.ts";
import { findSetting, insertSetting } from "./store/settings.ts";
import type { Store } from "./store/tables.ts";

/** Keeps the roster for the rounds that name it. */
export async function keepRoster(store: Store, roster: Roster): Promise<void> {
  const name = settingOf(rosterDigest(roster));
  if ((await findSetting(store, name)) === null)
    await insertSetting(store, name, new TextDecoder().decode(canonicalBytes(roster)));
}

/**
 * @returns The roster that the round names.
 * @throws {@link LinkageError} `round-state` if this server was never started with it, or only by a version that kept none.
 */
export async function rosterOf(
  { roster, store }: Pick<Secretariat, "roster" | "store">,
  { descriptor }: Pick<Round, "descriptor">,
): Promise<Roster> {
  if (descriptor.roster === rosterDigest(roster)) return roster;
  const kept = await findSetting(store, settingOf(descriptor.roster));
  if (kept === null)
    throw new LinkageError(
      "round-state",
      "the round's roster is not kept here; the round can only be aborted or erased",
    );
  return Roster.parse(JSON.parse(kept));
}

/**
 * Whoever signs a request is in the server's roster; this is for acts on a round of another.
 *
 * @throws {@link LinkageError} `round-unknown`; `request-forbidden` unless the round's roster lists the caller in the same
 * role under the same key; `round-state` if that roster is not kept here.
 */
export async function requireOfRoster(
  secretariat: Pick<Secretariat, "roster" | "store">,
  id: string,
  caller: Caller,
): Promise<void> {
  const round = await requireRound(secretariat.store, id, caller);
  const roster = await rosterOf(secretariat, round);
  if (roster !== secretariat.roster && signKeyIn(roster, caller) !== signKeyIn(secretariat.roster, caller))
    throw new LinkageError("request-forbidden", "the round's roster does not list the caller under this key");
}

function signKeyIn({ officers, operators, parties }: Roster, { kind, id }: Caller): string | null {
  const listed = { party: parties, operator: operators, officer: officers }[kind];
  return listed.find((one) => one.id === id)?.signKey ?? null;
}

function settingOf(digest: string): string {
  return `roster ${digest}`;
}
