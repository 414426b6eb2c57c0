/**
 * Announcements to the parties, how far each has come by webhook and mail, and what was given up: docs/spec/announcements.md.
 */
import { useState } from "preact/hooks";
import type { AnnouncementView, Delivery } from "#engine/round/announcement.ts";
import { refusalOf, type Refusal } from "../kit/api.ts";
import { SelectField } from "../kit/fields.tsx";
import { formatMoment, t } from "../kit/language.ts";
import { announce } from "../kit/live.tsx";
import { PageTitle } from "../kit/shell.tsx";
import { Empty, Failure, Loading } from "../kit/states.tsx";
import { useLoaded } from "./loaded.ts";
import { useSession } from "./session.ts";

const PATH = "/v1/announcements";
const RELOAD_EVERY_MS = 10_000;
const FILTERS = ["all", "pending", "dead", "delivered"] as const;
type Filter = (typeof FILTERS)[number];

export function AnnouncementsPage() {
  const { get, key, send } = useSession();
  const { value, refusal, reload } = useLoaded(() => get<AnnouncementView[]>(PATH), PATH, RELOAD_EVERY_MS);
  const [filter, setFilter] = useState<Filter>("all");
  const [failure, setFailure] = useState<Refusal | null>(null);
  const again = async ({ announcement }: AnnouncementView, { channel }: Delivery): Promise<void> => {
    setFailure(null);
    try {
      await send<AnnouncementView>("POST", `${PATH}/${announcement.id}/deliveries/${channel}/again`);
      announce(t("office-done"));
      await reload();
    } catch (error) {
      setFailure(refusalOf(error));
    }
  };
  const shown = (value ?? [])
    .filter(({ deliveries }) => filter === "all" || deliveries?.some(({ state }) => state === filter) === true)
    .reverse();
  return (
    <>
      <PageTitle title={t("office-announcements")} />
      <p>{t("office-announcements-what")}</p>
      {refusal === null ? null : <Failure refusal={refusal} onRetry={() => void reload()} />}
      {failure === null ? null : <Failure refusal={failure} />}
      <div class="row">
        <SelectField
          label={t("office-deliveries")}
          value={filter}
          options={FILTERS.map((one) => ({
            value: one,
            label: one === "all" ? t("office-all") : t(`office-delivery-${one}`),
          }))}
          onChoose={setFilter}
        />
      </div>
      {value === null && refusal === null ? <Loading what={t("office-loading")} /> : null}
      {value !== null && shown.length === 0 ? <Empty title={t("office-no-announcements")} /> : null}
      {shown.length === 0 ? null : (
        <div class="wide sheet" tabIndex={0} role="region" aria-label={t("office-announcements")}>
          <table>
            <thead>
              <tr>
                <th scope="col">{t("office-time")}</th>
                <th scope="col">{t("office-round")}</th>
                <th scope="col">{t("office-party")}</th>
                <th scope="col">{t("office-deliveries")}</th>
              </tr>
            </thead>
            <tbody>
              {shown.map((view) => (
                <tr key={view.announcement.id}>
                  <td class="nowrap">{formatMoment(view.announcement.at)}</td>
                  <td>{view.announcement.round}</td>
                  <td>{view.announcement.party}</td>
                  <td>
                    {(view.deliveries ?? []).length === 0 ? t("office-fetched-only") : null}
                    <ul class="plain-list">
                      {(view.deliveries ?? []).map((delivery) => (
                        <li key={delivery.channel} class="row">
                          <DeliveryState delivery={delivery} />
                          {key.role === "operator" && delivery.state === "dead" ? (
                            <button type="button" onClick={() => void again(view, delivery)}>
                              {t("office-send-again")} <span class="hidden-text">{view.announcement.party}</span>
                            </button>
                          ) : null}
                        </li>
                      ))}
                    </ul>
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </>
  );
}

function DeliveryState({ delivery }: { readonly delivery: Delivery }) {
  const { channel, state, attempts, lastStatus, nextAt } = delivery;
  const tone = state === "delivered" ? "good" : state === "dead" ? "high" : "medium";
  return (
    <>
      {t(`office-channel-${channel}`)} <span class={`chip ${tone}`}>{t(`office-delivery-${state}`)}</span>
      <span class="small quiet">
        {t("office-attempts", { count: attempts })}
        {lastStatus === null ? "" : `, ${lastStatus}`}
        {nextAt === null ? "" : `, ${t("office-next-at", { moment: formatMoment(nextAt) })}`}
      </span>
    </>
  );
}
