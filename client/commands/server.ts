/**
 * `aquila server`: what an operator needs before there is a server. `key` makes its key, `plan` says what a round takes of
 * this machine.
 */
import { mkdirSync, statfsSync, statSync } from "node:fs";
import { availableParallelism, loadavg, totalmem } from "node:os";
import { dirname } from "node:path";
import { InvalidArgumentError, Option, type Command } from "commander";
import { LinkageError } from "#engine/errors.ts";
import { MAX_DECLARED_RECORDS } from "#engine/round/descriptor.ts";
import { signerFingerprint } from "#engine/round/identity.ts";
import { MAX_PARTIES } from "#engine/round/roster.ts";
import { SHIPPED_PROFILE } from "#engine/shipped-profile.ts";
import { openServerKey, signingKeysOf } from "#server/data-key.ts";
import { measureRates } from "#server/machine-rates.ts";
import {
  matchMemoryBytes,
  roundSeconds,
  roundSize,
  type MachineRates,
  type RoundSeconds,
  type RoundSize,
} from "#server/plan.ts";
import { answer, jsonOption, type CommandIo } from "./command-io.ts";
import { registerServerData } from "./server-data.ts";

type PlanOptions = {
  readonly parties: number;
  readonly records: number;
  readonly workers: number;
  readonly dataDir: string;
  readonly json: boolean;
};

/** What the machine has, and the mean number of processes that wanted a core in the last minute. */
type Machine = {
  readonly cores: number;
  readonly load: number;
  readonly diskFreeBytes: number;
  readonly memoryBytes: number;
};

export function registerServer(program: Command, io: CommandIo): void {
  const server = program.command("server").description("make the secretariat's key, plan its machine, keep its data");
  registerServerData(server, io);
  server
    .command("key")
    .description(
      "show the public key with which the secretariat signs, for the roster; makes the server key if it is missing",
    )
    .argument("<file>", "serverKeyFile of the configuration")
    .addOption(jsonOption())
    .action((path: string, options: { json: boolean }) => {
      mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
      const { signKey: secretariat } = signingKeysOf(openServerKey(path));
      const shown = { fingerprint: signerFingerprint(secretariat), secretariat };
      answer(io, options.json, shown, `sign key     ${secretariat}\nfingerprint  ${shown.fingerprint}\n`);
    });
  server
    .command("plan")
    .description("disk, memory and time that a round takes, from rates measured here in a few seconds")
    .addOption(numberOption("--parties <count>", "parties of the round, each matched with every other", 2, MAX_PARTIES))
    .addOption(numberOption("--records <count>", "records of each party", 1, MAX_DECLARED_RECORDS))
    .addOption(
      numberOption("--workers <count>", "the server's worker threads, at most the cores", 1, availableParallelism())
        .default(availableParallelism())
        .makeOptionMandatory(false),
    )
    .option("--data-dir <folder>", "on the disk that the server would use; what is written to it is deleted", ".")
    .addOption(jsonOption())
    .action(async (options: PlanOptions) => {
      const size = roundSize(SHIPPED_PROFILE, options.parties, options.records, options.workers);
      const machine = machineAt(options.dataDir);
      const rates = await measureRates(options.dataDir, SHIPPED_PROFILE, size);
      const seconds = roundSeconds(size, rates);
      const memoryBytes = matchMemoryBytes(size);
      const plan = { ...size, memoryBytes, seconds, rates, machine };
      answer(io, options.json, plan, planText(options, size, memoryBytes, seconds, rates, machine));
    });
}

function numberOption(flags: string, description: string, least: number, most: number): Option {
  return new Option(flags, description).makeOptionMandatory().argParser((text) => {
    if (!/^\d{1,9}$/.test(text) || Number(text) < least || Number(text) > most)
      throw new InvalidArgumentError(`a whole number, ${least} to ${most}`);
    return Number(text);
  });
}

/** @throws {@link LinkageError} `file-unreadable` if the folder is none. */
function machineAt(folder: string): Machine {
  if (statSync(folder, { throwIfNoEntry: false })?.isDirectory() !== true)
    throw new LinkageError("file-unreadable", `${folder} is no folder`);
  const { bavail, bsize } = statfsSync(folder);
  return {
    cores: availableParallelism(),
    load: loadavg()[0] ?? 0,
    diskFreeBytes: bavail * bsize,
    memoryBytes: totalmem(),
  };
}

function planText(
  options: PlanOptions,
  size: RoundSize,
  memoryBytes: number,
  { store, check, match }: RoundSeconds,
  rates: MachineRates,
  machine: Machine,
): string {
  const { parties, rowCount, pairings, batches, batchBytes, keys, diskBytes, busyWorkers } = size;
  const lines = [
    `round      ${parties} parties of ${count(options.records)} records, padded to ${count(rowCount)} rows; ${pairings} pairings, ${count(keys)} keys`,
    `batches    ${batches} of ${amount(batchBytes)}; a party uploads ${parties - 1}, ${amount(batchBytes * (parties - 1))}`,
    `disk       ${amount(diskBytes)} in ${options.dataDir}, of ${amount(machine.diskFreeBytes)} free`,
    `memory     ${amount(memoryBytes)} while matching, of ${amount(machine.memoryBytes)}`,
    `time       ${duration(store + check + match)}: storing ${duration(store)}, checking ${duration(check)}, matching ${duration(match)}`,
    "",
    `measured here, ${busyWorkers} of ${options.workers} workers busy on ${machine.cores} cores, load before it ${machine.load.toFixed(1)}:`,
    `  storing   ${perSecond(rates.storeBytesPerSecond)}, encrypted and synced`,
    `  checking  ${perSecond(rates.checkBytesPerSecond)}, one batch at a time`,
    `  matching  ${perSecond(rates.matchBytesPerSecond)}, and ${(rates.secondsPerPairing * 1_000).toFixed(0)} ms a pairing`,
    "",
    "assumed:",
    "  every party with every other, the shipped profile, lists of equal size, one row in twenty shared",
    "  the network and the parties' own encoding are not slower than the disk, and not counted",
    "  nothing else runs here: a shared or busy machine takes longer, and the next measurement may differ by half",
    "  the sample was in the page cache; a round larger than memory is read from the disk again",
    `  memory as measured once, with what lists of this size add; docs/cli.md`,
  ];
  if (diskBytes > machine.diskFreeBytes) lines.push("", "DOES NOT FIT: the disk has less free space");
  if (memoryBytes > machine.memoryBytes) lines.push("", "DOES NOT FIT: the machine has less memory");
  return lines.join("\n");
}

function perSecond(bytes: number): string {
  return `${amount(bytes)} a second`;
}

function count(number: number): string {
  return number.toLocaleString("en-US");
}

/** Decimal units, three digits. */
function amount(bytes: number): string {
  const units = ["bytes", "kB", "MB", "GB", "TB"];
  const power = bytes < 1 ? 0 : Math.min(units.length - 1, Math.floor(Math.log10(bytes) / 3));
  return `${Number((bytes / 1_000 ** power).toPrecision(3))} ${units[power] ?? ""}`;
}

function duration(seconds: number): string {
  if (seconds < 120) return `${Number(seconds.toPrecision(2))} s`;
  if (seconds < 7_200) return `${Math.round(seconds / 60)} min`;
  return `${Number((seconds / 3_600).toPrecision(3))} h`;
}
