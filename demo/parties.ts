/**
 * The twelve parties, the operator and their round, run by the client's own code over HTTP.
 */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { Piscina } from "piscina";
import { agreeKeys } from "#client/agree.ts";
import { connect, type Connection } from "#client/http.ts";
import { LEAST_COST } from "#client/passphrase-box.ts";
import { fetchResults, type ResultRow } from "#client/results.ts";
import { createVault, openVault, type Vault } from "#client/vault.ts";
import { CATEGORIES } from "#engine/encode/person.ts";
import type { RoundDescriptor } from "#engine/round/descriptor.ts";
import { makeIdentity, type Identity, type OperatorIdentity } from "#engine/round/identity.ts";
import type { Progress } from "#engine/round/messages.ts";
import { rosterDigest, type Roster } from "#engine/round/roster.ts";
import { SHIPPED_PROFILE, SHIPPED_PROFILE_DIGEST } from "#engine/shipped-profile.ts";
import type { FixtureOptions } from "#fixtures/people.ts";
import type { NeedleIndex } from "./needle-index.ts";
import type { IndexTask, ListTask, SubmitAnswer, SubmitTask } from "./party-worker.ts";
import { recordingFetch } from "./recording-fetch.ts";

/** Stated in every round; the secretariat holds it in the clear. */
export const PURPOSE = "To show that parties find common persons and the secretariat learns of none";

/** Of every vault; the people in them are fictional. */
export const VAULT_PASSPHRASE = new TextEncoder().encode("twelve parties on one machine");

const POLL_MS = 20;
const HOUR_MS = 3_600_000;

/** Threads on which parties work, two at a time. */
export type PartyThreads = {
  readonly writeList: (task: ListTask) => Promise<number>;
  readonly indexLists: (task: IndexTask) => Promise<NeedleIndex>;
  readonly encodeAndSubmit: (task: SubmitTask) => Promise<SubmitAnswer>;
  readonly close: () => Promise<void>;
};

export function openPartyThreads(threads: number): PartyThreads {
  const piscina = new Piscina<unknown, unknown>({
    filename: new URL("./party-worker.ts", import.meta.url).href,
    maxThreads: threads,
    idleTimeout: 60_000,
  });
  return {
    writeList: async (task) => (await piscina.run(task, { name: "writeList" })) as number,
    indexLists: async (task) => (await piscina.run(task, { name: "indexLists" })) as NeedleIndex,
    encodeAndSubmit: async (task) => (await piscina.run(task, { name: "encodeAndSubmit" })) as SubmitAnswer,
    close: () => piscina.destroy(),
  };
}

/** Where a party keeps its things. */
export function vaultFolderOf(folder: string, party: string): string {
  return join(folder, "vaults", party);
}
export function listPathOf(folder: string, party: string): string {
  return join(folder, "lists", `${party}.jsonl`);
}
/** Everything that goes over the wire. */
export function wireFolderOf(folder: string): string {
  return join(folder, "wire");
}

/** Makes an identity and a vault for each party. @returns Their roster, pinned in every vault. */
export function makeParties(folder: string, parties: readonly string[]): Roster {
  mkdirSync(join(folder, "vaults"), { recursive: true });
  mkdirSync(join(folder, "lists"), { recursive: true });
  const vaults = [...parties]
    .sort()
    .map((party) => createVault(vaultFolderOf(folder, party), makeIdentity(party), VAULT_PASSPHRASE, LEAST_COST));
  const roster: Roster = {
    format: "aquila/roster/v1",
    parties: vaults.map(({ identity: { party, signKey, boxKey } }) => ({ boxKey, id: party, signKey })),
  };
  for (const vault of vaults) {
    vault.pinRoster(roster);
    vault.close();
  }
  return roster;
}

/** @returns A round of all parties with all, for lists of `declaredRecords`, down to band *low*. */
export function describeRound(id: string, roster: Roster, declaredRecords: number, now: Date): RoundDescriptor {
  const parties = roster.parties.map((party) => party.id);
  const inHours = (hours: number): string =>
    new Date(now.getTime() + hours * HOUR_MS).toISOString().replace(/\.\d+Z$/, "Z");
  return {
    categories: [...CATEGORIES].sort(),
    deadlines: { keys: inHours(1), submission: inHours(2), results: inHours(3) },
    format: "aquila/round/v1",
    id,
    legalBasis: "Demonstration on fictional people",
    lowestBand: "low",
    pairings: parties.flatMap((a, at) => parties.slice(at + 1).map((b): [string, string] => [a, b])),
    parties: parties.map((party) => ({ declaredRecords, id: party })),
    profile: SHIPPED_PROFILE_DIGEST,
    purpose: PURPOSE,
    roster: rosterDigest(roster),
  };
}

/** One round as its parties and its operator run it. */
export class PartyRound {
  readonly #folder: string;
  readonly #serverUrl: string;
  readonly #parties: readonly string[];
  readonly #round: string;
  readonly #wireFolder: string | undefined;
  readonly operator: Connection;

  /** @param wireFolder - Gets everything that goes over the wire, in `requests` and `answers`; undefined keeps nothing of it. */
  constructor(
    folder: string,
    serverUrl: string,
    roster: Roster,
    operator: OperatorIdentity,
    round: string,
    wireFolder?: string,
  ) {
    this.#folder = folder;
    this.#wireFolder = wireFolder;
    this.#serverUrl = serverUrl;
    this.#parties = roster.parties.map((party) => party.id);
    this.#round = round;
    this.operator = this.#connectAs(operator, "operator");
  }

  /** Keys of all pairings: every party asks again until all have confirmed. @throws Error if they do not come to an end. */
  async agree(): Promise<void> {
    const members = this.#members();
    for (let attempt = 0; attempt < 4; attempt++) {
      let agreed = 0;
      for (const { vault, connection } of members) {
        const agreement = await agreeKeys(connection, vault, vault.roster(), this.#round, [SHIPPED_PROFILE_DIGEST]);
        if (agreement.state === "agreed") agreed++;
      }
      if (agreed === this.#parties.length) return;
    }
    throw new Error("the parties did not agree on their keys");
  }

  /** @returns What each party did, in order of party. */
  async submit(threads: Pick<PartyThreads, "encodeAndSubmit">): Promise<SubmitAnswer[]> {
    return Promise.all(
      this.#parties.map((party) =>
        threads.encodeAndSubmit({
          serverUrl: this.#serverUrl,
          vaultFolder: vaultFolderOf(this.#folder, party),
          passphrase: VAULT_PASSPHRASE,
          listPath: listPathOf(this.#folder, party),
          round: this.#round,
          wireFolder: this.#wireFolder,
        }),
      ),
    );
  }

  /** Starts matching. @returns The first progress that shows batches in the server's memory, or that all is done. */
  async startMatching(): Promise<Progress> {
    await this.operator.matchRound(this.#round);
    for (;;) {
      const progress = await this.operator.progress(this.#round);
      if (progress.stage === "done" || (progress.stage !== "idle" && progress.bytesDone > 0)) return progress;
    }
  }

  /** @throws Error if the server gave up. */
  async untilReleased(onProgress: (progress: Progress) => void, pollMs = POLL_MS): Promise<void> {
    for (;;) {
      const { state, progress } = await this.operator.round(this.#round);
      onProgress(progress);
      if (state === "released") return;
      if (state !== "matching") throw new Error(`matching failed; the round is ${state}`);
      await pause(pollMs);
    }
  }

  /** @returns Hits of each party, by party. */
  async results(): Promise<Map<string, readonly ResultRow[]>> {
    const results = new Map<string, readonly ResultRow[]>();
    for (const { vault, connection } of this.#members())
      results.set(vault.identity.party, await fetchResults(connection, vault, this.#round, SHIPPED_PROFILE));
    return results;
  }

  #members(): { vault: Vault; connection: Connection }[] {
    return this.#parties.map((party) => {
      const vault = openVault(vaultFolderOf(this.#folder, party), VAULT_PASSPHRASE);
      return { vault, connection: this.#connectAs(vault.identity, party) };
    });
  }

  #connectAs(identity: Identity | OperatorIdentity, name: string): Connection {
    const folder = this.#wireFolder;
    const recording = folder === undefined ? {} : { fetch: recordingFetch(folder, name) };
    return connect({ serverUrl: this.#serverUrl, identity, ...recording });
  }
}

/** @returns Options of the lists: every two parties share about a twelfth of their persons. */
export function listOptions(seed: number, recordsPerParty: number, parties: readonly string[]): FixtureOptions {
  return { seed, recordsPerParty, parties, overlap: 0.08, preset: "life" };
}
