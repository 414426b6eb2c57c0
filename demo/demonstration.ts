/**
 * The steps of the demonstration.
 * In: a folder, a size, threads. Out: what is printed on the way, and what went wrong.
 */
import { readdirSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { openVault } from "#client/vault.ts";
import { slotCount } from "#engine/profile.ts";
import { checkStatement } from "#engine/round/statement.ts";
import type { Cast } from "#fixtures/cast.ts";
import { SHIPPED_PROFILE } from "#engine/shipped-profile.ts";
import { generateTruth, PARTIES, type FixtureOptions } from "#fixtures/people.ts";
import { BlindnessProof, largestFile, type Place } from "./blindness.ts";
import { decryptRound, heldRow, keepDataFolder } from "./held-data.ts";
import type { NeedleIndex } from "./needle-index.ts";
import {
  describeDemo,
  listOptions,
  listPathOf,
  makeParties,
  PartyRound,
  PURPOSE,
  VAULT_PASSPHRASE,
  vaultFolderOf,
  wireFolderOf,
  type PartyThreads,
} from "./parties.ts";
import { megabytes, printLine, printText, printTitle, showStatus, wholeNumber } from "./printing.ts";
import { joinResults, truePairs, type SharedHit } from "./quality.ts";
import {
  printBounds,
  printHeldRow,
  printHits,
  printPlaces,
  printPlanted,
  printQuality,
  printStages,
  type Stage,
} from "./report.ts";
import { makeSecretariat, startServer, type SecretariatFolder, type ServerProcess } from "./server-process.ts";

const ROUND = "demo-1";
const SEED = 2026;

export type Setting = {
  /** Empty; gets all files. */
  readonly folder: string;
  readonly recordsPerParty: number;
  readonly threads: PartyThreads;
  /** Threads of the parties, and of the search. */
  readonly threadCount: number;
  readonly interruption: AbortSignal;
  /** Called as soon as there is a server to be stopped. */
  readonly onStarting: (server: Promise<ServerProcess>) => void;
};

/** What the steps have in common. */
type Run = Setting & {
  readonly options: FixtureOptions;
  readonly cast: Cast;
  readonly secretariat: SecretariatFolder;
  /** In increasing order. */
  readonly parties: readonly string[];
  readonly stages: Stage[];
};

/** Copies of the server's state; `undefined` where the system does not let memory be read. */
type Kept = {
  readonly snapshot: string;
  /** Copy of the data folder with all batches in it. */
  readonly dataFolder: string;
  readonly memory: string | undefined;
  readonly matchingStage: string;
};

/** A round that is over. */
type Played = {
  readonly server: ServerProcess;
  readonly round: PartyRound;
  /** Heap snapshot and memory of the server before any party had sent anything. */
  readonly program: readonly string[];
  readonly kept: Kept;
  readonly hits: readonly SharedHit[];
};

/** @returns What went wrong; empty when the round and the proof are as they should be. */
export async function demonstrate(setting: Setting): Promise<string[]> {
  printTitle(`Aquila: ${PARTIES.length} parties, ${wholeNumber(setting.recordsPerParty)} records each, all fictional`);
  const secretariat = makeSecretariat(join(setting.folder, "secretariat"));
  const cast = makeParties(setting.folder, PARTIES, secretariat.signKey);
  const run: Run = {
    ...setting,
    options: listOptions(SEED, setting.recordsPerParty, PARTIES),
    cast,
    secretariat,
    parties: cast.identities.map(({ party }) => party),
    stages: [],
  };
  await writeLists(run);
  const [index, played] = await Promise.all([indexFacts(run), playRound(run)]);
  printHits(run.parties, played.hits);
  printQuality(played.hits, truePairs(generateTruth(run.options)));
  const proof = new BlindnessProof(index, run.threadCount);
  try {
    const faults = await proveBlindness(run, played, proof);
    return played.hits.length > 0 ? faults : [...faults, "no hits were found"];
  } finally {
    await proof.close();
  }
}

/** The round from the server's start to the parties' hits. */
async function playRound(run: Run): Promise<Played> {
  const server = await startSecretariat(run);
  printLine(`secretariat listening on ${server.url}, process ${server.processId}`);
  const snapshot = await server.heapSnapshot();
  const memory = keepMemory(run, server, "memory-before");
  const round = await openRound(run, server);
  const keys = await submitBatches(run, round);
  const kept = await matchUnderExamination(run, round, server, keys);
  const hits = await fetchHits(run, round);
  return { server, round, program: memory === undefined ? [snapshot] : [snapshot, memory], kept, hits };
}

async function writeLists({ threads, options, folder, parties, recordsPerParty, stages }: Run): Promise<void> {
  const seconds = await Promise.all(
    parties.map((party) => threads.writeList({ options, party, path: listPathOf(folder, party) })),
  );
  const amount = recordsPerParty * parties.length;
  stages.push({ name: "lists generated", seconds: sumOf(seconds, (value) => value), amount, unit: "records" });
  printLine(`${parties.length} lists written`);
}

function startSecretariat({ secretariat, cast, interruption, onStarting }: Run): Promise<ServerProcess> {
  const starting = startServer(secretariat, cast.roster, interruption);
  onStarting(starting);
  return starting;
}

function indexFacts({ threads, folder, parties, cast }: Run): Promise<NeedleIndex> {
  return threads.indexLists({
    listPaths: parties.map((party) => listPathOf(folder, party)),
    controls: [PURPOSE, ...cast.identities.map(({ signKey }) => signKey)],
  });
}

/** @returns Path of the copy, or nothing where the system does not let memory be read. */
function keepMemory({ folder }: Run, server: ServerProcess, name: string): string | undefined {
  const copy = join(folder, name);
  return server.copyMemory(copy) ? copy : undefined;
}

/** Creates and opens the round; all parties agree on the keys of all pairings. */
async function openRound({ folder, cast, recordsPerParty, parties }: Run, server: ServerProcess): Promise<PartyRound> {
  const round = new PartyRound(folder, server.url, cast, ROUND, wireFolderOf(folder));
  await round.operator.createRound(describeDemo(ROUND, cast, recordsPerParty, new Date()));
  await round.approve("open");
  printLine("round created; two operators opened it");
  await round.agree();
  printLine(`keys of ${(parties.length * (parties.length - 1)) / 2} pairings agreed and confirmed`);
  return round;
}

/** @returns Keys of all batches, fillers included. */
async function submitBatches({ threads, stages, parties }: Run, round: PartyRound): Promise<number> {
  const answers = await round.submit(threads);
  const keys = sumOf(answers, (answer) => answer.keys);
  const bytes = sumOf(answers, (answer) => answer.bytes);
  const records = sumOf(answers, (answer) => answer.records);
  const factsSeconds = sumOf(answers, (answer) => answer.factsSeconds);
  const encodeSeconds = sumOf(answers, (answer) => answer.encodeSeconds);
  const submitSeconds = sumOf(answers, (answer) => answer.submitSeconds);
  stages.push(
    { name: "facts and digests", seconds: factsSeconds, amount: records, unit: "records" },
    { name: "keys, sorted, written", seconds: encodeSeconds, amount: keys, unit: "keys" },
    { name: "batches submitted", seconds: submitSeconds, amount: bytes / 1e6, unit: "MB" },
  );
  printLine(
    `${parties.length * (parties.length - 1)} batches, ${megabytes(bytes)}, encoded and submitted; ` +
      `${wholeNumber(records - sumOf(answers, (answer) => answer.rows))} own duplicates merged, ` +
      `${wholeNumber(sumOf(answers, (answer) => answer.refused))} records refused`,
  );
  return keys;
}

/** Keeps the server's state with all batches in it, matches, and copies its memory while batches are open there. */
async function matchUnderExamination(run: Run, round: PartyRound, server: ServerProcess, keys: number): Promise<Kept> {
  const snapshot = await server.heapSnapshot();
  const dataFolder = join(run.folder, "held-before-matching");
  keepDataFolder(server.dataFolder, dataFolder);
  await round.operator.closeRound(ROUND);
  await round.seal();
  printLine("submission closed; every party checked and co-signed the digests of all batches");
  const matchFrom = performance.now();
  const { stage } = await round.startMatching();
  const heldFrom = performance.now();
  const memory = keepMemory(run, server, "memory-while-matching");
  const heldSeconds = secondsSince(heldFrom);
  await round.untilReviewed(({ pairingsDone, pairingsTotal }) => {
    showStatus(`${pairingsDone} of ${pairingsTotal} pairings matched`);
  });
  const seconds = secondsSince(matchFrom) - heldSeconds;
  run.stages.push({ name: "matched (wall clock)", seconds, amount: keys, unit: "keys" });
  await round.approve("release");
  printLine("matched; two operators approved the release");
  return { snapshot, dataFolder, memory, matchingStage: stage };
}

async function fetchHits({ stages }: Run, round: PartyRound): Promise<SharedHit[]> {
  const from = performance.now();
  await round.acknowledge();
  const { faults, silent } = await round.answer();
  if (faults + silent > 0) throw new Error(`clients found ${faults} faults; ${silent} answers are not in`);
  printLine("packages acknowledged, all pairings open; decoys all there, every hit proven");
  const hits = joinResults(await round.results());
  stages.push({ name: "results (wall clock)", seconds: secondsSince(from), amount: hits.length * 2, unit: "hits" });
  return hits;
}

/** @returns What speaks against the secretariat's blindness, or against the search. */
async function proveBlindness(run: Run, played: Played, proof: BlindnessProof): Promise<string[]> {
  const { server, round, program } = played;
  const wire = wireFolderOf(run.folder);
  const { snapshot, dataFolder, memory, matchingStage } = played.kept;
  const after = join(run.folder, "held-after-release");
  keepDataFolder(server.dataFolder, after);
  const opened = join(run.folder, "decrypted");
  const batches = decryptRound(dataFolder, server.serverKeyFile, ROUND, opened);
  decryptRound(after, server.serverKeyFile, ROUND, opened);

  const place = (name: string, paths: readonly string[], mustHoldControl: boolean, isProcess = false): Place => ({
    name,
    paths,
    mustHoldControl,
    isProcess,
  });
  const from = performance.now();
  await proof.learnProgram(program);
  const erased = await eraseAtEnd(run, round, server);
  const places = await proof.search([
    place("server's files and database as they lay", [dataFolder, after], true),
    place("the same files decrypted", [opened], false),
    place("what is left after the erasure", [erased], true),
    place("requests: lines, headers, bodies", [join(wire, "requests")], true),
    place("answers", [join(wire, "answers")], true),
    place("log", [server.logFile], false),
    place("heap snapshot, all batches in", [snapshot], true, true),
    ...(memory === undefined ? [] : [place(`memory of the process, ${matchingStage}`, [memory], true, true)]),
  ]);
  const planted = await proof.searchPlanted(
    server.logFile,
    largestFile(join(dataFolder, "rounds")),
    join(run.folder, "planted"),
  );
  const searchedBytes = sumOf(places, ({ searchedBytes }) => searchedBytes);
  const seconds = secondsSince(from);
  run.stages.push({ name: "search (wall clock)", seconds, amount: searchedBytes / 1e6, unit: "MB" });
  printStages(run.stages, run.threadCount, slotCount(SHIPPED_PROFILE));

  printTitle("Blindness: what of the parties' facts is at the secretariat");
  printText(
    "One pass for every full name, date of birth, document and telephone number of at least eight bytes " +
      `(${wholeNumber(proof.index.needleCount)} texts, ${wholeNumber(proof.index.patternCount)} patterns), as written and ` +
      "folded, in UTF-8, UTF-16, Latin-1, JSON escapes, hexadecimal and base64. Controls are the round's purpose and the " +
      "parties' public keys, which the secretariat does hold in the clear.",
  );
  const leakCount = printPlaces(places);
  printPlanted(planted);
  printBounds(memory !== undefined, proof.knownBefore);
  printOneRow(run, batches);

  return [
    ...(leakCount === 0 ? [] : [`${leakCount} leaks were found`]),
    ...(planted.every((result) => result.found === result.planted) ? [] : ["a planted leak was not found"]),
    ...places
      .filter(({ controls, mustHoldControl }) => mustHoldControl && controls === 0)
      .map(({ name }) => `the search found no control in: ${name}`),
  ];
}

/** Erases the round, checks the certificate, and keeps what the server's folder holds then. @returns Path of the copy. */
async function eraseAtEnd({ cast, folder }: Run, round: PartyRound, server: ServerProcess): Promise<string> {
  await round.approve("erase");
  const certificate = await round.operator.certificate(ROUND);
  checkStatement(cast.roster.secretariat, "erasure", certificate);
  const copy = join(folder, "held-after-erasure");
  keepDataFolder(server.dataFolder, copy);
  const left = readdirSync(join(server.dataFolder, "rounds")).length;
  if (left > 0) throw new Error("files of the round are left after its erasure");
  printLine("round erased by two operators: key destroyed, no file left, certificate checked");
  return copy;
}

/** @param batches - Paths of the decrypted batches, `FROM-TO.batch`. */
function printOneRow({ folder }: Run, batches: readonly string[]): void {
  const [batch] = batches;
  if (batch === undefined) throw new Error("the secretariat holds no batch");
  const [from = "", to = ""] = basename(batch, ".batch").split("-");
  using vault = openVault(vaultFolderOf(folder, from), VAULT_PASSPHRASE);
  const [ownRow] = vault.readHandleMap(ROUND, to);
  if (ownRow === undefined) throw new Error("the batch stands for no record");
  const [handle, { refs }] = ownRow;
  printHeldRow(heldRow(readFileSync(batch), handle), from, to, refs.join(" and "));
}

function sumOf<Item>(items: readonly Item[], value: (item: Item) => number): number {
  return items.reduce((total, item) => total + value(item), 0);
}

function secondsSince(startedMs: number): number {
  return (performance.now() - startedMs) / 1000;
}
