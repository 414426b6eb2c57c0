/**
 * The year's privacy budget, what of it each publication took, and the regional picture of what was published; docs/spec/statistics.md.
 */
import { useEffect, useState } from "preact/hooks";
import type { YearStatistics } from "#engine/statistics/published.ts";
import { formatMoment, formatNumber, t } from "../kit/language.ts";
import { Progress } from "../kit/meters.tsx";
import { amountOf } from "../kit/rational.ts";
import { PageTitle } from "../kit/shell.tsx";
import { Failure, Loading } from "../kit/states.tsx";
import type RegionalPicture from "../kit/regional-picture.tsx";
import { useLoaded } from "./loaded.ts";
import { useSession } from "./session.ts";

const YEARS_BACK = 10;

export function StatisticsPage() {
  const { get } = useSession();
  const thisYear = new Date().getUTCFullYear();
  const [year, setYear] = useState(thisYear);
  const path = `/v1/statistics?year=${year}`;
  const { value, refusal, reload } = useLoaded(() => get<YearStatistics>(path), path);
  return (
    <>
      <PageTitle title={t("office-statistics")} />
      <label class="field short">
        <span class="small quiet">{t("office-year")}</span>
        <select
          onChange={({ currentTarget }) => {
            setYear(Number(currentTarget.value));
          }}
        >
          {Array.from({ length: YEARS_BACK }, (_, back) => thisYear - back).map((one) => (
            <option key={one} value={one}>
              {one}
            </option>
          ))}
        </select>
      </label>
      {refusal === null ? null : <Failure refusal={refusal} onRetry={() => void reload()} />}
      {value === null && refusal === null ? <Loading what={t("office-loading")} /> : null}
      {value === null ? null : (
        <>
          <Budget statistics={value} />
          <Picture statistics={value} />
        </>
      )}
    </>
  );
}

/** The regional picture of the year; its code comes when it is first shown. */
function Picture({ statistics }: { readonly statistics: YearStatistics }) {
  const [shown, setShown] = useState<{ readonly Regional: typeof RegionalPicture } | null>(null);
  useEffect(() => {
    void import("../kit/regional-picture.tsx").then(({ default: Regional }) => {
      setShown({ Regional });
    });
  }, []);
  return (
    <section class="sheet stack" aria-label={t("office-picture")}>
      <h2>{t("office-picture")}</h2>
      {shown === null ? <Loading what={t("office-loading")} /> : <shown.Regional years={[statistics]} />}
    </section>
  );
}

function Budget({ statistics: { budget, hits, parties } }: { readonly statistics: YearStatistics }) {
  const [spent, limit] = [amountOf(budget.spent), amountOf(budget.limit)];
  const outputs = [
    ...hits.map((one) => ({ ...one, of: t("office-secretariat") })),
    ...parties.map((one) => ({ ...one, of: one.party })),
  ].sort((a, b) => (a.releasedAt < b.releasedAt ? -1 : 1));
  return (
    <section class="sheet stack" aria-labelledby="budget">
      <h2 id="budget">{t("office-budget")}</h2>
      <Progress
        label={t("office-budget-spent")}
        done={spent}
        total={limit}
        figures={t("office-epsilon-of", { spent: formatNumber(spent), limit: formatNumber(limit) })}
      />
      <p class="small quiet">{t("office-budget-note")}</p>
      {outputs.length === 0 ? (
        <p class="quiet">{t("office-nothing-published")}</p>
      ) : (
        <div class="wide" tabIndex={0} role="region" aria-labelledby="budget">
          <table>
            <thead>
              <tr>
                <th scope="col">{t("office-time")}</th>
                <th scope="col">{t("office-round")}</th>
                <th scope="col">{t("office-published-by")}</th>
                <th scope="col" class="number">
                  ε
                </th>
                <th scope="col" class="number">
                  {t("office-error-bar")}
                </th>
              </tr>
            </thead>
            <tbody>
              {outputs.map(({ epsilon, errorBar, of, releasedAt, round }) => (
                <tr key={`${round} ${of}`}>
                  <td class="nowrap">{formatMoment(releasedAt)}</td>
                  <td>{round}</td>
                  <td>{of}</td>
                  <td class="number">{epsilon}</td>
                  <td class="number">±{formatNumber(errorBar)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </section>
  );
}
