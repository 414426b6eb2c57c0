/**
 * Two parties and their secretariat as processes of their own: vaults, lists of fictional people with a handful in common, key files of the staff.
 */
import type { ChildProcess } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { LEAST_COST } from "#client/passphrase-box.ts";
import { createIdentityFile, STAFF_FILE } from "#client/sealed-identity.ts";
import { createVault, openVault } from "#client/vault.ts";
import { CATEGORIES, type PersonRecord } from "#engine/encode/person.ts";
import type { RoundDescriptor } from "#engine/round/descriptor.ts";
import { makeIdentity } from "#engine/round/identity.ts";
import { SHIPPED_PROFILE } from "#engine/shipped-profile.ts";
import { castOf, describeRound } from "#fixtures/cast.ts";
import { builtFolder, PAGE_SETS } from "#pages/built.ts";
import { makeSecretariat, startServer, type ServerProcess } from "../../demo/server-process.ts";
import { addressesOf, endConsole, startConsole } from "../client/console/console-process.ts";
import { PASSPHRASE } from "../client/folders.ts";
import { range, recordsOf } from "../client/round/table.ts";
import { generatedRecords } from "../engine/encode/lists.ts";

export const PARTIES = ["AT", "HR"] as const;
export type Party = (typeof PARTIES)[number];
/** People on both lists. */
export const COMMON = range(0, 5);

/** Reference of a person in common. */
export function referenceOf(party: Party, person: number): string {
  return `${party}-2025-00${person}`;
}

const SEEDS: Readonly<Record<Party, number>> = { AT: 21, HR: 22 };
const ALONE = 55;
const DECLARED = 60;
const SHORTEST = 5;

export type TwoParties = {
  readonly server: ServerProcess;
  /** Origin and address of a party's console. */
  readonly consoleOf: (party: Party) => { readonly origin: string; readonly address: () => string };
  readonly lists: Readonly<Record<Party, readonly PersonRecord[]>>;
  readonly keyFile: (id: string) => string;
  /** Writes a descriptor of a round between the two. @returns Its path, and what it says. */
  readonly describe: (id: string) => { readonly file: string; readonly descriptor: RoundDescriptor };
  /** Ends the consoles. @returns The handles of all rows that were submitted in a round. */
  readonly handlesAtTheEnd: (round: string) => Promise<string[]>;
  readonly close: () => Promise<void>;
};

/** Starts all processes. */
export async function seatTwoParties(): Promise<TwoParties> {
  const folder = mkdtempSync(join(tmpdir(), "aquila-two-parties-"));
  const secretariat = makeSecretariat(join(folder, "secretariat"));
  const cast = castOf(PARTIES.map(makeIdentity), secretariat.signKey);
  const vaultFolder = (party: string): string => join(folder, `vault-${party}`);
  for (const identity of cast.identities) {
    using vault = createVault(vaultFolder(identity.party), identity, PASSPHRASE, LEAST_COST);
    vault.pinRoster(cast.roster);
  }
  const keyFile = (id: string): string => join(folder, "staff", `${id}.key`);
  mkdirSync(join(folder, "staff"), { mode: 0o700 });
  for (const identity of [...cast.operators, cast.officer])
    createIdentityFile(keyFile(identity.id), STAFF_FILE, identity, Buffer.from(PASSPHRASE), LEAST_COST);
  const lists = { AT: listOf("AT"), HR: listOf("HR") };
  for (const party of PARTIES)
    writeFileSync(join(folder, `${party}.jsonl`), lists[party].map((record) => JSON.stringify(record)).join("\n"));

  const ending = new AbortController();
  const server = await startServer(secretariat, cast.roster, ending.signal);
  const consoles = await Promise.all(
    PARTIES.map(async (party) => {
      const list = join(folder, `${party}.jsonl`);
      const child = startConsole(["--json", "--vault", vaultFolder(party), "--server", server.url, list]);
      return { party, child, address: await addressesOf(child)() };
    }),
  );
  const endConsoles = async (): Promise<void> => {
    await Promise.all(consoles.map(({ child }: { readonly child: ChildProcess }) => endConsole(child)));
  };
  return {
    server,
    consoleOf: (wanted) => {
      const found = consoles.find(({ party }) => party === wanted);
      if (found === undefined) throw new RangeError(`no console of ${wanted}`);
      return { origin: new URL(found.address).origin, address: () => found.address };
    },
    lists,
    keyFile,
    describe: (id) => {
      const setting = { id, profile: SHIPPED_PROFILE, declaredRecords: DECLARED, now: new Date() };
      const descriptor = describeRound(cast, setting, { categories: [...CATEGORIES].sort() });
      const file = join(folder, `${id}.json`);
      writeFileSync(file, JSON.stringify(descriptor));
      return { file, descriptor };
    },
    handlesAtTheEnd: async (round) => {
      await endConsoles();
      return PARTIES.flatMap((party) => {
        using vault = openVault(vaultFolder(party), PASSPHRASE);
        const [counterpart = ""] = PARTIES.filter((other) => other !== party);
        return [...vault.readHandleMap(round, counterpart).keys()];
      });
    },
    close: async () => {
      await endConsoles();
      await server.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Those in common stand elsewhere on the two lists, live elsewhere, and are known from other cases. */
function listOf(party: Party): PersonRecord[] {
  const common = recordsOf(party, COMMON, (person) => ({
    rec_id: referenceOf(party, person),
    address_street: `${party === "AT" ? "Fasangartengasse" : "Kukuljevićeva ulica"} ${person + 11}`,
    case_ref: `${party}-C-2025-${70_000 + person}`,
    origin_ref: `${party}-2025-REPORT${person}`,
    phone: `${party === "AT" ? "+43 660" : "+385 91"} 55${person}0 1${person}7`,
  }));
  const alone = generatedRecords(ALONE, party, SEEDS[party]);
  return party === "AT" ? [...common, ...alone] : [...alone, ...common];
}

/**
 * @param own - Whose words are no one else's secret.
 * @returns References, names, dates, numbers and addresses of `others` that are in no record of `own` and in no built page.
 */
export function tellingWords(others: readonly PersonRecord[], own: readonly PersonRecord[]): string[] {
  const known = `${JSON.stringify(own)}\n${builtText()}`.toLowerCase();
  const words = others.flatMap((record) => [
    ...[record.rec_id, record.doc_number, record.phone, record.dob, record.address, record.address_street],
    ...[record.case_ref, record.origin_ref, ...record.documents, ...record.phones, ...record.online_ids],
    ...[record.family_name, record.given_name, record.patronymic, ...record.aliases].flatMap((name) => [
      name,
      ...name.split(/[\s-]+/),
    ]),
  ]);
  return [...new Set(words)].filter((word) => word.length >= SHORTEST && !known.includes(word.toLowerCase()));
}

function builtText(): string {
  return PAGE_SETS.flatMap((set) => {
    const assets = join(builtFolder(set), "assets");
    return readdirSync(assets).map((name) => readFileSync(join(assets, name), "utf8"));
  }).join("\n");
}
