/**
 * Progress, and counts as bars: each with its figures as text.
 */
import { useId } from "preact/hooks";
import { formatNumber } from "./language.ts";

type ProgressProps = {
  readonly label: string;
  readonly done: number;
  /** 0: not known yet. */
  readonly total: number;
  /** Beside the bar; the share in per cent when left out. */
  readonly figures?: string;
};

export function Progress({ label, done, total, figures }: ProgressProps) {
  const id = useId();
  const share = total === 0 ? null : Math.min(1, done / total);
  return (
    <div class="meter">
      <span id={id}>{label}</span>
      <progress aria-labelledby={id} max={1} {...(share === null ? {} : { value: share })} />
      <span class="number small quiet">{figures ?? (share === null ? "" : `${Math.floor(100 * share)} %`)}</span>
    </div>
  );
}

export type CountBar = { readonly label: string; readonly count: number };

/** Bars from the most to the least, as a table: the figures are the text alternative. */
export function CountBars({ caption, unit, bars }: { caption: string; unit: string; bars: readonly CountBar[] }) {
  const most = Math.max(1, ...bars.map(({ count }) => count));
  return (
    <table class="bars">
      <caption>{caption}</caption>
      <thead class="hidden-text">
        <tr>
          <th scope="col">{caption}</th>
          <th scope="col">{unit}</th>
        </tr>
      </thead>
      <tbody>
        {bars.map(({ label, count }) => (
          <tr key={label}>
            <th scope="row">{label}</th>
            <td>
              <span class="bar-line">
                <span class="bar" style={{ width: `${(100 * count) / most}%` }} aria-hidden="true" />
                <span class="number">{formatNumber(count)}</span>
              </span>
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
