/**
 * The party's rounds: where each stands, who is waited for, and what can be begun here.
 */
import { useState } from "preact/hooks";
import type { RoundStanding, Work } from "../../client/console/shapes.ts";
import { refusalOf, type Refusal } from "../kit/api.ts";
import { Confirmation } from "../kit/dialog.tsx";
import { formatMoment, formatNumber, isTerm, t } from "../kit/language.ts";
import { Progress } from "../kit/meters.tsx";
import { addressOf } from "../kit/route.ts";
import { PageTitle } from "../kit/shell.tsx";
import { Empty, Failure, Loading, refusalText } from "../kit/states.tsx";
import { BANDS, hitFilter, NO_FILTER } from "./hits.ts";
import { RoundSteps } from "./round-steps.tsx";
import { consoleView } from "./session.ts";
import { isOurTurn, loadRounds, roundsLoad, runRound } from "./standings.ts";

export function RoundsPage() {
  const load = roundsLoad.value;
  return (
    <>
      <PageTitle title={t("page-rounds")} />
      {load.state === "loading" ? <Loading what={t("loading-rounds")} /> : null}
      {load.state === "failed" ? <Failure refusal={load.refusal} onRetry={() => void loadRounds()} /> : null}
      {load.state === "ready" && load.value.length === 0 ? (
        <Empty title={t("no-rounds")}>
          <p class="quiet">{t("no-rounds-why")}</p>
        </Empty>
      ) : null}
      {load.state === "ready" ? load.value.map((standing) => <Round key={standing.round} standing={standing} />) : null}
    </>
  );
}

function Round({ standing }: { readonly standing: RoundStanding }) {
  const { round, state, ending, purpose, legalBasis, counterparts, lowestBand, deadline, keptUntil } = standing;
  const titleId = `round-${round}`;
  return (
    <section class="sheet stack" aria-labelledby={titleId} data-round={round}>
      <div class="row spread">
        <h2 id={titleId}>{t("round-named", { round })}</h2>
        <span class="chip">{ending === null ? t(`state-${state}`) : t("state-aborted")}</span>
      </div>
      {ending === null ? null : <p class="warning">{endingText(ending)}</p>}
      <dl class="facts">
        <div>
          <dt>{t("purpose")}</dt>
          <dd>{purpose}</dd>
        </div>
        <div>
          <dt>{t("field-legal_basis")}</dt>
          <dd>{legalBasis}</dd>
        </div>
        <div>
          <dt>{t("counterparts")}</dt>
          <dd>{counterparts.join(", ")}</dd>
        </div>
        <div>
          <dt>{t("lowest-band")}</dt>
          <dd>{t(`band-${lowestBand}`)}</dd>
        </div>
        {deadline === null ? null : (
          <div>
            <dt>{t("next-deadline")}</dt>
            <dd>
              <time dateTime={deadline.at}>{formatMoment(deadline.at)}</time>{" "}
              <span class="quiet">{deadlineName(deadline.name)}</span>
            </dd>
          </div>
        )}
        <div>
          <dt>{t("kept-until")}</dt>
          <dd>
            <time dateTime={keptUntil}>{formatMoment(keptUntil)}</time>
          </dd>
        </div>
      </dl>
      <RoundSteps steps={standing.steps} />
      {standing.work === null ? null : <WorkProgress work={standing.work} />}
      {standing.fault === null ? null : <RoundFault fault={standing.fault} />}
      {isOurTurn(standing) ? <RunButton standing={standing} /> : null}
      <RoundHits standing={standing} />
    </section>
  );
}

function RunButton({ standing: { round, counterparts, fault } }: { readonly standing: RoundStanding }) {
  const [isAsking, setAsking] = useState(false);
  const [refusal, setRefusal] = useState<Refusal | null>(null);
  const view = consoleView.value;
  const list = view.state === "ready" ? view.value.list : null;
  const run = async (): Promise<void> => {
    try {
      await runRound(round);
      setRefusal(null);
    } catch (error) {
      setRefusal(refusalOf(error));
      throw error;
    }
  };
  return (
    <>
      {list === null ? <p class="warning">{t("run-needs-list")}</p> : null}
      {refusal === null || isAsking ? null : <Failure refusal={refusal} />}
      <div class="row">
        <button
          type="button"
          class="primary"
          aria-haspopup="dialog"
          data-run={round}
          onClick={() => {
            setAsking(true);
          }}
        >
          {fault === null ? t("run-round") : t("run-again")}
        </button>
      </div>
      {isAsking ? (
        <Confirmation
          title={t("round-named", { round })}
          act={t("run-round")}
          onConfirm={run}
          onClose={() => {
            setAsking(false);
          }}
        >
          <p>{t("run-means", { list: list ?? t("no-list"), parties: counterparts.join(", ") })}</p>
          <p class="quiet small">{t("run-goes-on")}</p>
        </Confirmation>
      ) : null}
    </>
  );
}

function WorkProgress({ work: { stage, done, total } }: { readonly work: Work }) {
  const figures = total === 0 ? "" : t("done-of-total", { done: formatNumber(done), total: formatNumber(total) });
  return <Progress label={t(`stage-${stage}`)} done={done} total={total} figures={figures} />;
}

function RoundFault({ fault: { code, detail } }: { readonly fault: NonNullable<RoundStanding["fault"]> }) {
  return (
    <div class="fault" role="alert">
      <p>
        <strong>{t("step-failed")}</strong> {refusalText({ code })} <code class="small">{code}</code>
      </p>
      <p class="small">{detail}</p>
      <p class="small">{t("fault-what-to-do")}</p>
    </div>
  );
}

function RoundHits({ standing: { round, hits } }: { readonly standing: RoundStanding }) {
  if (BANDS.every((band) => hits[band] === 0)) return null;
  return (
    <p class="row">
      <span class="quiet">{t("page-hits")}:</span>
      {BANDS.map((band) => (
        <a
          key={band}
          class={`chip link ${band}`}
          href={addressOf("hits")}
          onClick={() => {
            hitFilter.value = { ...NO_FILTER, round, band };
          }}
        >
          {t(`band-${band}`)} {formatNumber(hits[band])}
        </a>
      ))}
    </p>
  );
}

function endingText(ending: string): string {
  const term = `ending-${ending}`;
  return isTerm(term) ? t(term) : ending;
}

function deadlineName(name: string): string {
  const term = `deadline-${name}`;
  return isTerm(term) ? t(term) : name;
}
