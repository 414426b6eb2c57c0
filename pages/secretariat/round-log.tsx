/**
 * What was done to a round, in order, and why its pairings are held. Looking is entered in the audit log.
 */
import type { AuditEntry } from "#engine/audit/entry.ts";
import { formatMoment, t } from "../kit/language.ts";
import { Failure, Loading } from "../kit/states.tsx";
import { useLoaded } from "./loaded.ts";
import { useSession } from "./session.ts";

export function RoundLog({ round }: { readonly round: string }) {
  const { get } = useSession();
  const path = `/v1/rounds/${encodeURIComponent(round)}/log`;
  const { value: entries, refusal, reload } = useLoaded(() => get<AuditEntry[]>(path), path);
  const holds = (entries ?? []).filter(({ act }) => act === "held-unusual-rate" || act.startsWith("decided-"));
  return (
    <section class="sheet stack" aria-labelledby="log">
      <div class="row spread">
        <h2 id="log">{t("office-round-log")}</h2>
        <button type="button" onClick={() => void reload()}>
          {t("office-reload")}
        </button>
      </div>
      <p class="small quiet">{t("office-reading-is-entered")}</p>
      {refusal === null ? null : <Failure refusal={refusal} onRetry={() => void reload()} />}
      {entries === null && refusal === null ? <Loading what={t("office-loading")} /> : null}
      {holds.length === 0 ? null : (
        <>
          <h3>{t("office-holds-and-why")}</h3>
          <ul>
            {holds.map(({ number, about, act, actor, at }) => (
              <li key={number}>
                <strong>{about}</strong>{" "}
                {act === "held-unusual-rate" ? t("office-held-unusual") : t("office-act-by", { act, actor })}{" "}
                <span class="small quiet">{formatMoment(at)}</span>
              </li>
            ))}
          </ul>
        </>
      )}
      {entries === null ? null : (
        <details>
          <summary>{t("office-count-entries", { count: entries.length })}</summary>
          <EntryTable label={t("office-round-log")} entries={entries} />
        </details>
      )}
    </section>
  );
}

type EntryTableProps = {
  readonly label: string;
  readonly entries: readonly AuditEntry[];
  /** Adds a button to each entry. */
  readonly onCheck?: (entry: AuditEntry) => void;
};

export function EntryTable({ label, entries, onCheck }: EntryTableProps) {
  return (
    <div class="wide" tabIndex={0} role="region" aria-label={label}>
      <table>
        <thead>
          <tr>
            <th scope="col" class="number">
              {t("office-number")}
            </th>
            <th scope="col">{t("office-time")}</th>
            <th scope="col">{t("office-actor")}</th>
            <th scope="col">{t("office-act")}</th>
            <th scope="col">{t("office-round")}</th>
            <th scope="col">{t("office-about")}</th>
            {onCheck === undefined ? null : <th scope="col">{t("office-proof")}</th>}
          </tr>
        </thead>
        <tbody>
          {entries.map((entry) => (
            <tr key={entry.number}>
              <td class="number">{entry.number}</td>
              <td class="nowrap">{formatMoment(entry.at)}</td>
              <td class="nowrap">{entry.actor}</td>
              <td class="nowrap">{entry.act}</td>
              <td>{entry.round ?? ""}</td>
              <td>
                <span class="about">{entry.about}</span>
              </td>
              {onCheck === undefined ? null : (
                <td>
                  <button
                    type="button"
                    onClick={() => {
                      onCheck(entry);
                    }}
                  >
                    {t("office-check")} <span class="hidden-text">{entry.number}</span>
                  </button>
                </td>
              )}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
