/**
 * What parties and staff do to a round, signed as they sign it.
 */
import { createHash } from "node:crypto";
import type { Acknowledgement, ApprovedAct, Hold, Status } from "#engine/round/acts.ts";
import type { RoundDescriptor } from "#engine/round/descriptor.ts";
import { derivePairingKeys, makeConfirmation, makeRoundKey, type PairingKeys } from "#engine/round/keys.ts";
import { PackageKeys, type RoundView } from "#engine/round/messages.ts";
import { openPackage, openPackageKey, openSection, type Hit } from "#engine/round/package.ts";
import { signStatement } from "#engine/round/statement.ts";
import {
  headerOf,
  identityOf,
  makeBatch,
  officerSigning,
  operatorSigning,
  partySigning,
  submitBatch,
  transcriptOf,
  untilState,
  viewIn,
  type House,
  type PartyKeys,
  type PlantedKey,
} from "./harness.ts";
import { send, type Answer } from "./requests.ts";

/** What an act on a round is signed over. */
type Signed = Pick<RoundView, "descriptor" | "t0" | "t2">;

/** One operator approves an act. @param which - The first or the second operator. */
export async function approveOnce(
  house: House,
  url: string,
  act: ApprovedAct,
  { descriptor: { id: round }, t0, t2 }: Signed,
  which: 0 | 1,
): Promise<Answer> {
  const operator = house.cast.operators[which];
  const approval = signStatement(operator, "approval", { act, operator: operator.id, round, t0, t2 });
  const path = `/v1/rounds/${round}/approvals/${act}/${operator.id}`;
  return send(url, operatorSigning(house, which), "PUT", path, approval);
}

/** Both operators approve an act. @returns The second's answer. */
export async function approve(house: House, url: string, act: ApprovedAct, view: Signed): Promise<Answer> {
  const first = await approveOnce(house, url, act, view, 0);
  return first.status === 200 ? approveOnce(house, url, act, view, 1) : first;
}

/** Takes a new round to submitting. @returns Every party's pairing keys. */
export async function openSubmission(
  house: House,
  url: string,
  descriptor: RoundDescriptor,
): Promise<{ view: RoundView; keys: ReadonlyMap<string, PartyKeys> }> {
  const operator = operatorSigning(house);
  const round = `/v1/rounds/${descriptor.id}`;
  let view = viewIn(await send(url, operator, "POST", "/v1/rounds", descriptor));
  await approve(house, url, "open", view);
  const secrets = new Map<string, string>();
  for (const { id } of descriptor.parties) {
    const { posted, secret } = makeRoundKey(identityOf(house, id), view.t0);
    secrets.set(id, secret);
    await send(url, partySigning(house, id), "PUT", `${round}/keys/${id}`, posted);
  }
  view = viewIn(await send(url, operator, "GET", round));
  const keys = pairingKeys(descriptor, view, secrets);
  for (const [from, own] of keys)
    for (const [to, pairing] of own) {
      const confirmation = makeConfirmation(pairing, transcriptOf(view), from, to);
      await send(url, partySigning(house, from), "PUT", `${round}/confirmations/${from}/${to}`, confirmation);
    }
  return { view: viewIn(await send(url, operator, "GET", round)), keys };
}

/** Opens a round, submits a batch for each direction and, unless told otherwise, seals it. @param plantedIn - Of `from` and `to`. */
export async function sealedRound(
  house: House,
  url: string,
  descriptor: RoundDescriptor,
  plantedIn: (from: string, to: string) => readonly PlantedKey[] = () => [],
): Promise<{ view: RoundView; handles: ReadonlyMap<string, readonly string[]> }> {
  const { view, keys } = await openSubmission(house, url, descriptor);
  const handles = await submitAll(house, url, view, keys, plantedIn);
  return { view: await sealRound(house, url, view.descriptor.id), handles };
}

/** @returns Handles by row of each batch, by `from-to`. */
export async function submitAll(
  house: House,
  url: string,
  view: RoundView,
  keys: ReadonlyMap<string, PartyKeys>,
  plantedIn: (from: string, to: string) => readonly PlantedKey[] = () => [],
): Promise<ReadonlyMap<string, readonly string[]>> {
  const handles = new Map<string, readonly string[]>();
  for (const { from, to } of view.batches) {
    const header = headerOf(view, keys, from, to);
    const batch = makeBatch(header, plantedIn(from, to));
    const answer = await submitBatch(house, url, header, batch.bytes);
    if (answer.status !== 200) throw new Error(`not submitted: ${answer.text}`);
    handles.set(`${from}-${to}`, batch.handles);
  }
  return handles;
}

/** A party's co-signature of T2. */
export async function sealOnce(
  house: House,
  url: string,
  party: string,
  { descriptor: { id: round }, t2 }: Signed,
): Promise<Answer> {
  const seal = signStatement(identityOf(house, party), "seal", { party, round, t2: t2 ?? "" });
  return send(url, partySigning(house, party), "PUT", `/v1/rounds/${round}/seals/${party}`, seal);
}

/** Closes submission and has every party co-sign T2. @returns The sealed round. */
export async function sealRound(house: House, url: string, round: string): Promise<RoundView> {
  const path = `/v1/rounds/${round}`;
  const closed = await send(url, operatorSigning(house), "POST", `${path}/close`);
  if (closed.status !== 200) throw new Error(`not closed: ${closed.text}`);
  const view = viewIn(closed);
  for (const { id } of view.descriptor.parties) await sealOnce(house, url, id, view);
  return viewIn(await send(url, operatorSigning(house), "GET", path));
}

/** Matches a sealed round. @returns The round in review. */
export async function matchRound(house: House, url: string, round: string): Promise<RoundView> {
  await send(url, operatorSigning(house), "POST", `/v1/rounds/${round}/match`);
  await untilState(house, url, round, "reviewed");
  return viewIn(await send(url, operatorSigning(house), "GET", `/v1/rounds/${round}`));
}

/** Seals, matches and releases a round whose batches are all in. @returns The released round. */
export async function releaseRound(house: House, url: string, round: string): Promise<RoundView> {
  await sealRound(house, url, round);
  return viewIn(await approve(house, url, "release", await matchRound(house, url, round)));
}

/** An officer's decision on a pairing. */
export async function decide(
  house: House,
  url: string,
  decision: Hold["decision"],
  pairing: [string, string],
  { descriptor: { id: round }, t2 }: Signed,
): Promise<Answer> {
  const officer = house.cast.officer;
  const hold = signStatement(officer, "hold", { decision, officer: officer.id, pairing, round, t2: t2 ?? "" });
  return send(url, officerSigning(house), "PUT", `/v1/rounds/${round}/holds/${officer.id}`, hold);
}

export async function withdraw(
  house: House,
  url: string,
  party: string,
  { descriptor: { id: round }, t0 }: Signed,
): Promise<Answer> {
  const withdrawal = signStatement(identityOf(house, party), "withdrawal", { party, round, t0 });
  return send(url, partySigning(house, party), "PUT", `/v1/rounds/${round}/withdrawals/${party}`, withdrawal);
}

export async function fetchPackage(house: House, url: string, party: string, round: string): Promise<Answer> {
  return send(url, partySigning(house, party), "GET", `/v1/rounds/${round}/packages/${party}`);
}

/** @returns What a party says when it holds these bytes. */
export function acknowledgementOf(
  house: House,
  party: string,
  { descriptor: { id: round }, t2 }: Signed,
  sealed: Uint8Array,
): Acknowledgement {
  const digest = createHash("sha256").update(sealed).digest("base64url");
  return signStatement(identityOf(house, party), "acknowledgement", { digest, party, round, t2: t2 ?? "" });
}

/** Fetches a party's package and acknowledges it. */
export async function acknowledge(house: House, url: string, party: string, view: Signed): Promise<Answer> {
  const { id } = view.descriptor;
  const { bytes } = await fetchPackage(house, url, party, id);
  const body = acknowledgementOf(house, party, view, bytes);
  return send(url, partySigning(house, party), "PUT", `/v1/rounds/${id}/acknowledgements/${party}`, body);
}

/** @returns Package keys of a party's opened pairings, by counterpart. */
export async function packageKeys(
  house: House,
  url: string,
  party: string,
  round: string,
): Promise<ReadonlyMap<string, Uint8Array>> {
  const answer = await send(url, partySigning(house, party), "GET", `/v1/rounds/${round}/packages/${party}/keys`);
  const keys = new Map<string, Uint8Array>();
  for (const { counterpart, sealedKey } of PackageKeys.parse(JSON.parse(answer.text)))
    keys.set(counterpart, await openPackageKey(sealedKey, identityOf(house, party)));
  return keys;
}

/** @returns A party's hits of its opened pairings, by counterpart. */
export async function openedHits(
  house: House,
  url: string,
  party: string,
  round: string,
): Promise<ReadonlyMap<string, readonly Hit[]>> {
  const opened = await openPackage((await fetchPackage(house, url, party, round)).bytes, identityOf(house, party));
  const keys = await packageKeys(house, url, party, round);
  return new Map([...keys].map(([counterpart, key]) => [counterpart, openSection(opened, counterpart, key)]));
}

/** @returns Both sides' words on hits, as one party puts them. */
export async function putStatuses(
  house: House,
  url: string,
  party: string,
  round: string,
  said: readonly (readonly [hit: string, status: Status["status"]])[],
): Promise<Answer> {
  const statuses = said.map(([hit, status]) =>
    signStatement(identityOf(house, party), "status", { hit, party, round, status }),
  );
  return send(url, partySigning(house, party), "PUT", `/v1/rounds/${round}/statuses/${party}`, statuses);
}

function pairingKeys(
  descriptor: RoundDescriptor,
  view: RoundView,
  secrets: ReadonlyMap<string, string>,
): ReadonlyMap<string, PartyKeys> {
  const keys = new Map<string, Map<string, PairingKeys>>(descriptor.parties.map(({ id }) => [id, new Map()]));
  for (const [lower, higher] of descriptor.pairings)
    for (const [own, other] of [
      [lower, higher],
      [higher, lower],
    ] as const) {
      const secret = secrets.get(own);
      const counterpart = view.keys.find(({ party }) => party === other);
      if (secret === undefined || counterpart === undefined) throw new RangeError(`no round key for ${own}-${other}`);
      keys.get(own)?.set(other, derivePairingKeys({ party: own, secret }, counterpart, transcriptOf(view)));
    }
  return keys;
}
