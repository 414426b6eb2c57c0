/**
 * The report as one HTML page that needs nothing else: no script, no style sheet, no picture from elsewhere.
 */
import { escaped } from "../plots/chart.ts";
import type { Figure } from "./figure.ts";
import { commandOf, type SpeedLine } from "./lines.ts";

const STYLE = `
  body { font: 16px/1.5 Helvetica, Arial, sans-serif; color: #202020; max-width: 760px; margin: 2rem auto; padding: 0 1rem; }
  h1 { margin-bottom: 0; } h2 { margin-top: 3rem; }
  svg { display: block; max-width: 100%; height: auto; border: 1px solid #d8d8d8; }
  figure { margin: 0; } figcaption { margin-top: .6rem; }
  .source { color: #606060; font-size: .85rem; }
  code { font: .85em Menlo, Consolas, monospace; background: #f3f3f3; padding: .1em .3em; }
  .wide { overflow-x: auto; }
  table { border-collapse: collapse; font-size: .85rem; }
  th, td { text-align: left; vertical-align: top; padding: .25rem .8rem .25rem 0; border-bottom: 1px solid #e0e0e0; }
  td.figure { text-align: right; white-space: nowrap; }
`;

/** @param lines - All that were measured, for the table at the end. */
export function pageHtml(lines: readonly SpeedLine[], figures: readonly Figure[]): string {
  const machines = [...new Set(lines.map(({ machine }) => machine))];
  const dates = datesOf(lines);
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Aquila: speed and size</title>
<style>${STYLE}</style>
</head>
<body>
<h1>Aquila: speed and size</h1>
<p class="source">${escaped([...machines, dates].join(" · "))}</p>
<p>What a round takes of time and memory, measured by the benches of this project on the machine named above, with
fictional people and random keys. Every picture names the command that prints its figures. Other machines, and busy
ones, give others: <code>aquila server plan</code> measures yours.</p>
${figures.map(figureHtml).join("\n")}
<h2>All figures</h2>
<p>As the benches printed them, with checksums, in <code>lines.jsonl</code> beside this page. Times are medians.</p>
<div class="wide"><table>
<tr><th>bench</th><th>size</th><th>median</th><th>a second</th></tr>
${lines.map(rowHtml).join("\n")}
</table></div>
</body>
</html>
`;
}

function figureHtml({ title, svg, caption, lines }: Figure): string {
  const commands = [...new Set(lines.map(commandOf))].map((command) => `<code>${escaped(command)}</code>`);
  const machines = [...new Set(lines.map(({ machine }) => machine))];
  return `<h2>${escaped(title)}</h2>
<figure>
${svg.trimEnd()}
<figcaption>${escaped(caption)}
<p class="source">${commands.join(" · ")}<br>${escaped([...machines, datesOf(lines)].join(" · "))}</p></figcaption>
</figure>`;
}

/** First and last, or that there is none. */
function datesOf(lines: readonly SpeedLine[]): string {
  const dates = lines.flatMap(({ date }) => (date === undefined ? [] : [date])).sort();
  const [first, last] = [dates[0], dates.at(-1)];
  if (first === undefined || last === undefined) return "date not recorded";
  return first === last ? first : `${first} to ${last}`;
}

function rowHtml(line: SpeedLine): string {
  const sizes = Object.entries(line.size).map(
    ([name, count]) => `${name} ${count?.toLocaleString("en-US") ?? "unknown"}`,
  );
  const rates = Object.entries(line).flatMap(([name, rate]) =>
    name.endsWith("PerSecond") && typeof rate === "number"
      ? [`${rate.toLocaleString("en-US")} ${name.replace("PerSecond", "")}`]
      : [],
  );
  const median = `${line.medianMs.toLocaleString("en-US", { maximumFractionDigits: 1 })} ms`;
  return `<tr><td>${escaped(line.bench)}</td><td>${escaped(sizes.join(", "))}</td><td class="figure">${escaped(median)}</td><td class="figure">${rates.map(escaped).join("<br>")}</td></tr>`;
}
