/**
 * `aquila explain`: which facts of one pair agreed and what each adds to its match weight. Talks to nobody.
 */
import { Option, type Command } from "commander";
import type { Json } from "#engine/canonical-json.ts";
import { cellMaker } from "#engine/encode/cells.ts";
import { informationOf, shippedTable } from "#engine/encode/information.ts";
import { SHIPPED_PROFILE } from "#engine/shipped-profile.ts";
import { createFile } from "../durable-file.ts";
import { explainHit, explainPair, rowOfReference } from "../explain.ts";
import { hitText, hitWaterfall, pairText, pairWaterfall } from "../explanation-text.ts";
import { linkLists } from "../link.ts";
import { findRecords, type ReadListResult } from "../list.ts";
import { RESULT_NOTE } from "../results.ts";
import { waterfallSvg, type Waterfall } from "../waterfall.ts";
import { answer, jsonOption, unlockVault, type CommandIo } from "./command-io.ts";
import { listFormat, withEncodedList, withListOptions, type ListFileOptions } from "./list-options.ts";

type ExplainOptions = ListFileOptions & {
  readonly refA?: string;
  readonly refB?: string;
  readonly round?: string;
  readonly vault?: string;
  readonly hit?: string;
  readonly svg?: string;
};

const USAGE =
  "name two lists with --ref-a and --ref-b, or --round, --vault and --hit for a hit that `aquila round results` opened";

export function registerExplain(program: Command, io: CommandIo): void {
  withListOptions(program.command("explain"))
    .description("show which facts of one pair agreed and how many bits each adds to its match weight; sends nothing")
    .argument("[list-a]", "JSONL or CSV; both lists, or neither to explain a hit")
    .argument("[list-b]", "JSONL or CSV")
    .option("--ref-a <reference>", "record of the first list")
    .option("--ref-b <reference>", "record of the second list")
    .option("--round <id>", "the round of a hit")
    .addOption(new Option("--vault <folder>", "the party's vault").env("AQUILA_VAULT"))
    .option("--hit <id>", "the hit, as `aquila round results` names it")
    .option(
      "--svg <file>",
      "write the waterfall as a picture too, to a new file, mode 600; it holds references, no facts",
    )
    .addOption(jsonOption())
    .action(async (pathA: string | undefined, pathB: string | undefined, options: ExplainOptions, command: Command) => {
      const { refA, refB, round, vault, hit } = options;
      if (pathA !== undefined && pathB !== undefined && refA !== undefined && refB !== undefined)
        await explainListed(io, [pathA, pathB], [refA, refB], options);
      else if (pathA === undefined && round !== undefined && vault !== undefined && hit !== undefined) {
        using unlocked = await unlockVault(io, vault);
        const explanation = explainHit(unlocked, round, hit, SHIPPED_PROFILE);
        tell(io, options, { ...explanation, note: RESULT_NOTE }, hitText(explanation), hitWaterfall(explanation));
      } else command.error(`error: ${USAGE}`);
    });
}

async function explainListed(
  io: CommandIo,
  [pathA, pathB]: readonly [string, string],
  [refA, refB]: readonly [string, string],
  options: ExplainOptions,
): Promise<void> {
  await withEncodedList(io, pathA, options, (a) =>
    withEncodedList(io, pathB, options, async (b) => {
      const profile = a.list.profile;
      const table = shippedTable(profile.frequencyTable);
      const encoder = { makeCells: await cellMaker(profile, table), information: informationOf(table) };
      const rowA = await explainedRow(pathA, a, refA, "--ref-a", options);
      const rowB = await explainedRow(pathB, b, refB, "--ref-b", options);
      const explanation = explainPair(rowA, rowB, linkLists(a.list, b.list), encoder);
      const text = pairText(explanation, rowA.records, rowB.records);
      tell(io, options, explanation, text, pairWaterfall(explanation));
    }),
  );
}

async function explainedRow(
  path: string,
  { list }: ReadListResult,
  ref: string,
  name: string,
  options: ExplainOptions,
) {
  const row = rowOfReference(list, ref, name);
  const records = await findRecords(path, listFormat(path, options), new Set(list.rows.at(row).refs));
  return { list, row, records };
}

function tell(
  io: CommandIo,
  { svg, json }: ExplainOptions,
  explanation: { readonly [name: string]: Json },
  text: string,
  waterfall: Waterfall | null,
): void {
  const isDrawn = svg !== undefined && waterfall !== null;
  if (isDrawn) createFile(svg, [Buffer.from(waterfallSvg(waterfall))]);
  const told = isDrawn ? `picture written to ${svg}\n` : "no picture written: there is no weight to show\n";
  answer(io, json, isDrawn ? { ...explanation, svg } : explanation, svg === undefined ? text : text + told);
}
