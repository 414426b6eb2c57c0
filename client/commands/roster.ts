/**
 * `aquila roster`: puts public keys into one roster, has operators sign it, and pins it at a party.
 */
import { Option, type Command } from "commander";
import { z } from "zod";
import { canonicalBytes } from "#engine/canonical-json.ts";
import { LinkageError } from "#engine/errors.ts";
import { Bytes32 } from "#engine/round/binary.ts";
import { fingerprint, signerFingerprint } from "#engine/round/identity.ts";
import {
  checkRoster,
  NEEDED_OPERATORS,
  Roster,
  rosterDigest,
  RosterParty,
  RosterStaff,
  signRoster,
  type RosterChanges,
} from "#engine/round/roster.ts";
import { createFile, replaceFile } from "../durable-file.ts";
import {
  answer,
  jsonOption,
  readJsonFile,
  unlockStaff,
  unlockVault,
  vaultOption,
  type CommandIo,
} from "./command-io.ts";

const Fingerprint = z.string().max(40);
/** What `aquila key show --json` and `aquila server key --json` print. */
const ShownKeys = z.union([
  RosterParty.extend({ fingerprint: Fingerprint }).strict(),
  RosterStaff.extend({ fingerprint: Fingerprint, role: z.enum(["operator", "officer"]) }).strict(),
  z.strictObject({ fingerprint: Fingerprint, secretariat: Bytes32 }),
]);

type AssembleOptions = { readonly serial: number; readonly out: string; readonly json: boolean };
type PinOptions = { readonly vault: string; readonly accept: readonly string[]; readonly json: boolean };

export function registerRoster(program: Command, io: CommandIo): void {
  const roster = program.command("roster").description("assemble, sign and pin the roster of everybody's public keys");
  roster
    .command("assemble")
    .description('put the output of "key show --json" of all, and of "server key --json", into one roster')
    .argument("<keys...>", "files: one for each party, operator and officer, and the secretariat's")
    .requiredOption("--serial <number>", "higher than that of the roster before", Number, 1)
    .requiredOption("--out <file>", "the roster, not signed yet; never overwritten")
    .addOption(jsonOption())
    .action((paths: string[], options: AssembleOptions) => {
      const assembled = assemble(paths, options.serial);
      createFile(options.out, [fileOf(assembled)]);
      answerRoster(io, options.json, assembled, `written to ${options.out}; two operators sign it`);
    });
  roster
    .command("sign")
    .description(
      `sign a roster as an operator, having compared its fingerprints; ${NEEDED_OPERATORS} operators have to`,
    )
    .argument("<roster>", "roster file; the signature is added to it")
    .requiredOption("--identity <file>", "the operator's identity")
    .addOption(jsonOption())
    .action(async (path: string, options: { identity: string; json: boolean }) => {
      const operator = await unlockStaff(io, options.identity);
      const found = readJsonFile(path, Roster, "roster-invalid");
      if (!found.operators.some(({ id, signKey }) => id === operator.id && signKey === operator.signKey))
        throw new LinkageError("roster-invalid", `${operator.id} is none of its operators, or has another key there`);
      const signed = signRoster(found, operator);
      replaceFile(path, [fileOf(signed)]);
      answerRoster(io, options.json, signed, `signed by ${operator.id}; two operators' signatures are needed`);
    });
  roster
    .command("pin")
    .description("make a roster the one that this vault trusts; compare the fingerprints by telephone first")
    .argument("<roster>", "roster file, signed by two operators")
    .addOption(vaultOption())
    .addOption(
      new Option(
        "--accept <ids...>",
        "ids with other keys than in the roster pinned before, new ones, and those that are gone; once asked about",
      ).default([]),
    )
    .addOption(jsonOption())
    .action(async (path: string, options: PinOptions) => {
      const pinned = readJsonFile(path, Roster, "roster-invalid");
      using vault = await unlockVault(io, options.vault);
      answerRoster(io, options.json, pinned, `pinned in ${options.vault}`, vault.pinRoster(pinned, options.accept));
    });
  roster
    .command("show")
    .description("show the pinned roster and its fingerprints")
    .addOption(vaultOption())
    .addOption(jsonOption())
    .action(async (options: { vault: string; json: boolean }) => {
      using vault = await unlockVault(io, options.vault);
      answerRoster(io, options.json, vault.roster(), `pinned in ${options.vault}`);
    });
}

function assemble(paths: readonly string[], serial: number): Roster {
  const shown = paths.map((path) => ({ path, keys: readJsonFile(path, ShownKeys, "identity-invalid") }));
  const parties: RosterParty[] = [];
  const staff = { operator: [] as RosterStaff[], officer: [] as RosterStaff[] };
  const secretariats: string[] = [];
  for (const { path, keys } of shown) {
    if ("secretariat" in keys) {
      requireFingerprint(path, keys.fingerprint, signerFingerprint(keys.secretariat));
      secretariats.push(keys.secretariat);
    } else if ("role" in keys) {
      const { role, fingerprint: stated, ...entry } = keys;
      requireFingerprint(path, stated, signerFingerprint(entry.signKey));
      staff[role].push(entry);
    } else {
      const { fingerprint: stated, ...entry } = keys;
      requireFingerprint(path, stated, fingerprint(entry.signKey, entry.boxKey));
      parties.push(entry);
    }
  }
  const assembled = Roster.safeParse({
    format: "aquila/roster/v2",
    officers: staff.officer.sort(byId),
    operators: staff.operator.sort(byId),
    parties: parties.sort(byId),
    secretariat: secretariats.length === 1 ? secretariats[0] : undefined,
    serial,
    signatures: [],
  });
  if (!assembled.success)
    throw new LinkageError(
      "roster-invalid",
      "a roster needs the keys of one secretariat, two operators, one officer and a party, and a serial from 1",
    );
  return assembled.data;
}

function requireFingerprint(path: string, stated: string, found: string): void {
  if (stated !== found) throw new LinkageError("identity-invalid", `${path}: the fingerprint is not that of the keys`);
}

/**
 * @param done - What was done with it.
 * @param changes - Against the roster pinned before.
 */
function answerRoster(io: CommandIo, json: boolean, roster: Roster, done: string, changes?: RosterChanges): void {
  const digest = rosterDigest(roster);
  const fingerprints = [
    ...roster.parties.map(({ id, signKey, boxKey }) => ({ fingerprint: fingerprint(signKey, boxKey), id })),
    ...[...roster.operators, ...roster.officers].map(({ id, signKey }) => ({
      fingerprint: signerFingerprint(signKey),
      id,
    })),
    { fingerprint: signerFingerprint(roster.secretariat), id: "secretariat" },
  ];
  const signedBy = roster.signatures.map(({ operator }) => operator);
  const lines = fingerprints.map((one) => `${one.id.padEnd(12)}  ${one.fingerprint}\n`).join("");
  const text = `${done}\n${lines}digest        ${digest}\nsigned by     ${signedBy.join(", ") || "nobody yet"}${isWhole(roster) ? "" : ": not to be pinned"}\n`;
  const listed = Object.entries(changes ?? {}).filter(([, ids]) => ids.length > 0);
  const changed = listed.map(([what, ids]) => `${what.padEnd(12)}  ${ids.join(", ")}\n`).join("");
  answer(io, json, { digest, fingerprints, serial: roster.serial, signedBy, ...changes }, `${text}${changed}`);
}

function isWhole(roster: Roster): boolean {
  try {
    checkRoster(roster);
    return true;
  } catch (error) {
    if (error instanceof LinkageError) return false;
    throw error;
  }
}

function fileOf(roster: Roster): Uint8Array {
  return Buffer.concat([canonicalBytes(roster), Buffer.from("\n")]);
}

function byId(one: { readonly id: string }, other: { readonly id: string }): number {
  return one.id < other.id ? -1 : 1;
}
