/**
 * Speed benches on the secretariat's machine: started, stopped, and their lines as bars.
 */
import { useState } from "preact/hooks";
import type { BenchLine, BenchList, BenchOrder, BenchRun } from "#server/operations-shapes.ts";
import { Confirmation } from "../kit/dialog.tsx";
import { SelectField } from "../kit/fields.tsx";
import { formatMoment, formatNumber, t } from "../kit/language.ts";
import { announce } from "../kit/live.tsx";
import { PageTitle } from "../kit/shell.tsx";
import { Empty, Failure, Loading } from "../kit/states.tsx";
import { Refusal, refusalOf } from "../kit/api.ts";
import { useLoaded } from "./loaded.ts";
import { lineName, RateBars, ratesOf } from "./rate-bars.tsx";
import { useSession } from "./session.ts";

const PATH = "/v1/operations/benches";
const RELOAD_EVERY_MS = 1_000;
const BENCHES = ["join", "encode", "round", "ingest", "api"] as const satisfies readonly BenchOrder["bench"][];
const SCALES = ["smoke", "usual"] as const satisfies readonly BenchOrder["scale"][];

export function BenchesPage() {
  const { get, send } = useSession();
  const { value, refusal, reload, take } = useLoaded(() => get<BenchList>(PATH), PATH, RELOAD_EVERY_MS);
  const [order, setOrder] = useState<BenchOrder>({ bench: "join", scale: "smoke" });
  const [isAsking, setAsking] = useState(false);
  const [failure, setFailure] = useState<Refusal | null>(null);
  const isRunning = value?.runs.some(({ outcome }) => outcome === "running") ?? false;
  const stop = async (): Promise<void> => {
    setFailure(null);
    try {
      take(await send<BenchList>("DELETE", PATH));
    } catch (error) {
      setFailure(refusalOf(error));
    }
  };
  return (
    <>
      <PageTitle title={t("office-benches")} />
      <p>{t("office-benches-what")}</p>
      {refusal === null ? null : <Failure refusal={refusal} onRetry={() => void reload()} />}
      {failure === null ? null : <Failure refusal={failure} />}
      {value === null && refusal === null ? <Loading what={t("office-loading")} /> : null}
      {value?.isInstalled === false ? <p class="warning">{t("office-benches-missing")}</p> : null}
      {value?.isInstalled !== true ? null : (
        <div class="row sheet">
          <SelectField
            label={t("office-bench")}
            value={order.bench}
            options={BENCHES.map((bench) => ({ value: bench, label: t(`office-bench-${bench}`) }))}
            onChoose={(bench) => {
              setOrder({ ...order, bench });
            }}
          />
          <SelectField
            label={t("office-scale")}
            value={order.scale}
            options={SCALES.map((scale) => ({ value: scale, label: t(`office-scale-${scale}`) }))}
            onChoose={(scale) => {
              setOrder({ ...order, scale });
            }}
          />
          <button
            type="button"
            class="primary"
            disabled={isRunning}
            onClick={() => {
              setAsking(true);
            }}
          >
            {t("office-start")}
          </button>
          <button type="button" disabled={!isRunning} onClick={() => void stop()}>
            {t("office-stop")}
          </button>
        </div>
      )}
      {value?.runs.length === 0 ? <Empty title={t("office-no-runs")} /> : null}
      {value?.runs.map((run) => (
        <Run key={run.startedAt} run={run} />
      ))}
      {!isAsking ? null : (
        <Confirmation
          title={t("office-start-title", { bench: t(`office-bench-${order.bench}`) })}
          act={t("office-start")}
          onClose={() => {
            setAsking(false);
          }}
          onConfirm={async () => {
            take(await send<BenchList>("POST", PATH, order));
            announce(t("office-done"));
          }}
        >
          <p>{t("office-start-what")}</p>
        </Confirmation>
      )}
    </>
  );
}

function Run({ run: { bench, scale, startedAt, outcome, lines, linesLeftOut } }: { readonly run: BenchRun }) {
  const tone = outcome === "done" ? "good" : outcome === "running" ? "medium" : "high";
  return (
    <section
      class="sheet stack"
      data-outcome={outcome}
      aria-label={`${t(`office-bench-${bench}`)}, ${formatMoment(startedAt)}`}
    >
      <div class="row">
        <h2>{t(`office-bench-${bench}`)}</h2>
        <span class="quiet">
          {t(`office-scale-${scale}`)}, {formatMoment(startedAt)}
        </span>
        <span class={`chip ${tone}`}>{t(`office-outcome-run-${outcome}`)}</span>
      </div>
      {ratesOf(lines).map((rate) => (
        <RateBars key={rate} rate={rate} lines={lines} />
      ))}
      {lines.length === 0 ? null : (
        <details>
          <summary>{t("office-count-lines", { count: lines.length })}</summary>
          <LineTable lines={lines} />
        </details>
      )}
      {linesLeftOut === 0 ? null : <p class="small quiet">{t("office-lines-left-out", { count: linesLeftOut })}</p>}
    </section>
  );
}

function LineTable({ lines }: { readonly lines: readonly BenchLine[] }) {
  const names = [...new Set(lines.flatMap(({ figures }) => Object.keys(figures)))];
  return (
    <div class="wide" tabIndex={0} role="region" aria-label={t("office-lines")}>
      <table>
        <thead>
          <tr>
            <th scope="col">{t("office-size")}</th>
            {names.map((name) => (
              <th key={name} scope="col" class="number">
                {name}
              </th>
            ))}
            <th scope="col">{t("office-checksum")}</th>
          </tr>
        </thead>
        <tbody>
          {lines.map((line, at) => (
            <tr key={at}>
              <th scope="row">{lineName(line, [])}</th>
              {names.map((name) => (
                <td key={name} class="number">
                  {line.figures[name] === undefined ? "" : formatNumber(line.figures[name])}
                </td>
              ))}
              <td>
                <code>{line.checksum}</code>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      <p class="small quiet">{lines[0]?.machine}</p>
    </div>
  );
}
