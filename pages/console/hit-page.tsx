/**
 * One hit: the own record beside what the counterpart says, why the two may be one person, how certain, what to do, what was done.
 */
import { signal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import type { HitView } from "../../client/console/shapes.ts";
import { getJson } from "../kit/api.ts";
import { formatMoment, t } from "../kit/language.ts";
import { LOADING, loadOf, type Load } from "../kit/load.ts";
import { addressOf, go } from "../kit/route.ts";
import { PageTitle } from "../kit/shell.tsx";
import { isSingleKeyOn } from "../kit/single-keys.ts";
import { Failure, Loading } from "../kit/states.tsx";
import { BandChip } from "./chips.tsx";
import { HitActions } from "./hit-actions.tsx";
import { HitCertainty } from "./hit-certainty.tsx";
import { HitHistory } from "./hit-history.tsx";
import { HitWarnings } from "./hit-warnings.tsx";
import { HitWhy } from "./hit-why.tsx";
import { hitsLoad, lastOpened, shownHits } from "./hits.ts";
import { OwnRecords } from "./own-records.tsx";
import { askConsole, ownParty } from "./session.ts";
import { TheirNotice } from "./their-notice.tsx";

const hitView = signal<Load<HitView>>(LOADING);

export function HitPage({ hit }: { readonly hit: string }) {
  const known = hitsLoad.value.state === "ready" ? hitsLoad.value.value.get(hit) : undefined;
  useEffect(() => {
    hitView.value = LOADING;
    lastOpened.value = hit;
  }, [hit]);
  useEffect(() => {
    // What is shown stays until the newer is here, so that the focus is not lost.
    void load(hit);
  }, [hit, known]);
  useEffect(() => {
    const onKeyDown = (event: KeyboardEvent): void => {
      if (event.ctrlKey || event.altKey || event.metaKey || document.querySelector("dialog[open]") !== null) return;
      if (event.target instanceof HTMLElement && event.target.closest("input, select, textarea") !== null) return;
      const [before, after] = neighboursOf(hit);
      if (event.key === "Escape") go("hits");
      else if (event.key === "j" && isSingleKeyOn.value && after !== null) go("hits", after);
      else if (event.key === "k" && isSingleKeyOn.value && before !== null) go("hits", before);
      else return;
      event.preventDefault();
    };
    addEventListener("keydown", onKeyDown);
    return () => {
      removeEventListener("keydown", onKeyDown);
    };
  }, [hit]);
  const [before, after] = neighboursOf(hit);
  const view = hitView.value;
  return (
    <article class="stack hit">
      <nav class="row not-printed" aria-label={t("hit-ways")}>
        <a class="button" href={addressOf("hits")}>
          ← {t("page-hits")}
        </a>
        {before === null ? null : (
          <a class="button" href={addressOf("hits", before)}>
            {t("hit-before")}
          </a>
        )}
        {after === null ? null : (
          <a class="button" href={addressOf("hits", after)}>
            {t("hit-after")}
          </a>
        )}
      </nav>
      <PageTitle key={hit} title={t("page-hit")}>
        <button
          type="button"
          class="not-printed"
          onClick={() => {
            print();
          }}
        >
          {t("print")}
        </button>
      </PageTitle>
      {view.state === "loading" ? <Loading what={t("loading-hit")} /> : null}
      {view.state === "failed" ? <Failure refusal={view.refusal} onRetry={() => void load(hit)} /> : null}
      {view.state === "ready" ? <Hit view={view.value} /> : null}
    </article>
  );
}

function Hit({ view }: { readonly view: HitView }) {
  const { row } = view;
  return (
    <>
      <dl class="sheet facts">
        <div>
          <dt>{t("column-band")}</dt>
          <dd>
            <BandChip band={row.band} />
          </dd>
        </div>
        <div>
          <dt>{t("between")}</dt>
          <dd>
            {ownParty()} · {row.counterpart}
          </dd>
        </div>
        <div>
          <dt>{t("column-round")}</dt>
          <dd>{row.round}</dd>
        </div>
        <div>
          <dt>{t("column-opened")}</dt>
          <dd>
            <time dateTime={row.openedAt}>{formatMoment(row.openedAt)}</time>
          </dd>
        </div>
        <div>
          <dt>{t("kept-until")}</dt>
          <dd>
            <time dateTime={row.keptUntil}>{formatMoment(row.keptUntil)}</time>
          </dd>
        </div>
        <div>
          <dt>{t("hit-id")}</dt>
          <dd>
            <code data-hit>{row.hit}</code>
          </dd>
        </div>
      </dl>
      <HitWarnings row={row} />
      <HitActions
        row={row}
        onAnswer={(answer) => {
          hitView.value = { state: "ready", value: answer };
        }}
      />
      <div class="beside">
        <OwnRecords refs={row.refs} records={view.records} fault={view.listFault} />
        <TheirNotice row={row} />
      </div>
      <HitWhy view={view} />
      <div class="beside">
        <HitCertainty row={row} />
        <HitHistory history={view.history} counterpart={row.counterpart} />
      </div>
      <p class="printed-only small">
        {t("printed-at", { at: formatMoment(new Date().toISOString()), until: formatMoment(row.keptUntil) })}
      </p>
    </>
  );
}

async function load(hit: string): Promise<void> {
  const view = await loadOf(getJson<HitView>(`api/hits/${encodeURIComponent(hit)}`, askConsole));
  // Another hit may have been opened meanwhile.
  if (lastOpened.peek() === hit) hitView.value = view;
}

/** @returns The hits before and after it in the list as it is shown. */
function neighboursOf(hit: string): readonly [string | null, string | null] {
  const shown = shownHits.value;
  const at = shown.findIndex((row) => row.hit === hit);
  if (at === -1) return [null, null];
  return [shown[at - 1]?.hit ?? null, shown[at + 1]?.hit ?? null];
}
