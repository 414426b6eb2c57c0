/**
 * `aquila round`: describes a round, takes it through its states, and takes part in it.
 */
import type { Command } from "commander";
import type { CommandIo } from "./command-io.ts";
import { registerBundle } from "./round/bundle.ts";
import { registerDescribe } from "./round/describe.ts";
import { registerEncode } from "./round/encode.ts";
import { registerJoin } from "./round/join.ts";
import { registerParty } from "./round/party.ts";
import { registerResults } from "./round/results.ts";
import { registerStaff } from "./round/staff.ts";
import { registerSubmit } from "./round/submit.ts";
import { registerViews } from "./round/view.ts";

export function registerRound(program: Command, io: CommandIo): void {
  const round = program.command("round").description("describe, run and show rounds, and take part in them");
  registerViews(round, io);
  registerJoin(round, io);
  registerEncode(round, io);
  registerSubmit(round, io);
  registerParty(round, io);
  registerResults(round, io);
  registerBundle(round, io);
  registerDescribe(round, io);
  registerStaff(round, io);
}
