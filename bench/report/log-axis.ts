/**
 * Logarithmic axes that hold what is drawn on them, with round ticks.
 */
import type { Axis } from "../plots/chart.ts";

/** Room beside the outermost points, as a factor. */
const ROOM = 1.6;
/** Beyond this many decades only powers of ten have a tick. */
const MOST_DECADES_OF_STEPS = 2.5;

/** @param values - Above 0; at least one. */
export function logAxis(label: string, values: readonly number[]): Axis {
  const from = Math.min(...values) / ROOM;
  const to = Math.max(...values) * ROOM;
  const steps = Math.log10(to / from) > MOST_DECADES_OF_STEPS ? [1] : [1, 2, 5];
  const ticks: number[] = [];
  for (let power = Math.floor(Math.log10(from)); power <= Math.log10(to); power++)
    for (const step of steps) ticks.push(power < 0 ? step / 10 ** -power : step * 10 ** power);
  return {
    label: `${label} (logarithmic)`,
    from,
    to,
    ticks: ticks.filter((tick) => tick >= from && tick <= to),
    log: true,
  };
}
