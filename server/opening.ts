/**
 * Creating a round, and the acts that two different operators have to approve: opening, releasing, erasing early.
 */
import { canonicalBytes } from "#engine/canonical-json.ts";
import { LinkageError } from "#engine/errors.ts";
import { profileDigest } from "#engine/profile.ts";
import { MAX_LIVE_ROUNDS } from "#engine/round/announcement.ts";
import type { Approval, ApprovedAct } from "#engine/round/acts.ts";
import { checkAgreements } from "#engine/round/agreement.ts";
import { decoyCount } from "#engine/round/decoys.ts";
import { checkDescriptor, descriptorT0, expectedRowCount, type RoundDescriptor } from "#engine/round/descriptor.ts";
import { NEEDED_OPERATORS, rosterDigest, staffOf } from "#engine/round/roster.ts";
import { requireState, type RoundState } from "#engine/round/states.ts";
import { checkStatement } from "#engine/round/statement.ts";
import { announceResult, ringForAnnouncements } from "./announcements.ts";
import type { Caller } from "./caller.ts";
import { writeKeyFile } from "./data-key-file.ts";
import { makeDataKey, wrapDataKey } from "./data-key.ts";
import { makeFolder } from "./encrypted-file.ts";
import { eraseRound } from "./erasure.ts";
import { distinctCountsOf, followUp } from "./follow-up.ts";
import { requireQuotasLeft } from "./quota.ts";
import { dataKeyOf, isPast, recordAct, requireBefore, requireRound, type Round } from "./rounds.ts";
import { folderOf, type Secretariat } from "./secretariat.ts";
import type { PairingCounts } from "#engine/statistics/release.ts";
import { noiseOf } from "./statistics-noise.ts";
import { releaseRoundStatistics } from "./statistics.ts";
import { insertApproval, listApprovals } from "./store/acts.ts";
import { insertPairings, listPairings, listRecent } from "./store/pairings.ts";
import { countLiveRounds, findRound, insertRound, insertRoundParties, moveRound, setOpened } from "./store/rounds.ts";
import type { Store } from "./store/tables.ts";

/** State in which an act is approved. */
const STATE_OF: Readonly<Record<ApprovedAct, RoundState>> = { open: "draft", release: "reviewed", erase: "released" };
const HOUR_MS = 3_600_000;

/**
 * Creates a round in state draft; the same descriptor again changes nothing.
 *
 * @throws {@link LinkageError} `round-descriptor-invalid` if it contradicts itself, the roster or the server's limits, its
 * agreements are not signed, its id belongs to another round, or a pairing of it was matched for the same field too short a
 * time ago or still may be, in another round; `limit-reached`; `profile-mismatch` if it names a profile that the server does not have.
 */
export async function createRound(
  secretariat: Secretariat,
  descriptor: RoundDescriptor,
  caller: Caller,
): Promise<void> {
  const { clock } = secretariat;
  checkDescriptor(descriptor);
  checkAgainstServer(secretariat, descriptor);
  checkAgreements(secretariat.roster, descriptor.agreements);
  const { id } = descriptor;
  const t0 = descriptorT0(descriptor);
  await secretariat.store.transaction().execute(async (store) => {
    const known = await findRound(store, id);
    if (known?.t0 === t0) return;
    if (known !== null) throw new LinkageError("round-descriptor-invalid", "another round has this id");
    if (isPast(descriptor, "keys", clock))
      throw new LinkageError("round-descriptor-invalid", "the deadline keys has passed already");
    if ((await countLiveRounds(store)) >= MAX_LIVE_ROUNDS)
      throw new LinkageError("limit-reached", `${MAX_LIVE_ROUNDS} rounds are not erased yet; erase one`);
    await requireInterval(store, secretariat, descriptor);
    makeFolder(folderOf(secretariat, id));
    const wrapped = wrapDataKey(secretariat.serverKey, id, makeDataKey());
    await insertRound(store, {
      id,
      state: "draft",
      descriptor: new TextDecoder().decode(canonicalBytes(descriptor)),
      t0,
      t1: null,
      t2: null,
      ending: null,
      key_id: await writeKeyFile(secretariat.keyFolder, id, wrapped),
      certificate: null,
      created_at: clock().toISOString(),
      opened_at: null,
      matched_at: null,
    });
    await insertRoundParties(
      store,
      id,
      descriptor.parties.map((party) => party.id),
    );
    await insertPairings(store, id, descriptor.pairings);
    await recordAct(store, secretariat, id, caller, "created", t0);
  });
}

/**
 * Takes an operator's approval; the second, of another operator, does the act.
 *
 * @throws {@link LinkageError} `round-unknown`, `round-state`, `round-deadline`, `statement-signature`; `quota-exceeded` if
 * the round would go beyond a quota once opened; `round-held` if a pairing is held that would be released.
 */
export async function approve(secretariat: Secretariat, approval: Approval, caller: Caller): Promise<void> {
  const { act, operator, round: id, signature } = approval;
  checkStatement(staffOf(secretariat.roster, "operators", operator).signKey, "approval", approval);
  const isDone = await secretariat.store.transaction().execute(async (store) => {
    const round = await requireRound(store, id, caller);
    if (approval.t0 !== round.t0 || approval.t2 !== round.t2)
      throw new LinkageError("statement-signature", "the approval is for another T0 or T2 than the round's");
    const approved = await listApprovals(store, id);
    if (approved.some((one) => one.act === act && one.operator === operator)) return false;
    requireState(round.state, [STATE_OF[act]]);
    if (act === "open") await requireQuotasLeft(store, secretariat, round);
    if (act === "release") await requireNothingHeld(store, id);
    await insertApproval(store, { round: id, act, operator, signature });
    await recordAct(store, secretariat, id, caller, `approved-${act}`);
    if (approved.filter((one) => one.act === act).length + 1 < NEEDED_OPERATORS) return false;
    await carryOut(store, secretariat, round, act);
    return true;
  });
  if (isDone && act === "release") ringForAnnouncements(secretariat);
  if (isDone && act === "erase")
    await eraseEarly(secretariat, await requireRound(secretariat.store, id, caller), caller);
}

/** @returns Whether two operators approved erasing the round before its follow-up. */
export async function isErasureApproved(store: Store, id: string): Promise<boolean> {
  return (await listApprovals(store, id)).filter(({ act }) => act === "erase").length >= NEEDED_OPERATORS;
}

/** Ends a released round before its follow-up, with the counts as they are. */
export async function eraseEarly(secretariat: Secretariat, round: Round, caller: Caller): Promise<void> {
  await followUp(secretariat, round);
  await eraseRound(secretariat, round.id, caller, "erased");
}

/**
 * Publishes the round's hits behind noise, decoys left out; a spent budget holds up no release, but is logged.
 *
 * @param store - The transaction that releases the round, so that noise is drawn for it once.
 * @throws {@link LinkageError} `round-state` if the round's data key cannot be read: then there is nothing to release.
 */
async function publishHits(store: Store, secretariat: Secretariat, round: Round): Promise<void> {
  if (round.t2 === null) throw new RangeError("a round in review has no T2");
  const dataKey = await dataKeyOf(secretariat, round);
  const counts: PairingCounts[] = [];
  for (const pairing of await listPairings(store, round.id)) {
    if (pairing.state !== "matched") continue;
    const { high, ...others } = await distinctCountsOf(secretariat, round, dataKey, pairing);
    const names = [pairing.lower, pairing.higher] as const;
    const rows = names.map((party) => expectedRowCount(round.descriptor, party));
    // Every decoy is a hit in band high, with rows of its own.
    const people = Math.max(high - decoyCount(Math.min(...rows)), 0);
    counts.push({ pairing: names, counts: { high: people, ...others } });
  }
  try {
    await releaseRoundStatistics(store, secretariat, round, counts, noiseOf(dataKey, round.t2, counts));
  } catch (error) {
    if (!(error instanceof LinkageError) || error.code !== "statistics-budget-spent") throw error;
    await recordAct(store, secretariat, round.id, null, "statistics-refused", "the year's privacy budget is spent");
  }
}

async function carryOut(store: Store, secretariat: Secretariat, round: Round, act: ApprovedAct): Promise<void> {
  const { clock } = secretariat;
  if (act === "open") {
    requireBefore(round, "keys", clock);
    await setOpened(store, round.id, clock().toISOString());
    await recordAct(store, secretariat, round.id, null, "opened");
  }
  if (act === "release") {
    requireBefore(round, "release", clock);
    await moveRound(store, round.id, "reviewed", "released");
    await recordAct(store, secretariat, round.id, null, "released");
    await announceResult(store, secretariat, round.descriptor);
    await publishHits(store, secretariat, round);
  }
}

async function requireNothingHeld(store: Store, id: string): Promise<void> {
  const held = (await listPairings(store, id)).filter(({ state }) => state === "held");
  if (held.length > 0)
    throw new LinkageError(
      "round-held",
      `held for an officer: ${held.map(({ lower, higher }) => `${lower}-${higher}`).join(", ")}`,
    );
}

/** Frequent rounds of the same lists would tell by their differences who was added. */
async function requireInterval(
  store: Store,
  { clock, leastHoursBetweenRounds }: Secretariat,
  { pairings, field }: RoundDescriptor,
): Promise<void> {
  if (leastHoursBetweenRounds === 0) return;
  const since = new Date(clock().getTime() - leastHoursBetweenRounds * HOUR_MS).toISOString();
  const named = new Set(pairings.map((pairing) => pairing.join("-")));
  const recent = await listRecent(store, field, since);
  const again = recent.find(({ lower, higher }) => named.has(`${lower}-${higher}`));
  if (again !== undefined)
    throw new LinkageError(
      "round-descriptor-invalid",
      `${again.lower}-${again.higher} are to be matched for the same field in round ${again.round}, or were less than ${leastHoursBetweenRounds} hours ago`,
    );
}

function checkAgainstServer({ profile, roster, maxRecords }: Secretariat, descriptor: RoundDescriptor): void {
  if (descriptor.profile !== profileDigest(profile))
    throw new LinkageError("profile-mismatch", `this server matches under profile ${profile.id} ${profile.version}`);
  if (descriptor.informationMarginBits < profile.informationMarginBits)
    throw new LinkageError(
      "round-descriptor-invalid",
      `informationMarginBits must be at least the profile's, ${profile.informationMarginBits}`,
    );
  if (descriptor.roster !== rosterDigest(roster))
    throw new LinkageError("round-descriptor-invalid", "the descriptor names another roster than the server's");
  const listed = new Set(roster.parties.map(({ id }) => id));
  for (const { id, declaredRecords } of descriptor.parties) {
    if (!listed.has(id)) throw new LinkageError("round-descriptor-invalid", `party ${id} is not in the roster`);
    if (declaredRecords > maxRecords)
      throw new LinkageError("round-descriptor-invalid", `party ${id} declares more than ${maxRecords} records`);
  }
}
