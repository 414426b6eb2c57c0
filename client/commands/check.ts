/**
 * `aquila check`: what a list is worth before anything is sent. Talks to nobody.
 */
import { InvalidArgumentError, type Command } from "commander";
import { coverageOf, type CoverageReport } from "../coverage.ts";
import { answer, jsonOption, type CommandIo } from "./command-io.ts";
import { listFile, withEncodedList, withListOptions, type ListFileOptions } from "./list-options.ts";

type CheckOptions = ListFileOptions & { readonly counterpartRecords?: number };

const SHOWN = 20;

export function registerCheck(program: Command, io: CommandIo): void {
  withListOptions(program.command("check"))
    .description(
      "validate a list and say which records cannot be found and which doubles silence each other; sends nothing",
    )
    .argument("<list>", "JSONL or CSV")
    .option(
      "--counterpart-records <n>",
      "size of the largest counterpart's list; the own size when left out",
      recordCount,
    )
    .addOption(jsonOption())
    .action(async (path: string, options: CheckOptions) => {
      await withEncodedList(io, path, options, async (result) => {
        const report = await coverageOf(listFile(path, options), result, options.counterpartRecords);
        answer(io, options.json, report, reportText(report));
      });
    });
}

function reportText(report: CoverageReport): string {
  const some = (title: string, lines: readonly string[]): string[] => [
    `${title}: ${lines.length}`,
    ...lines.slice(0, SHOWN).map((line) => `  ${line}`),
    ...(lines.length > SHOWN ? [`  … and ${lines.length - SHOWN} more; --json lists all`] : []),
  ];
  return [
    `${report.records} records taken, ${report.refused} refused, ${report.rows} rows after merging own duplicates`,
    ...some(
      "merged as one person",
      report.merged.map((refs) => refs.join(" = ")),
    ),
    ...some("too thin to be found (add a date of birth, a full name or a number)", report.thin),
    ...some("silenced: every telling key is shared with another record", report.silenced),
    ...(report.missingFacts.length === 0
      ? []
      : [
          `would be found with one fact more: ${report.missingFacts.map(({ fact, records }) => `${records} with ${fact}`).join(", ")}`,
        ]),
    ...some(
      "silence each other's keys (one person twice? then merge them)",
      report.silencing.map(({ refA, refB, ruleCount }) => `${refA} and ${refB}: ${ruleCount} rules`),
    ),
    ...(report.otherScripts === 0
      ? []
      : [
          `${report.otherScripts} records have a name in a script other than Latin, Greek or Cyrillic: romanised letter by letter, found less`,
        ]),
    `${report.surplusCells} keys beyond the slots of their rules (many aliases or dates) are left out`,
    "keys by rule (made, unique in the list):",
    ...report.rules.map(
      ({ rule, cells, unique }) => `  ${rule.padEnd(22)}${String(cells).padStart(9)}${String(unique).padStart(9)}`,
    ),
  ].join("\n");
}

function recordCount(text: string): number {
  if (!/^[1-9]\d{0,7}$/.test(text)) throw new InvalidArgumentError("a number of records, 1 to 99999999");
  return Number(text);
}
