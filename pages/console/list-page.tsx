/**
 * What the own list is worth before anything is sent: who cannot be found, why, and what would help.
 */
import { useState } from "preact/hooks";
import type { Coverage } from "../../client/console/shapes.ts";
import { formatNumber, isTerm, t } from "../kit/language.ts";
import { CountBars } from "../kit/meters.tsx";
import { orderRows, RowTable, type Column, type Order } from "../kit/row-table.tsx";
import { PageTitle } from "../kit/shell.tsx";
import { Empty, Failure, Loading, refusalText } from "../kit/states.tsx";
import { coverageLoad, loadCoverage } from "./standings.ts";

const SHOWN_GROUPS = 50;

export function ListPage() {
  const load = coverageLoad.value;
  return (
    <>
      <PageTitle title={t("page-list")} />
      {load.state === "loading" ? <Loading what={t("loading-list")} /> : null}
      {load.state === "failed" ? <Failure refusal={load.refusal} onRetry={() => void loadCoverage()} /> : null}
      {load.state === "ready" ? <CoverageOf coverage={load.value} /> : null}
    </>
  );
}

function CoverageOf({ coverage }: { readonly coverage: Coverage }) {
  const { state, fault } = coverage;
  switch (state) {
    case "none":
      return (
        <Empty title={t("no-list")}>
          <p>{t("no-list-named")}</p>
          <p>
            <code>aquila console --vault VAULT LIST</code>
          </p>
        </Empty>
      );
    case "reading":
      return <Loading what={t("loading-list")} />;
    case "failed":
      return (
        <div class="fault" role="alert">
          <p>
            <strong>{refusalText({ code: fault?.code ?? "" })}</strong> <code class="small">{fault?.code}</code>
          </p>
          <p class="small">{fault?.detail}</p>
        </div>
      );
    case "ready":
      return <CoverageFigures coverage={coverage} />;
  }
}

function CoverageFigures({ coverage }: { readonly coverage: Coverage }) {
  const { records, refused, refusals, rows, thin, silenced, merged, silencing, missingFacts } = coverage;
  return (
    <>
      <p class="quiet">{t("list-means")}</p>
      <dl class="tiles">
        <Tile term={t("records-taken")} count={records} />
        <Tile term={t("records-refused")} count={refused} isBad />
        <Tile term={t("rows-after-merging")} count={rows} />
        <Tile term={t("records-thin")} count={thin.length} isBad />
        <Tile term={t("records-silenced")} count={silenced.length} isBad />
        <Tile term={t("records-merged-groups")} count={merged.length} />
      </dl>
      {missingFacts.length === 0 ? null : (
        <section class="sheet stack">
          <CountBars
            caption={t("missing-facts")}
            unit={t("records")}
            bars={missingFacts.map(({ fact, records: count }) => ({ label: factName(fact), count }))}
          />
          <p class="small quiet">{t("missing-facts-mean")}</p>
        </section>
      )}
      <NotFound thin={thin} silenced={silenced} />
      <Silencing pairs={silencing} />
      {merged.length === 0 ? null : <Merged merged={merged} />}
      {refusals.length === 0 ? null : (
        <section class="sheet stack" aria-labelledby="refusals-title">
          <h2 id="refusals-title">{t("records-refused")}</h2>
          <ul class="plain-list">
            {refusals.slice(0, SHOWN_GROUPS).map((refusal, at) => (
              <li key={at}>{refusal}</li>
            ))}
          </ul>
          <AndMore count={refused - Math.min(refusals.length, SHOWN_GROUPS)} />
        </section>
      )}
    </>
  );
}

type TileProps = { readonly term: string; readonly count: number; readonly isBad?: boolean };

function Tile({ term, count, isBad = false }: TileProps) {
  return (
    <div class={`sheet tile${isBad && count > 0 ? " bad" : ""}`}>
      <dt>{term}</dt>
      <dd>{formatNumber(count)}</dd>
    </div>
  );
}

type Lost = { readonly ref: string; readonly why: "thin" | "silenced" };

function NotFound({ thin, silenced }: Pick<Coverage, "thin" | "silenced">) {
  const [order, setOrder] = useState<Order>({ column: "reference", isDescending: false });
  const lost: Lost[] = [
    ...thin.map((ref): Lost => ({ ref, why: "thin" })),
    ...silenced.map((ref): Lost => ({ ref, why: "silenced" })),
  ];
  if (lost.length === 0) return <p class="sheet">{t("all-can-be-found")}</p>;
  const columns: readonly Column<Lost>[] = [
    { id: "reference", label: t("reference"), cell: ({ ref }) => <code>{ref}</code>, compare: by(({ ref }) => ref) },
    { id: "why", label: t("column-why"), cell: ({ why }) => t(`lost-${why}`), compare: by(({ why }) => why) },
  ];
  return (
    <section class="stack" aria-labelledby="lost-title">
      <h2 id="lost-title">{t("cannot-be-found")}</h2>
      <RowTable
        class="lost-table"
        label={t("cannot-be-found")}
        columns={columns}
        rows={orderRows(lost, columns, order)}
        idOf={({ ref, why }) => `${why} ${ref}`}
        order={order}
        onOrder={setOrder}
        view={JSON.stringify(order)}
      />
    </section>
  );
}

type Pair = Coverage["silencing"][number];

function Silencing({ pairs }: { readonly pairs: readonly Pair[] }) {
  const [order, setOrder] = useState<Order>({ column: "rules", isDescending: true });
  if (pairs.length === 0) return null;
  const columns: readonly Column<Pair>[] = [
    { id: "a", label: t("reference"), cell: ({ refA }) => <code>{refA}</code>, compare: by(({ refA }) => refA) },
    { id: "b", label: t("silenced-with"), cell: ({ refB }) => <code>{refB}</code>, compare: by(({ refB }) => refB) },
    {
      id: "rules",
      label: t("rules"),
      cell: ({ ruleCount }) => formatNumber(ruleCount),
      compare: (a, b) => a.ruleCount - b.ruleCount,
      isNumber: true,
    },
  ];
  return (
    <section class="stack" aria-labelledby="silencing-title">
      <h2 id="silencing-title">{t("silencing")}</h2>
      <p class="quiet">{t("silencing-means")}</p>
      <RowTable
        class="silencing-table"
        label={t("silencing")}
        columns={columns}
        rows={orderRows(pairs, columns, order)}
        idOf={({ refA, refB }) => `${refA} ${refB}`}
        order={order}
        onOrder={setOrder}
        view={JSON.stringify(order)}
      />
    </section>
  );
}

function Merged({ merged }: Pick<Coverage, "merged">) {
  return (
    <section class="sheet stack" aria-labelledby="merged-title">
      <h2 id="merged-title">{t("duplicates-merged")}</h2>
      <p class="quiet">{t("duplicates-merged-mean")}</p>
      <ul class="plain-list">
        {merged.slice(0, SHOWN_GROUPS).map((refs) => (
          <li key={refs[0]}>
            <code>{refs.join(" = ")}</code>
          </li>
        ))}
      </ul>
      <AndMore count={merged.length - SHOWN_GROUPS} />
    </section>
  );
}

function AndMore({ count }: { readonly count: number }) {
  return count <= 0 ? null : <p class="quiet small">{t("and-more", { count })}</p>;
}

function by<Row>(pick: (row: Row) => string): (a: Row, b: Row) => number {
  return (a, b) => (pick(a) < pick(b) ? -1 : Number(pick(a) > pick(b)));
}

function factName(fact: string): string {
  const term = `fact-${fact}`;
  return isTerm(term) ? t(term) : fact;
}
