/**
 * All rounds with their states, what each waits for, and who is late.
 */
import { useState } from "preact/hooks";
import type { RoundView } from "#engine/round/messages.ts";
import type { RoundState } from "#engine/round/states.ts";
import { SelectField } from "../kit/fields.tsx";
import { formatMoment, formatNumber, t } from "../kit/language.ts";
import { addressOf } from "../kit/route.ts";
import { PageTitle } from "../kit/shell.tsx";
import { Empty, Failure, Loading } from "../kit/states.tsx";
import { useLoaded } from "./loaded.ts";
import { StateChip, WaitLine } from "./round-words.tsx";
import { useSession } from "./session.ts";
import { waitsOf } from "./waiting.ts";

const RELOAD_EVERY_MS = 10_000;
const STATES = [
  "draft",
  "opened",
  "keyed",
  "submitting",
  "sealed",
  "matching",
  "reviewed",
  "released",
  "followed-up",
  "erased",
] as const satisfies readonly RoundState[];
type Filter = "all" | "under-way" | RoundState;

export function RoundsPage() {
  const { get, key } = useSession();
  const [filter, setFilter] = useState<Filter>("under-way");
  const { value: rounds, refusal, reload } = useLoaded(() => get<RoundView[]>("/v1/rounds"), "rounds", RELOAD_EVERY_MS);
  const options = [
    { value: "under-way" as const, label: t("office-under-way") },
    { value: "all" as const, label: t("office-all") },
    ...STATES.map((value) => ({ value, label: t(`office-state-${value}`) })),
  ];
  const shown = (rounds ?? []).filter(({ state }) =>
    filter === "all" ? true : filter === "under-way" ? state !== "erased" : state === filter,
  );
  return (
    <>
      <PageTitle title={t("office-rounds")}>
        {key.role === "operator" ? (
          <a class="button" href={addressOf("new-round")}>
            {t("office-new-round")}
          </a>
        ) : null}
      </PageTitle>
      {refusal === null ? null : <Failure refusal={refusal} onRetry={() => void reload()} />}
      <div class="row">
        <SelectField label={t("office-state")} value={filter} options={options} onChoose={setFilter} />
        <p class="quiet" role="status">
          {rounds === null ? "" : t("office-count-rounds", { count: shown.length })}
        </p>
      </div>
      {rounds === null && refusal === null ? <Loading what={t("office-loading")} /> : null}
      {rounds !== null && shown.length === 0 ? <Empty title={t("office-no-rounds")} /> : null}
      {shown.length === 0 ? null : (
        <div class="wide sheet" tabIndex={0} role="region" aria-label={t("office-rounds")}>
          <table>
            <thead>
              <tr>
                <th scope="col">{t("office-round")}</th>
                <th scope="col">{t("office-state")}</th>
                <th scope="col">{t("office-waits-for")}</th>
                <th scope="col" class="number">
                  {t("office-parties")}
                </th>
                <th scope="col">{t("office-created")}</th>
              </tr>
            </thead>
            <tbody>
              {shown.map((view) => (
                <RoundRow key={view.descriptor.id} view={view} />
              ))}
            </tbody>
          </table>
        </div>
      )}
    </>
  );
}

function RoundRow({ view }: { readonly view: RoundView }) {
  const { descriptor, createdAt } = view;
  return (
    <tr>
      <th scope="row">
        <a class="ink nowrap" href={addressOf("rounds", descriptor.id)}>
          {descriptor.id}
        </a>
      </th>
      <td>
        <StateChip view={view} />
      </td>
      <td>
        {waitsOf(view).map((wait) => (
          <WaitLine key={wait.step} wait={wait} deadlines={descriptor.deadlines} />
        ))}
      </td>
      <td class="number">{formatNumber(descriptor.parties.length)}</td>
      <td>{formatMoment(createdAt)}</td>
    </tr>
  );
}
