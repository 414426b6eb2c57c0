/**
 * `aquila round describe`: a descriptor from a roster and the parties' agreements, to be read before it is created.
 */
import { Option, type Command } from "commander";
import { CATEGORIES } from "#engine/encode/person.ts";
import { canonicalBytes } from "#engine/canonical-json.ts";
import { LinkageError } from "#engine/errors.ts";
import type { Band } from "#engine/match/band.ts";
import { forecastCoincidences, type Forecast } from "#engine/match/forecast.ts";
import { covers, type Agreement } from "#engine/round/agreement.ts";
import {
  checkDescriptor,
  DEADLINES,
  descriptorT0,
  expectedRowCount,
  RoundDescriptor,
  type DeadlineName,
} from "#engine/round/descriptor.ts";
import { Moment } from "#engine/round/ids.ts";
import { requireWithinQuotas } from "#engine/round/quota.ts";
import { checkRoster, Roster, rosterDigest } from "#engine/round/roster.ts";
import { SHIPPED_PROFILE, SHIPPED_PROFILE_DIGEST } from "#engine/shipped-profile.ts";
import { createFile } from "../../durable-file.ts";
import { AgreementFile } from "../agreement.ts";
import { answer, jsonOption, readJsonFile, type CommandIo } from "../command-io.ts";

const DAY_MS = 86_400_000;
/** Days from each deadline to the next, unless it is named. */
const DAYS_AFTER: Readonly<Record<DeadlineName, number>> = {
  keys: 0,
  submission: 7,
  seals: 2,
  release: 3,
  acknowledgements: 3,
  answers: 7,
  followUp: 60,
};

type DescribeOptions = {
  readonly id: string;
  readonly roster: string;
  readonly agreements: readonly string[];
  readonly records: readonly string[];
  readonly nationalBasis: readonly string[];
  readonly categories: readonly string[];
  readonly legalBasis: string;
  readonly field: string;
  readonly purpose: string;
  readonly lowestBand: string;
  readonly marginBits: number;
  readonly retentionDays: number;
  readonly deadlines: readonly string[];
  readonly out: string;
  readonly json: boolean;
};

export function registerDescribe(round: Command, io: CommandIo): void {
  round
    .command("describe")
    .description("write a descriptor under the shipped profile, to be read before it is created; sends nothing")
    .requiredOption("--id <id>", "round id, a-z, 0-9 and -")
    .requiredOption("--roster <file>", "roster file")
    .requiredOption("--agreements <files...>", "the parties' agreements; pairings are those that both sides agreed to")
    .requiredOption("--records <PARTY=COUNT...>", "declared size of each party's list, such as AT=2000 HR=1800")
    .requiredOption("--national-basis <PARTY=TEXT...>", "national article of each party")
    .addOption(
      new Option("--categories <names...>", "admitted data-subject categories")
        .choices(CATEGORIES)
        .makeOptionMandatory(),
    )
    .requiredOption("--legal-basis <text>", "article of the treaty")
    .addOption(new Option("--field <code>", "field of crime").default("terrorism"))
    .requiredOption("--purpose <text>", "purpose")
    .addOption(
      new Option("--lowest-band <band>", "least certain band to be released")
        .choices(["high", "medium", "low"])
        .makeOptionMandatory(),
    )
    .addOption(
      new Option("--margin-bits <bits>", "bits beyond log2 of the larger list that a key must carry")
        .argParser(Number)
        .default(SHIPPED_PROFILE.informationMarginBits),
    )
    .addOption(
      new Option("--retention-days <days>", "how long a party may keep a hit that nobody decided")
        .argParser(Number)
        .default(90),
    )
    .requiredOption(
      "--deadlines <NAME=TIME...>",
      `keys=2026-12-01T12:00:00Z, and of ${DEADLINES.slice(1).join(", ")} those that are not to follow by themselves`,
    )
    .requiredOption("--out <file>", "the descriptor; never overwritten")
    .addOption(jsonOption())
    .action((options: DescribeOptions) => {
      const { descriptor, missing } = describe(options, io.now());
      createFile(options.out, [Buffer.concat([canonicalBytes(descriptor), Buffer.from("\n")])]);
      const t0 = descriptorT0(descriptor);
      const forecast = forecastOf(descriptor);
      const { high, medium, low } = forecast;
      const pairings = descriptor.pairings.map((pairing) => pairing.join("-")).join(", ");
      const rows = descriptor.parties.map(({ id }) => `${id} ${expectedRowCount(descriptor, id)}`).join(", ");
      const text = [
        options.out,
        `T0  ${t0}`,
        `pairings: ${pairings}`,
        ...missing.map((why) => `no pairing: ${why}`),
        `rows of each batch, as quotas count them: ${rows}`,
        ...DEADLINES.map((name) => `${name.padEnd(17)} ${descriptor.deadlines[name]}`),
        `expected coincidental hits, all pairings: high ${high.toFixed(1)}, medium ${medium.toFixed(1)}, low ${low.toFixed(1)}`,
      ].join("\n");
      answer(io, options.json, { descriptor, t0, forecast, missing }, text);
    });
}

/** Expected pairs of different persons by band, over all pairings; from declared sizes and profile alone. */
export function forecastOf(descriptor: RoundDescriptor): Forecast {
  const profile = { ...SHIPPED_PROFILE, informationMarginBits: descriptor.informationMarginBits };
  const forecasts = descriptor.pairings.map(([lower, higher]) =>
    forecastCoincidences(profile, expectedRowCount(descriptor, lower), expectedRowCount(descriptor, higher)),
  );
  const sum = (band: Band): number => forecasts.reduce((total, forecast) => total + forecast[band], 0);
  return { high: sum("high"), medium: sum("medium"), low: sum("low"), none: sum("none") };
}

/** @returns The descriptor, and why each two of its parties that are no pairing are none. */
function describe(
  options: DescribeOptions,
  now: Date,
): { readonly descriptor: RoundDescriptor; readonly missing: readonly string[] } {
  const roster = readJsonFile(options.roster, Roster, "roster-invalid");
  checkRoster(roster);
  const bases = new Map(options.nationalBasis.map(nameAndValue));
  const parties = options.records
    .map(nameAndValue)
    .map(([id, count]) => ({ declaredRecords: Number(count), id, legalBasis: bases.get(id) }))
    .sort((a, b) => (a.id < b.id ? -1 : 1));
  const uncounted = options.records.find((text) => !/^[A-Z]{2,8}=\d{1,9}$/.test(text));
  if (uncounted !== undefined)
    throw new LinkageError("round-descriptor-invalid", `--records: ${uncounted} is no PARTY=COUNT such as AT=2000`);
  const deadlines = deadlinesOf(options.deadlines);
  if (Date.parse(deadlines.keys) <= now.getTime())
    throw new LinkageError("round-descriptor-invalid", `--deadlines: keys, ${deadlines.keys}, is past`);
  const ids = parties.map(({ id }) => id);
  const given = options.agreements.flatMap((path) => readJsonFile(path, AgreementFile, "round-descriptor-invalid"));
  const cover = { field: options.field, from: deadlines.keys, until: deadlines.followUp };
  const { pairings, agreements } = agreedPairings(
    ids,
    given.filter((agreement) => covers(agreement, cover)),
  );
  const missing = missingPairings(ids, given, cover);
  if (pairings.length === 0)
    throw new LinkageError(
      "round-descriptor-invalid",
      `there is no pairing: ${missing.join("; ")}; aquila agreement sign`,
    );
  const parsed = RoundDescriptor.safeParse({
    agreements,
    categories: [...options.categories].sort(),
    deadlines,
    field: options.field,
    format: "aquila/round/v3",
    id: options.id,
    informationMarginBits: options.marginBits,
    legalBasis: options.legalBasis,
    lowestBand: options.lowestBand,
    pairings,
    parties,
    profile: SHIPPED_PROFILE_DIGEST,
    purpose: options.purpose,
    retentionDays: options.retentionDays,
    roster: rosterDigest(roster),
  });
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    throw new LinkageError("round-descriptor-invalid", `${issue?.path.join(".") ?? ""}: ${issue?.message ?? ""}`);
  }
  checkDescriptor(parsed.data);
  requireWithinQuotas(parsed.data, agreements, [], new Date(deadlines.keys));
  const stranger = ids.find((id) => !roster.parties.some((party) => party.id === id));
  if (stranger !== undefined)
    throw new LinkageError("round-descriptor-invalid", `party ${stranger} is not in the roster`);
  return { descriptor: parsed.data, missing };
}

/** @returns The pairings that both sides agreed to, and those agreements in order; what only one side signed is left out. */
function agreedPairings(
  ids: readonly string[],
  given: readonly Agreement[],
): { pairings: [string, string][]; agreements: Agreement[] } {
  const byDirection = new Map(given.map((agreement) => [`${agreement.from}-${agreement.to}`, agreement]));
  const pairings = ids.flatMap((lower, at) =>
    ids
      .slice(at + 1)
      .filter((higher) => byDirection.has(`${lower}-${higher}`) && byDirection.has(`${higher}-${lower}`))
      .map((higher): [string, string] => [lower, higher]),
  );
  const directions = pairings.flatMap(([lower, higher]) => [`${lower}-${higher}`, `${higher}-${lower}`]).sort();
  return { pairings, agreements: directions.flatMap((direction) => byDirection.get(direction) ?? []) };
}

/** @returns A line for each direction that keeps two of the parties from being a pairing. */
function missingPairings(
  ids: readonly string[],
  given: readonly Agreement[],
  cover: Parameters<typeof covers>[1],
): string[] {
  return ids.flatMap((from) =>
    ids
      .filter((to) => to !== from)
      .flatMap((to) => {
        const found = given.filter((agreement) => agreement.from === from && agreement.to === to);
        if (found.some((agreement) => covers(agreement, cover))) return [];
        return found.length === 0
          ? [`${from} did not agree to ${to}`]
          : [`${from} agreed to ${to}, but not for ${cover.field} from ${cover.from} to ${cover.until}`];
      }),
  );
}

function deadlinesOf(named: readonly string[]): Record<DeadlineName, string> {
  const times = new Map(named.map(nameAndValue));
  const stranger = [...times.keys()].find((name) => !DEADLINES.some((known) => known === name));
  if (stranger !== undefined)
    throw new LinkageError("round-descriptor-invalid", `--deadlines: ${stranger} is none of ${DEADLINES.join(", ")}`);
  let moment = Number.NaN;
  const deadlines = DEADLINES.map((name): [DeadlineName, string] => {
    const text = times.get(name);
    if (text !== undefined && !Moment.safeParse(text).success)
      throw new LinkageError(
        "round-descriptor-invalid",
        `--deadlines: ${name} is no time such as 2026-12-01T12:00:00Z`,
      );
    moment = text === undefined ? moment + DAYS_AFTER[name] * DAY_MS : Date.parse(text);
    if (Number.isNaN(moment)) throw new LinkageError("round-descriptor-invalid", "--deadlines: keys must be named");
    return [name, new Date(moment).toISOString().replace(/\.\d+Z$/, "Z")];
  });
  return Object.fromEntries(deadlines) as Record<DeadlineName, string>;
}

function nameAndValue(text: string): [name: string, value: string] {
  const at = text.indexOf("=");
  return [text.slice(0, Math.max(at, 0)), text.slice(at + 1)];
}
