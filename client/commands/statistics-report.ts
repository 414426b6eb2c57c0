/**
 * `aquila statistics report`: the regional picture of some years as HTML or PDF.
 */
import { InvalidArgumentError, type Command } from "commander";
import type { YearStatistics } from "#engine/statistics/published.ts";
import { findChromium, printPdf } from "../chromium.ts";
import { createFile, requireCreatable } from "../durable-file.ts";
import { statisticsReport } from "../statistics-report.ts";
import { answer, connectAs, withAsker, wrongUsage, type CallerOptions, type CommandIo } from "./command-io.ts";

const MOST_YEARS = 10;

type ReportOptions = CallerOptions & {
  readonly year: number;
  readonly until?: number;
  readonly out: string;
  readonly chromium?: string;
  readonly json: boolean;
};

export function registerStatisticsReport(statistics: Command, io: CommandIo): void {
  withAsker(
    statistics
      .command("report")
      .description("the regional picture as a printable report, with error bars and method")
      .requiredOption("--year <year>", "calendar year, UTC", calendarYear)
      .option("--until <year>", "last year, if there are several", calendarYear)
      .requiredOption("--out <file>", "FILE.html, or FILE.pdf printed by Chromium; never overwritten")
      .option("--chromium <path>", "the Chromium that prints; else the first on PATH"),
  ).action(async (options: ReportOptions) => {
    const { year, until = year, out } = options;
    if (until < year || until - year >= MOST_YEARS)
      throw wrongUsage(io, `--until is ${year} or later, and at most ${MOST_YEARS} years are reported`);
    const isPdf = out.endsWith(".pdf");
    if (!isPdf && !out.endsWith(".html")) throw wrongUsage(io, "--out ends in .html or .pdf");
    requireCreatable(out);
    const chromium = isPdf ? findChromium(options.chromium, process.env["PATH"] ?? "") : null;
    const years = await connectAs(io, options, async (connection) => {
      const published: YearStatistics[] = [];
      for (let each = year; each <= until; each++) published.push(await connection.statistics(each));
      return published;
    });
    const html = statisticsReport(years, io.now());
    createFile(out, [chromium === null ? new TextEncoder().encode(html) : await printPdf(chromium, html)]);
    const rounds = years.reduce((sum, { hits }) => sum + hits.length, 0);
    answer(io, options.json, { out, rounds, year, until }, `${out}: ${rounds} rounds`);
  });
}

/** @returns A year of four digits. */
export function calendarYear(text: string): number {
  if (!/^[2-9]\d{3}$/.test(text)) throw new InvalidArgumentError("a year of four digits");
  return Number(text);
}
