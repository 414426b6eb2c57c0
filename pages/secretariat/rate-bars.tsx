/**
 * One rate of a bench over its lines, as bars with their figures; a line is named by what tells it from the others.
 */
import type { BenchLine } from "#server/operations-shapes.ts";
import { formatNumber, t } from "../kit/language.ts";

/** Names of rates in a line. */
const RATE = /PerSecond$/;
const FIGURES = 4;

type RateBarsProps = { readonly rate: string; readonly lines: readonly BenchLine[] };

export function RateBars({ rate, lines }: RateBarsProps) {
  const measured = lines.filter(({ figures }) => figures[rate] !== undefined);
  const most = Math.max(1, ...measured.map(({ figures }) => figures[rate] ?? 0));
  return (
    <table class="rates">
      <caption>{rateName(rate)}</caption>
      <thead class="hidden-text">
        <tr>
          <th scope="col">{t("office-size")}</th>
          <th scope="col">{t("office-a-second")}</th>
        </tr>
      </thead>
      <tbody>
        {measured.map((line, at) => {
          const value = line.figures[rate] ?? 0;
          return (
            <tr key={at}>
              <th scope="row" class="small quiet">
                {lineName(line, measured)}
              </th>
              <td>
                <span class="rate-line">
                  <span class="rate-room" aria-hidden="true">
                    <span class="bar" style={{ width: `${(100 * value) / most}%` }} />
                  </span>
                  <span class="number">{formatNumber(Number(value.toPrecision(FIGURES)))}</span>
                </span>
              </td>
            </tr>
          );
        })}
      </tbody>
    </table>
  );
}

/** @returns Names of all rates that the lines have. */
export function ratesOf(lines: readonly BenchLine[]): string[] {
  return [...new Set(lines.flatMap(({ figures }) => Object.keys(figures).filter((name) => RATE.test(name))))];
}

/** @returns Its size in those figures that are not the same in all of `others`; all of it if they are. */
export function lineName({ asked, size }: BenchLine, others: readonly BenchLine[]): string {
  const differing = Object.keys(size).filter((name) => others.some((other) => other.size[name] !== size[name]));
  const named = differing.length > 0 || asked !== null ? differing : Object.keys(size);
  return [...(asked === null ? [] : [asked]), ...named.map((name) => `${name} ${formatNumber(size[name] ?? 0)}`)].join(
    ", ",
  );
}

/** `keysPerSecond` as words. */
function rateName(rate: string): string {
  const what = rate.replace(RATE, "").replaceAll(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
  return t("office-rate", { what });
}
