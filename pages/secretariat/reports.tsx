/**
 * What clients found wrong with a round and reported to the officers. Looking is entered in the audit log.
 */
import type { ReportList } from "#engine/round/messages.ts";
import { formatNumber, t } from "../kit/language.ts";
import { Failure, Loading } from "../kit/states.tsx";
import { useLoaded } from "./loaded.ts";
import { useSession } from "./session.ts";

export function Reports({ round }: { readonly round: string }) {
  const { get } = useSession();
  const path = `/v1/rounds/${encodeURIComponent(round)}/reports`;
  const { value: reports, refusal, reload } = useLoaded(() => get<ReportList>(path), path);
  return (
    <section class="sheet stack" aria-labelledby="reports">
      <div class="row spread">
        <h2 id="reports">{t("office-reports")}</h2>
        <button type="button" onClick={() => void reload()}>
          {t("office-reload")}
        </button>
      </div>
      {refusal === null ? null : <Failure refusal={refusal} onRetry={() => void reload()} />}
      {reports === null && refusal === null ? <Loading what={t("office-loading")} /> : null}
      {reports?.length === 0 ? <p class="quiet">{t("office-no-reports")}</p> : null}
      {reports === null || reports.length === 0 ? null : (
        <div class="wide" tabIndex={0} role="region" aria-labelledby="reports">
          <table>
            <thead>
              <tr>
                <th scope="col">{t("office-party")}</th>
                <th scope="col">{t("office-pairing")}</th>
                <th scope="col">{t("office-report")}</th>
                <th scope="col" class="number">
                  {t("office-report-count")}
                </th>
              </tr>
            </thead>
            <tbody>
              {reports.map(({ party, pairing, kind, count, of, signature }) => (
                <tr key={signature}>
                  <td>{party}</td>
                  <td>{pairing.join("–")}</td>
                  <td>{t(`office-report-${kind}`)}</td>
                  <td class="number">
                    {formatNumber(count)} / {formatNumber(of)}
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </section>
  );
}
