/**
 * A party's way through a whole round: every step that is its turn, in order, each of which goes on where it stopped.
 */
import { LinkageError } from "#engine/errors.ts";
import type { Profile } from "#engine/profile.ts";
import { profileDigest } from "#engine/profile.ts";
import { requireBeforeDeadline } from "#engine/round/descriptor.ts";
import type { RoundView } from "#engine/round/messages.ts";
import { hasReached } from "#engine/round/states.ts";
import { agreeKeys } from "./agree.ts";
import { exchangeAnswers, type Exchange } from "./answers.ts";
import type { Connection } from "./http.ts";
import { acknowledgePackage, openHits, type Opened } from "./release.ts";
import { sealRound } from "./seal.ts";
import { submitBatch } from "./submit.ts";
import { unopenedOf, type Unopened } from "./unopened.ts";
import type { Vault } from "./vault.ts";

/** Where a party stands: `waiting` for others, or `done` when every opened pairing is answered by both or its time is over. */
export type Standing = {
  readonly state: "waiting" | "done";
  /** What was done or is awaited, for people. */
  readonly what: string;
  readonly results: {
    readonly opened: Opened;
    readonly exchange: Exchange;
    readonly unopened: readonly Unopened[];
  } | null;
};

/** What is done of a step; bytes while submitting, else calls. */
export type WalkStage = "keys" | "submitting" | "sealing" | "opening" | "answering";

export type Walk = {
  readonly connection: Connection;
  readonly vault: Vault;
  readonly round: string;
  readonly profile: Profile;
  readonly now: Date;
  /** Encodes the party's list for every counterpart; called once, when the keys are agreed. */
  readonly encode: () => Promise<void>;
  /** Told what is begun, and how far submission is. */
  readonly onStage?: (stage: WalkStage, done: number, total: number) => void;
};

/**
 * Does all that is the party's turn, and returns when it has to wait for others.
 *
 * @throws {@link LinkageError} as the steps; `round-state` if the round is over.
 */
export async function walkRound(walk: Walk): Promise<Standing> {
  const { connection, vault, round, profile, now } = walk;
  const begin = (stage: WalkStage): void => walk.onStage?.(stage, 0, 1);
  begin("keys");
  const agreement = await agreeKeys(connection, vault, vault.rosterOf(round), round, [profileDigest(profile)], now);
  if (agreement.state === "waiting") {
    const whom = agreement.missing.length === 0 ? "" : ` of ${agreement.missing.join(", ")}`;
    return waiting(agreement.for === "opening" ? "the operators to open it" : `the ${agreement.for}${whom}`);
  }
  // Two that encode at once would leave a batch with the handles of another, and its hits without names.
  using lock = vault.lockWalk(round);
  if (lock === null) return waiting("another program that does this round's steps with this vault");
  let view = await connection.round(round);
  if (view.state === "keyed") return waiting("the confirmations of others");
  if (view.state === "submitting") {
    await submitAll(walk, view);
    view = await connection.round(round);
  }
  if (view.state === "submitting") return waiting("submission to close");
  if (view.state === "erased" || view.state === "followed-up")
    throw new LinkageError("round-state", `round ${round} is ${view.state}`);
  begin("sealing");
  await sealRound(connection, vault, round, now);
  if (!hasReached(view.state, "released")) return waiting(view.state === "sealed" ? "matching" : "the release");
  begin("opening");
  await acknowledgePackage(connection, vault, round);
  const opened = await openHits(connection, vault, round, profile, now);
  begin("answering");
  const exchange = await exchangeAnswers(connection, vault, round, now);
  const latest = await connection.round(round);
  const results = { opened, exchange, unopened: unopenedOf(vault, round, latest, opened, now) };
  // A pairing may have opened since its key was asked for.
  const isAwaited = ({ pairing, state }: RoundView["pairings"][number]): boolean =>
    (state === "matched" || state === "opened") &&
    ![...opened.opened, ...opened.faults.map(({ counterpart }) => counterpart)].some((id) => pairing.includes(id));
  if (latest.pairings.some(isAwaited))
    return { state: "waiting", what: "counterparts to acknowledge their packages", results };
  if (exchange.waitingFor.length > 0)
    return { state: "waiting", what: `the answers of ${exchange.waitingFor.join(", ")}`, results };
  return { state: "done", what: "every opened pairing is answered by both, or its time is over", results };
}

async function submitAll({ connection, vault, round, encode, now, onStage }: Walk, view: RoundView): Promise<void> {
  const { party } = vault.identity;
  const open = view.batches
    .filter(({ from, to, state }) => from === party && state !== "complete" && !isLeftOut(view, to))
    .map(({ to }) => to);
  if (open.length === 0) return;
  requireBeforeDeadline(view.descriptor, "submission", now);
  if (open.some((counterpart) => !vault.holdsHandleMap(round, counterpart))) await encode();
  const bytesTotal = open.reduce((sum, counterpart) => sum + vault.batchByteLength(round, counterpart), 0);
  let bytesBefore = 0;
  for (const counterpart of open) {
    const { byteLength } = await submitBatch(connection, vault, round, counterpart, ({ bytesDone }) =>
      onStage?.("submitting", bytesBefore + bytesDone, bytesTotal),
    );
    bytesBefore += byteLength;
  }
}

function isLeftOut({ pairings }: RoundView, counterpart: string): boolean {
  return pairings.some(({ pairing, state }) => pairing.includes(counterpart) && state === "left-out");
}

function waiting(what: string): Standing {
  return { state: "waiting", what, results: null };
}
