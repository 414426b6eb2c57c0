/**
 * `aquila round join`: comes to the keys of a round with every counterpart.
 */
import { Option, type Command } from "commander";
import { SHIPPED_PROFILE_DIGEST } from "#engine/shipped-profile.ts";
import { agreeKeys, type KeyAgreement } from "../../agree.ts";
import {
  answer,
  connectParty,
  EXIT,
  jsonOption,
  roundOption,
  seconds,
  serverOption,
  unlockVault,
  vaultOption,
  type CommandIo,
} from "../command-io.ts";
import { policyText } from "./view.ts";

const POLL_MS = 2_000;

type AgreeOptions = {
  readonly server: string;
  readonly vault: string;
  readonly round: string;
  readonly wait: number;
  readonly json: boolean;
};

export function registerJoin(round: Command, io: CommandIo): void {
  round
    .command("join")
    .description("agree on a round's keys; call it again, or with --wait, until it says that they are agreed")
    .addOption(serverOption())
    .addOption(vaultOption())
    .addOption(roundOption())
    .addOption(new Option("--wait <seconds>", "wait for the others").argParser(seconds).default(0))
    .addOption(jsonOption())
    .action(async (options: AgreeOptions) => {
      const agreement = await agreeWithin(io, options);
      answer(io, options.json, publicPart(agreement), agreementText(options.round, agreement));
      if (agreement.state === "waiting") io.endWith(EXIT.waiting);
    });
}

async function agreeWithin(io: CommandIo, options: AgreeOptions): Promise<KeyAgreement> {
  let isShown = false;
  using vault = await unlockVault(io, options.vault);
  const connection = connectParty(io, options.server, vault);
  const deadlineMs = io.now().getTime() + options.wait * 1_000;
  for (;;) {
    const now = io.now();
    const roster = vault.rosterOf(options.round);
    const agreement = await agreeKeys(connection, vault, roster, options.round, [SHIPPED_PROFILE_DIGEST], now);
    const descriptor = vault.descriptor(options.round);
    if (!isShown && descriptor !== null) io.stderr.write(`${policyText(descriptor)}\n`);
    isShown = true;
    if (agreement.state === "agreed" || now.getTime() >= deadlineMs) return agreement;
    await io.wait(POLL_MS);
  }
}

type PublicAgreement =
  | { readonly state: "agreed"; readonly t1: string; readonly pairings: { counterpart: string; keyId: string }[] }
  | { readonly state: "waiting"; readonly for: string; readonly missing: readonly string[] };

function publicPart(agreement: KeyAgreement): PublicAgreement {
  if (agreement.state === "waiting") return agreement;
  const pairings = agreement.pairings.map(({ counterpart, keyId }) => ({ counterpart, keyId }));
  return { state: "agreed", t1: agreement.t1, pairings };
}

function agreementText(round: string, agreement: KeyAgreement): string {
  if (agreement.state === "agreed")
    return `round ${round}: keys agreed with ${agreement.pairings.map((pairing) => pairing.counterpart).join(", ")}\nT1  ${agreement.t1}`;
  if (agreement.for === "opening") return `round ${round}: waiting for the operators to open it`;
  return `round ${round}: waiting for the ${agreement.for} of ${agreement.missing.join(", ")}`;
}
