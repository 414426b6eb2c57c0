/**
 * `aquila round seal | withdraw | recall | run`: what else a party does in a round, and all of it in one command.
 */
import { Option, type Command } from "commander";
import { LinkageError } from "#engine/errors.ts";
import { descriptorT0 } from "#engine/round/descriptor.ts";
import { signStatement } from "#engine/round/statement.ts";
import { SHIPPED_PROFILE } from "#engine/shipped-profile.ts";
import type { Connection } from "../../http.ts";
import { requireCreatable } from "../../durable-file.ts";
import { tidyVault } from "../../retention.ts";
import { sealRound } from "../../seal.ts";
import { recallBatches } from "../../submit.ts";
import { UNREACHABLE } from "../../transport.ts";
import type { Vault } from "../../vault.ts";
import { walkRound, type Standing } from "../../walk.ts";
import { answer, connectParty, EXIT, seconds, unlockVault, type CommandIo } from "../command-io.ts";
import { withListOptions, type ListFileOptions } from "../list-options.ts";
import { encodeInto, summaryText } from "./encode.ts";
import { answerResults, withParty, type PartyOptions } from "./results.ts";
import { answerView, policyText } from "./view.ts";

const POLL_MS = 2_000;

type RunOptions = PartyOptions & ListFileOptions & { readonly wait: number; readonly out?: string };

export function registerParty(round: Command, io: CommandIo): void {
  withParty(
    round.command("seal").description("check what was submitted and co-sign it; the keys to encode are destroyed"),
  ).action(async (options: PartyOptions) => {
    using vault = await unlockVault(io, options.vault);
    const outcome = await sealRound(connectParty(io, options.server, vault), vault, options.round, io.now());
    const text =
      outcome.state === "waiting"
        ? `round ${options.round}: waiting for submission to close`
        : `round ${options.round}: sealed\nT2  ${outcome.t2}${outcome.leftOut.length === 0 ? "" : `\nleft out: ${outcome.leftOut.join(", ")}`}`;
    answer(io, options.json, outcome, text);
    if (outcome.state === "waiting") io.endWith(EXIT.waiting);
  });
  withParty(
    round
      .command("withdraw")
      .description("leave a round that is not matched yet; what the server holds of this party's batches goes"),
  ).action(async (options: PartyOptions) => {
    using vault = await unlockVault(io, options.vault);
    const { identity } = vault;
    const descriptor = vault.descriptor(options.round);
    const connection = connectParty(io, options.server, vault);
    const t0 = descriptor === null ? (await connection.round(options.round)).t0 : descriptorT0(descriptor);
    const withdrawal = { party: identity.party, round: options.round, t0 };
    const view = await connection.withdraw(signStatement(identity, "withdrawal", withdrawal));
    vault.destroyProofKeys(options.round);
    answerView(io, options.json, view, `${identity.party} has withdrawn.`);
  });
  withParty(
    round
      .command("recall")
      .description("take this party's batches back before submission closes, to encode and submit a corrected list"),
  ).action(async (options: PartyOptions) => {
    using vault = await unlockVault(io, options.vault);
    const connection = connectParty(io, options.server, vault);
    const counterparts = await vault.aloneIn(options.round, () => recallBatches(connection, vault, options.round));
    const text = `round ${options.round}: the batches for ${counterparts.join(", ")} are taken back; encode and submit again`;
    answer(io, options.json, { recalled: counterparts }, text);
  });
  withListOptions(withParty(round.command("run")))
    .description("do all that is this party's turn in a round, and wait for the others as long as is said")
    .argument("<list>", "JSONL or CSV; read when the keys are agreed")
    .addOption(new Option("--wait <seconds>", "wait for the others").argParser(seconds).default(0))
    .option("--out <file>", "write the hits to a new file at the end")
    .action(async (path: string, options: RunOptions) => {
      using vault = await unlockVault(io, options.vault);
      vault.requireOneVault(options.round);
      const connection = connectParty(io, options.server, vault);
      try {
        if (options.out !== undefined) requireCreatable(options.out);
        const standing = await walkWithin(io, path, options, connection, vault);
        if (standing.results !== null) {
          const statuses = await connection.statuses(options.round, vault.identity.party);
          answerResults(io, options, vault, { ...standing.results, statuses }, standing.state === "done");
        } else if (options.json)
          answer(io, true, { round: options.round, state: standing.state, what: standing.what }, "");
        io.stderr.write(`round ${options.round}: ${standing.state === "done" ? "" : "waiting for "}${standing.what}\n`);
        if (standing.state === "waiting") io.endWith(EXIT.waiting);
      } finally {
        // Also when the round is over: that is when most has to go.
        tidyVault(vault, io.now());
      }
    });
}

async function walkWithin(
  io: CommandIo,
  path: string,
  options: RunOptions,
  connection: Connection,
  vault: Vault,
): Promise<Standing> {
  const { round } = options;
  const deadlineMs = io.now().getTime() + options.wait * 1_000;
  let told = "";
  for (;;) {
    const walk = walkRound({
      connection,
      vault,
      round,
      profile: SHIPPED_PROFILE,
      now: io.now(),
      encode: async () => {
        io.stderr.write(`${summaryText(await encodeInto(io, path, options, vault, round))}\n`);
      },
    });
    const descriptor = vault.descriptor(round);
    if (told === "" && descriptor !== null) io.stderr.write(`${policyText(descriptor)}\n`);
    // Each step goes on where it stopped, so a server that is away for a while is waited for like a party.
    const standing = await walk.catch((error: unknown): Standing => {
      if (!(error instanceof LinkageError) || !UNREACHABLE.includes(error.code) || io.now().getTime() >= deadlineMs)
        throw error;
      return { state: "waiting", what: `the server (${error.code})`, results: null };
    });
    if (vault.descriptor(round) !== null) vault.keepRunAsked(round, io.now());
    if (standing.state === "done" || io.now().getTime() >= deadlineMs) return standing;
    if (standing.what !== told) io.stderr.write(`round ${round}: waiting for ${standing.what}\n`);
    told = standing.what;
    await io.wait(POLL_MS);
  }
}
