/**
 * A round on planted lists at a real server process, by the client's own code, and every secret that comes into being in it.
 * The server may be killed or fail at any time: the round goes on at the next one.
 */
import { cpSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { randomBytes, randomFillSync } from "node:crypto";
import { join } from "node:path";
import { encodeRound } from "#client/encode.ts";
import { connect, type Connection } from "#client/http.ts";
import { encodeListFile, findRecords } from "#client/list.ts";
import { LEAST_COST } from "#client/passphrase-box.ts";
import { noisedStatistics } from "#client/statistics.ts";
import { resultsOf } from "#client/results.ts";
import { spillStore } from "#client/spill.ts";
import type { ConnectOptions } from "#client/transport.ts";
import { createVault, type Vault } from "#client/vault.ts";
import { walkRound } from "#client/walk.ts";
import { CATEGORIES, type PersonRecord } from "#engine/encode/person.ts";
import { LinkageError } from "#engine/errors.ts";
import { makeIdentity, type Identity, type StaffIdentity } from "#engine/round/identity.ts";
import type { RoundDescriptor } from "#engine/round/descriptor.ts";
import { hasReached } from "#engine/round/states.ts";
import { signStatement } from "#engine/round/statement.ts";
import { SHIPPED_PROFILE } from "#engine/shipped-profile.ts";
import { castOf, describeRound, type Cast } from "#fixtures/cast.ts";
import { generateRecords, PARTIES, type FixtureRecord } from "#fixtures/people.ts";
import { openKeyFolder } from "#server/data-key-file.ts";
import { signingKeysOf, unwrapDataKey } from "#server/data-key.ts";
import { heldRow } from "../../../demo/held-data.ts";
import { recordingFetch } from "../../../demo/recording-fetch.ts";
import { playTurns, type RoundTurns } from "../../../demo/round-turns.ts";
import {
  makeSecretariat,
  startServer,
  type NodeRun,
  type SecretariatFolder,
  type ServerProcess,
} from "../../../demo/server-process.ts";
import { stretches } from "../../../tests/server/secret-search.ts";
import type { ConsoleDesk } from "./console-desk.ts";
import { plantedIn, secretOfBytes, secretsOfPersons, type Secret, type Ward } from "./planted.ts";
import { openReceivers, type Receivers } from "./receivers.ts";

export const ROUND = "hunt-1";
/** Stated in the round; the secretariat holds it in the clear. */
export const PURPOSE = "To see that planted secrets are found nowhere";

/** Records of each list that are nobody's secret. */
const FURTHER_RECORDS = 40;
/** In the references of planted persons. */
const PLANTED = "-planted-";
const REFERENCE_DIGITS = 4;
/** Of so many planted persons the last stands on one list alone: no counterpart may ever see it. */
const ALONE_EVERY = 5;
/** Looked for of each batch. */
const MOST_HANDLES = 10;
const MOST_STRETCHES = 20;
const STATUSES_AT_ONCE = 50;
const MOST_SERVERS = 200;
type Retry = NonNullable<ConnectOptions["retry"]>;
/** A server that is killed is not waited for; one that is looked into answers that it is busy. */
const AT_ONCE = { attempts: 1, pauseMs: 0, longestPauseMs: 0 };
const PATIENT = { attempts: 30, pauseMs: 1_000, longestPauseMs: 2_000 };
const FORMAT = { kind: "jsonl", encoding: "utf-8", delimiter: ",", headerMap: {} } as const;

export type HuntedRound = {
  /** All below it but vaults, lists and the server's key is searched. */
  readonly folder: string;
  readonly cast: Cast;
  readonly secretariat: SecretariatFolder;
  readonly vaults: readonly Vault[];
  /** By party. */
  readonly passphrases: ReadonlyMap<string, string>;
  /** Where the secretariat's announcements arrive. */
  readonly receivers: Receivers;
  /** By party: those whose console is running, which then walks the round for them. */
  readonly desks: Map<string, ConsoleDesk>;
  readonly descriptor: RoundDescriptor;
  /** Planted persons, each as one of the two parties has it. */
  readonly records: readonly FixtureRecord[];
  /** By ward and bytes, so that each counts once. */
  readonly keys: Map<string, Secret>;
  /** What the parties have in their temporary folders while they encode. */
  readonly temporary: string;
  readonly wire: string;
};

export type Moment = "empty" | "submitted" | "matching" | "released";

/** @param persons - Planted; each stands in two lists, every fifth in one. */
export async function openHuntedRound(
  folder: string,
  partyCount: number,
  persons: number,
  seed: number,
): Promise<HuntedRound> {
  mkdirSync(join(folder, "lists"), { recursive: true });
  mkdirSync(join(folder, "vaults"));
  mkdirSync(join(folder, "temporary"));
  const parties = PARTIES.slice(0, partyCount);
  const made = makeSecretariat(join(folder, "secretariat"));
  const receivers = await openReceivers(join(folder, "receivers"), made.signKey, parties);
  const secretariat = { ...made, announcements: receivers.announcements };
  const cast = castOf(parties.map(makeIdentity), secretariat.signKey);
  const options = { seed, recordsPerParty: FURTHER_RECORDS + persons, parties, overlap: 0.2, preset: "life" } as const;
  const base = [...generateRecords(options, parties[0] ?? "")];
  const records = plantedIn(base.slice(0, persons), seed);
  const keys = new Map<string, Secret>();
  const setting = { id: ROUND, profile: SHIPPED_PROFILE, declaredRecords: 1_000, now: new Date() };
  const descriptor = describeRound(cast, setting, { categories: [...CATEGORIES].sort(), purpose: PURPOSE });
  const [temporary, wire] = [join(folder, "temporary"), join(folder, "wire")];
  const passphrases = new Map(parties.map((party) => [party, randomBytes(18).toString("base64url")]));
  const desks = new Map<string, ConsoleDesk>();
  const beside = { passphrases, receivers, desks, vaults: [], temporary, wire };
  const round = { folder, cast, secretariat, descriptor, records, keys, ...beside };
  const vaults = cast.identities.map((identity) => {
    const { party } = identity;
    const planted = records.flatMap((record, person) =>
      holdersOf(person, parties).includes(party) ? [{ ...record, party, rec_id: referenceOf(party, person) }] : [],
    );
    const others = [...generateRecords({ ...options, recordsPerParty: FURTHER_RECORDS }, party)];
    writeFileSync(
      listPath(round, party),
      [...planted, ...others].map((record) => `${JSON.stringify(record)}\n`).join(""),
    );
    const passphrase = passphrases.get(party) ?? "";
    const vault = createVault(join(folder, "vaults", party), identity, Buffer.from(passphrase), LEAST_COST);
    vault.pinRoster(cast.roster);
    note(round, "private key", "party", Buffer.from(identity.signSecret, "base64url"));
    note(round, "private key", "party", Buffer.from(identity.boxSecret, "base64url"));
    note(round, "symmetric key", "party", Buffer.from(passphrase));
    note(round, "symmetric key", "party", vault.access().key);
    return vault;
  });
  for (const { signSecret } of [...cast.operators, cast.officer])
    note(round, "private key", "party", Buffer.from(signSecret, "base64url"));
  const serverKey = new Uint8Array(readFileSync(secretariat.serverKeyFile));
  note(round, "symmetric key", "server", serverKey);
  note(round, "private key", "server", Buffer.from(signingKeysOf(serverKey).signSecret, "base64url"));
  return { ...round, vaults };
}

export async function closeHuntedRound({ vaults, desks, receivers }: HuntedRound): Promise<void> {
  for (const desk of desks.values()) await desk.stop();
  for (const vault of vaults) vault.close();
  await receivers.close();
}

/** @returns Planted persons' facts and references, and all keys, handles, linkage keys and hit ids that have come into being. */
export function secretsOf({ records, keys, cast }: HuntedRound): Secret[] {
  const parties = cast.identities.map(({ party }) => party);
  const references = records.flatMap((_, person) =>
    holdersOf(person, parties).map((party): Secret => ({
      kind: "reference",
      ward: "party",
      holders: [party],
      writings: [referenceOf(party, person)],
    })),
  );
  return [...secretsOfPersons(records, (person) => holdersOf(person, parties)), ...references, ...keys.values()];
}

/** Parties on whose list a planted person is. */
function holdersOf(person: number, parties: readonly string[]): string[] {
  const isAlone = person % ALONE_EVERY === ALONE_EVERY - 1;
  return parties.filter(
    (_, at) => person % parties.length === at || (!isAlone && (person + 1) % parties.length === at),
  );
}

function referenceOf(party: string, person: number): string {
  return `${party}${PLANTED}${String(person).padStart(REFERENCE_DIGITS, "0")}`;
}

function note(
  { keys }: Pick<HuntedRound, "keys">,
  kind: Secret["kind"],
  ward: Ward,
  bytes: Uint8Array,
  holders: readonly string[] = [],
): void {
  keys.set(`${ward} ${Buffer.from(bytes).toString("base64")}`, secretOfBytes(kind, ward, bytes, holders));
}

export type HuntedPlay = {
  /** Of the first server, the second, and so on; those after the last run as they do. */
  readonly runs: readonly NodeRun[];
  /** Called at each moment, once or again; `empty` at the first server alone. */
  readonly at: (moment: Moment, server: ServerProcess) => Promise<void> | void;
  /** Told the data folder that a server left behind which was killed or ended. */
  readonly afterEnd?: (dataFolder: string) => void;
};

/** Plays the round to its erasure. @returns The server at which it came to its end, running, and how many ended before. */
export async function playHunted(
  round: HuntedRound,
  play: HuntedPlay,
): Promise<{ server: ServerProcess; ended: number }> {
  const known = new Set<Moment>();
  for (let ended = 0; ended < MOST_SERVERS; ended++) {
    let server: ServerProcess;
    try {
      server = await startServer(round.secretariat, round.cast.roster, new AbortController().signal, play.runs[ended]);
    } catch (error) {
      // Killed or failed while it started.
      if (play.runs[ended] === undefined) throw error;
      continue;
    }
    const atMoment = async (moment: Moment): Promise<void> => {
      if (known.has(moment)) return;
      await play.at(moment, server);
      known.add(moment);
    };
    try {
      await atMoment("empty");
      await playAt(round, server, atMoment, play.runs.length === 0 ? PATIENT : AT_ONCE);
      return { server, ended };
    } catch (error) {
      await server.stop();
      if (!(error instanceof LinkageError)) throw error;
      if (!["server-unreachable", "storage-failed"].includes(error.code) && !isErasureCut(error)) throw error;
    }
    play.afterEnd?.(server.dataFolder);
  }
  throw new Error(`the round did not come to its end at ${MOST_SERVERS} servers`);
}

/** The server ends it when it starts again. */
function isErasureCut({ code, detail }: LinkageError): boolean {
  return code === "round-state" && detail.includes("followed-up");
}

async function playAt(
  round: HuntedRound,
  server: ServerProcess,
  at: (moment: Moment) => Promise<void>,
  retry: Retry,
): Promise<void> {
  const { cast, vaults } = round;
  const as = (identity: Identity | StaffIdentity): Connection => connectTo(round, server, identity, retry);
  const [first, second] = cast.operators;
  const operators: RoundTurns["operators"] = [
    { identity: first, connection: as(first) },
    { identity: second, connection: as(second) },
  ];
  const [{ connection: operator }] = operators;
  const parties = vaults.map((vault) => ({ vault, connection: as(vault.identity) }));
  await operator.createRound(round.descriptor);
  await playTurns({
    round: ROUND,
    operators,
    walkAll: async () => {
      let isDone = true;
      for (const { vault, connection } of parties) isDone = (await walk(round, vault, connection)) && isDone;
      return isDone;
    },
    onTurn: async (view) => {
      if (view.state === "sealed") await at("submitted");
      if (hasReached(view.state, "matching") && !hasReached(view.state, "released")) await at("matching");
    },
    beforeErasure: async () => {
      noteHits(round);
      for (const { vault, connection } of parties) await say(round, vault, connection);
      noteRound(round);
      await at("released");
    },
  });
}

export function connectTo(
  { cast, wire }: HuntedRound,
  { url }: Pick<ServerProcess, "url">,
  identity: Identity | StaffIdentity,
  retry: Retry,
): Connection {
  const name = "party" in identity ? identity.party : identity.id;
  return connect({
    serverUrl: url,
    identity,
    secretariat: cast.roster.secretariat,
    retry,
    fetch: recordingFetch(wire, name),
  });
}

async function walk(round: HuntedRound, vault: Vault, connection: Connection): Promise<boolean> {
  const { party } = vault.identity;
  const encode = async (into: Vault | null): Promise<void> => {
    const store = spillStore(round.temporary);
    try {
      const { list } = await encodeListFile(listPath(round, party), {
        format: FORMAT,
        strict: true,
        store,
        workers: 0,
      });
      if (into !== null) await encodeRound(into, ROUND, list, { workers: 0 });
      cpSync(round.temporary, join(round.folder, "kept-temporary", party), { recursive: true });
    } finally {
      store.close();
    }
  };
  const desk = round.desks.get(party);
  if (desk !== undefined) {
    // A list as short as this one goes to no temporary file there.
    if (vault.pairings(ROUND) === null) await encode(null);
    const isDone = await desk.run(ROUND);
    notePairings(round, vault);
    return isDone;
  }
  const walked = await walkRound({
    connection,
    vault,
    round: ROUND,
    profile: SHIPPED_PROFILE,
    now: new Date(),
    encode: () => encode(vault),
  });
  notePairings(round, vault);
  return walked.state === "done";
}

/** A status of every hit, and the party's histogram. */
async function say(round: HuntedRound, vault: Vault, connection: Connection): Promise<void> {
  const { party } = vault.identity;
  const statuses = resultsOf(vault, ROUND, SHIPPED_PROFILE, new Date()).map(({ hit }) =>
    signStatement(vault.identity, "status", { hit, party, round: ROUND, status: "confirmed" as const }),
  );
  for (let at = 0; at < statuses.length; at += STATUSES_AT_ONCE)
    await connection.putStatuses(ROUND, party, statuses.slice(at, at + STATUSES_AT_ONCE));
  const recordsOf = (refs: ReadonlySet<string>): Promise<readonly PersonRecord[]> =>
    findRecords(listPath(round, party), FORMAT, refs);
  await connection.putStatistics(await noisedStatistics(vault, ROUND, recordsOf, randomFillSync, new Date()));
}

/** Ids of all hits: those whose they are may know them, and the secretariat that drew them. */
function noteHits(round: HuntedRound): void {
  for (const vault of round.vaults)
    for (const { hit, counterpart } of resultsOf(vault, ROUND, SHIPPED_PROFILE, new Date()))
      note(round, "hit id", "hit", Buffer.from(hit, "base64url"), [vault.identity.party, counterpart]);
}

/** Keys of the round and of its pairings, as long as the vault has them. */
function notePairings(round: HuntedRound, vault: Vault): void {
  const secret = vault.roundSecret(ROUND)?.secret;
  if (secret !== undefined) note(round, "private key", "party", Buffer.from(secret, "base64url"));
  for (const { keyTag, keyProof, keyNotice } of vault.pairings(ROUND) ?? [])
    for (const key of [keyTag, keyProof, keyNotice]) if (key !== null) note(round, "symmetric key", "party", key);
}

/** The round's data key, and of every batch what names rows: handles, and keys as they are stored and as they are written. */
function noteRound(round: HuntedRound): void {
  const { secretariat, vaults, cast } = round;
  const serverKey = new Uint8Array(readFileSync(secretariat.serverKeyFile));
  const keyFolder = openKeyFolder(secretariat.serverKeyFile);
  for (const name of readdirSync(keyFolder)) {
    const wrapped = new Uint8Array(readFileSync(join(keyFolder, name)));
    note(round, "symmetric key", "data", unwrapDataKey(serverKey, ROUND, wrapped));
  }
  for (const vault of vaults)
    for (const { party: counterpart } of cast.identities) {
      if (counterpart === vault.identity.party) continue;
      note(round, "symmetric key", "party", vault.provenanceSeed(ROUND));
      const handles = vault.readHandleMap(ROUND, counterpart);
      const planted = [...handles].filter(([, { refs }]) => refs.some((ref) => ref.includes(PLANTED)));
      for (const [handle] of planted.slice(0, MOST_HANDLES))
        note(round, "handle", "round", Buffer.from(handle, "base64url"));
      const bytes = Buffer.concat([...vault.readBatch(ROUND, counterpart)]);
      for (const stretch of someOf(stretches(bytes))) note(round, "linkage key", "round", stretch);
      const [first] = planted;
      if (first === undefined) continue;
      for (const { keys } of heldRow(bytes, first[0]).cells)
        for (const key of keys) note(round, "linkage key", "round", Buffer.from(key, "hex"));
    }
}

/** @returns Some of them from end to end. */
function someOf(all: readonly Buffer[]): Buffer[] {
  return all.filter((_, at) => at % Math.ceil(all.length / MOST_STRETCHES) === 0);
}

function listPath({ folder }: Pick<HuntedRound, "folder">, party: string): string {
  return join(folder, "lists", `${party}.jsonl`);
}
