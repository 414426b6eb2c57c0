/**
 * `aquila round` for the secretariat: operators take a round through its states, two of them where it matters; officers
 * hold pairings and read the log.
 */
import { InvalidArgumentError, Option, type Command } from "commander";
import { LinkageError } from "#engine/errors.ts";
import type { ApprovedAct } from "#engine/round/acts.ts";
import type { StaffIdentity } from "#engine/round/identity.ts";
import { checkDescriptor, descriptorT0, RoundDescriptor } from "#engine/round/descriptor.ts";
import type { Progress, RoundView } from "#engine/round/messages.ts";
import { NEEDED_OPERATORS } from "#engine/round/roster.ts";
import { hasReached, requireState } from "#engine/round/states.ts";
import { signStatement } from "#engine/round/statement.ts";
import type { Connection } from "../../http.ts";
import {
  answer,
  connectWith,
  EXIT,
  jsonOption,
  readJsonFile,
  roundOption,
  seconds,
  serverOption,
  startBar,
  unlockStaffAsker,
  type CommandIo,
} from "../command-io.ts";
import { forecastOf } from "./describe.ts";
import { answerView } from "./view.ts";

const POLL_MS = 1_000;

type StaffOptions = {
  readonly server: string;
  readonly identity: string;
  readonly roster: string;
  readonly json: boolean;
};
type RoundOptions = StaffOptions & { readonly round: string };

export function registerStaff(round: Command, io: CommandIo): void {
  withStaff(round.command("create").description("create a round from its descriptor (operator)"))
    .argument("<descriptor>", "descriptor file")
    .action(async (path: string, options: StaffOptions) => {
      const descriptor = readDescriptor(path);
      const view = await (await connectStaff(io, options)).connection.createRound(descriptor);
      answerView(io, options.json, view, "The round is created; two operators open it.");
    });
  withStaff(
    round.command("open").description("approve opening the round of a descriptor that you have read (two operators)"),
  )
    .argument("<descriptor>", "descriptor file")
    .action(async (path: string, options: StaffOptions) => {
      const descriptor = readDescriptor(path);
      const { identity, connection } = await connectStaff(io, options);
      const view = await connection.round(descriptor.id);
      if (view.t0 !== descriptorT0(descriptor))
        throw new LinkageError("round-descriptor-invalid", "the server holds another descriptor under this id");
      await approveAct(io, options, { identity, connection, view }, "open");
    });
  registerStep(round, io, "close", "end submission: parties can co-sign then (operator)", [
    "closeRound",
    "Submission is ended.",
  ]);
  registerStep(round, io, "cancel", "stop matching; the round is sealed again (operator)", [
    "cancelRound",
    "The matching is stopped.",
  ]);
  registerStep(round, io, "abort", "end an attempt before its release; it is erased (operator)", [
    "abortRound",
    "The attempt is ended.",
  ]);
  withStaff(round.command("match").description("match the sealed round (operator)"))
    .addOption(roundOption())
    .addOption(new Option("--wait <seconds>", "wait until it is matched").argParser(seconds).default(0))
    .action(async (options: RoundOptions & { wait: number }) => {
      const { connection } = await connectStaff(io, options);
      await connection.matchRound(options.round);
      const view = await awaitReview(io, connection, options);
      answerView(io, options.json, view);
      if (options.wait > 0 && !hasReached(view.state, "reviewed")) io.endWith(EXIT.waiting);
    });
  for (const [act, description] of [
    ["release", "approve the release of a matched round, having seen counts and forecast (two operators)"],
    ["erase", "approve erasing a released round before its deadline (two operators)"],
  ] as const)
    withStaff(round.command(act).description(description))
      .addOption(roundOption())
      .action(async (options: RoundOptions) => {
        const { identity, connection } = await connectStaff(io, options);
        await approveAct(io, options, { identity, connection, view: await connection.round(options.round) }, act);
      });
  registerOfficer(round, io);
}

function registerOfficer(round: Command, io: CommandIo): void {
  withStaff(
    round
      .command("decide")
      .description("hold a pairing before release, let it go, or drop it: for good, opened to neither side (officer)"),
  )
    .addOption(roundOption())
    .addOption(new Option("--pairing <A-B>", "the pairing").argParser(pairing).makeOptionMandatory())
    .addOption(
      new Option("--decision <word>", "what is to be done").choices(["hold", "release", "drop"]).makeOptionMandatory(),
    )
    .action(async (options: RoundOptions & { pairing: [string, string]; decision: "hold" | "release" | "drop" }) => {
      const { identity, connection } = await connectStaff(io, options);
      const { t2 } = await connection.round(options.round);
      if (t2 === null) throw new LinkageError("round-state", "the round is not sealed yet");
      const { decision, pairing, round: id } = options;
      const hold = { decision, officer: identity.id, pairing, round: id, t2 };
      const view = await connection.decide(signStatement(identity, "hold", hold));
      answerView(io, options.json, view, `Decided for ${pairing.join("-")}: ${decision}.`);
    });
  withStaff(round.command("log").description("show what was done to a round (officer)"))
    .addOption(roundOption())
    .action(async (options: RoundOptions) => {
      const acts = await (await connectStaff(io, options)).connection.acts(options.round);
      const lines = acts.map(({ at, actor, act, about }) => `${at}  ${actor.padEnd(16)}  ${act.padEnd(22)}  ${about}`);
      answer(io, options.json, acts, lines.join("\n"));
    });
  withStaff(round.command("reports").description("show what clients found wrong with their hits (officer)"))
    .addOption(roundOption())
    .action(async (options: RoundOptions) => {
      const reports = await (await connectStaff(io, options)).connection.reports(options.round);
      const lines = reports.map(
        ({ party, pairing, kind, count, of }) => `${party}  ${pairing.join("-")}  ${kind}: ${count} of ${of}`,
      );
      answer(io, options.json, reports, lines.length === 0 ? "nothing was reported" : lines.join("\n"));
    });
  withStaff(round.command("follow-up").description("show by band what became of the hits (operator, officer)"))
    .addOption(roundOption())
    .action(async (options: RoundOptions) => {
      const counts = await (await connectStaff(io, options)).connection.followUp(options.round);
      const lines = counts.map(
        ({ band, confirmed, refuted, open }) =>
          `${band.padEnd(6)}  ${confirmed} confirmed, ${refuted} refuted, ${open} open (decoys among them)`,
      );
      answer(io, options.json, counts, lines.length === 0 ? "not followed up yet" : lines.join("\n"));
      if (counts.length === 0) io.endWith(EXIT.waiting);
    });
}

/** @returns Lower id first. */
function pairing(text: string): [lower: string, higher: string] {
  const [lower, higher, ...more] = text.split("-").sort();
  if (lower === undefined || higher === undefined || lower === higher || more.length > 0 || !/^[A-Z-]+$/.test(text))
    throw new InvalidArgumentError("two party ids, such as AT-HR");
  return [lower, higher];
}

/** Signs and posts the approval of one operator; says whether another's is wanted. */
async function approveAct(
  io: CommandIo,
  options: StaffOptions,
  { identity, connection, view }: { identity: StaffIdentity; connection: Connection; view: RoundView },
  act: ApprovedAct,
): Promise<void> {
  const { descriptor, t0, t2 } = view;
  if (act === "release") {
    requireState(view.state, ["reviewed"]);
    if (identity.role === "operator") io.stderr.write(`${releaseText(view)}\n`);
  }
  const statement = { act, operator: identity.id, round: descriptor.id, t0, t2 };
  const after = await connection.approve(signStatement(identity, "approval", statement));
  const approved = after.approvals.filter((approval) => approval.act === act).length;
  answerView(
    io,
    options.json,
    after,
    `${identity.id} approves: ${act}; ${approved} of ${NEEDED_OPERATORS} operators do.`,
  );
  if (approved < NEEDED_OPERATORS) {
    io.stderr.write(`approved by ${approved} of ${NEEDED_OPERATORS} operators\n`);
    io.endWith(EXIT.waiting);
  }
}

/** What an operator looks at before he lets hits go: those of the pairings that a release opens. */
function releaseText({ descriptor, pairings }: RoundView): string {
  const released = pairings.filter(({ state }) => state === "matched" || state === "held");
  const counted = released.flatMap(({ hits }) => hits ?? []);
  const sum = (band: "high" | "medium" | "low"): number => counted.reduce((total, hits) => total + hits[band], 0);
  const expected = forecastOf({ ...descriptor, pairings: released.map(({ pairing }) => pairing) });
  const left = pairings
    .filter((each) => !released.includes(each))
    .map(({ pairing, state }) => `${pairing.join("-")} ${state}`);
  return [
    `hits to be released, decoys among them: high ${sum("high")}, medium ${sum("medium")}, low ${sum("low")}`,
    `coincidences that lists of these sizes let expect: high ${expected.high.toFixed(1)}, medium ${expected.medium.toFixed(1)}, low ${expected.low.toFixed(1)}`,
    ...(left.length === 0 ? [] : [`not counted: ${left.join(", ")}`]),
  ].join("\n");
}

function readDescriptor(path: string): RoundDescriptor {
  const descriptor = readJsonFile(path, RoundDescriptor, "round-descriptor-invalid");
  checkDescriptor(descriptor);
  return descriptor;
}

type Step = "closeRound" | "cancelRound" | "abortRound";

/** @param step - What it asks of the server, and what it says when that is done. */
function registerStep(
  round: Command,
  io: CommandIo,
  name: string,
  description: string,
  [step, done]: readonly [Step, done: string],
): void {
  withStaff(round.command(name).description(description))
    .addOption(roundOption())
    .action(async (options: RoundOptions) => {
      const view = await (await connectStaff(io, options)).connection[step](options.round);
      answerView(io, options.json, view, done);
    });
}

function withStaff(command: Command): Command {
  return command
    .addOption(serverOption())
    .addOption(
      new Option("--identity <file>", "the operator's or officer's identity")
        .env("AQUILA_IDENTITY")
        .makeOptionMandatory(),
    )
    .addOption(
      new Option("--roster <file>", "the roster that names the secretariat").env("AQUILA_ROSTER").makeOptionMandatory(),
    )
    .addOption(jsonOption());
}

async function connectStaff(
  io: CommandIo,
  options: StaffOptions,
): Promise<{ readonly identity: StaffIdentity; readonly connection: Connection }> {
  const { identity, asker } = await unlockStaffAsker(io, options);
  return { identity, connection: connectWith(io, options.server, asker) };
}

async function awaitReview(
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
