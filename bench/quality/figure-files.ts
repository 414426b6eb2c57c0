/**
 * The bench's pictures: precision–recall, bridging, reliability, false hits against size. In: figures. Out: SVG text by file name.
 */
import { chartSvg, COLORS, type Axis, type Point } from "../plots/chart.ts";
import type { ReliabilityBin } from "./calibration.ts";
import type { PooledFigures } from "./figures.ts";
import type { MarginPoint } from "./margin-curve.ts";
import type { SizePoint } from "./measurements.ts";

const TENTHS = Array.from({ length: 11 }, (_, at) => at / 10);
const [BLUE, RED, GREEN] = COLORS;

/** Curves of the blind matcher and, beside it, the oracle's. */
export function precisionRecallSvg(dataSet: string, blind: PooledFigures, oracle: PooledFigures | undefined): string {
  const from = 0.5;
  const axis = (label: string): Axis => ({ label, from, to: 1, ticks: TENTHS.filter((tick) => tick >= from) });
  const name = (matcher: string, { best, averagePrecision }: PooledFigures): string =>
    `${matcher}: best F1 ${best.f1.toFixed(3)}, average precision ${averagePrecision.toFixed(3)}`;
  return chartSvg({
    title: `Precision and recall, ${dataSet}`,
    x: axis("recall"),
    y: axis("precision"),
    series: [
      { name: name("Aquila, blind", blind), points: blind.curve, color: BLUE },
      ...(oracle === undefined
        ? []
        : [{ name: name("oracle in the clear", oracle), points: oracle.curve, color: RED, dashes: "6 4" }]),
    ],
  });
}

/** One line a data set; each point is labelled with its margin in bits. */
export function bridgingSvg(
  curves: readonly { readonly dataSet: string; readonly points: readonly MarginPoint[] }[],
): string {
  const all = curves.flatMap(({ points }) => points);
  const lowest = Math.min(...all.map(({ figures }) => figures.best.f1));
  const highest = Math.max(...all.map(({ figures }) => figures.best.f1));
  const [from, to] = [Math.floor(lowest * 20 - 0.2) / 20, Math.min(1, Math.ceil(highest * 20 + 0.2) / 20)];
  const steps = Math.round((to - from) / 0.05);
  return chartSvg({
    title: "F1 against rows that bridge, as the information margin moves",
    x: {
      label: "share of rows that bridge (logarithmic)",
      from: 0.001,
      to: 1,
      ticks: [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1],
      log: true,
      percent: true,
    },
    y: {
      label: "F1 at the best threshold",
      from,
      to,
      ticks: Array.from({ length: steps + 1 }, (_, at) => from + at * 0.05),
    },
    series: curves.map(({ dataSet, points }, at) => ({
      name: `${dataSet}; each point with its margin in bits`,
      color: COLORS[at % COLORS.length] ?? BLUE,
      dots: true,
      points: points.map(({ bridgingShare, figures }): Point => [Math.max(bridgingShare, 0.001), figures.best.f1]),
      labels: points.map(({ marginBits }) => String(marginBits)),
    })),
  });
}

/** Observed precision of each bin against its mean posterior; the diagonal is what would be right. */
export function reliabilitySvg(
  matchers: readonly { readonly name: string; readonly bins: readonly ReliabilityBin[] }[],
): string {
  const axis = (label: string): Axis => ({ label, from: 0, to: 1, ticks: TENTHS });
  return chartSvg({
    title: "Reliability of the posterior, fixtures, seeds pooled",
    x: axis("mean posterior of the bin"),
    y: axis("observed precision"),
    series: [
      {
        name: "as it should be",
        points: [
          [0, 0],
          [1, 1],
        ],
        color: "#909090",
        dashes: "4 4",
      },
      ...matchers.map(({ name, bins }, at) => ({
        name: `${name}; each point with its count of pairs`,
        color: COLORS[at % COLORS.length] ?? BLUE,
        dots: true,
        ...(at > 0 && { dashes: "6 4" }),
        points: bins.map(({ meanPosterior, precision }): Point => [meanPosterior, precision]),
        ...(at === 0 && { labels: bins.map(({ pairs }) => String(pairs)) }),
      })),
    ],
  });
}

/** False hits per 1,000 records of a list against its size, for each lowest band released. */
export function falseHitsSvg(points: readonly SizePoint[]): string {
  const rates = points.flatMap(({ falseHitsPer1000: { high, medium, low } }) => [high, medium, low]);
  const step = [1, 2, 5, 10, 20, 50, 100, 200, 500].find((size) => Math.max(...rates) <= 8 * size) ?? 1000;
  const count = Math.max(1, Math.ceil(Math.max(...rates) / step));
  const sizes = points.map(({ recordsPerList }) => recordsPerList);
  return chartSvg({
    title: "False hits against list size",
    x: {
      label: "records of each list (logarithmic)",
      from: Math.min(...sizes) / 1.5,
      to: Math.max(...sizes) * 1.5,
      ticks: sizes,
      log: true,
    },
    y: {
      label: "false hits per 1,000 records",
      from: 0,
      to: count * step,
      ticks: Array.from({ length: count + 1 }, (_, at) => at * step),
    },
    series: (["low", "medium", "high"] as const).map((band, at) => ({
      name: band === "high" ? "high alone" : `${band} and above`,
      color: [GREEN, RED, BLUE][at] ?? BLUE,
      dots: true,
      points: points.map(({ recordsPerList, falseHitsPer1000 }): Point => [recordsPerList, falseHitsPer1000[band]]),
      labels: points.map(({ falseHitsPer1000 }) => falseHitsPer1000[band].toFixed(1)),
    })),
  });
}
