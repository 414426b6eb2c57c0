/**
 * A real secretariat for tests: a listening server on loopback in a folder of its own, parties with real keys, and small
 * batches with planted equal keys.
 */
import { createHash, randomBytes } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { TreeHead } from "#engine/audit/tree-head.ts";
import { manifestOf, MANIFEST_LABEL, type SignedManifest } from "#engine/batch/manifest.ts";
import { CHUNK_BYTES } from "#engine/batch/layout.ts";
import { writeBatch } from "#engine/batch/write.ts";
import type { BatchHeader } from "#engine/batch/header.ts";
import type { KeyColumn } from "#engine/batch/column.ts";
import { canonicalBytes } from "#engine/canonical-json.ts";
import { parseProfile, type Profile } from "#engine/profile.ts";
import type { Agreement } from "#engine/round/agreement.ts";
import type { RoundDescriptor } from "#engine/round/descriptor.ts";
import { makeIdentity, signMessage, type Identity, type StaffIdentity } from "#engine/round/identity.ts";
import type { PairingKeys } from "#engine/round/keys.ts";
import { RoundView } from "#engine/round/messages.ts";
import { MAX_HITS } from "#engine/round/package.ts";
import { keyIdOfParty, keyIdOfStaff } from "#engine/round/requests.ts";
import type { Roster } from "#engine/round/roster.ts";
import { signStatement } from "#engine/round/statement.ts";
import { castOf, describeRound, type Cast } from "#fixtures/cast.ts";
import type { App } from "#server/app.ts";
import { openServerKey, signingKeysOf } from "#server/data-key.ts";
import type { Timeouts } from "#server/listener.ts";
import { makeLog } from "#server/log.ts";
import { openServer } from "#server/open.ts";
import { send, type Answer, type Signing } from "./requests.ts";

export const PARTIES = ["AT", "HR", "SI"] as const;
export const ROWS = 100;

export const PROFILE: Profile = parseProfile({
  format: "aquila/profile/v1",
  id: "tiny",
  version: 1,
  canonicaliser: "none",
  frequencyTable: "A".repeat(43),
  informationMarginBits: 3.3,
  coverageClasses: [{ facts: [], mergesInto: null }],
  rules: [
    { id: "name", slots: 2, facts: ["name"], evidence: { name: "equal" } },
    { id: "birth", slots: 1, facts: ["birth"], evidence: { birth: "equal" } },
    { id: "document", slots: 1, facts: ["document"], evidence: { document: "equal" } },
  ],
  weights: {
    thresholdBits: [10],
    candidateRecall: [0.9],
    interceptBits: [0],
    groups: ["name", "birth", "document"].map((id) => ({
      id,
      levels: [{ id: "equal", bits: [10] }],
      coverage: null,
      disagreeBits: [-4],
      missingBits: [0],
    })),
  },
  prior: { min: 0.001, max: 0.9, start: 0.1 },
  bands: { high: 0.95, medium: 0.6, low: 0.15 },
});

export type House = {
  readonly folder: string;
  readonly dataDir: string;
  readonly roster: Roster;
  readonly cast: Cast;
  /** Of the server and of all who send to it; a test may move it. */
  clock: () => Date;
};

export type RunningServer = {
  readonly app: App;
  readonly metricsApp: App;
  readonly url: string;
  readonly log: string[];
};

/** Keys of one party in one round, by counterpart. */
export type PartyKeys = ReadonlyMap<string, PairingKeys>;

export function makeHouse(): House {
  const folder = mkdtempSync(join(tmpdir(), "aquila-server-"));
  mkdirSync(join(folder, "keys"), { mode: 0o700 });
  const { signKey } = signingKeysOf(openServerKey(join(folder, "keys", "server.key")));
  const cast = castOf(PARTIES.map(makeIdentity), signKey);
  return { folder, dataDir: join(folder, "data"), roster: cast.roster, cast, clock: () => new Date() };
}

export function removeHouse({ folder }: House): void {
  rmSync(folder, { recursive: true, force: true });
}

export async function startServer(
  house: House,
  changes: {
    workers?: number;
    requestsPerMinute?: number;
    profile?: Profile;
    maxRecords?: number;
    leastHoursBetweenRounds?: number;
    maxHits?: number;
    deadlinesEveryMs?: number;
    metricsOnApi?: boolean;
    acceptsRestoredLog?: boolean;
    /** Any free one when left out. */
    port?: number;
    timeouts?: Timeouts;
    announcements?: Parameters<typeof openServer>[0]["announcements"];
    deliveriesEveryMs?: number;
    samplesEveryMs?: number;
    pagesFolder?: string;
  } = {},
): Promise<RunningServer> {
  const log: string[] = [];
  // What is signed in the second of a start is refused: this one was a second ago.
  let isOpen = false;
  const clock = (): Date => (isOpen ? house.clock() : new Date(house.clock().getTime() - 1_000));
  const { app, metricsApp } = await openServer({
    dataDir: house.dataDir,
    serverKeyFile: join(house.folder, "keys", "server.key"),
    roster: house.roster,
    profile: changes.profile ?? PROFILE,
    workers: changes.workers ?? 1,
    maxRecords: changes.maxRecords ?? 10_000,
    leastHoursBetweenRounds: changes.leastHoursBetweenRounds ?? 0,
    maxHits: changes.maxHits ?? MAX_HITS,
    requestsPerMinute: changes.requestsPerMinute ?? 100_000,
    ...(changes.deadlinesEveryMs === undefined ? {} : { deadlinesEveryMs: changes.deadlinesEveryMs }),
    announcements: changes.announcements,
    deliveriesEveryMs: changes.deliveriesEveryMs,
    tls: null,
    timeouts: changes.timeouts,
    samplesEveryMs: changes.samplesEveryMs,
    pagesFolder: changes.pagesFolder,
    metrics: { onApi: changes.metricsOnApi ?? true, tls: null },
    acceptsRestoredLog: changes.acceptsRestoredLog ?? false,
    clock,
    log: makeLog("info", { write: (line) => void log.push(line) }),
  });
  isOpen = true;
  // Nor is anything taken that was signed in the second of the last head.
  await untilNextSecond(house);
  await app.listen({ host: "127.0.0.1", port: changes.port ?? 0 });
  const { port } = app.server.address() as AddressInfo;
  return { app, metricsApp, url: `http://127.0.0.1:${port}`, log };
}

/** Waits until the second in which the last head was signed is over. */
async function untilNextSecond(house: House): Promise<void> {
  const path = join(house.folder, "keys", "tree-head.json");
  if (!existsSync(path)) return;
  const { at } = TreeHead.parse(JSON.parse(readFileSync(path, "utf8")));
  const leftMs = 1_000 * (Math.floor(Date.parse(at) / 1_000) + 1) - house.clock().getTime();
  if (leftMs > 0) await wait(Math.min(leftMs, 1_000));
}

export function identityOf(house: House, party: string): Identity {
  const identity = house.cast.identities.find((one) => one.party === party);
  if (identity === undefined) throw new RangeError(`no party ${party}`);
  return identity;
}

export function partySigning(house: House, party: string): Signing {
  return signingOf(house, keyIdOfParty(party), identityOf(house, party).signSecret);
}

/** @param which - The first or the second operator. */
export function operatorSigning(house: House, which: 0 | 1 = 0): Signing {
  return staffSigning(house, house.cast.operators[which]);
}

export function officerSigning(house: House): Signing {
  return staffSigning(house, house.cast.officer);
}

function staffSigning(house: House, { role, id, signSecret }: StaffIdentity): Signing {
  return signingOf(house, keyIdOfStaff(role, id), signSecret);
}

function signingOf(house: House, keyId: string, signSecret: string): Signing {
  return { keyId, signSecret, clock: () => house.clock(), secretariat: house.roster.secretariat };
}

/** @param changes - `parties` by id alone have their legal basis filled in. */
export function makeDescriptor(
  house: House,
  changes: Omit<Partial<RoundDescriptor>, "parties"> & { parties?: { id: string; declaredRecords: number }[] } = {},
): RoundDescriptor {
  const { parties, ...others } = changes;
  return describeRound(
    house.cast,
    { id: "test-1", profile: PROFILE, declaredRecords: 90, now: house.clock() },
    {
      pairings: [
        ["AT", "HR"],
        ["AT", "SI"],
      ],
      ...others,
      ...(parties === undefined ? {} : { parties: parties.map((party) => ({ ...party, legalBasis: "national act" })) }),
    },
  );
}

/** @returns An agreement with these changes, signed anew. @param signer - Party id; its giver unless it is said. */
export function signAnew(
  house: House,
  agreement: Agreement,
  changes: Partial<Omit<Agreement, "signature">>,
  signer = agreement.from,
): Agreement {
  const { field, from, rowsPerYear, to, validFrom, validUntil } = { ...agreement, ...changes };
  const terms = { field, from, rowsPerYear, to, validFrom, validUntil };
  return signStatement(identityOf(house, signer), "agreement", terms);
}

export function viewIn(answer: Answer): RoundView {
  return RoundView.parse(JSON.parse(answer.text));
}

/** T1 of a round that has it. */
export function transcriptOf({ t1 }: RoundView): string {
  if (t1 === null) throw new RangeError("the round has no T1");
  return t1;
}

export function headerOf(
  view: RoundView,
  keys: ReadonlyMap<string, PartyKeys>,
  from: string,
  to: string,
  changes: Partial<BatchHeader> = {},
): BatchHeader {
  const keyId = keys.get(from)?.get(to)?.keyId;
  if (keyId === undefined) throw new RangeError(`no key for ${from}-${to}`);
  return {
    format: "aquila/batch/v1",
    from,
    keyId,
    profile: view.descriptor.profile,
    provenanceRoot: "A".repeat(43),
    round: view.descriptor.id,
    rowCount: ROWS,
    t1: transcriptOf(view),
    to,
    ...changes,
  };
}

/** A key that row `row` holds under rule `rule`, in that row's first slot. */
export type PlantedKey = { readonly rule: number; readonly row: number; readonly key: bigint };

/** @returns Keys of `count` people in the first rows, who agree on every rule with those of any other such list. */
export function people(count: number): PlantedKey[] {
  return Array.from({ length: count }, (_, row) => row).flatMap((row) =>
    PROFILE.rules.map((_rule, rule) => ({ rule, row, key: BigInt(1 + row * PROFILE.rules.length + rule) << 40n })),
  );
}

/** @returns A batch of random keys but for those planted, and its handles. */
export function makeBatch(
  header: BatchHeader,
  planted: readonly PlantedKey[] = [],
): { bytes: Uint8Array; handles: string[] } {
  const handles = randomBytes(16 * header.rowCount);
  const columns = PROFILE.rules.map(({ slots }, rule): KeyColumn => {
    const cells: { key: bigint; row: number }[] = [];
    for (let row = 0; row < header.rowCount; row++)
      for (let slot = 0; slot < slots; slot++) {
        const own = slot === 0 ? planted.find((one) => one.rule === rule && one.row === row) : undefined;
        cells.push({ key: own?.key ?? randomBytes(8).readBigUInt64BE(), row });
      }
    cells.sort((a, b) => (a.key < b.key ? -1 : 1));
    return {
      upper: Uint32Array.from(cells, ({ key }) => Number(key >> 32n)),
      lower: Uint32Array.from(cells, ({ key }) => Number(key & 0xffff_ffffn)),
      row: Uint32Array.from(cells, ({ row }) => row),
    };
  });
  const rows = { handles: new Uint8Array(handles), classes: new Uint8Array(header.rowCount) };
  return {
    bytes: new Uint8Array(Buffer.concat([...writeBatch(PROFILE, header, rows, columns)])),
    handles: Array.from({ length: header.rowCount }, (_, row) =>
      handles.subarray(16 * row, 16 * row + 16).toString("base64url"),
    ),
  };
}

export function signManifest(house: House, header: BatchHeader, bytes: Uint8Array): SignedManifest {
  const digest = (part: Uint8Array): string => createHash("sha256").update(part).digest("base64url");
  const chunks = Array.from({ length: Math.ceil(bytes.length / CHUNK_BYTES) }, (_, at) =>
    digest(bytes.subarray(at * CHUNK_BYTES, (at + 1) * CHUNK_BYTES)),
  );
  const manifest = manifestOf(header, chunks, digest(bytes), bytes.length);
  const identity = identityOf(house, header.from);
  return { manifest, signature: signMessage(identity, MANIFEST_LABEL, canonicalBytes(manifest)) };
}

export function batchPath({ round, from, to }: Pick<BatchHeader, "round" | "from" | "to">): string {
  return `/v1/rounds/${round}/batches/${from}/${to}`;
}

/** Uploads a batch of one chunk and its manifest. @returns The manifest's answer. */
export async function submitBatch(house: House, url: string, header: BatchHeader, bytes: Uint8Array): Promise<Answer> {
  const signing = partySigning(house, header.from);
  const stored = await send(url, signing, "PUT", `${batchPath(header)}/chunks/0`, bytes);
  if (stored.status !== 204) return stored;
  return send(url, signing, "PUT", `${batchPath(header)}/manifest`, signManifest(house, header, bytes));
}

/** Waits until the round is in `state`. */
export async function untilState(house: House, url: string, round: string, state: string): Promise<void> {
  for (;;) {
    const view = viewIn(await send(url, operatorSigning(house), "GET", `/v1/rounds/${round}`));
    if (view.state === state) return;
    if (view.state !== "matching") throw new Error(`the round is ${view.state}, not ${state}`);
  }
}
