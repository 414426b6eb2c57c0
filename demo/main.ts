/**
 * `npm run demo`: twelve parties, one secretariat, one round over HTTP, and the proof that the secretariat saw nobody.
 * Everything is real but the people and the time; all files go to a temporary folder that is removed at the end.
 */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { basename, join } from "node:path";
import { parseArgs } from "node:util";
import { openVault } from "#client/vault.ts";
import { slotCount } from "#engine/profile.ts";
import { makeOperatorIdentity } from "#engine/round/identity.ts";
import { SHIPPED_PROFILE } from "#engine/shipped-profile.ts";
import { generateTruth, PARTIES } from "#fixtures/people.ts";
import { BlindnessProof, largestFile } from "./blindness.ts";
import { decryptRound, heldRow, keepDataFolder } from "./held-data.ts";
import {
  describeRound,
  listOptions,
  listPathOf,
  makeParties,
  openPartyThreads,
  PartyRound,
  PURPOSE,
  vaultFolderOf,
  type PartyThreads,
} from "./parties.ts";
import { megabytes, printText, printTitle, wholeNumber } from "./printing.ts";
import { joinResults, truePairs } from "./quality.ts";
import { printHeldRow, printHits, printPlaces, printPlanted, printQuality, printStages, type Stage } from "./report.ts";
import { startServer, type ServerProcess } from "./server-process.ts";

const ROUND = "demo-1";
const SEED = 2026;
const FEWEST_RECORDS = 100;
const MOST_RECORDS = 20_000;
const EXIT_USAGE = 64;
const EXIT_INTERRUPTED = 130;
/** A server that is being ended may still make files. */
const REMOVAL = { recursive: true, force: true, maxRetries: 10 };
const THREADS = Math.min(2, availableParallelism());

const { values } = parseArgs({
  options: { records: { type: "string", default: "2000" }, serve: { type: "boolean", default: false } },
});
const records = Number(values.records);
if (!Number.isInteger(records) || records < FEWEST_RECORDS || records > MOST_RECORDS) {
  console.error(`usage: npm run demo -- [--records ${FEWEST_RECORDS}…${MOST_RECORDS}] [--serve]`);
  process.exit(EXIT_USAGE);
}

const folder = mkdtempSync(join(tmpdir(), "aquila-demo-"));
const threads = openPartyThreads(THREADS);
let starting: Promise<ServerProcess> | undefined;
let interruptedCode = EXIT_INTERRUPTED;
const interruption = new AbortController();
for (const signal of ["SIGINT", "SIGTERM"] as const)
  process.once(signal, () => {
    interruption.abort();
    rmSync(folder, REMOVAL);
    process.exit(interruptedCode);
  });

try {
  const faults = await demonstrate(threads);
  printTitle(faults.length === 0 ? "Done" : "Failed");
  for (const fault of faults) console.log(fault);
  console.log(`${process.uptime().toFixed(1)} seconds`);
  process.exitCode = faults.length === 0 ? 0 : 1;
  if (values.serve) await serveOn(process.exitCode);
} catch (error) {
  console.error(error);
  process.exitCode = 1;
} finally {
  await threads.close();
  await starting?.then(
    (server) => server.stop(),
    () => undefined,
  );
  rmSync(folder, REMOVAL);
}

/** Leaves the server up until the process is told to end. */
async function serveOn(exitCode: number): Promise<void> {
  const url = (await starting)?.url ?? "";
  console.log(`\nThe secretariat is still up at ${url}`);
  console.log(`  API page  ${url}/docs\n  metrics   ${url}/metrics\n  files     ${folder}`);
  console.log("Ctrl-C ends it and removes its files.");
  interruptedCode = exitCode;
  await new Promise(() => undefined);
}

/** @returns What went wrong; empty when the round and the proof are as they should be. */
async function demonstrate(threads: PartyThreads): Promise<string[]> {
  const stages: Stage[] = [];
  printTitle(`Aquila: ${PARTIES.length} parties, ${wholeNumber(records)} records each, all fictional`);

  const options = listOptions(SEED, records, PARTIES);
  const roster = makeParties(folder, PARTIES);
  const parties = roster.parties.map((party) => party.id);
  const listSeconds = await Promise.all(
    parties.map((party) => threads.writeList({ options, party, path: listPathOf(folder, party) })),
  );
  stages.push({
    name: "lists generated",
    seconds: listSeconds.reduce((sum, seconds) => sum + seconds, 0),
    amount: records * parties.length,
    unit: "records",
  });
  say(`${parties.length} lists written`);

  const operator = makeOperatorIdentity("operator");
  starting = startServer(join(folder, "secretariat"), roster, operator, interruption.signal);
  const [started, index] = await Promise.all([
    starting,
    threads.indexLists({
      listPaths: parties.map((party) => listPathOf(folder, party)),
      controls: [PURPOSE, ...roster.parties.map((party) => party.signKey)],
    }),
  ]);
  say(`secretariat listening on ${started.url}, process ${started.processId}`);
  const proof = new BlindnessProof(index, started, join(folder, "planted"), THREADS);
  try {
    await proof.learnProgram();
    say(
      `${wholeNumber(index.needleCount)} facts to be searched, as ${wholeNumber(index.patternCount)} patterns; ` +
        `${wholeNumber(proof.knownBefore)} stand in the server's program text`,
    );
    return await runRound();
  } finally {
    await proof.close();
  }

  async function runRound(): Promise<string[]> {
    const round = new PartyRound(folder, started.url, roster, operator, ROUND);
    await round.operator.createRound(describeRound(ROUND, roster, records, new Date()));
    await round.operator.openRound(ROUND);
    await round.agree();
    say(`keys of ${(parties.length * (parties.length - 1)) / 2} pairings agreed and confirmed`);

    const answers = await round.submit(threads);
    const sum = (count: (answer: (typeof answers)[number]) => number): number =>
      answers.reduce((total, answer) => total + count(answer), 0);
    const keys = sum((answer) => answer.keys);
    say(
      `${parties.length * (parties.length - 1)} batches, ${megabytes(sum((answer) => answer.bytes))}, ` +
        `encoded and submitted; ${sum((answer) => answer.records - answer.rows)} own duplicates merged, ` +
        `${sum((answer) => answer.refused)} records refused`,
    );
    const recordsRead = sum((answer) => answer.records);
    stages.push(
      { name: "facts and digests", seconds: sum((a) => a.factsSeconds), amount: recordsRead, unit: "records" },
      { name: "keys, sorted, written", seconds: sum((a) => a.encodeSeconds), amount: keys, unit: "keys" },
      {
        name: "batches submitted",
        seconds: sum((a) => a.submitSeconds),
        amount: sum((a) => a.bytes) / 1e6,
        unit: "MB",
      },
    );

    const snapshot = await started.heapSnapshot();
    const before = join(folder, "held-before-matching");
    keepDataFolder(started.dataFolder, before);
    await round.operator.closeRound(ROUND);
    const matchFrom = performance.now();
    const progress = await round.startMatching();
    const heldFrom = performance.now();
    const isMemoryRead = await proof.searchMemory(`memory of the process (${progress.stage}, held still)`);
    const heldMs = performance.now() - heldFrom;
    await round.untilReleased(({ pairingsDone, pairingsTotal }) => {
      status(`${pairingsDone} of ${pairingsTotal} pairings matched`);
    });
    const matchMs = performance.now() - matchFrom - heldMs;
    say("matched and released");
    stages.push({ name: "matched (wall clock)", seconds: matchMs / 1000, amount: keys, unit: "keys" });

    const resultsFrom = performance.now();
    const hits = joinResults(await round.results());
    stages.push({
      name: "results (wall clock)",
      seconds: (performance.now() - resultsFrom) / 1000,
      amount: hits.length * 2,
      unit: "hits",
    });

    printHits(parties, hits);
    printQuality(hits, truePairs(generateTruth(options)));
    const after = join(folder, "held-after-release");
    keepDataFolder(started.dataFolder, after);
    const opened = join(folder, "decrypted");
    const batches = decryptRound(before, started.serverKeyFile, ROUND, opened);
    decryptRound(after, started.serverKeyFile, ROUND, opened);

    const searchFrom = performance.now();
    await Promise.all([
      proof.searchHeapSnapshot("heap snapshot, all batches in", snapshot),
      proof.searchFiles("server's files and database as they lay", [before, after], true),
      proof.searchFiles("the same files decrypted", [opened], false),
      proof.searchFiles("requests: lines, headers, bodies", [join(round.wireFolder, "requests")], true),
      proof.searchFiles("answers", [join(round.wireFolder, "answers")], true),
      proof.searchFiles("log", [started.logFile], false),
    ]);
    const planted = await proof.searchPlanted(largestFile(join(before, "rounds")));
    const searchedBytes = proof.places.reduce((total, place) => total + place.searchedBytes, 0);
    const searchSeconds = (performance.now() - searchFrom + heldMs) / 1000;
    stages.push({ name: "search (wall clock)", seconds: searchSeconds, amount: searchedBytes / 1e6, unit: "MB" });
    printStages(stages);
    printText(
      `Seconds are those of the parties' ${THREADS} threads added up, and of the clock where it says so. ` +
        `A row has ${slotCount(SHIPPED_PROFILE)} keys, fillers included.`,
    );

    printTitle("Blindness: what of the parties' facts is at the secretariat");
    printText(
      `One pass for every full name, date of birth, document and telephone number of at least eight bytes ` +
        `(${wholeNumber(index.needleCount)} texts, as written and folded) in UTF-8, UTF-16, Latin-1, JSON escapes, ` +
        "hexadecimal and base64. Controls are the round's purpose and the parties' public keys, which the secretariat does hold in the clear.",
    );
    const leakCount = printPlaces(proof.places);
    printPlanted(planted);
    printBounds(isMemoryRead, proof);

    const [first] = batches;
    if (first === undefined) throw new Error("the secretariat holds no batch");
    const [from = "", to = ""] = basename(first, ".batch").split("-");
    const [ownRow] = openVault(vaultFolderOf(folder, from)).readHandleMap(ROUND, to);
    if (ownRow === undefined) throw new Error("the batch stands for no record");
    const [handle, refs] = ownRow;
    printHeldRow(heldRow(readFileSync(first), handle), from, to, refs.join(" and "));

    return [
      ...(leakCount === 0 ? [] : [`${leakCount} leaks were found`]),
      ...(planted.every((result) => result.found === result.planted) ? [] : ["a planted leak was not found"]),
      ...proof.places
        .filter(({ controls, mustHoldControl }) => mustHoldControl && controls === 0)
        .map(({ name }) => `the search found no control in: ${name}`),
      ...(hits.length > 0 ? [] : ["no hits were found"]),
    ];
  }
}

/** What the search does not say. */
function printBounds(isMemoryRead: boolean, proof: BlindnessProof): void {
  printText(
    `A heap snapshot holds the main thread's objects and strings, not the bytes of array buffers nor the workers' heaps${
      isMemoryRead
        ? "; the memory of the whole process, read through /proc while batches were open in it, holds both."
        : ", and this system does not let the process's memory be read."
    } ${wholeNumber(proof.knownBefore)} texts, such as dates in comments, stood in the program before any party had sent anything; ` +
      "in snapshot and memory they are set aside. Texts under eight bytes are not searched; a text of digits alone counts " +
      "only where its run of digits ends with it. The search shows that nothing leaked in these forms, not that keys cannot be guessed.",
  );
}

/** Prints a line with the seconds since the start. */
function say(text: string): void {
  status("");
  console.log(`${process.uptime().toFixed(1).padStart(5)} s  ${text}`);
}

/** Shows passing text on a terminal, and nothing elsewhere. */
function status(text: string): void {
  if (process.stdout.isTTY) process.stdout.write(`\r\u001b[K${text}`);
}
