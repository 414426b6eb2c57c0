/**
 * A real secretariat for tests: a listening server on loopback in a folder of its own, parties with real keys, signed
 * requests, and small batches with planted equal keys.
 */
import { createHash, randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createSigner, httpbis } from "http-message-signatures";
import { manifestOf, MANIFEST_LABEL, type SignedManifest } from "#engine/batch/manifest.ts";
import { CHUNK_BYTES } from "#engine/batch/layout.ts";
import { writeBatch } from "#engine/batch/write.ts";
import type { BatchHeader } from "#engine/batch/header.ts";
import type { KeyColumn } from "#engine/batch/column.ts";
import { canonicalBytes } from "#engine/canonical-json.ts";
import { parseProfile, profileDigest, type Profile } from "#engine/profile.ts";
import type { RoundDescriptor } from "#engine/round/descriptor.ts";
import {
  makeIdentity,
  makeOperatorIdentity,
  signMessage,
  type Identity,
  type OperatorIdentity,
} from "#engine/round/identity.ts";
import { derivePairingKeys, makeConfirmation, makeRoundKey, type PairingKeys } from "#engine/round/keys.ts";
import { RoundView } from "#engine/round/messages.ts";
import { MAX_HITS } from "#engine/round/package.ts";
import { privateKeyOf } from "#engine/round/raw-key.ts";
import {
  contentDigestOf,
  keyIdOfOperator,
  keyIdOfParty,
  SIGNATURE_ALGORITHM,
  SIGNATURE_LABEL,
  SIGNATURE_PARAMETERS,
  SIGNATURE_TAG,
  SIGNED_COMPONENTS,
} from "#engine/round/requests.ts";
import { rosterDigest, type Roster } from "#engine/round/roster.ts";
import type { App } from "#server/app.ts";
import { makeLog } from "#server/log.ts";
import { openServer } from "#server/open.ts";

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

/** One who signs requests. */
export type Signing = { readonly keyId: string; readonly signSecret: string };

export type Answer = {
  readonly status: number;
  readonly type: string;
  readonly bytes: Uint8Array;
  readonly text: string;
};

/** What a test can get wrong on purpose. */
export type Twist = {
  readonly created?: Date;
  readonly expires?: Date;
  readonly nonce?: string;
  readonly keyId?: string;
  readonly components?: string[];
  readonly parameters?: string[];
  readonly tag?: string;
  readonly label?: string;
  /** Sent in place of the body that was signed; pieces without a Content-Length. */
  readonly sentBody?: Uint8Array;
  readonly sentPieces?: AsyncIterable<Uint8Array>;
  readonly sentPath?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly contentType?: string;
};

export type House = {
  readonly folder: string;
  readonly dataDir: string;
  readonly roster: Roster;
  readonly identities: ReadonlyMap<string, Identity>;
  readonly operator: OperatorIdentity;
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
  const identities = new Map(PARTIES.map((party) => [party as string, makeIdentity(party)]));
  const roster: Roster = {
    format: "aquila/roster/v1",
    parties: [...identities.values()].map(({ party, signKey, boxKey }) => ({ boxKey, id: party, signKey })),
  };
  return { folder, dataDir: join(folder, "data"), roster, identities, operator: makeOperatorIdentity("opal") };
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
    maxHits?: number;
    metricsOnApi?: boolean;
  } = {},
): Promise<RunningServer> {
  const log: string[] = [];
  const { app, metricsApp } = await openServer({
    dataDir: house.dataDir,
    serverKeyFile: join(house.folder, "keys", "server.key"),
    roster: house.roster,
    operators: [{ id: house.operator.operator, signKey: house.operator.signKey }],
    profile: changes.profile ?? PROFILE,
    workers: changes.workers ?? 1,
    maxRecords: changes.maxRecords ?? 10_000,
    maxHits: changes.maxHits ?? MAX_HITS,
    requestsPerMinute: changes.requestsPerMinute ?? 100_000,
    tls: null,
    metrics: { onApi: changes.metricsOnApi ?? true, tls: null },
    clock: () => new Date(),
    log: makeLog("info", { write: (line) => void log.push(line) }),
  });
  await app.listen({ host: "127.0.0.1", port: 0 });
  const { port } = app.server.address() as AddressInfo;
  return { app, metricsApp, url: `http://127.0.0.1:${port}`, log };
}

export function identityOf(house: House, party: string): Identity {
  const identity = house.identities.get(party);
  if (identity === undefined) throw new RangeError(`no party ${party}`);
  return identity;
}

export function partySigning(house: House, party: string): Signing {
  return { keyId: keyIdOfParty(party), signSecret: identityOf(house, party).signSecret };
}

export function operatorSigning({ operator }: House): Signing {
  return { keyId: keyIdOfOperator(operator.operator), signSecret: operator.signSecret };
}

/** Sends a signed request. @param body - JSON when it is not bytes. */
export async function send(
  base: string,
  signing: Signing,
  method: string,
  path: string,
  body?: unknown,
  twist: Twist = {},
): Promise<Answer> {
  const isBytes = body instanceof Uint8Array;
  const bytes = body === undefined ? new Uint8Array() : isBytes ? body : new TextEncoder().encode(JSON.stringify(body));
  const { created = new Date(), keyId = signing.keyId } = twist;
  const signer = createSigner(privateKeyOf("ed25519", signing.signSecret), SIGNATURE_ALGORITHM, keyId);
  const signed = await httpbis.signMessage(
    {
      key: signer,
      name: twist.label ?? SIGNATURE_LABEL,
      fields: twist.components ?? SIGNED_COMPONENTS,
      params: twist.parameters ?? SIGNATURE_PARAMETERS,
      paramValues: {
        created,
        expires: twist.expires ?? new Date(created.getTime() + 60_000),
        nonce: twist.nonce ?? randomBytes(16).toString("base64url"),
        keyid: keyId,
        tag: twist.tag ?? SIGNATURE_TAG,
      },
    },
    { method, url: base + path, headers: { "content-digest": contentDigestOf(bytes) } },
  );
  const contentType = twist.contentType ?? (isBytes ? "application/octet-stream" : "application/json");
  const response = await fetch(base + (twist.sentPath ?? path), {
    method,
    headers: {
      ...flat(signed.headers),
      ...(body === undefined ? {} : { "content-type": contentType }),
      ...twist.headers,
    },
    ...(body === undefined ? {} : { body: twist.sentPieces ?? Buffer.from(twist.sentBody ?? bytes), duplex: "half" }),
  });
  const answer = new Uint8Array(await response.arrayBuffer());
  return {
    status: response.status,
    type: response.headers.get("content-type") ?? "",
    bytes: answer,
    text: new TextDecoder().decode(answer),
  };
}

/** @returns The problem code of a refusal, or the status of anything else. */
export function codeOf(answer: Answer): string {
  if (!answer.type.startsWith("application/problem+json")) return String(answer.status);
  return (JSON.parse(answer.text) as { code: string }).code;
}

export function makeDescriptor(house: House, changes: Partial<RoundDescriptor> = {}): RoundDescriptor {
  return {
    categories: ["suspect"],
    deadlines: { keys: "2030-01-01T00:00:00Z", submission: "2030-01-02T00:00:00Z", results: "2030-01-03T00:00:00Z" },
    format: "aquila/round/v1",
    id: "test-1",
    legalBasis: "a test",
    lowestBand: "low",
    pairings: [
      ["AT", "HR"],
      ["AT", "SI"],
    ],
    parties: PARTIES.map((id) => ({ declaredRecords: 90, id })),
    profile: profileDigest(PROFILE),
    purpose: "a test",
    roster: rosterDigest(house.roster),
    ...changes,
  };
}

export function viewIn(answer: Answer): RoundView {
  return RoundView.parse(JSON.parse(answer.text));
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
  await send(url, operator, "POST", `${round}/open`);
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

function flat(headers: Record<string, string | string[]>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, [value].flat().join(", ")]));
}
