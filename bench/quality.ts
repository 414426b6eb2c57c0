/**
 * Bench `quality`: what the product finds, and finds wrongly, on fresh fictional people and on the lists of a folder.
 * `npm run -s bench -- quality [--json] [--data DIR] [--ablation] [--curve] [--no-oracle] [--plots DIR]`; sizes by BENCH as for every bench.
 * `… quality --sizes 100000,1000000` measures nothing but lists of these many records: bands, recall, false hits, bridging;
 * bench/results/quality/sizes.jsonl is that with `--json`.
 * The pictures of bench/results/quality are `--data DIR --curve --plots bench/results/quality`.
 * One line a measurement, no times in them: two runs give the same bytes.
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { SHIPPED_PROFILE, SHIPPED_PROFILE_DIGEST } from "#engine/shipped-profile.ts";
import type { OracleModel } from "./oracle/oracle.ts";
import { wantedScale, type Scale } from "./measurement.ts";
import { encoderOf, linkBlind, type BlindJudged } from "./quality/blind.ts";
import { linkClear, oracleModel } from "./quality/clear.ts";
import { readDataSets } from "./quality/data-samples.ts";
import { bridgingSvg, falseHitsSvg, precisionRecallSvg, reliabilitySvg } from "./quality/figure-files.ts";
import { pooledFigures, type PooledFigures } from "./quality/figures.ts";
import { freshFixtures } from "./quality/fixture-samples.ts";
import { GROWING_SIZES, linkGrowing } from "./quality/growing-lists.ts";
import { checksumOf, lineJson, lineText, type QualityLine } from "./quality/line.ts";
import { marginCurve, type MarginPoint } from "./quality/margin-curve.ts";
import {
  ablationLines,
  bridgingShare,
  calibrationLines,
  groupLines,
  marginLines,
  operatingLine,
  sizeLines,
  type SizePoint,
} from "./quality/measurements.ts";
import { nameLines } from "./quality/name-measurements.ts";
import type { DataSet } from "./quality/sample.ts";
import { lowThresholdLines, targetLines } from "./quality/targets.ts";

const MARGINS_BITS: Record<Scale, readonly number[]> = {
  smoke: [0, 6, 12],
  usual: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12],
  full: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12],
};

type Options = {
  readonly scale: Scale;
  readonly data: string | undefined;
  readonly ablation: boolean;
  readonly curve: boolean;
  readonly oracle: OracleModel | undefined;
};

/** A line, or a picture by its file name. */
type Output = { readonly line: QualityLine } | { readonly file: string; readonly svg: string };

/**
 * @param args - After the bench's name.
 * @returns Exit code: 0 measured, 64 wrong usage.
 */
export async function quality(args: readonly string[]): Promise<number> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      json: { type: "boolean", default: false },
      data: { type: "string" },
      ablation: { type: "boolean", default: false },
      curve: { type: "boolean", default: false },
      "no-oracle": { type: "boolean", default: false },
      plots: { type: "string" },
      sizes: { type: "string" },
    },
  });
  const scale = wantedScale();
  const sizes = values.sizes?.split(",").map(Number);
  if (sizes?.some((size) => !Number.isInteger(size) || size < 1) === true) {
    console.error("--sizes is whole numbers above 0, such as 100000,1000000");
    return 64;
  }
  const lines: string[] = [];
  const print = (line: QualityLine): void => {
    const json = lineJson(line);
    lines.push(json);
    console.log(values.json ? json : lineText(line));
  };
  const { data, ablation, curve } = values;
  const oracle = values["no-oracle"] || sizes !== undefined ? undefined : oracleModel(scale);
  const outputs = sizes === undefined ? measureAll({ scale, data, ablation, curve, oracle }) : measureSizes(sizes);
  for await (const output of outputs) {
    if ("line" in output) print(output.line);
    else if (values.plots !== undefined) {
      mkdirSync(values.plots, { recursive: true });
      writeFileSync(join(values.plots, output.file), output.svg);
    }
  }
  print({
    measure: "run",
    dataSet: "all",
    profile: SHIPPED_PROFILE_DIGEST,
    scale: sizes === undefined ? scale : "sizes",
    allLines: checksumOf(lines.join("\n")),
  });
  return 0;
}

async function* measureAll(options: Options): AsyncGenerator<Output> {
  const encode = await encoderOf(SHIPPED_PROFILE);
  const fixtures = freshFixtures(options.scale);
  const curves: { dataSet: string; points: readonly MarginPoint[] }[] = [];
  for (const dataSet of [fixtures, ...dataSetsOf(options)]) {
    if ("missing" in dataSet) {
      yield { line: { measure: "missing", dataSet: dataSet.name, file: dataSet.missing } };
      continue;
    }
    const results = dataSet.samples.map((sample) => linkBlind(sample, encode));
    yield* measureDataSet(dataSet, results, options);
    if (options.curve && ["fixtures", "see_synth"].includes(dataSet.name)) {
      const points = await marginCurve(SHIPPED_PROFILE, everyThird(dataSet), MARGINS_BITS[options.scale]);
      yield* linesOnly(marginLines(dataSet.name, points));
      if (dataSet.name === "see_synth") yield* linesOnly(lowThresholdLines(dataSet.name, points).values());
      curves.push({ dataSet: dataSet.name, points });
    }
  }
  if (curves.length > 0) yield { file: "bridging.svg", svg: bridgingSvg(curves) };
  if (options.data === undefined)
    yield { line: { measure: "missing", dataSet: "data", file: "no folder was named: --data DIR" } };
  else yield* linesOnly(nameLines(options.data));
  yield* measureSizes(GROWING_SIZES[options.scale]);
}

function dataSetsOf({ data }: Options): ReturnType<typeof readDataSets> {
  return data === undefined ? [] : readDataSets(data);
}

/** The blind matcher, and the oracle beside it unless it was left out. */
function* measureDataSet(
  dataSet: DataSet,
  results: readonly BlindJudged[],
  { ablation, oracle }: Options,
): Generator<Output> {
  const { name } = dataSet;
  const blind = pooledFigures(results);
  const share = bridgingShare(results);
  yield { line: operatingLine(name, "blind", results, blind, share) };
  yield* linesOnly(groupLines(dataSet, "blind", results, blind));
  const bins = yield* linesOnly(calibrationLines(name, "blind", results));
  const reliability = [{ name: "Aquila, blind", bins }];
  let clear: PooledFigures | undefined;
  if (oracle !== undefined) {
    const clearResults = dataSet.samples.map((sample) => linkClear(oracle, sample));
    clear = pooledFigures(clearResults);
    yield { line: operatingLine(name, "oracle", clearResults, clear, null) };
    yield* linesOnly(groupLines(dataSet, "oracle", clearResults, clear));
    reliability.push({
      name: "oracle in the clear",
      bins: yield* linesOnly(calibrationLines(name, "oracle", clearResults)),
    });
  }
  yield* linesOnly(targetLines(name, { blind, oracle: clear, bridgingShare: share }).values());
  yield { file: `precision-recall-${fileName(name)}.svg`, svg: precisionRecallSvg(name, blind, clear) };
  if (name === "fixtures") yield { file: "reliability.svg", svg: reliabilitySvg(reliability) };
  if (ablation) yield* linesOnly(ablationLines(SHIPPED_PROFILE, name, results));
}

/** One pairing at a time: the largest fills memory. */
async function* measureSizes(sizes: readonly number[]): AsyncGenerator<Output> {
  const points: SizePoint[] = [];
  for (const size of sizes) points.push(yield* linesOnly(sizeLines(await linkGrowing(size))));
  yield { file: "false-hits.svg", svg: falseHitsSvg(points) };
}

/** One pairing of each seed is enough for a curve. */
function everyThird({ name, samples }: DataSet): DataSet {
  return { name, samples: samples.filter((_, at) => at % 3 === 0) };
}

function* linesOnly<Result>(lines: Iterator<QualityLine, Result>): Generator<Output, Result> {
  for (;;) {
    const next = lines.next();
    if (next.done === true) return next.value;
    yield { line: next.value };
  }
}

function fileName(dataSet: string): string {
  return dataSet.replace(/[^a-z0-9]+/gi, "-").toLowerCase();
}
