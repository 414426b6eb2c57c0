/**
 * What the server used of its machine in the last hour: as curves, and as a table.
 */
import { useEffect, useRef } from "preact/hooks";
import type { ResourceList, ResourceSample } from "#server/operations-shapes.ts";
import { formatMoment, formatNumber, t } from "../kit/language.ts";
import { PageTitle } from "../kit/shell.tsx";
import { Failure, Loading } from "../kit/states.tsx";
import { theme } from "../kit/theme.ts";
import { useLoaded } from "./loaded.ts";
import { useSession } from "./session.ts";

const RELOAD_EVERY_MS = 5_000;
/** The table shows each this many-th sample: a line a minute. */
const TABLE_STEP = 12;
const MEGA = 1_000_000;
const GIGA = 1_000_000_000;

type Measure = {
  readonly id: Exclude<keyof ResourceSample, "at">;
  readonly unit: string;
  /** What is counted in one of the unit. */
  readonly scale: number;
};

const MEASURES: readonly Measure[] = [
  { id: "processors", unit: "", scale: 1 },
  { id: "rssBytes", unit: "MB", scale: MEGA },
  { id: "eventLoopDelayP99Ms", unit: "ms", scale: 1 },
  { id: "requestsPerSecond", unit: "/s", scale: 1 },
  { id: "bytesInPerSecond", unit: "MB/s", scale: MEGA },
  { id: "diskFreeBytes", unit: "GB", scale: GIGA },
  { id: "tasksWaiting", unit: "", scale: 1 },
];

export function ResourcesPage() {
  const { get } = useSession();
  const path = "/v1/operations/resources";
  const { value, refusal, reload } = useLoaded(() => get<ResourceList>(path), path, RELOAD_EVERY_MS);
  return (
    <>
      <PageTitle title={t("office-resources")} />
      {refusal === null ? null : <Failure refusal={refusal} onRetry={() => void reload()} />}
      {value === null && refusal === null ? <Loading what={t("office-loading")} /> : null}
      {value === null ? null : (
        <>
          <div class="plots">
            {MEASURES.map((measure) => (
              <Plot key={measure.id} measure={measure} samples={value.samples} />
            ))}
          </div>
          <details class="sheet">
            <summary>{t("office-as-table")}</summary>
            <SampleTable samples={value.samples} />
          </details>
        </>
      )}
    </>
  );
}

function Plot({ measure, samples }: { readonly measure: Measure; readonly samples: readonly ResourceSample[] }) {
  const { id, unit, scale } = measure;
  const place = useRef<HTMLDivElement>(null);
  const drawn = useRef<{ readonly draw: (xs: number[], ys: number[]) => void; readonly end: () => void } | null>(null);
  const xs = samples.map(({ at }) => Date.parse(at) / 1_000);
  const ys = samples.map((sample) => sample[id] / scale);
  const last = ys.at(-1) ?? 0;
  const { value: scheme } = theme;
  useEffect(() => {
    let isGone = false;
    // The library comes with the first plot.
    void import("./curve.ts").then(({ makeCurve }) => {
      if (isGone || place.current === null) return;
      drawn.current = makeCurve(place.current);
      drawn.current.draw(xs, ys);
    });
    return () => {
      isGone = true;
      drawn.current?.end();
      drawn.current = null;
    };
  }, [scheme]);
  useEffect(() => {
    drawn.current?.draw(xs, ys);
  }, [samples]);
  const figure = `${formatNumber(rounded(last))}${unit === "" ? "" : ` ${unit}`}`;
  return (
    <figure class="sheet plot" data-measure={id}>
      <figcaption class="row spread">
        <span>{t(`office-measure-${id}`)}</span> <strong class="number">{figure}</strong>
      </figcaption>
      <div
        ref={place}
        role="img"
        aria-label={t("office-plot-says", {
          least: formatNumber(rounded(Math.min(...ys))),
          most: formatNumber(rounded(Math.max(...ys))),
          last: figure,
        })}
      />
    </figure>
  );
}

function SampleTable({ samples }: { readonly samples: readonly ResourceSample[] }) {
  const shown = samples.filter((_, at) => (samples.length - 1 - at) % TABLE_STEP === 0).reverse();
  return (
    <div class="wide" tabIndex={0} role="region" aria-label={t("office-resources")}>
      <table>
        <thead>
          <tr>
            <th scope="col">{t("office-time")}</th>
            {MEASURES.map(({ id, unit }) => (
              <th key={id} scope="col" class="number">
                {t(`office-measure-${id}`)} {unit}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {shown.map((sample) => (
            <tr key={sample.at}>
              <td class="nowrap">{formatMoment(sample.at)}</td>
              {MEASURES.map(({ id, scale }) => (
                <td key={id} class="number">
                  {formatNumber(rounded(sample[id] / scale))}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

/** Three figures are enough to read. */
function rounded(value: number): number {
  return value >= 100 ? Math.round(value) : Number(value.toPrecision(3));
}
