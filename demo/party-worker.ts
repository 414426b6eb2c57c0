/**
 * Thread on which a party works, with the client's own code: it writes its list, encodes and submits it, fetches its hits.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { encodeRound } from "#client/encode.ts";
import { connect } from "#client/http.ts";
import { encodeListFile } from "#client/list.ts";
import { submitBatch } from "#client/submit.ts";
import { openVault } from "#client/vault.ts";
import { parsePerson } from "#engine/encode/person.ts";
import { slotCount } from "#engine/profile.ts";
import { generateRecords, type FixtureOptions } from "#fixtures/people.ts";
import { indexNeedles, type Fact, type NeedleIndex } from "./needle-index.ts";
import { factsOfRecord } from "./record-facts.ts";
import { recordingFetch } from "./recording-fetch.ts";

export type ListTask = { readonly options: FixtureOptions; readonly party: string; readonly path: string };

export type SubmitTask = {
  readonly serverUrl: string;
  readonly vaultFolder: string;
  readonly passphrase: Uint8Array;
  readonly listPath: string;
  readonly round: string;
  /** Gets what goes over the wire; undefined keeps nothing of it. */
  readonly wireFolder: string | undefined;
};

/** Seconds of one party's own time, waiting for the server included. */
export type SubmitAnswer = {
  readonly records: number;
  readonly rows: number;
  readonly refused: number;
  readonly factsSeconds: number;
  /** Keys, fillers included, of all batches. */
  readonly keys: number;
  readonly encodeSeconds: number;
  readonly bytes: number;
  readonly submitSeconds: number;
};

/** @returns Seconds that it took. */
export function writeList({ options, party, path }: ListTask): number {
  const started = performance.now();
  writeFileSync(path, Array.from(generateRecords(options, party), (record) => `${JSON.stringify(record)}\n`).join(""));
  return secondsSince(started);
}

export type IndexTask = {
  readonly listPaths: readonly string[];
  /** Texts that are no facts and that the secretariat does hold. */
  readonly controls: readonly string[];
};

/** Index of all facts in lists, and of the controls. */
export function indexLists({ listPaths, controls }: IndexTask): NeedleIndex {
  return indexNeedles(searchedTexts(listPaths, controls));
}

export async function encodeAndSubmit(task: SubmitTask): Promise<SubmitAnswer> {
  const { round, listPath } = task;
  using vault = openVault(task.vaultFolder, task.passphrase);
  const { party } = vault.identity;
  const connection = connect({
    serverUrl: task.serverUrl,
    identity: vault.identity,
    secretariat: vault.roster().secretariat,
    heads: vault.heads(),
    ...(task.wireFolder === undefined ? {} : { fetch: recordingFetch(task.wireFolder, party) }),
  });

  const factsFrom = performance.now();
  const format = { kind: "jsonl", encoding: "utf-8", delimiter: ",", headerMap: {} } as const;
  const { list, refusedCount } = await encodeListFile(listPath, { format, strict: false });
  const encodeFrom = performance.now();
  const batches = await encodeRound(vault, round, list, { workers: 0 });
  const submitFrom = performance.now();
  let bytes = 0;
  for (const { counterpart } of batches) bytes += (await submitBatch(connection, vault, round, counterpart)).byteLength;
  return {
    records: list.report.records,
    rows: list.report.rows,
    refused: refusedCount,
    factsSeconds: (encodeFrom - factsFrom) / 1000,
    keys: batches.reduce((sum, { rowCount }) => sum + rowCount, 0) * slotCount(list.profile),
    encodeSeconds: (submitFrom - encodeFrom) / 1000,
    bytes,
    submitSeconds: secondsSince(submitFrom),
  };
}

function* searchedTexts(listPaths: readonly string[], controls: readonly string[]): Generator<Fact> {
  for (const text of controls) yield { kind: "control", text };
  for (const path of listPaths) {
    for (const [at, line] of readFileSync(path, "utf8").split("\n").entries()) {
      if (line !== "") yield* factsOfRecord(parsePerson(JSON.parse(line), at + 1));
    }
  }
}

function secondsSince(startedMs: number): number {
  return (performance.now() - startedMs) / 1000;
}
