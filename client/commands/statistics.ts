/**
 * `aquila statistics`: a party's noised histogram, and everything that was published in a year.
 */
import { randomFillSync } from "node:crypto";
import type { Command } from "commander";
import { parseRational } from "#engine/statistics/budget.ts";
import { histogramErrorBar } from "#engine/statistics/release.ts";
import type { PartyStatistics, YearStatistics } from "#engine/statistics/published.ts";
import { findRecords } from "../list.ts";
import { noisedStatistics } from "../statistics.ts";
import {
  answer,
  connectAs,
  connectParty,
  jsonOption,
  namedServer,
  roundOption,
  serverOption,
  unlockVault,
  vaultOption,
  withAsker,
  type CallerOptions,
  type CommandIo,
} from "./command-io.ts";
import { listFormat, withListOptions, type ListFileOptions } from "./list-options.ts";
import { calendarYear, registerStatisticsReport } from "./statistics-report.ts";

type SubmitOptions = ListFileOptions & { readonly server?: string; readonly vault: string; readonly round: string };
type ShowOptions = CallerOptions & { readonly year: number; readonly json: boolean };

export function registerStatistics(program: Command, io: CommandIo): void {
  const statistics = program.command("statistics").description("counts about rounds, protected by noise");
  withListOptions(
    statistics
      .command("submit")
      .description("publish how many of the party's records have hits, with noise drawn here, once for each round")
      .argument("<list>", "the list that was encoded")
      .addOption(serverOption(false))
      .addOption(vaultOption())
      .addOption(roundOption())
      .addOption(jsonOption()),
  ).action(async (list: string, options: SubmitOptions, command: Command) => {
    using vault = await unlockVault(io, options.vault);
    const find = (refs: ReadonlySet<string>) => findRecords(list, listFormat(list, options), refs);
    const isDrawn = vault.statistics(options.round) !== null;
    const noised = await noisedStatistics(vault, options.round, find, randomFillSync, io.now());
    const isInside = vault.carriage(options.round)?.side === "inside";
    if (!isInside) await connectParty(io, namedServer(command, options), vault).putStatistics(noised);
    const what = isInside ? "drawn, goes out with the next bundle" : "published";
    const errorBar = histogramErrorBar(parseRational(noised.epsilon));
    const text = [
      `${what}, for ε ${noised.epsilon} of what may be published in a year; with probability .95 a figure is off by at most ±${errorBar}`,
      ...(isDrawn ? ["drawn before, from the list that was named then: this one was not counted"] : []),
      histogramText(noised),
    ].join("\n");
    answer(io, options.json, { ...noised, errorBar }, text);
  });

  withAsker(
    statistics
      .command("show")
      .description("everything that was published in a year, with error bars, and the privacy budget that is left")
      .requiredOption("--year <year>", "calendar year, UTC", calendarYear),
  ).action(async (options: ShowOptions) => {
    const published = await connectAs(io, options, (connection) => connection.statistics(options.year));
    answer(io, options.json, published, yearText(published));
  });
  registerStatisticsReport(statistics, io);
}

function yearText({ year, budget, hits, parties }: YearStatistics): string {
  const lines = [
    `${year}: ${budget.spent} of the privacy budget ${budget.limit} is spent; with probability .95 a figure is off by at most its ±`,
  ];
  for (const { round, errorBar, figures } of hits)
    for (const [pairing, bands] of Map.groupBy(figures, (figure) => figure.pairing.join("–")))
      lines.push(
        `${round}  ${pairing}  ${figuresText(bands.map((figure) => [figure.band, figure.hits]))}  ±${errorBar}`,
      );
  for (const histogram of parties)
    lines.push(`${histogram.round}  ${histogram.party}  ±${histogram.errorBar}`, histogramText(histogram));
  return lines.join("\n");
}

function histogramText({ counterparts, categories, riskIndicators }: PartyStatistics): string {
  return [
    `  counterparts with hits  ${figuresText(Object.entries(counterparts))}`,
    `  category                ${figuresText(Object.entries(categories))}`,
    `  risk indicator          ${figuresText(Object.entries(riskIndicators))}`,
  ].join("\n");
}

/** A suppressed figure is shown as less than ten, which is what its noised value is. */
function figuresText(figures: readonly (readonly [name: string, value: number | null])[]): string {
  return figures.map(([name, value]) => `${name} ${value ?? "<10"}`).join(", ");
}
