/**
 * One curve over time, by uPlot, in the page's colours; loaded with the first plot that is shown.
 */
import UPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import { formatNumber, language } from "../kit/language.ts";

const HEIGHT_PX = 160;
const MINUTE_S = 60;

export function makeCurve(place: HTMLElement) {
  const colours = getComputedStyle(place);
  const ink = (name: string): string => colours.getPropertyValue(name).trim();
  // A canvas knows no light-dark(): the colour is taken as the element has it.
  const resolved = (name: string): string => {
    const probe = document.createElement("span");
    probe.style.color = `var(${name}, ${ink(name)})`;
    place.append(probe);
    const { color } = getComputedStyle(probe);
    probe.remove();
    return color;
  };
  const axis = { stroke: resolved("--quiet"), grid: { stroke: resolved("--line"), width: 1 }, ticks: { show: false } };
  const clock = (timeStyle: "short" | "medium") => new Intl.DateTimeFormat(language.value, { timeStyle });
  const [minutes, seconds] = [clock("short"), clock("medium")];
  const plot = new UPlot(
    {
      width: Math.max(place.clientWidth, 200),
      height: HEIGHT_PX,
      legend: { show: false },
      cursor: { show: false },
      scales: { x: { time: true }, y: { range: (_plot, _least, most) => [0, most > 0 ? most * 1.1 : 1] } },
      axes: [
        {
          ...axis,
          space: 100,
          size: 30,
          values: (_plot, ticks, _axis, _space, step) =>
            ticks.map((at) => (step < MINUTE_S ? seconds : minutes).format(new Date(at * 1_000))),
        },
        { ...axis, size: 64, values: (_plot, ticks) => ticks.map((tick) => formatNumber(tick)) },
      ],
      series: [{}, { stroke: resolved("--accent"), width: 2, points: { show: false } }],
    },
    [[], []],
    place,
  );
  const observer = new ResizeObserver(() => {
    plot.setSize({ width: Math.max(place.clientWidth, 200), height: HEIGHT_PX });
  });
  observer.observe(place);
  return {
    /** @param xs - Seconds since the epoch. */
    draw: (xs: number[], ys: number[]): void => {
      plot.setData([xs, ys]);
    },
    end: (): void => {
      observer.disconnect();
      plot.destroy();
    },
  };
}
