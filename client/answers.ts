/**
 * Answers to hits: the party's own proofs and notices, sealed to each counterpart, and the counterparts' checked.
 * Can be called again and again: it goes on where it stopped.
 */
import { randomBytes } from "node:crypto";
import { LinkageError } from "#engine/errors.ts";
import { checkProof, makeProof, openAnswers, sealAnswers, type Answer } from "#engine/round/answers.ts";
import type { RoundView } from "#engine/round/messages.ts";
import { originTags, type Notice } from "#engine/round/notice.ts";
import { partyOf } from "#engine/round/roster.ts";
import { agreedOf, believedOf } from "./agreed-cells.ts";
import type { HandleEntry } from "./handle-map.ts";
import type { Connection } from "./http.ts";
import { attempt, isOver, pairingOf, reportFaults, sealOf, type Fault, type Refusal } from "./report.ts";
import type { KeptAnswer, KeptSection, VaultPairing } from "./round-shapes.ts";
import type { Vault } from "./vault.ts";

const PROOF_BYTES = 32;
/** Of a hit that the counterpart did not answer. */
const NO_NOTICE: Notice = {
  accuracy: "",
  contact: "none",
  handling: "",
  originTags: [],
  reliability: "",
  riskIndicators: [],
};

export type Exchange = {
  /** Counterparts whose answers are here, in order. */
  readonly answered: readonly string[];
  /** Counterparts whose answers can still come. */
  readonly waitingFor: readonly string[];
  /** What was found wrong and reported, by counterpart. */
  readonly faults: readonly Fault[];
  /** What was refused, by counterpart; everything else was done. */
  readonly refused: readonly Refusal[];
};

/**
 * Answers every hit of the opened sections, and takes the counterparts' answers as far as they are in; each pairing by itself.
 * Answers that are not a counterpart's own leave its hits unproven, and so do those that are not handed over by the deadline
 * `answers`, whatever the server says of them; both are reported.
 */
export async function exchangeAnswers(
  connection: Pick<Connection, "round" | "putAnswers" | "fetchAnswers" | "putReport">,
  vault: Vault,
  round: string,
  now: Date,
): Promise<Exchange> {
  const pairings = vault.pairings(round) ?? [];
  const sections = pairings.flatMap((pairing) => {
    const section = vault.section(round, pairing.counterpart);
    return section === null ? [] : [{ pairing, section }];
  });
  if (sections.length === 0) return { answered: [], waitingFor: [], faults: [], refused: [] };
  const isLate = isAnswerLate(vault, round, now);
  const view = await connection.round(round);
  const refused: Refusal[] = [];
  if (!isLate)
    for (const { pairing, section } of sections)
      await attempt(refused, { counterpart: pairing.counterpart, what: "own answers" }, () =>
        sendAnswers(connection, vault, view, pairing, section),
      );
  const latest = await connection.round(round);
  for (const { pairing, section } of sections)
    await attempt(refused, { counterpart: pairing.counterpart, what: "their answers" }, () =>
      takeAnswers(connection, vault, latest, pairing, section),
    );
  const names = sections.map(({ pairing }) => pairing.counterpart);
  const faults = names.flatMap((counterpart) => answerFaults(vault, round, counterpart, now));
  refused.push(...(await reportFaults(connection, vault, round, faults)));
  const isHere = (counterpart: string): boolean => vault.answers(round, counterpart) !== null;
  const waitingFor = isLate ? [] : names.filter((name) => !isHere(name));
  return { answered: names.filter(isHere), waitingFor, faults, refused };
}

/** @returns What is wrong with the counterpart's answers to the hits of an open section; nothing if it is not open. */
export function answerFaults(vault: Vault, round: string, counterpart: string, now: Date): Fault[] {
  if (vault.section(round, counterpart) === null) return [];
  if (vault.answers(round, counterpart) === null)
    return isAnswerLate(vault, round, now) ? [{ counterpart, kind: "unanswered", count: 1, of: 1 }] : [];
  return unprovenFaults(vault, round, counterpart);
}

/** @returns What is wrong with the counterpart's answers that are here. */
export function unprovenFaults(vault: Vault, round: string, counterpart: string): Fault[] {
  const answers = vault.answers(round, counterpart) ?? [];
  const count = answers.filter(({ proven }) => !proven).length;
  return count === 0 ? [] : [{ counterpart, kind: "unproven", count, of: answers.length }];
}

export function isAnswerLate(vault: Vault, round: string, now: Date): boolean {
  const descriptor = vault.descriptor(round);
  return descriptor !== null && isOver(descriptor, "answers", now);
}

/** @returns What this party says of the row behind a hit; nothing that names the person. */
function noticeOf(vault: Vault, keyProof: Uint8Array, entry: HandleEntry): Notice {
  return {
    accuracy: entry.accuracy ?? "",
    contact: vault.contact(),
    handling: entry.handling ?? "",
    originTags: originTags(keyProof, entry.origins ?? []),
    reliability: entry.reliability ?? "",
    riskIndicators: [...(entry.riskIndicators ?? [])],
  };
}

async function sendAnswers(
  connection: Pick<Connection, "putAnswers">,
  vault: Vault,
  view: RoundView,
  pairing: VaultPairing,
  section: KeptSection,
): Promise<void> {
  const { party } = vault.identity;
  const { counterpart } = pairing;
  const round = view.descriptor.id;
  if (hasAnswered(view, party, counterpart)) return;
  await connection.putAnswers(round, party, counterpart, await ownAnswers(vault, round, pairing, section));
}

/** @returns The party's answers to a section's hits, sealed for the counterpart; made once and kept. Talks to nobody. */
export async function ownAnswers(
  vault: Vault,
  round: string,
  pairing: VaultPairing,
  section: KeptSection,
): Promise<Uint8Array> {
  const { party } = vault.identity;
  const { counterpart } = pairing;
  const kept = vault.answersBox(round, counterpart);
  if (kept !== null) return kept;
  const { keyProof, keyNotice } = keysOf(pairing, round);
  const direction = { round, t2: sealOf(vault, round), from: party, to: counterpart };
  const entries = vault.readHandleMap(round, counterpart, new Set(section.hits.map(({ handle }) => handle)));
  const agreed = agreedOf(vault, round, counterpart, section.hits, entries);
  const answers = section.hits.map((hit): Answer => {
    const entry = entries.get(hit.handle);
    if (entry === undefined) throw new LinkageError("vault-invalid", "a hit's handle is no longer in the vault");
    const cells = agreed.get(hit.hit) ?? null;
    // A key that the row does not hold: the counterpart has to see that there is no proof.
    const proof =
      cells === null ? randomBytes(PROOF_BYTES).toString("base64url") : makeProof(keyProof, direction, hit.hit, cells);
    return { hit: hit.hit, notice: noticeOf(vault, keyProof, entry), proof };
  });
  const { boxKey } = partyOf(vault.rosterOf(round), counterpart);
  const sealed = await sealAnswers(direction, answers, section.hitCount, vault.identity, { boxKey, keyNotice });
  // Sealing is random: were it done again, the server would see other answers.
  vault.keepAnswersBox(round, counterpart, sealed);
  return sealed;
}

/** Keeps the counterpart's answers, checked, once those of both sides are in. */
async function takeAnswers(
  connection: Pick<Connection, "fetchAnswers">,
  vault: Vault,
  view: RoundView,
  pairing: VaultPairing,
  section: KeptSection,
): Promise<void> {
  const { party } = vault.identity;
  const { counterpart } = pairing;
  const round = view.descriptor.id;
  if (vault.answers(round, counterpart) !== null || !haveBothAnswered(view, [party, counterpart])) return;
  const sealed = await connection.fetchAnswers(round, counterpart, party);
  vault.keepAnswers(round, counterpart, await checkedAnswers(vault, round, pairing, section, sealed));
}

/**
 * @param sealed - What the counterpart answered, as it came.
 * @returns One for each hit of the section, its proof checked. Talks to nobody.
 */
export async function checkedAnswers(
  vault: Vault,
  round: string,
  pairing: VaultPairing,
  section: KeptSection,
  sealed: Uint8Array,
): Promise<KeptAnswer[]> {
  const { counterpart } = pairing;
  const { keyProof, keyNotice } = keysOf(pairing, round);
  const direction = { round, t2: sealOf(vault, round), from: counterpart, to: vault.identity.party };
  const { signKey } = partyOf(vault.rosterOf(round), counterpart);
  const answerOf = new Map(
    (await openedOrNone(sealed, direction, section, vault, { signKey, keyNotice })).map((answer) => [
      answer.hit,
      answer,
    ]),
  );
  const entries = vault.readHandleMap(round, counterpart, new Set(section.hits.map(({ handle }) => handle)));
  const agreed = agreedOf(vault, round, counterpart, section.hits, entries);
  const proven = section.hits.filter(({ hit }) => {
    const answer = answerOf.get(hit);
    return answer !== undefined && checkProof(keyProof, direction, answer, agreed.get(hit) ?? null);
  });
  const believed = believedOf(proven, agreed);
  // A hit that is not answered is unproven like one whose proof fails; an answer to no hit of this section is left aside.
  return section.hits.map(({ hit, handle }): KeptAnswer => ({
    hit,
    notice: answerOf.get(hit)?.notice ?? NO_NOTICE,
    ownOriginTags: originTags(keyProof, entries.get(handle)?.origins ?? []),
    proven: believed.has(hit),
  }));
}

/** Whether the answers of both of a pairing are in: only then either is handed over. */
export function haveBothAnswered(view: RoundView, [one, other]: readonly [string, string]): boolean {
  return hasAnswered(view, one, other) && hasAnswered(view, other, one);
}

function keysOf({ keyNotice, keyProof }: VaultPairing, round: string): { keyNotice: Uint8Array; keyProof: Uint8Array } {
  if (keyNotice === null || keyProof === null)
    throw new LinkageError("round-state", `the proof keys of round ${round} are destroyed; nothing more can be proven`);
  return { keyNotice, keyProof };
}

/** Answers that are not the counterpart's own prove nothing, like none; they hold up no other pairing. */
async function openedOrNone(
  sealed: Uint8Array,
  direction: Parameters<typeof openAnswers>[1],
  { hitCount }: KeptSection,
  { identity }: Vault,
  from: Parameters<typeof openAnswers>[4],
): Promise<Answer[]> {
  try {
    return await openAnswers(sealed, direction, hitCount, identity, from);
  } catch (error) {
    if (error instanceof LinkageError && error.code === "answers-invalid") return [];
    throw error;
  }
}

/** Whether the answers of `from` to `to` are in. */
export function hasAnswered({ pairings }: RoundView, from: string, to: string): boolean {
  const [lower, higher] = pairingOf(from, to);
  return pairings.some(
    ({ pairing, answered }) => pairing[0] === lower && pairing[1] === higher && answered.includes(from),
  );
}
