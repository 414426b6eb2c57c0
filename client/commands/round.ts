/**
 * `aquila round`: describes a round, and takes it through its states as an operator; shows it to operators and parties.
 */
import { Option, type Command } from "commander";
import { canonicalBytes } from "#engine/canonical-json.ts";
import { LinkageError } from "#engine/errors.ts";
import type { Band } from "#engine/match/band.ts";
import { forecastCoincidences, type Forecast } from "#engine/match/forecast.ts";
import { checkDescriptor, descriptorT0, expectedRowCount, RoundDescriptor } from "#engine/round/descriptor.ts";
import type { Progress, RoundView } from "#engine/round/messages.ts";
import { Roster, rosterDigest } from "#engine/round/roster.ts";
import { hasReached } from "#engine/round/states.ts";
import { SHIPPED_PROFILE, SHIPPED_PROFILE_DIGEST } from "#engine/shipped-profile.ts";
import { createFile } from "../durable-file.ts";
import type { Connection } from "../http.ts";
import {
  answer,
  callerOptions,
  connectAs,
  EXIT,
  jsonOption,
  readJsonFile,
  roundOption,
  seconds,
  serverOption,
  startBar,
  type CallerOptions,
  type CommandIo,
} from "./command-io.ts";

const POLL_MS = 1_000;

type DescribeOptions = {
  readonly id: string;
  readonly roster: string;
  readonly records: readonly string[];
  readonly pairings?: readonly string[];
  readonly categories: readonly string[];
  readonly legalBasis: string;
  readonly purpose: string;
  readonly lowestBand: string;
  readonly keysBy: string;
  readonly submissionBy: string;
  readonly resultsBy: string;
  readonly out: string;
  readonly json: boolean;
};
type RoundOptions = CallerOptions & { readonly round: string; readonly json: boolean };

export function registerRound(program: Command, io: CommandIo): void {
  const round = program.command("round").description("describe, run and show rounds");
  registerDescribe(round, io);
  withCaller(round.command("create").description("create a round from its descriptor (operator)"))
    .argument("<descriptor>", "descriptor file")
    .action(async (path: string, options: CallerOptions & { json: boolean }) => {
      const descriptor = readJsonFile(path, RoundDescriptor, "round-descriptor-invalid");
      checkDescriptor(descriptor);
      answerView(io, options.json, await (await connectAs(io, options)).createRound(descriptor));
    });
  registerStep(round, io, "open", "let the parties post their round keys (operator)", "openRound");
  registerStep(round, io, "close", "seal the round when every batch is in (operator)", "closeRound");
  registerStep(round, io, "cancel", "stop matching; the round is sealed again (operator)", "cancelRound");
  registerStep(round, io, "erase", "destroy everything that the server holds of the round (operator)", "eraseRound");
  registerStep(round, io, "status", "show a round", "round");
  withCaller(round.command("match").description("match the sealed round (operator)"))
    .addOption(roundOption())
    .addOption(new Option("--wait <seconds>", "wait for the release").argParser(seconds).default(0))
    .action(async (options: RoundOptions & { wait: number }) => {
      const connection = await connectAs(io, options);
      await connection.matchRound(options.round);
      const view = await awaitRelease(io, connection, options);
      answerView(io, options.json, view);
      if (options.wait > 0 && !hasReached(view.state, "released")) io.endWith(EXIT.waiting);
    });
  withCaller(round.command("list").description("list the rounds that the caller is in; for an operator all")).action(
    async (options: CallerOptions & { json: boolean }) => {
      const views = await (await connectAs(io, options)).rounds();
      const lines = views.map((view) => `${view.descriptor.id.padEnd(24)} ${view.state}`).join("\n");
      answer(io, options.json, views, views.length === 0 ? "no rounds" : lines);
    },
  );
}

function registerDescribe(round: Command, io: CommandIo): void {
  round
    .command("describe")
    .description("write a descriptor under the shipped profile, to be read before it is created; sends nothing")
    .requiredOption("--id <id>", "round id, a-z, 0-9 and -")
    .requiredOption("--roster <file>", "roster file")
    .requiredOption("--records <PARTY=COUNT...>", "declared size of each party's list, such as AT=2000 HR=1800")
    .option("--pairings <A-B...>", "pairings, such as AT-HR; all when absent")
    .requiredOption("--categories <names...>", "admitted data-subject categories")
    .requiredOption("--legal-basis <text>", "legal basis")
    .requiredOption("--purpose <text>", "purpose")
    .addOption(
      new Option("--lowest-band <band>", "least certain band to be released")
        .choices(["high", "medium", "low"])
        .makeOptionMandatory(),
    )
    .requiredOption("--keys-by <time>", "deadline for keys, such as 2026-12-01T12:00:00Z")
    .requiredOption("--submission-by <time>", "deadline for batches")
    .requiredOption("--results-by <time>", "deadline for results")
    .requiredOption("--out <file>", "the descriptor; never overwritten")
    .addOption(jsonOption())
    .action((options: DescribeOptions) => {
      const descriptor = describe(options);
      createFile(options.out, [Buffer.concat([canonicalBytes(descriptor), Buffer.from("\n")])]);
      const t0 = descriptorT0(descriptor);
      const forecast = forecastOf(descriptor);
      const { high, medium, low } = forecast;
      const text = `expected coincidental hits, all pairings: high ${high.toFixed(1)}, medium ${medium.toFixed(1)}, low ${low.toFixed(1)}`;
      answer(io, options.json, { descriptor, t0, forecast }, `${options.out}\nT0  ${t0}\n${text}\n`);
    });
}

/** Expected pairs of different persons by band, over all pairings; from declared sizes and profile alone. */
function forecastOf(descriptor: RoundDescriptor): Forecast {
  const forecasts = descriptor.pairings.map(([lower, higher]) =>
    forecastCoincidences(SHIPPED_PROFILE, expectedRowCount(descriptor, lower), expectedRowCount(descriptor, higher)),
  );
  const sum = (band: Band): number => forecasts.reduce((total, forecast) => total + forecast[band], 0);
  return { high: sum("high"), medium: sum("medium"), low: sum("low"), none: sum("none") };
}

function describe(options: DescribeOptions): RoundDescriptor {
  const roster = readJsonFile(options.roster, Roster, "round-descriptor-invalid");
  const parties = options.records
    .map((entry) => ({ id: entry.split("=")[0], declaredRecords: Number(entry.split("=")[1]) }))
    .sort((a, b) => (String(a.id) < String(b.id) ? -1 : 1));
  const every = parties.flatMap(({ id }, at) => parties.slice(at + 1).map((higher) => [id, higher.id]));
  const pairings = (options.pairings?.map((pairing) => pairing.split("-").sort()) ?? every).sort((a, b) =>
    a.join("-") < b.join("-") ? -1 : 1,
  );
  const parsed = RoundDescriptor.safeParse({
    categories: [...options.categories].sort(),
    deadlines: { keys: options.keysBy, results: options.resultsBy, submission: options.submissionBy },
    format: "aquila/round/v1",
    id: options.id,
    legalBasis: options.legalBasis,
    lowestBand: options.lowestBand,
    pairings,
    parties,
    profile: SHIPPED_PROFILE_DIGEST,
    purpose: options.purpose,
    roster: rosterDigest(roster),
  });
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    throw new LinkageError("round-descriptor-invalid", `${issue?.path.join(".") ?? ""}: ${issue?.message ?? ""}`);
  }
  checkDescriptor(parsed.data);
  const stranger = parsed.data.parties.find(({ id }) => !roster.parties.some((party) => party.id === id));
  if (stranger !== undefined)
    throw new LinkageError("round-descriptor-invalid", `party ${stranger.id} is not in the roster`);
  return parsed.data;
}

type Step = "openRound" | "closeRound" | "cancelRound" | "eraseRound" | "round";

function registerStep(round: Command, io: CommandIo, name: string, description: string, step: Step): void {
  withCaller(round.command(name).description(description))
    .addOption(roundOption())
    .action(async (options: RoundOptions) => {
      const connection = await connectAs(io, options);
      answerView(io, options.json, await connection[step](options.round));
    });
}

function withCaller(command: Command): Command {
  command.addOption(serverOption());
  for (const option of callerOptions()) command.addOption(option);
  return command.addOption(jsonOption());
}

async function awaitRelease(
  io: CommandIo,
  connection: Connection,
  options: RoundOptions & { readonly wait: number },
): Promise<RoundView> {
  const deadlineMs = io.now().getTime() + options.wait * 1_000;
  const bar = startBar(io, options.json, "matching");
  const show = ({ bytesDone, bytesTotal }: Progress): void => {
    bar.update(bytesDone, Math.max(bytesTotal, 1));
  };
  try {
    for (;;) {
      const view = await connection.round(options.round);
      show(view.progress);
      const leftMs = deadlineMs - io.now().getTime();
      if (view.state !== "matching" || leftMs <= 0) return view;
      const last = await connection.followProgress(options.round, leftMs, show);
      // A stream that was cut, or none: the round is asked from time to time.
      if (last?.stage !== "done") await io.wait(POLL_MS);
    }
  } finally {
    bar.stop();
  }
}

function answerView(io: CommandIo, json: boolean, view: RoundView): void {
  answer(io, json, view, viewText(view));
}

function viewText({ descriptor, t0, t1, state, keys, confirmations, batches, progress }: RoundView): string {
  const complete = batches.filter((batch) => batch.state === "complete").length;
  return [
    `round          ${descriptor.id}`,
    `state          ${state}`,
    `parties        ${descriptor.parties.map((party) => `${party.id} (${party.declaredRecords})`).join(", ")}`,
    `purpose        ${descriptor.purpose}`,
    `legal basis    ${descriptor.legalBasis}`,
    `categories     ${descriptor.categories.join(", ")}`,
    `lowest band    ${descriptor.lowestBand}`,
    `deadlines      keys ${descriptor.deadlines.keys}, submission ${descriptor.deadlines.submission}, results ${descriptor.deadlines.results}`,
    `T0             ${t0}`,
    `T1             ${t1 ?? "not yet"}`,
    `keys           ${keys.length} of ${descriptor.parties.length}`,
    `confirmations  ${confirmations.length} seen`,
    `batches        ${complete} of ${batches.length} complete`,
    ...batches
      .filter((batch) => batch.state === "partial")
      .map((batch) => `               ${batch.from} to ${batch.to}: ${batch.chunksStored} chunks so far`),
    `matching       ${progress.stage}, ${progress.pairingsDone} of ${progress.pairingsTotal} pairings`,
    "",
  ].join("\n");
}
