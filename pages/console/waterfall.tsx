/**
 * The waterfall of a match weight, drawn for the width that there is.
 */
import { useEffect, useRef, useState } from "preact/hooks";
import { formatNumber } from "../kit/language.ts";
import type { WeightBar } from "./weight-bars.ts";

type WaterfallProps = {
  readonly bars: readonly WeightBar[];
  /** What the picture says, for who does not see it; the table says all of it. */
  readonly summary: string;
  readonly nameOf: (bar: WeightBar) => { readonly label: string; readonly note: string; readonly value: string };
};

/** Below it, words stand above their bars. */
const NARROW = 560;
const MOST_TICKS = 7;
const TICK_STEPS = [1, 2, 5, 10, 20, 50];

export function Waterfall({ bars, summary, nameOf }: WaterfallProps) {
  const figure = useRef<HTMLElement>(null);
  const [width, setWidth] = useState(900);
  useEffect(() => {
    if (figure.current === null) return;
    const observer = new ResizeObserver(([entry]) => {
      if (entry !== undefined && entry.contentRect.width > 0) setWidth(Math.round(entry.contentRect.width));
    });
    observer.observe(figure.current);
    return () => {
      observer.disconnect();
    };
  }, []);
  const isNarrow = width < NARROW;
  const [left, right] = isNarrow ? [4, width - 120] : [Math.min(320, width * 0.36), width - 150];
  const rowHeight = isNarrow ? 46 : 30;
  const ends = bars.flatMap(({ kind, fromBits, toBits, highBits }) => [fromBits, kind === "total" ? highBits : toBits]);
  const [least, most] = [Math.min(0, ...ends) - 1, Math.max(0, ...ends) + 1];
  const x = (bits: number): number => left + ((bits - least) / (most - least)) * (right - left);
  const step = TICK_STEPS.find((size) => (most - least) / size <= MOST_TICKS) ?? 100;
  const ticks: number[] = [];
  for (let at = Math.ceil(least / step); at * step <= most; at++) ticks.push(at === 0 ? 0 : at * step);
  const bottom = bars.length * rowHeight + 8;
  return (
    <figure ref={figure} class="waterfall">
      <svg width={width} height={bottom + 24} viewBox={`0 0 ${width} ${bottom + 24}`} role="img" aria-label={summary}>
        {ticks.map((tick) => (
          <g key={tick}>
            <line class={tick === 0 ? "zero" : "tick"} x1={x(tick)} x2={x(tick)} y1={0} y2={bottom} />
            <text class="tick-text" x={x(tick)} y={bottom + 16} text-anchor="middle">
              {formatNumber(tick)}
            </text>
          </g>
        ))}
        {bars.map((bar, row) => {
          const { label, note, value } = nameOf(bar);
          const top = row * rowHeight + 8;
          const barTop = isNarrow ? top + 20 : top + 4;
          const textTop = isNarrow ? top + 14 : top + 17;
          const [from, to] = [x(Math.min(bar.fromBits, bar.toBits)), x(Math.max(bar.fromBits, bar.toBits))];
          return (
            <g key={`${bar.kind} ${bar.group} ${bar.level}`} class={`bar-${toneOf(bar)}`}>
              {bar.kind === "total" ? <line class="zero" x1={0} x2={width} y1={top - 2} y2={top - 2} /> : null}
              <text x={0} y={textTop} class={bar.kind === "total" ? "strong" : ""}>
                {label}
                <tspan class="note" dx={note === "" ? 0 : 6}>
                  {note}
                </tspan>
              </text>
              <rect class="shape" x={from} y={barTop} width={Math.max(2, to - from)} height={16} />
              {bar.kind === "total" && bar.highBits > bar.lowBits ? (
                <rect class="spread" x={to} y={barTop} width={x(bar.highBits) - to} height={16} />
              ) : null}
              <text
                x={width}
                y={isNarrow ? barTop + 13 : textTop}
                text-anchor="end"
                class={bar.kind === "total" ? "strong" : ""}
              >
                {value}
              </text>
            </g>
          );
        })}
      </svg>
    </figure>
  );
}

function toneOf({ kind, fromBits, toBits }: WeightBar): "plus" | "minus" | "open" | "total" {
  if (kind !== "term") return kind;
  return toBits < fromBits ? "minus" : "plus";
}
