/**
 * `aquila evaluate`: quality of candidate pairs against known truth.
 */
import { readFileSync } from "node:fs";
import type { Command } from "commander";
import { parse } from "csv-parse/sync";
import { LinkageError } from "#engine/errors.ts";
import { evaluate, type Evaluation, type OperatingPoint, type WeighedPair } from "../evaluation.ts";
import { answer, jsonOption, type CommandIo } from "./command-io.ts";

export function registerEvaluate(program: Command, io: CommandIo): void {
  program
    .command("evaluate")
    .description("precision, recall and F1 of a file of candidate pairs against a file of true pairs")
    .argument("<pairs>", "CSV as `aquila link` writes it")
    .argument("<truth>", "CSV with a header; the first two columns name the records of each true pair")
    .addOption(jsonOption())
    .action((pairsPath: string, truthPath: string, options: { readonly json: boolean }) => {
      const evaluation = evaluate(readPairs(pairsPath), readTruth(truthPath));
      const { atPrecision95 = null, atPrecision99 = null, ...rest } = evaluation;
      const value = { ...rest, bands: [...evaluation.bands], atPrecision95, atPrecision99 };
      answer(io, options.json, value, evaluationText(evaluation));
    });
}

function evaluationText(evaluation: Evaluation): string {
  const at = (point: OperatingPoint | undefined): string =>
    point === undefined
      ? "not reached"
      : `recall ${point.recall.toFixed(4)}  precision ${point.precision.toFixed(4)}  from ${point.thresholdBits.toFixed(3)} bits`;
  return [
    `true pairs             ${evaluation.truePairs}`,
    `candidate pairs        ${evaluation.candidatePairs}  recall ${evaluation.candidateRecall.toFixed(4)}`,
    `best threshold         F1 ${evaluation.best.f1.toFixed(4)}  ${at(evaluation.best)}`,
    `at precision >= .95    ${at(evaluation.atPrecision95)}`,
    `at precision >= .99    ${at(evaluation.atPrecision99)}`,
    `average precision      ${evaluation.averagePrecision.toFixed(4)}`,
    ...evaluation.bands.map(({ band, pairs, truePairs }) => `band ${band.padEnd(18)}${pairs} pairs, ${truePairs} true`),
    `records that bridge    ${evaluation.bridgingRefs}`,
  ].join("\n");
}

function readPairs(path: string): WeighedPair[] {
  const [header, ...rows] = readCsv(path);
  const columns = ["ref_a", "ref_b", "weight_bits", "band"].map((name) => header?.indexOf(name) ?? -1);
  const [refA = -1, refB = -1, weight = -1, band = -1] = columns;
  if (columns.includes(-1))
    throw new LinkageError("list-header-unknown", `${path}: the header must name ref_a, ref_b, weight_bits and band`);
  const seen = new Set<string>();
  return rows.map((row, at) => {
    const weightBits = Number(row[weight]);
    if (row[weight] === "" || !Number.isFinite(weightBits))
      throw new LinkageError("list-malformed", `${path}: line ${at + 2}: weight_bits is not a number`);
    const pair = { refA: row[refA] ?? "", refB: row[refB] ?? "", weightBits, band: row[band] ?? "" };
    const name = JSON.stringify([pair.refA, pair.refB]);
    if (seen.has(name)) throw new LinkageError("list-malformed", `${path}: line ${at + 2}: a pair that occurs earlier`);
    seen.add(name);
    return pair;
  });
}

function readTruth(path: string): [string, string][] {
  const [header, ...rows] = readCsv(path);
  if (header === undefined || header.length < 2)
    throw new LinkageError("list-malformed", `${path}: needs a header and at least two columns`);
  return rows.map(([one = "", other = ""]) => [one, other]);
}

function readCsv(path: string): string[][] {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (cause) {
    throw new LinkageError("file-unreadable", `cannot read ${path}`, { cause });
  }
  try {
    return parse(text, { bom: true, skip_empty_lines: true });
  } catch (cause) {
    throw new LinkageError("list-malformed", `${path} is not readable as CSV`, { cause });
  }
}
