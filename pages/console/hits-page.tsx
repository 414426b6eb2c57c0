/**
 * The list of hits: live, filtered, ordered, opened by keyboard.
 */
import { computed, useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import type { HitRow } from "../../client/console/shapes.ts";
import { formatMoment, formatNumber, t } from "../kit/language.ts";
import { announce } from "../kit/live.tsx";
import { go } from "../kit/route.ts";
import { RowTable, type Column } from "../kit/row-table.tsx";
import { PageTitle } from "../kit/shell.tsx";
import { isSingleKeyOn } from "../kit/single-keys.ts";
import { Empty, Failure, Loading } from "../kit/states.tsx";
import { BandChip, StatusChip } from "./chips.tsx";
import { HitFilters } from "./hit-filters.tsx";
import {
  allHits,
  HIT_ORDERS,
  hitFilter,
  hitOrder,
  hitsLoad,
  lastOpened,
  loadHits,
  NO_FILTER,
  shownHits,
} from "./hits.ts";
import { KeyboardHelp } from "./keyboard-help.tsx";

export function HitsPage() {
  const isHelpOpen = useSignal(false);
  const search = useRef<HTMLInputElement>(null);
  const page = useRef<HTMLDivElement>(null);
  const focusTable = (): void => {
    page.current?.querySelector<HTMLElement>('[role="row"][tabindex="0"]')?.focus();
  };
  useEffect(() => {
    const onKeyDown = (event: KeyboardEvent): void => {
      if (!isSingleKeyOn.value || isElsewhere(event)) return;
      if (event.key === "/") search.current?.focus();
      else if (event.key === "?") isHelpOpen.value = true;
      else if (event.key === "j" || event.key === "k") focusTable();
      else return;
      event.preventDefault();
    };
    addEventListener("keydown", onKeyDown);
    return () => {
      removeEventListener("keydown", onKeyDown);
    };
  }, []);
  return (
    <div ref={page} class="stack">
      <PageTitle title={t("page-hits")} isFocusElsewhere={lastOpened.peek() !== null}>
        <button
          type="button"
          onClick={() => {
            isHelpOpen.value = true;
          }}
        >
          {t("keyboard")}
        </button>
      </PageTitle>
      <HitFilters search={search} onLeave={focusTable} />
      <Hits />
      {isHelpOpen.value ? (
        <KeyboardHelp
          onClose={() => {
            isHelpOpen.value = false;
          }}
        />
      ) : null}
    </div>
  );
}

function Hits() {
  const load = hitsLoad.value;
  const shown = shownHits.value;
  const all = allHits.value.length;
  const isFirst = useRef(true);
  useEffect(() => {
    if (!isFirst.current) announce(t("count-hits", { count: shown.length }));
    isFirst.current = load.state !== "ready";
  }, [shown.length, load.state]);
  if (load.state === "loading") return <Loading what={t("loading-hits")} />;
  if (load.state === "failed") return <Failure refusal={load.refusal} onRetry={() => void loadHits()} />;
  if (all === 0)
    return (
      <Empty title={t("no-hits")}>
        <p class="quiet">{t("no-hits-why")}</p>
      </Empty>
    );
  return (
    <>
      <p class="quiet small" data-count={shown.length}>
        {shown.length === all
          ? t("count-hits", { count: all })
          : t("hits-of-all", { shown: formatNumber(shown.length), all: formatNumber(all) })}
      </p>
      {shown.length === 0 ? (
        <Empty title={t("no-hit-passes")}>
          <p>
            <button
              type="button"
              onClick={() => {
                hitFilter.value = NO_FILTER;
              }}
            >
              {t("clear-filters")}
            </button>
          </p>
        </Empty>
      ) : (
        <RowTable
          class="hits-table"
          label={t("page-hits")}
          columns={hitColumns.value}
          rows={shown}
          idOf={({ hit }) => hit}
          order={hitOrder.value}
          onOrder={(order) => {
            hitOrder.value = order;
          }}
          view={JSON.stringify([hitFilter.value, hitOrder.value])}
          startAt={lastOpened.peek()}
          onOpen={({ hit }) => {
            go("hits", hit);
          }}
        />
      )}
    </>
  );
}

const hitColumns = computed((): readonly Column<HitRow>[] => {
  const column = (id: keyof typeof HIT_ORDERS, cell: Column<HitRow>["cell"]): Column<HitRow> => ({
    id,
    label: t(`column-${id}`),
    cell,
    compare: HIT_ORDERS[id],
  });
  return [
    column("band", ({ band }) => <BandChip band={band} />),
    column("references", ({ refs }) => (
      <span class="mono" title={refs.join("\n")}>
        {refs.join(", ")}
      </span>
    )),
    column("counterpart", ({ counterpart, counterparts }) => (
      <>
        {counterpart}
        {counterparts > 1 ? (
          <span class="quiet small"> {t("and-more-parties", { count: counterparts - 1 })}</span>
        ) : null}
      </>
    )),
    column("finding", ({ finding }) => t(`finding-${finding}`)),
    column("accuracy", ({ accuracy, proposedAccuracy }) => (
      <>
        {accuracy === "" ? "–" : accuracy}
        {proposedAccuracy === null ? null : (
          <>
            <span aria-hidden="true"> → </span>
            <span class="hidden-text"> {t("proposed")} </span>
            <strong>{proposedAccuracy}</strong>
          </>
        )}
      </>
    )),
    column("status", ({ status: { own, theirs } }) => (
      <>
        <StatusChip status={own} />
        {theirs === null ? null : <span class="quiet small"> {t("theirs", { status: t(`status-${theirs}`) })}</span>}
      </>
    )),
    column("round", ({ round }) => round),
    column("opened", ({ openedAt }) => <time dateTime={openedAt}>{formatMoment(openedAt)}</time>),
  ];
});

/** Whether a key is typed into a field, given with another key, or meant for a dialog or the table. */
function isElsewhere({ target, ctrlKey, altKey, metaKey }: KeyboardEvent): boolean {
  if (ctrlKey || altKey || metaKey || document.querySelector("dialog[open]") !== null) return true;
  return target instanceof HTMLElement && target.closest("input, select, textarea") !== null;
}
