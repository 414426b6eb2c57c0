/**
 * Why two records may be one person: match probability, and the match weight as a sum of what agreed, drawn and as a table.
 */
import type { HitView } from "../../client/console/shapes.ts";
import { formatBits, formatShare, isTerm, t } from "../kit/language.ts";
import { barsOf, silentGroupsOf, type WeightBar } from "./weight-bars.ts";
import { Waterfall } from "./waterfall.tsx";

export function HitWhy({ view }: { readonly view: HitView }) {
  const { least, most } = view.probability;
  const bars = barsOf(view);
  const silent = silentGroupsOf(view);
  return (
    <section class="sheet stack" aria-labelledby="why-title">
      <h2 id="why-title">{t("why")}</h2>
      <p data-probability>
        {t("probability-between", { least: formatShare(least), most: formatShare(most) })}{" "}
        <span class="quiet">{t("probability-means")}</span>
      </p>
      <ProbabilityRange least={least} most={most} />
      <Waterfall bars={bars} summary={t("waterfall-summary", rangeTexts(view))} nameOf={barName} />
      <details open>
        <summary>{t("as-table")}</summary>
        <div class="wide" tabIndex={0} role="region" aria-label={t("as-table")}>
          <WeightTable bars={bars} view={view} />
        </div>
      </details>
      {bars.some(({ kind }) => kind === "open") ? (
        <p class="small quiet">{t("open-terms-mean", { party: view.row.counterpart })}</p>
      ) : null}
      {silent.length === 0 ? null : (
        <p class="small quiet">{t("facts-not-agreed", { facts: silent.map(groupName).join(", ") })}</p>
      )}
      <p class="small quiet">{t("bits-mean")}</p>
    </section>
  );
}

function WeightTable({ bars, view }: { readonly bars: readonly WeightBar[]; readonly view: HitView }) {
  return (
    <table>
      <thead>
        <tr>
          <th scope="col">{t("fact")}</th>
          <th scope="col">{t("agreement")}</th>
          <th scope="col" class="number">
            {t("bits")}
          </th>
          <th scope="col">{t("rules")}</th>
        </tr>
      </thead>
      <tbody>
        {bars
          .filter(({ kind }) => kind !== "total")
          .map((bar) => (
            <tr key={`${bar.group} ${bar.level}`}>
              <th scope="row">{groupName(bar.group)}</th>
              <td>{levelName(bar)}</td>
              <td class="number">{bitsText(bar)}</td>
              <td>
                <code class="small">{bar.rules.join(", ")}</code>
              </td>
            </tr>
          ))}
      </tbody>
      <tfoot>
        <tr>
          <th scope="row" colSpan={2}>
            {t("match-weight")}
          </th>
          <td class="number">
            <strong>{t("from-to", rangeTexts(view))}</strong>
          </td>
          <td />
        </tr>
      </tfoot>
    </table>
  );
}

/** A line from 0 to 1 with the range on it and where the bands begin. */
function ProbabilityRange({ least, most }: { readonly least: number; readonly most: number }) {
  const left = 100 * Math.max(0, Math.min(1, least));
  const width = Math.max(1, 100 * Math.min(1, most) - left);
  return (
    <svg class="range" viewBox="0 0 100 4" preserveAspectRatio="none" aria-hidden="true" focusable="false">
      <rect class="range-line" x="0" y="1" width="100" height="2" />
      <rect class="range-part" x={Math.min(left, 99)} y="0" width={width} height="4" />
    </svg>
  );
}

function rangeTexts({ leastBits, mostBits }: HitView): { from: string; to: string } {
  return { from: formatBits(leastBits), to: formatBits(mostBits) };
}

function bitsText(bar: WeightBar): string {
  if (bar.kind === "term") return formatBits(bar.toBits - bar.fromBits);
  const [low, high] = [bar.lowBits, bar.highBits];
  return low === high ? formatBits(low) : t("from-to", { from: formatBits(low), to: formatBits(high) });
}

function barName(bar: WeightBar): { label: string; note: string; value: string } {
  if (bar.kind === "total") {
    const to = { from: formatBits(bar.lowBits), to: formatBits(bar.highBits) };
    return { label: t("match-weight"), note: "", value: bar.lowBits === bar.highBits ? to.to : t("from-to", to) };
  }
  return { label: groupName(bar.group), note: levelName(bar), value: bitsText(bar) };
}

function groupName(group: string): string {
  const term = `group-${group}`;
  return isTerm(term) ? t(term) : group;
}

function levelName({ kind, level }: WeightBar): string {
  if (kind === "open") return t("level-open");
  const term = `level-${level}`;
  return isTerm(term) ? t(term) : level;
}
