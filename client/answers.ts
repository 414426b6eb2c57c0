/**
 * Answers to hits: the party's own proofs and notices, sealed to each counterpart, and the counterparts' checked.
 * Can be called again and again: it goes on where it stopped.
 */
import { randomBytes } from "node:crypto";
import { agreedCells, readOwnCells, type AgreedCell } from "#engine/encode/own-cells.ts";
import { LinkageError } from "#engine/errors.ts";
import { checkProof, makeProof, openAnswers, sealAnswers, type Answer } from "#engine/round/answers.ts";
import type { Report } from "#engine/round/acts.ts";
import { fromBase64url } from "#engine/round/binary.ts";
import type { RoundView } from "#engine/round/messages.ts";
import { originTags, type Notice } from "#engine/round/notice.ts";
import type { Hit } from "#engine/round/package.ts";
import { partyOf } from "#engine/round/roster.ts";
import { signStatement } from "#engine/round/statement.ts";
import type { HandleEntry } from "./handle-map.ts";
import type { Connection } from "./http.ts";
import { pairingOf, sealOf } from "./release.ts";
import type { KeptAnswer, KeptSection, VaultPairing } from "./round-files.ts";
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
  /** Counterparts whose answers are not in yet. */
  readonly waitingFor: readonly string[];
  /** Hits whose proof failed, by counterpart: the server made them up, or the counterpart does not hold the facts. */
  readonly unproven: ReadonlyMap<string, number>;
};

/**
 * Answers every hit of the opened sections, and takes the counterparts' answers as far as they are in.
 * Answers that are not a counterpart's own leave its hits unproven.
 */
export async function exchangeAnswers(
  connection: Pick<Connection, "round" | "putAnswers" | "fetchAnswers" | "putReport">,
  vault: Vault,
  round: string,
): Promise<Exchange> {
  const pairings = vault.pairings(round) ?? [];
  const sections = pairings.flatMap((pairing) => {
    const section = vault.section(round, pairing.counterpart);
    return section === null ? [] : [{ pairing, section }];
  });
  const view = await connection.round(round);
  for (const { pairing, section } of sections) await sendAnswers(connection, vault, view, pairing, section);
  const latest = await connection.round(round);
  const unproven = new Map<string, number>();
  for (const { pairing, section } of sections) {
    const failed = await takeAnswers(connection, vault, latest, pairing, section);
    if (failed > 0) unproven.set(pairing.counterpart, failed);
  }
  const names = sections.map(({ pairing }) => pairing.counterpart);
  const isHere = (counterpart: string): boolean => vault.answers(round, counterpart) !== null;
  return { answered: names.filter(isHere), waitingFor: names.filter((name) => !isHere(name)), unproven };
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
  const { boxKey } = partyOf(vault.roster(), counterpart);
  const sealed = await sealAnswers(direction, answers, section.hitCount, vault.identity, { boxKey, keyNotice });
  // Sealing is random: were it done again, the server would see other answers.
  vault.keepAnswersBox(round, counterpart, sealed);
  return sealed;
}

/** @returns Hits whose proof failed. */
async function takeAnswers(
  connection: Pick<Connection, "fetchAnswers" | "putReport">,
  vault: Vault,
  view: RoundView,
  pairing: VaultPairing,
  section: KeptSection,
): Promise<number> {
  const { party } = vault.identity;
  const { counterpart } = pairing;
  const round = view.descriptor.id;
  const kept = vault.answers(round, counterpart);
  if (kept !== null) return kept.filter(({ proven }) => !proven).length;
  if (!haveBothAnswered(view, [party, counterpart])) return 0;
  const sealed = await connection.fetchAnswers(round, counterpart, party);
  const checked = await checkedAnswers(vault, round, pairing, section, sealed);
  const report = unprovenReport(vault, round, counterpart, checked);
  if (report !== null) await connection.putReport(report);
  vault.keepAnswers(round, counterpart, checked);
  return report?.count ?? 0;
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
  const { signKey } = partyOf(vault.roster(), counterpart);
  const answerOf = new Map(
    (await openedOrNone(sealed, direction, section, vault, { signKey, keyNotice })).map((answer) => [
      answer.hit,
      answer,
    ]),
  );
  const entries = vault.readHandleMap(round, counterpart, new Set(section.hits.map(({ handle }) => handle)));
  const agreed = agreedOf(vault, round, counterpart, section.hits, entries);
  // A hit that is not answered is unproven like one whose proof fails; an answer to no hit of this section is left aside.
  return section.hits.map(({ hit, handle }): KeptAnswer => {
    const answer = answerOf.get(hit);
    const ownOriginTags = originTags(keyProof, entries.get(handle)?.origins ?? []);
    if (answer === undefined) return { hit, notice: NO_NOTICE, ownOriginTags, proven: false };
    const proven = checkProof(keyProof, direction, answer, agreed.get(hit) ?? null);
    return { hit, notice: answer.notice, ownOriginTags, proven };
  });
}

/** @returns What the officers are to know of a counterpart's checked answers; null if every hit is proven. */
export function unprovenReport(
  vault: Vault,
  round: string,
  counterpart: string,
  checked: readonly KeptAnswer[],
): Report | null {
  const { identity } = vault;
  const { party } = identity;
  const count = checked.filter(({ proven }) => !proven).length;
  if (count === 0) return null;
  const pairing = pairingOf(party, counterpart);
  const t2 = sealOf(vault, round);
  const report = { count, kind: "unproven", of: checked.length, pairing, party, round, t2 } as const;
  return signStatement(identity, "report", report);
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

/** @returns Own cells that agreed, by hit; a hit that names a key which its row does not hold is absent. */
function agreedOf(
  vault: Vault,
  round: string,
  counterpart: string,
  hits: readonly Hit[],
  entries: ReadonlyMap<string, HandleEntry>,
): Map<string, AgreedCell[]> {
  const rows = new Set([...entries.values()].map(({ row }) => row));
  const cells = readOwnCells(vault.ownCells(round, counterpart), rows);
  const agreed = new Map<string, AgreedCell[]>();
  for (const { hit, handle, pattern, cells: named } of hits) {
    const entry = entries.get(handle);
    const own = entry === undefined ? null : agreedCells(cells.get(entry.row) ?? [], pattern, fromBase64url(named));
    if (own !== null && own.length > 0) agreed.set(hit, own);
  }
  return agreed;
}

/** Whether the answers of `from` to `to` are in. */
export function hasAnswered({ pairings }: RoundView, from: string, to: string): boolean {
  const [lower, higher] = pairingOf(from, to);
  return pairings.some(
    ({ pairing, answered }) => pairing[0] === lower && pairing[1] === higher && answered.includes(from),
  );
}
