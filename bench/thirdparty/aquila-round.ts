/**
 * Child: a whole round between the two lists A and B, as two parties and a secretariat run it: `aquila-round.ts A B PAIRS FOLDER RECORDS`.
 * Here are the parties and the operator, with the client's own code; the server is a process of its own on loopback.
 * Times are from the start of this process, the server's start included, to the pairs of both packages opened and written.
 */
import { readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { stringify } from "csv-stringify/sync";
import { describeDemo, listPathOf, makeParties, PartyRound } from "../../demo/parties.ts";
import { encodeAndSubmit } from "../../demo/party-worker.ts";
import { joinResults, RELEASED_BANDS } from "../../demo/quality.ts";
import { startServer, stopServer } from "../server-process.ts";

const PARTIES = ["LA", "LB"] as const;
const ROUND = "rivals-1";
const POLL_MS = 200;
/** Unit of processor times in /proc, proc_pid_stat(5); 100 on every Linux that Node runs on. */
const TICKS_PER_SECOND = 100;

const [a = "", b = "", out = "", folder = "", records = ""] = process.argv.slice(2);
const castWith = (key: string) => makeParties(folder, PARTIES, key);
const server = await startServer(folder, castWith, availableParallelism());
symlinkSync(a, listPathOf(folder, "LA"));
symlinkSync(b, listPathOf(folder, "LB"));
try {
  const round = new PartyRound(folder, server.url, server.cast, ROUND);
  await round.operator.createRound(describeDemo(ROUND, server.cast, Number(records), new Date()));
  await round.approve("open");
  await round.agree();
  await round.submit({ encodeAndSubmit });
  await round.operator.closeRound(ROUND);
  await round.seal();
  await round.operator.matchRound(ROUND);
  await round.untilReviewed(() => undefined, POLL_MS);
  await round.approve("release");
  await round.acknowledge();
  await round.answer();
  const hits = joinResults(await round.results());
  // A package says how certain a hit is by its band alone.
  const pairs = hits.flatMap(({ refs: [refsA, refsB], band }) =>
    refsA.flatMap((refA) => refsB.map((refB) => [refA, refB, -RELEASED_BANDS.indexOf(band), band])),
  );
  writeFileSync(out, stringify([["ref_a", "ref_b", "weight_bits", "band"], ...pairs]));

  const timesS = [performance.now() / 1000];
  const { userCPUTime, systemCPUTime } = process.resourceUsage();
  const parties = (userCPUTime + systemCPUTime) / 1e6;
  const secretariat = processorSeconds(server.child.pid);
  const cpu = secretariat === undefined ? {} : { cpuS: parties + secretariat, stages: { parties, secretariat } };
  console.log(JSON.stringify({ timesS, ...cpu, versions: { node: process.versions.node } }));
} finally {
  await stopServer(server);
}

/** @returns Processor time of a process with all its threads; undefined on a system without /proc. */
function processorSeconds(processId: number | undefined): number | undefined {
  if (process.platform !== "linux" || processId === undefined) return undefined;
  const stat = readFileSync(`/proc/${processId}/stat`, "utf8");
  // Fields after the command's name, which may hold spaces: state is the third, utime and stime are the 14th and 15th.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
}
