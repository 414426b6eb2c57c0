/**
 * `aquila key`: makes and shows the keys of a party or an operator. No secret is ever printed.
 */
import { InvalidArgumentError, Option, type Command } from "commander";
import { canonicalBytes } from "#engine/canonical-json.ts";
import { LinkageError } from "#engine/errors.ts";
import { fingerprint, makeIdentity, makeStaffIdentity, operatorFingerprint, type Identity, type StaffIdentity } from "#engine/round/identity.ts";
import { createFile } from "../durable-file.ts";
import { createVault, openVault } from "../vault.ts";
import { answer, callerOptions, jsonOption, readOperator, type CommandIo } from "./command-io.ts";
import { PartyId, StaffId } from "#engine/round/ids.ts";

type MakeOptions = {
  readonly party?: string;
  readonly vault?: string;
  readonly operator?: string;
  readonly out?: string;
  readonly json: boolean;
};
type ShowOptions = { readonly vault?: string; readonly identity?: string; readonly json: boolean };

export function registerKey(program: Command, io: CommandIo): void {
  const key = program.command("key").description("make and show the keys of a party or an operator");
  key
    .command("make")
    .description("make a party's keys in a new vault, or an operator's in a new file; nothing is ever overwritten")
    .addOption(new Option("--party <id>", "party id, such as AT").argParser(partyId))
    .addOption(new Option("--vault <folder>", "the party's vault").env("AQUILA_VAULT"))
    .addOption(new Option("--operator <name>", "operator's name, a-z, 0-9 and -").argParser(operatorId))
    .addOption(new Option("--out <file>", "the operator's identity file"))
    .addOption(jsonOption())
    .action((options: MakeOptions) => {
      answerPublic(io, options.json, makeKeys(options));
    });
  key
    .command("show")
    .description("show public keys in the roster's form, and their fingerprint")
    .addOption(jsonOption())
    .action((options: ShowOptions) => {
      if (options.identity !== undefined)
        answerPublic(io, options.json, publicOperator(readOperator(options.identity)));
      else if (options.vault !== undefined)
        answerPublic(io, options.json, publicParty(openVault(options.vault).identity));
      else throw new LinkageError("identity-invalid", "whose keys? name a party's --vault or an operator's --identity");
    });
  const show = key.commands.find((command) => command.name() === "show");
  for (const option of callerOptions()) show?.addOption(option);
}

type PublicKeys =
  | { readonly boxKey: string; readonly fingerprint: string; readonly id: string; readonly signKey: string }
  | { readonly fingerprint: string; readonly id: string; readonly signKey: string };

function makeKeys(options: MakeOptions): PublicKeys {
  const { party, vault, operator, out } = options;
  if (party !== undefined && vault !== undefined && operator === undefined && out === undefined)
    return publicParty(createVault(vault, makeIdentity(party)).identity);
  if (operator !== undefined && out !== undefined && party === undefined) {
    const identity = makeStaffIdentity(operator);
    createFile(out, [Buffer.concat([canonicalBytes(identity), Buffer.from("\n")])]);
    return publicOperator(identity);
  }
  throw new LinkageError("identity-invalid", "name either --party and --vault, or --operator and --out");
}

function publicParty({ boxKey, party, signKey }: Identity): PublicKeys {
  return { boxKey, fingerprint: fingerprint(signKey, boxKey), id: party, signKey };
}

function publicOperator({ operator, signKey }: StaffIdentity): PublicKeys {
  return { fingerprint: operatorFingerprint(signKey), id: operator, signKey };
}

function answerPublic(io: CommandIo, json: boolean, keys: PublicKeys): void {
  const box = "boxKey" in keys ? `box key      ${keys.boxKey}\n` : "";
  const text = `${keys.id}\nsign key     ${keys.signKey}\n${box}fingerprint  ${keys.fingerprint}\n`;
  answer(io, json, keys, text);
}

function partyId(text: string): string {
  if (!PartyId.safeParse(text).success) throw new InvalidArgumentError("a party id is 2 to 8 letters A-Z");
  return text;
}

function operatorId(text: string): string {
  if (!StaffId.safeParse(text).success)
    throw new InvalidArgumentError("an operator's name is a-z, 0-9 and -, at most 32, and begins with a letter");
  return text;
}
