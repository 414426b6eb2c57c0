/**
 * `aquila round submit`: uploads a round's batches, one for each counterpart.
 */
import type { Command } from "commander";
import { LinkageError } from "#engine/errors.ts";
import { endingText } from "../../ending.ts";
import { printable } from "../../printable.ts";
import { requireBeforeDeadline } from "#engine/round/descriptor.ts";
import { submitBatch, type Submission } from "../../submit.ts";
import {
  answer,
  connectParty,
  jsonOption,
  roundOption,
  serverOption,
  startBar,
  unlockVault,
  vaultOption,
  type CommandIo,
} from "../command-io.ts";

type SubmitOptions = {
  readonly server: string;
  readonly vault: string;
  readonly round: string;
  readonly json: boolean;
};

export function registerSubmit(round: Command, io: CommandIo): void {
  round
    .command("submit")
    .description("upload the batches that the vault holds for a round; goes on where it stopped")
    .addOption(serverOption())
    .addOption(vaultOption())
    .addOption(roundOption())
    .addOption(jsonOption())
    .action(async (options: SubmitOptions) => {
      const submissions = await submitAll(io, options);
      const lines = submissions.map(
        ({ counterpart, byteLength, chunksSent, chunksKept }) =>
          `${counterpart.padEnd(8)}  complete, ${byteLength} bytes; ${chunksSent} chunks sent, ${chunksKept} were there`,
      );
      answer(io, options.json, { round: options.round, batches: submissions }, lines.join("\n"));
    });
}

async function submitAll(io: CommandIo, { server, vault: folder, round, json }: SubmitOptions): Promise<Submission[]> {
  using vault = await unlockVault(io, folder);
  const pairings = vault.pairings(round);
  if (pairings === null)
    throw new LinkageError("round-state", `this vault agreed on no keys in round ${round}; run: aquila round join`);
  const descriptor = vault.descriptor(round);
  if (descriptor !== null) requireBeforeDeadline(descriptor, "submission", io.now());
  const connection = connectParty(io, server, vault);
  const view = await connection.round(round);
  if (view.state !== "submitting") {
    const state = view.ending === null ? `is ${view.state}` : `was ${endingText(view)}`;
    throw new LinkageError("round-state", `round ${round} ${state}; batches are taken while it is submitting`);
  }
  const submissions: Submission[] = [];
  const failures: LinkageError[] = [];
  for (const { counterpart } of pairings) {
    const bar = startBar(io, json, `to ${counterpart}`);
    try {
      submissions.push(
        await submitBatch(connection, vault, round, counterpart, ({ bytesDone, bytesTotal }) => {
          bar.update(bytesDone, bytesTotal);
        }),
      );
    } catch (error) {
      // One pairing's refusal must not keep the party out of the others.
      if (!(error instanceof LinkageError)) throw error;
      failures.push(error);
      io.stderr.write(`to ${counterpart}: ${error.code}: ${printable(error.detail)}\n`);
    } finally {
      bar.stop();
    }
  }
  const [failure] = failures;
  if (failure !== undefined) throw failure;
  return submissions;
}
