/**
 * After the hit: statuses by hit id, reports of what clients found wrong, and at the deadline the counts that remain.
 * Ids of hits lie in encrypted files; in the database a hit is known by a tag that needs the round's data key.
 */
import { createHmac } from "node:crypto";
import { LinkageError } from "#engine/errors.ts";
import { Status, type Report } from "#engine/round/acts.ts";
import { ReleasedBand } from "#engine/round/descriptor.ts";
import type { FollowUp } from "#engine/round/messages.ts";
import { partyOf } from "#engine/round/roster.ts";
import { requireState } from "#engine/round/states.ts";
import { checkStatement } from "#engine/round/statement.ts";
import type { HitCounts } from "#engine/statistics/histogram.ts";
import { contextOf, decrypt, encrypt } from "./aead.ts";
import { SERVER, type Caller } from "./caller.ts";
import { freshFileName, readEncrypted, writeEncrypted } from "./encrypted-file.ts";
import {
  dataKeyOf,
  hasDataKey,
  isSideOf,
  recordAct,
  requireBefore,
  requirePairing,
  requireRound,
  type Round,
} from "./rounds.ts";
import { folderOf, type Secretariat } from "./secretariat.ts";
import { replaceReport } from "./store/acts.ts";
import { insertFollowUps, listStatuses, replaceStatus } from "./store/packages.ts";
import { listPairings, type PairingName, type PairingRow } from "./store/pairings.ts";
import { moveRound } from "./store/rounds.ts";

const ID_BYTES = 16;
const BANDS = ReleasedBand.options;
/** A u32, little-endian, for each band before the hits. */
const COUNT_BYTES = 4;
const DECIDED: ReadonlySet<string> = new Set(["confirmed", "refuted"]);

/** A hit as the server keeps it until the follow-up: its id, base64url, and its band. */
export type KeptHit = { readonly hit: string; readonly band: ReleasedBand };

/**
 * @param distinct - Hits as the statistics count them, no row twice.
 * @returns Name of the encrypted file that holds a pairing's hit ids and bands.
 */
export async function writeHits(
  folder: string,
  dataKey: Uint8Array,
  round: string,
  pairing: PairingName,
  hits: readonly KeptHit[],
  distinct: HitCounts,
): Promise<string> {
  const file = freshFileName();
  const bytes = Buffer.concat([
    Buffer.from(Uint32Array.from(BANDS, (band) => distinct[band]).buffer),
    ...hits.map(({ hit, band }) => Buffer.concat([Buffer.from(hit, "base64url"), Buffer.of(BANDS.indexOf(band))])),
  ]);
  await writeEncrypted(folder, file, dataKey, hitsContext(round, pairing), bytes);
  return file;
}

/**
 * Takes statuses of hits, all or none.
 *
 * @throws {@link LinkageError} `round-unknown`, `round-state`, `round-deadline`, `statement-signature`; `hit-unknown` for a
 * hit that is none of the party's opened pairings.
 */
export async function postStatuses(
  secretariat: Secretariat,
  id: string,
  party: string,
  caller: Caller,
  statuses: readonly Status[],
): Promise<void> {
  const { store, roster, clock } = secretariat;
  const { signKey } = partyOf(roster, party);
  for (const status of statuses) {
    checkStatement(signKey, "status", status);
    if (status.party !== party || status.round !== id)
      throw new LinkageError("statement-signature", "a status is for another party or round");
  }
  const round = await requireRound(store, id, caller);
  requireState(round.state, ["released"]);
  requireBefore(round, "followUp", clock);
  const dataKey = await dataKeyOf(secretariat, round);
  const known = new Set((await ownHits(secretariat, round, dataKey, party)).map(({ hit }) => hit));
  if (statuses.some(({ hit }) => !known.has(hit)))
    throw new LinkageError("hit-unknown", "a status names a hit that is none of this party's opened pairings");
  await store.transaction().execute(async (transaction) => {
    requireState((await requireRound(transaction, id, caller)).state, ["released"]);
    for (const status of statuses) {
      const tag = hitTag(dataKey, status.hit);
      const sealed = encrypt(dataKey, statusContext(id, party, tag), new TextEncoder().encode(JSON.stringify(status)));
      await replaceStatus(transaction, { round: id, hit_tag: tag, party, sealed });
    }
    await recordAct(transaction, secretariat, id, caller, "statuses-stored", `${statuses.length}`);
  });
}

/**
 * @returns Statuses, by both sides, of the hits of a party's opened pairings.
 * @throws {@link LinkageError} `round-unknown`, `round-state`.
 */
export async function statusesOf(
  secretariat: Secretariat,
  id: string,
  party: string,
  caller: Caller,
): Promise<Status[]> {
  const { store } = secretariat;
  const round = await requireRound(store, id, caller);
  requireState(round.state, ["released"]);
  const dataKey = await dataKeyOf(secretariat, round);
  const own = new Set((await ownHits(secretariat, round, dataKey, party)).map(({ hit }) => hit));
  const found: Status[] = [];
  for (const { id: author } of round.descriptor.parties)
    for (const status of await readStatuses(secretariat, round, dataKey, author))
      if (own.has(status.hit)) found.push(status);
  return found;
}

/**
 * Keeps a client's report for the officers.
 *
 * @throws {@link LinkageError} `round-unknown`, `pairing-unknown`, `round-state`, `statement-signature`.
 */
export async function postReport(secretariat: Secretariat, caller: Caller, report: Report): Promise<void> {
  const { count, kind, of, pairing, party, round: id, signature, t2 } = report;
  checkStatement(partyOf(secretariat.roster, party).signKey, "report", report);
  await secretariat.store.transaction().execute(async (store) => {
    const round = await requireRound(store, id, caller);
    const [lower, higher] = pairing;
    requirePairing(round.descriptor, lower, higher);
    requireState(round.state, ["released"]);
    if (round.t2 !== t2 || !isSideOf({ lower, higher }, party))
      throw new LinkageError("statement-signature", "the report is for another T2 or another party's pairing");
    await replaceReport(store, { round: id, party, lower, higher, kind, found: count, amount: of, signature });
    await recordAct(store, secretariat, id, caller, `reported-${kind}`, `${lower}-${higher}: ${count} of ${of}`);
  });
}

/**
 * Counts by band what both sides said of their hits, and moves the round to followed-up; uncounted if its key is lost.
 * One transaction, so that no status comes in between count and end. Does nothing if the round is past it already.
 */
export async function followUp(secretariat: Secretariat, { id }: Pick<Round, "id">): Promise<void> {
  await secretariat.store.transaction().execute(async (store) => {
    if (!(await moveRound(store, id, "released", "followed-up"))) return;
    const round = await requireRound(store, id, SERVER);
    const isReadable = await hasDataKey(secretariat, round);
    if (isReadable) await insertFollowUps(store, await countHits({ ...secretariat, store }, round));
    await recordAct(store, secretariat, id, null, isReadable ? "followed-up" : "followed-up-uncounted");
  });
}

/** @returns A row for each band. */
async function countHits(
  secretariat: Secretariat,
  round: Round,
): Promise<{ round: string; band: ReleasedBand; confirmed: number; refuted: number; open: number }[]> {
  const { store } = secretariat;
  const dataKey = await dataKeyOf(secretariat, round);
  const said = new Map<string, Status["status"][]>();
  for (const { id: party } of round.descriptor.parties)
    for (const { hit, status } of await readStatuses(secretariat, round, dataKey, party))
      if (DECIDED.has(status)) said.set(hit, [...(said.get(hit) ?? []), status]);
  const counts = new Map(BANDS.map((band) => [band, { confirmed: 0, refuted: 0, open: 0 }]));
  for (const pairing of await listPairings(store, round.id)) {
    if (pairing.state !== "opened") continue;
    for (const { hit, band } of await readHits(secretariat, round, dataKey, pairing)) {
      const count = counts.get(band);
      if (count === undefined) continue;
      const both = said.get(hit) ?? [];
      if (both.includes("refuted")) count.refuted++;
      else if (both.length === 2) count.confirmed++;
      else count.open++;
    }
  }
  return [...counts].map(([band, count]) => ({ round: round.id, band, ...count }));
}

/** @returns Counts as they are shown, band *high* first. */
export function followUpOf(
  rows: readonly {
    readonly band: ReleasedBand;
    readonly confirmed: number;
    readonly refuted: number;
    readonly open: number;
  }[],
): FollowUp {
  return BANDS.flatMap((band) =>
    rows.filter((row) => row.band === band).map(({ confirmed, refuted, open }) => ({ band, confirmed, refuted, open })),
  );
}

async function ownHits(secretariat: Secretariat, round: Round, dataKey: Uint8Array, party: string): Promise<KeptHit[]> {
  const hits: KeptHit[] = [];
  for (const pairing of await listPairings(secretariat.store, round.id))
    if (pairing.state === "opened" && isSideOf(pairing, party))
      hits.push(...(await readHits(secretariat, round, dataKey, pairing)));
  return hits;
}

/** @returns Hits of a matched pairing as the statistics count them: no row twice, decoys among them. */
export async function distinctCountsOf(
  secretariat: Secretariat,
  round: Round,
  dataKey: Uint8Array,
  pairing: PairingRow,
): Promise<HitCounts> {
  const view = new DataView((await hitBytes(secretariat, round, dataKey, pairing)).slice().buffer);
  const countAt = (band: ReleasedBand): number => view.getUint32(COUNT_BYTES * BANDS.indexOf(band), true);
  return { high: countAt("high"), medium: countAt("medium"), low: countAt("low") };
}

async function hitBytes(
  secretariat: Secretariat,
  round: Round,
  dataKey: Uint8Array,
  { lower, higher, hits_file: file }: PairingRow,
): Promise<Uint8Array> {
  if (file === null) throw new RangeError("a matched pairing has no file of hits");
  const context = hitsContext(round.id, [lower, higher]);
  return readEncrypted(folderOf(secretariat, round.id), file, dataKey, context);
}

async function readHits(
  secretariat: Secretariat,
  round: Round,
  dataKey: Uint8Array,
  pairing: PairingRow,
): Promise<KeptHit[]> {
  const bytes = await hitBytes(secretariat, round, dataKey, pairing);
  const hits: KeptHit[] = [];
  for (let at = COUNT_BYTES * BANDS.length; at < bytes.length; at += ID_BYTES + 1) {
    const band = BANDS[bytes[at + ID_BYTES] ?? -1];
    if (band === undefined) throw new RangeError("a hit is kept with no band");
    hits.push({ hit: Buffer.from(bytes.subarray(at, at + ID_BYTES)).toString("base64url"), band });
  }
  return hits;
}

async function readStatuses(
  { store }: Secretariat,
  { id }: Round,
  dataKey: Uint8Array,
  party: string,
): Promise<Status[]> {
  return (await listStatuses(store, id, party)).map(({ hit_tag: tag, sealed }) =>
    Status.parse(JSON.parse(new TextDecoder().decode(decrypt(dataKey, statusContext(id, party, tag), sealed)))),
  );
}

function hitTag(dataKey: Uint8Array, hit: string): Uint8Array {
  const hmac = createHmac("sha256", dataKey).update("aquila/v1/hit-tag\0").update(Buffer.from(hit, "base64url"));
  return new Uint8Array(hmac.digest().subarray(0, ID_BYTES));
}

/** What the bytes are bound to. */
export function hitsContext(round: string, pairing: PairingName): Uint8Array {
  return contextOf("aquila/v1/hits", round, ...pairing);
}

function statusContext(round: string, party: string, tag: Uint8Array): Uint8Array {
  return contextOf("aquila/v1/status", round, party, Buffer.from(tag).toString("hex"));
}
