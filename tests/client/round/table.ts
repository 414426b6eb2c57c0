/**
 * Three parties at a real secretariat for tests of whole rounds: real vaults, and small lists of the same fictional people.
 */
import { cpSync, mkdtempSync } from "node:fs";
import { join } from "node:path";
import { encodeRound } from "#client/encode.ts";
import { connect, type Connection } from "#client/http.ts";
import { LEAST_COST } from "#client/passphrase-box.ts";
import { SealedFolder } from "#client/sealed-folder.ts";
import type { ConnectOptions } from "#client/transport.ts";
import { createVault, Vault } from "#client/vault.ts";
import { walkRound, type Standing } from "#client/walk.ts";
import type { EncodedList } from "#engine/encode/list.ts";
import type { PersonRecord } from "#engine/encode/person.ts";
import type { RoundDescriptor } from "#engine/round/descriptor.ts";
import { SHIPPED_PROFILE } from "#engine/shipped-profile.ts";
import { describeRound } from "#fixtures/cast.ts";
import { encoded, generatedRecords } from "../../engine/encode/lists.ts";
import { approve, matchRound } from "../../server/acts.ts";
import {
  identityOf,
  makeHouse,
  operatorSigning,
  removeHouse,
  startServer,
  viewIn,
  type House,
  type RunningServer,
} from "../../server/harness.ts";
import { send } from "../../server/requests.ts";
import { PASSPHRASE } from "../folders.ts";

const DECLARED_RECORDS = 60;

/** People of whom enough is known that two copies of one always meet. */
const PEOPLE: readonly PersonRecord[] = generatedRecords(300).filter(
  ({ family_name, given_name, dob_quality, doc_number, birth_place }) =>
    [family_name, given_name, doc_number, birth_place].every((text) => text !== "") && dob_quality === "exact",
);

export type Table = {
  readonly house: House;
  readonly server: RunningServer;
  /** By party. */
  readonly vaults: ReadonlyMap<string, Vault>;
};

/** A list for each party, by party. */
export type Lists = ReadonlyMap<string, EncodedList>;

/** @returns The secretariat of AT, HR and SI, running, and their vaults. */
export async function openTable(): Promise<Table> {
  const house = makeHouse();
  const server = await startServer(house, { profile: SHIPPED_PROFILE });
  const vaults = house.cast.identities.map((identity): [string, Vault] => {
    const vault = createVault(join(house.folder, `vault-${identity.party}`), identity, PASSPHRASE, LEAST_COST);
    vault.pinRoster(house.roster);
    return [identity.party, vault];
  });
  return { house, server, vaults: new Map(vaults) };
}

export async function closeTable({ house, server }: Table): Promise<void> {
  await server.app.close();
  removeHouse(house);
}

export function vaultOfParty({ vaults }: Pick<Table, "vaults">, party: string): Vault {
  const vault = vaults.get(party);
  if (vault === undefined) throw new RangeError(`no vault of ${party}`);
  return vault;
}

/** @returns A copy of a vault as it stands, open, in a folder that goes with the table's. */
export function copyOf({ house }: Pick<Table, "house">, vault: Vault): Vault {
  const directory = mkdtempSync(join(house.folder, "copy-"));
  cpSync(vault.directory, directory, { recursive: true });
  return new Vault(new SealedFolder(directory, vault.access().key), vault.identity);
}

/**
 * @param people - Which of the fictional people are on the list.
 * @param changes - Of each one's record.
 * @returns The party's list; its reference of person 7 is `AT-7`.
 */
export function listOf(
  party: string,
  people: readonly number[],
  changes: (person: number) => Partial<PersonRecord> = () => ({}),
): EncodedList {
  return encoded(recordsOf(party, people, changes));
}

/** @returns The records of {@link listOf}. */
export function recordsOf(
  party: string,
  people: readonly number[],
  changes: (person: number) => Partial<PersonRecord> = () => ({}),
): PersonRecord[] {
  return people.map((person) => ({ ...recordOf(party, person), ...changes(person) }));
}

/** @returns One of the fictional people as the party has it. */
export function recordOf(party: string, person: number): PersonRecord {
  const record = PEOPLE[person];
  if (record === undefined) throw new RangeError(`there are only ${PEOPLE.length} people`);
  return { ...record, party, rec_id: `${party}-${person}` };
}

/** @returns Whole numbers from `from`, below `to`. */
export function range(from: number, to: number): number[] {
  return Array.from({ length: to - from }, (_, at) => from + at);
}

export function connectAs(
  { house, server }: Pick<Table, "house" | "server">,
  party: string,
  options: Pick<ConnectOptions, "fetch" | "retry"> = {},
): Connection {
  return connect({
    serverUrl: server.url,
    identity: identityOf(house, party),
    secretariat: house.roster.secretariat,
    now: () => house.clock(),
    ...options,
  });
}

/** One call of a party's walk through a round. */
export function walkOnce(
  vault: Vault,
  connection: Connection,
  round: string,
  lists: Lists,
  now = new Date(),
): Promise<Standing> {
  const list = lists.get(vault.identity.party);
  if (list === undefined) throw new RangeError(`no list of ${vault.identity.party}`);
  const encode = async (): Promise<void> => {
    await encodeRound(vault, round, list);
  };
  return walkRound({ connection, vault, round, profile: SHIPPED_PROFILE, now, encode });
}

/** What the operators have done last, when it is the parties' turn. */
export type Turn = "opened" | "closed" | "matched" | "released";

/** Runs a round to the end of its answers. @param walk - Takes every party as far as it can go. */
export async function playRound(
  { house, server: { url } }: Pick<Table, "house" | "server">,
  id: string,
  walk: (turn: Turn) => Promise<void>,
  changes: Partial<RoundDescriptor> = {},
): Promise<RoundDescriptor> {
  const setting = { id, profile: SHIPPED_PROFILE, declaredRecords: DECLARED_RECORDS, now: house.clock() };
  const descriptor = describeRound(house.cast, setting, changes);
  const operator = operatorSigning(house);
  const drafted = await send(url, operator, "POST", "/v1/rounds", descriptor);
  await approve(house, url, "open", viewIn(drafted));
  await walk("opened");
  await send(url, operator, "POST", `/v1/rounds/${id}/close`);
  await walk("closed");
  const matched = await matchRound(house, url, id);
  await walk("matched");
  await approve(house, url, "release", matched);
  await walk("released");
  return descriptor;
}
