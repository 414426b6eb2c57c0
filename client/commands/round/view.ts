/**
 * `aquila round list | show | certificate`, and a round as people read it.
 */
import type { Command } from "commander";
import { DEADLINES, type RoundDescriptor } from "#engine/round/descriptor.ts";
import type { RoundView } from "#engine/round/messages.ts";
import { DEADLINE_OF } from "#engine/round/states.ts";
import { createFile } from "../../durable-file.ts";
import { endingText } from "../../ending.ts";
import { answer, connectAs, roundOption, withAsker, type CallerOptions, type CommandIo } from "../command-io.ts";

export type RoundOptions = CallerOptions & { readonly round: string; readonly json: boolean };

export function registerViews(round: Command, io: CommandIo): void {
  withAsker(round.command("list").description("list the rounds that the caller is in; for staff all")).action(
    async (options: CallerOptions & { json: boolean }) => {
      const views = await connectAs(io, options, (connection) => connection.rounds());
      const lines = views.map((view) => `${view.descriptor.id.padEnd(24)} ${stateText(view)}`).join("\n");
      answer(io, options.json, views, views.length === 0 ? "no rounds" : lines);
    },
  );
  withAsker(round.command("show").description("show a round"))
    .addOption(roundOption())
    .action(async (options: RoundOptions) => {
      answerView(io, options.json, await connectAs(io, options, (connection) => connection.round(options.round)));
    });
  withAsker(round.command("certificate").description("fetch the erasure certificate of an erased round"))
    .addOption(roundOption())
    .option("--out <file>", "write it to a new file, for aquila verify-erasure")
    .action(async (options: RoundOptions & { out?: string }) => {
      const certificate = await connectAs(io, options, (connection) => connection.certificate(options.round));
      if (options.out !== undefined) createFile(options.out, [Buffer.from(`${JSON.stringify(certificate)}\n`)]);
      const text = `round ${certificate.round} was erased at ${certificate.erasedAt} (${certificate.outcome}); the server's word, not a proof`;
      answer(io, options.json, certificate, text);
    });
}

/** @param done - What the command did, said before the round is shown. */
export function answerView(io: CommandIo, json: boolean, view: RoundView, done = ""): void {
  answer(io, json, view, done === "" ? viewText(view) : `${done}\n\n${viewText(view)}`);
}

function stateText(view: RoundView): string {
  const { state, ending, descriptor } = view;
  if (ending !== null) return endingText(view);
  const deadline = state === "erased" ? undefined : DEADLINE_OF[state];
  return deadline === undefined ? state : `${state} until ${descriptor.deadlines[deadline]}`;
}

/** What a party that joins the round agrees to; nobody's signature says that it should. */
export function policyText(descriptor: RoundDescriptor): string {
  const { categories, field, informationMarginBits, legalBasis, lowestBand, parties, purpose, retentionDays } =
    descriptor;
  return [
    `purpose        ${field}: ${purpose}`,
    `legal basis    ${legalBasis}; ${parties.map((party) => `${party.id}: ${party.legalBasis}`).join("; ")}`,
    `categories     ${categories.join(", ")}`,
    `lowest band    ${lowestBand}; threshold margin ${informationMarginBits} bits; hits kept ${retentionDays} days`,
  ].join("\n");
}

function viewText(view: RoundView): string {
  const { descriptor, t0, t1, t2, approvals, keys, confirmations, withdrawn, batches, seals, pairings, progress } =
    view;
  const complete = batches.filter((batch) => batch.state === "complete").length;
  const approved = approvals.map(({ act, operator }) => `${act} by ${operator}`).join(", ");
  return [
    `round          ${descriptor.id}`,
    `state          ${stateText(view)}`,
    `parties        ${descriptor.parties.map((party) => `${party.id} (${party.declaredRecords})`).join(", ")}`,
    policyText(descriptor),
    `deadlines      ${DEADLINES.map((name) => `${name} ${descriptor.deadlines[name]}`).join("\n               ")}`,
    `T0             ${t0}`,
    `T1             ${t1 ?? "not yet"}`,
    `T2             ${t2 ?? "not yet"}`,
    `approved       ${approved === "" ? "nothing yet" : approved}`,
    `keys           ${keys.length} of ${descriptor.parties.length}`,
    `confirmations  ${confirmations.length} seen`,
    ...(withdrawn.length === 0 ? [] : [`withdrawn      ${withdrawn.join(", ")}`]),
    `batches        ${complete} of ${batches.length} complete`,
    ...batches
      .filter((batch) => batch.state === "partial")
      .map((batch) => `               ${batch.from} to ${batch.to}: ${batch.chunksStored} chunks so far`),
    `seals          ${seals.length === 0 ? "none yet" : seals.map(({ party }) => party).join(", ")}`,
    view.ending !== null && progress.stage === "idle"
      ? "matching       never done"
      : `matching       ${progress.stage}, ${progress.pairingsDone} of ${progress.pairingsTotal} pairings`,
    ...pairings.map(({ pairing, state, acknowledged, answered, hits }) =>
      [
        `  ${pairing.join("-").padEnd(12)} ${state}`,
        ...(acknowledged.length === 0 ? [] : [`acknowledged by ${acknowledged.join(", ")}`]),
        ...(answered.length === 0 ? [] : [`answered by ${answered.join(", ")}`]),
        ...(hits === null
          ? []
          : [`hits: high ${hits.high}, medium ${hits.medium}, low ${hits.low}, decoys among them`]),
      ].join("; "),
    ),
    "",
  ].join("\n");
}
