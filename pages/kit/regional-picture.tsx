/**
 * The regional picture: protected statistics of some years, by what the reader chooses, as a drawing and as tables.
 * To be loaded when it is asked for.
 */
import { useEffect, useId, useMemo, useRef, useState } from "preact/hooks";
import { BANDS, partiesOf, regionalPicture, type Choice } from "#engine/statistics/regional-picture.ts";
import type { YearStatistics } from "#engine/statistics/published.ts";
import { SelectField } from "./fields.tsx";
import { formatMoment, formatNumber, t } from "./language.ts";
import type { FigureTable } from "./picture/figure-tables.ts";
import { showView, VIEWS, type View, type ViewWording } from "./picture/views.ts";
import { nameText } from "./picture/wording.ts";
import "./picture/picture.css";
import { amountOf } from "./rational.ts";
import { Empty } from "./states.tsx";

const LEAST_WIDTH = 280;
const MOST_WIDTH = 760;
const ANY = "";

const WORDING: ViewWording = {
  term: (term, values) => t(`picture-${term}`, values),
  view: (term, values) => t(`picture-${term}`, values),
  number: formatNumber,
  day: formatMoment,
};

/** @param years - In order, each once. */
export default function RegionalPicture({ years }: { readonly years: readonly YearStatistics[] }) {
  const [view, setView] = useState<View>("chord");
  const [choice, setChoice] = useState<Readonly<Record<keyof Choice, string>>>({
    band: "",
    round: "",
    field: "",
    party: "",
  });
  const picture = useMemo(() => regionalPicture(years), [years]);
  const frame = useRef<HTMLDivElement>(null);
  const width = useWidth(frame);
  const id = useId();

  const isOfParties = view === "categories" || view === "riskIndicators" || view === "counterparts";
  const band = BANDS.find((known) => known === choice.band);
  const chosen: Choice = {
    ...(choice.field === ANY ? {} : { field: choice.field }),
    ...(choice.round === ANY || view === "trend" ? {} : { round: choice.round }),
    ...(band === undefined || isOfParties ? {} : { band }),
    ...(choice.party === ANY || !isOfParties ? {} : { party: choice.party }),
  };
  const shown = showView(picture, view, chosen, WORDING, { id: `picture${id}`, width });
  const choose = (name: keyof Choice, options: readonly (readonly [value: string, label: string])[]) => (
    <SelectField
      label={t(`picture-${name}`)}
      value={choice[name]}
      options={[{ value: ANY, label: t("picture-any") }, ...options.map(([value, label]) => ({ value, label }))]}
      onChoose={(value) => {
        setChoice({ ...choice, [name]: value });
      }}
    />
  );

  return (
    <section class="stack regional-picture" aria-label={t("picture-heading")}>
      <p>{t("picture-about")}</p>
      <div class="row not-printed">
        <SelectField
          label={t("picture-view")}
          value={view}
          options={VIEWS.map((value) => ({ value, label: t(`picture-view-${value}`) }))}
          onChoose={setView}
        />
        {isOfParties || view === "bands"
          ? null
          : choose(
              "band",
              BANDS.map((each) => [each, nameText(WORDING, each)]),
            )}
        {isOfParties
          ? choose(
              "party",
              partiesOf(picture).map((party) => [party, party]),
            )
          : null}
        {view === "trend"
          ? null
          : choose(
              "round",
              roundIds(years).map((each) => [each, each]),
            )}
        {view === "fields"
          ? null
          : choose(
              "field",
              picture.fields.map((each) => [each, nameText(WORDING, each)]),
            )}
      </div>
      <div class="sheet stack">
        <h2>{t(`picture-view-${view}`)}</h2>
        {/* The drawings' own text: escaped, and without styles or scripts. */}
        <div class="wide" ref={frame} tabindex={0} role="group" aria-label={t(`picture-view-${view}`)}>
          {shown === null ? null : <div dangerouslySetInnerHTML={{ __html: shown.drawing }} />}
        </div>
        {shown === null ? <Empty title={t("picture-empty")} /> : null}
        <p class="small quiet">{t(isOfParties ? "picture-own-lists" : "picture-twice")}</p>
        {shown === null ? null : (
          <details>
            <summary>{t("picture-table")}</summary>
            {shown.tables.map((table) => (
              <Figures key={table.caption} table={table} />
            ))}
          </details>
        )}
      </div>
      {picture.budgets.map(({ year, spent, limit }) => (
        <p key={year} class="small quiet">
          {t("picture-budget", {
            year: String(year),
            spent: formatNumber(amountOf(spent)),
            limit: formatNumber(amountOf(limit)),
          })}
        </p>
      ))}
    </section>
  );
}

function Figures({ table: { caption, columns, rows } }: { readonly table: FigureTable }) {
  return (
    <div class="wide" tabindex={0} role="group" aria-label={caption}>
      <table class="figures">
        <caption>{caption}</caption>
        <thead>
          <tr>
            {columns.map((column) => (
              <th key={column} scope="col">
                {column}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map(({ head, cells, kind }) => (
            <tr key={head} class={kind}>
              <th scope="row">{head}</th>
              {cells.map((cell, at) => (
                <td key={at}>{cell}</td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function roundIds(years: readonly YearStatistics[]): string[] {
  return [...new Set(years.flatMap(({ hits, parties }) => [...hits, ...parties].map(({ round }) => round)))];
}

/** @returns Pixels that the frame has, within what a drawing is made for. */
function useWidth(frame: { readonly current: HTMLElement | null }): number {
  const [width, setWidth] = useState(LEAST_WIDTH);
  useEffect(() => {
    const element = frame.current;
    if (element === null) return;
    const observer = new ResizeObserver(([entry]) => {
      if (entry !== undefined)
        setWidth(Math.max(LEAST_WIDTH, Math.min(MOST_WIDTH, Math.floor(entry.contentRect.width))));
    });
    observer.observe(element);
    return () => {
      observer.disconnect();
    };
  }, [frame]);
  return width;
}
