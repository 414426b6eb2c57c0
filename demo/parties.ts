/**
 * The twelve parties, the operators and their round, run by the client's own code over HTTP.
 */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { Piscina } from "piscina";
import { agreeKeys } from "#client/agree.ts";
import { exchangeAnswers } from "#client/answers.ts";
import { connect, type Connection } from "#client/http.ts";
import { LEAST_COST } from "#client/passphrase-box.ts";
import { acknowledgePackage, openHits } from "#client/release.ts";
import { resultsOf, type ResultRow } from "#client/results.ts";
import { sealRound } from "#client/seal.ts";
import { createVault, openVault, type Vault } from "#client/vault.ts";
import { CATEGORIES } from "#engine/encode/person.ts";
import type { ApprovedAct } from "#engine/round/acts.ts";
import type { RoundDescriptor } from "#engine/round/descriptor.ts";
import { makeIdentity, type Identity, type StaffIdentity } from "#engine/round/identity.ts";
import type { Progress } from "#engine/round/messages.ts";
import { SHIPPED_PROFILE, SHIPPED_PROFILE_DIGEST } from "#engine/shipped-profile.ts";
import { castOf, describeRound, type Cast } from "#fixtures/cast.ts";
import type { FixtureOptions } from "#fixtures/people.ts";
import type { NeedleIndex } from "./needle-index.ts";
import type { IndexTask, ListTask, SubmitAnswer, SubmitTask } from "./party-worker.ts";
import { recordingFetch } from "./recording-fetch.ts";
import { approveAll, type Operator } from "./round-turns.ts";

/** Stated in every round; the secretariat holds it in the clear. */
export const PURPOSE = "To show that parties find common persons and the secretariat learns of none";

/** Of every vault; the people in them are fictional. */
export const VAULT_PASSPHRASE = new TextEncoder().encode("twelve parties on one machine");

const POLL_MS = 20;

/** What the parties' own checks found, over all of them; nothing, if the secretariat was honest. */
export type Answered = { readonly faults: number; readonly silent: number };

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

/**
 * Makes an identity and a vault for each party, two operators and an officer.
 *
 * @param secretariat - Public key with which the secretariat signs.
 * @returns The cast; its roster is pinned in every vault.
 */
export function makeParties(folder: string, parties: readonly string[], secretariat: string): Cast {
  mkdirSync(join(folder, "vaults"), { recursive: true });
  mkdirSync(join(folder, "lists"), { recursive: true });
  const cast = castOf(parties.map(makeIdentity), secretariat);
  for (const identity of cast.identities) {
    using vault = createVault(vaultFolderOf(folder, identity.party), identity, VAULT_PASSPHRASE, LEAST_COST);
    vault.pinRoster(cast.roster);
  }
  return cast;
}

/** @returns A round of all parties with all, for lists of `declaredRecords`, down to band *low*. */
export function describeDemo(id: string, cast: Cast, declaredRecords: number, now: Date): RoundDescriptor {
  return describeRound(
    cast,
    { id, profile: SHIPPED_PROFILE, declaredRecords, now },
    { categories: [...CATEGORIES].sort(), legalBasis: "Demonstration on fictional people", purpose: PURPOSE },
  );
}

/** One round as its parties and its operators run it. */
export class PartyRound {
  readonly #folder: string;
  readonly #serverUrl: string;
  readonly #parties: readonly string[];
  readonly #round: string;
  readonly #operators: readonly Operator[];
  readonly #wireFolder: string | undefined;
  readonly operator: Connection;

  /** @param wireFolder - Gets everything that goes over the wire, in `requests` and `answers`; undefined keeps nothing of it. */
  constructor(folder: string, serverUrl: string, { roster, operators }: Cast, round: string, wireFolder?: string) {
    this.#folder = folder;
    this.#wireFolder = wireFolder;
    this.#serverUrl = serverUrl;
    this.#parties = roster.parties.map((party) => party.id);
    this.#round = round;
    this.#operators = operators.map((identity) => ({
      identity,
      connection: this.#connectAs(identity, roster.secretariat, identity.id),
    }));
    const [first] = this.#operators;
    if (first === undefined) throw new RangeError("a round needs operators");
    this.operator = first.connection;
  }

  /** Both operators approve. */
  async approve(act: ApprovedAct): Promise<void> {
    await approveAll(this.#operators, await this.operator.round(this.#round), act);
  }

  /** Keys of all pairings: every party asks again until all have confirmed. @throws Error if they do not come to an end. */
  async agree(): Promise<void> {
    for (let attempt = 0; attempt < 4; attempt++) {
      let agreed = 0;
      await this.#each(async (vault, connection) => {
        const agreement = await agreeKeys(
          connection,
          vault,
          vault.roster(),
          this.#round,
          [SHIPPED_PROFILE_DIGEST],
          new Date(),
        );
        if (agreement.state === "agreed") agreed++;
      });
      if (agreed === this.#parties.length) return;
    }
    throw new Error("the parties did not agree on their keys");
  }

  /** Every party checks and co-signs what was submitted. */
  async seal(): Promise<void> {
    await this.#each((vault, connection) => sealRound(connection, vault, this.#round, new Date()));
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
  async untilReviewed(onProgress: (progress: Progress) => void, pollMs = POLL_MS): Promise<void> {
    for (;;) {
      const { state, progress } = await this.operator.round(this.#round);
      onProgress(progress);
      if (state === "reviewed") return;
      if (state !== "matching") throw new Error(`matching failed; the round is ${state}`);
      await pause(pollMs);
    }
  }

  /** Every party takes its package, which it cannot open, and acknowledges it. */
  async acknowledge(): Promise<void> {
    await this.#each((vault, connection) => acknowledgePackage(connection, vault, this.#round));
  }

  /** Every party opens its hits and answers them, then takes the answers of the others. */
  async answer(): Promise<Answered> {
    const answered = { faults: 0, silent: 0 };
    await this.#each(async (vault, connection) => {
      const { faults } = await openHits(connection, vault, this.#round, SHIPPED_PROFILE, new Date());
      answered.faults += faults.length;
      await exchangeAnswers(connection, vault, this.#round, new Date());
    });
    await this.#each(async (vault, connection) => {
      const { faults, waitingFor } = await exchangeAnswers(connection, vault, this.#round, new Date());
      answered.faults += faults.length;
      answered.silent += waitingFor.length;
    });
    return answered;
  }

  /** @returns Hits of each party, by party. */
  async results(): Promise<Map<string, readonly ResultRow[]>> {
    const results = new Map<string, readonly ResultRow[]>();
    await this.#each((vault) => {
      results.set(vault.identity.party, resultsOf(vault, this.#round, SHIPPED_PROFILE, new Date()));
    });
    return results;
  }

  /** Party after party, so that the demonstration is the same each time. */
  async #each(step: (vault: Vault, connection: Connection) => unknown): Promise<void> {
    for (const party of this.#parties) {
      using vault = openVault(vaultFolderOf(this.#folder, party), VAULT_PASSPHRASE);
      await step(vault, this.#connectAs(vault.identity, vault.roster().secretariat, party));
    }
  }

  #connectAs(identity: Identity | StaffIdentity, secretariat: string, name: string): Connection {
    const folder = this.#wireFolder;
    const recording = folder === undefined ? {} : { fetch: recordingFetch(folder, name) };
    return connect({ serverUrl: this.#serverUrl, identity, secretariat, ...recording });
  }
}

/** @returns Options of the lists: every two parties share about a twelfth of their persons. */
export function listOptions(seed: number, recordsPerParty: number, parties: readonly string[]): FixtureOptions {
  return { seed, recordsPerParty, parties, overlap: 0.08, preset: "life" };
}
