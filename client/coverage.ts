/**
 * What a list is worth before anything is sent: which records can be found, what hides the others, and what would help.
 */
import { sizeClassOf } from "#engine/batch/size-class.ts";
import type { EncodedList } from "#engine/encode/list.ts";
import { visibilityOf } from "#engine/encode/visibility.ts";
import { informationThreshold } from "#engine/match/weight.ts";
import { findRecords, type ReadListResult } from "./list.ts";
import type { ListFile } from "./list-file.ts";
import { missingFacts } from "./missing-facts.ts";

/** Records that cannot be found of which it is asked what would help; lists with more have other troubles. */
const MOST_ASKED = 20_000;

export type CoverageReport = Awaited<ReturnType<typeof coverageOf>>;

/**
 * @param file - What was read; read again for the records that cannot be found.
 * @param counterpartRecords - Size of the largest counterpart's list; the own size when left out.
 */
export async function coverageOf(
  file: ListFile,
  { list, refused, refusedCount }: ReadListResult,
  counterpartRecords?: number,
) {
  const rows = [...list.rows];
  const largerRowCount = sizeClassOf(Math.max(rows.length, counterpartRecords ?? 0));
  const visibility = visibilityOf(list, largerRowCount);
  const refsOf = (wanted: "thin" | "silenced"): string[] =>
    rows.filter((_, row) => visibility[row] === wanted).flatMap(({ refs }) => refs);
  const [thin, silenced] = [refsOf("thin"), refsOf("silenced")];
  const asked = new Set([...thin, ...silenced].slice(0, MOST_ASKED));
  const hidden = asked.size === 0 ? [] : await findRecords(file.path, file.format, asked);
  return {
    records: list.report.records,
    refused: refusedCount,
    refusals: refused.map(({ detail }) => detail),
    rows: rows.length,
    merged: rows.filter(({ refs }) => refs.length > 1).map(({ refs }) => [...refs]),
    thin,
    silenced,
    silencing: list.report.silencing.map((pair) => ({ ...pair })),
    missingFacts: await missingFacts(hidden, list.profile, informationThreshold(list.profile, largerRowCount)),
    surplusCells: list.report.surplusCells,
    otherScripts: list.report.otherScripts,
    rules: list.report.rules.map((rule) => ({ ...rule })),
    classes: classSizes(list),
  };
}

function classSizes(list: EncodedList): { facts: string[]; rows: number }[] {
  return list.profile.coverageClasses.map(({ facts }, index) => ({
    facts: [...facts],
    rows: list.classes.reduce((rows, found) => rows + Number(found === index), 0),
  }));
}
