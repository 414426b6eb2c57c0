/**
 * The regional picture as one HTML file to print or hand on: figures, error bars, budget and method; no script, no request, its own policy.
 */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { matrixOf, regionalPicture, type RegionalPicture } from "#engine/statistics/regional-picture.ts";
import type { YearStatistics } from "#engine/statistics/published.ts";
import english from "#pages/languages/en.json" with { type: "json" };
import type { FigureTable } from "#pages/kit/picture/figure-tables.ts";
import { escaped } from "#pages/kit/picture/svg.ts";
import { showView, VIEWS, type View, type ViewWording } from "#pages/kit/picture/views.ts";

const WIDTH = 660;
/** So many lines stand on one page together. */
const SHORT_TABLE = 16;
/** From so many parties on the drawings with whom have pages of their own. */
const LARGE_FROM = 8;
/** From so many parties on the matrix has a page across. */
const BROAD_FROM = 16;
const STYLES = ["../pages/kit/theme.css", "../pages/kit/picture/picture.css", "./statistics-report.css"];

const numbers = new Intl.NumberFormat("en");
const days = new Intl.DateTimeFormat("en-GB", { dateStyle: "medium", timeZone: "UTC" });

const WORDING: ViewWording = {
  term: (term, values) => filled(english[`picture-${term}`], values),
  view: (term, values) => filled(english[`picture-${term}`], values),
  number: (value) => numbers.format(value),
  day: (moment) => days.format(new Date(moment)),
};

/** @param years - In order, each once, at least one. @returns HTML. */
export function statisticsReport(years: readonly YearStatistics[], now: Date): string {
  const picture = regionalPicture(years);
  const style = STYLES.map((file) => readFileSync(new URL(file, import.meta.url), "utf8")).join("\n");
  const policy = `default-src 'none'; style-src 'sha256-${createHash("sha256").update(style).digest("base64")}'; base-uri 'none'; form-action 'none'`;
  const [first, last] = [years[0]?.year, years.at(-1)?.year];
  const heading = `${english["picture-heading"]} ${first === last ? String(first) : `${first} to ${last}`}`;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<title>${escaped(heading)}</title>
<style>${style}</style>
</head>
<body>
<header class="report">
<h1>${escaped(heading)}</h1>
<p class="quiet">Protected statistics of blind matching. Made on ${escaped(days.format(now))} from what the secretariat had published then.</p>
</header>
<main>
${overview(picture)}
${VIEWS.map((view) => section(picture, view)).join("\n")}
${everyPairing(picture)}
${METHOD}
</main>
</body>
</html>
`;
}

function overview(picture: RegionalPicture): string {
  const { rounds, histograms, budgets } = picture;
  const { parties, whole } = matrixOf(picture, {});
  const spent = budgets.map(({ year, spent: part, limit }) =>
    paragraph(filled(english["picture-budget"], { year: String(year), spent: part, limit })),
  );
  if (rounds.length === 0 && histograms.length === 0)
    return `<section>${paragraph(english["picture-empty"])}${spent.join("")}</section>`;
  const text = `${rounds.length} rounds, ${parties.length} parties, ${histograms.length} histograms of parties. Distinct hits in all: ${
    whole.figure === null ? "under ten" : `${numbers.format(whole.figure)} ± ${numbers.format(whole.bar)}`
  }, with probability .95 ${numbers.format(whole.low)} to ${numbers.format(whole.high)}.`;
  return `<section aria-label="Overview">${paragraph(rounds.length === 0 ? "No hits were published, only histograms of parties." : text)}${paragraph(english["picture-about"])}${spent.join("")}</section>`;
}

function section(picture: RegionalPicture, view: View): string {
  const shown = showView(picture, view, {}, WORDING, { id: `view-${view}`, width: WIDTH });
  if (shown === null) return "";
  const isOfRows = view === "categories" || view === "riskIndicators" || view === "counterparts";
  const partyCount = matrixOf(picture, {}).parties.length;
  const isBroad = view === "matrix" && partyCount >= BROAD_FROM;
  const isOnItsOwn = view === "matrix" && partyCount >= LARGE_FROM;
  const classes = [...(isOnItsOwn ? ["sheet-of-its-own"] : []), ...(isBroad ? ["broad"] : [])];
  // Chords and matrix have the same figures, which stand once; pairings come last, since there can be hundreds.
  const tables = view === "matrix" ? [] : view === "chord" ? shown.tables.slice(1) : shown.tables;
  const note = isOfRows ? english["picture-own-lists"] : picture.rounds.length > 1 ? english["picture-twice"] : "";
  return `<section class="${classes.join(" ")}">
<h2>${escaped(english[`picture-view-${view}`])}</h2>
<figure class="scrolls">${shown.drawing}</figure>
${note === "" ? "" : `<p class="small quiet">${escaped(note)}</p>`}
${tables.map(tableOf).join("\n")}
</section>`;
}

function everyPairing(picture: RegionalPicture): string {
  const [pairings] = showView(picture, "matrix", {}, WORDING, { id: "pairings", width: WIDTH })?.tables ?? [];
  if (pairings === undefined) return "";
  return `<section class="sheet-of-its-own"><h2>Every pairing</h2>${tableOf(pairings)}</section>`;
}

function tableOf({ caption, columns, rows }: FigureTable): string {
  const heads = columns.map((column) => `<th scope="col">${escaped(column)}</th>`).join("");
  const lines = rows.map(
    ({ head, cells, kind }) =>
      `<tr class="${kind}"><th scope="row">${escaped(head)}</th>${cells.map((cell) => `<td>${escaped(cell)}</td>`).join("")}</tr>`,
  );
  const classes = rows.length <= SHORT_TABLE ? "figures short" : "figures";
  return `<div class="scrolls"><table class="${classes}"><caption>${escaped(caption)}</caption><thead><tr>${heads}</tr></thead><tbody>${lines.join("\n")}</tbody></table></div>`;
}

function paragraph(content: string): string {
  return `<p>${escaped(content)}</p>`;
}

function filled(words: string, values: Readonly<Record<string, string | number>> = {}): string {
  return words.replace(/\{(\w+)\}/g, (_, name: string) => {
    const value = values[name];
    return typeof value === "number" ? numbers.format(value) : (value ?? "");
  });
}

const METHOD = `<section class="sheet-of-its-own">
<h2>How to read this, and how it was made</h2>
<p>Every figure that was published carries discrete Laplace noise (Canonne, Kamath and Steinke 2020), drawn once. Whoever reads all of a year's figures, and knows every hit but those of one record, cannot tell well whether that record had any (differential privacy; Dwork, McSherry, Nissim and Smith 2006). What was spent of the year's privacy budget ε stands above.</p>
<p>This report is computed from those published figures alone, so that it costs no further budget (Dwork and Roth 2014, Proposition 2.1).</p>
<ul>
<li><strong>Hits</strong> are distinct: of a pairing, no row counts in two. Hits of several rounds together count a person once in each round. <strong>Records</strong> are those with at least one hit, each in its own party's list: a hit counts with both its owners.</li>
<li><strong>±</strong> is the error bar: with probability .95 the true count is no further away. It says what noise did, and not how many hits are true: a hit is a possible match, not evidence. With many bars in one drawing, one in twenty fails.</li>
<li><strong>&lt;10</strong> stands for a noised figure under ten, which is never published; the true count may be larger, up to the end of its interval. Hatched in drawings.</li>
<li><strong>Sums</strong> are of the figures shown, to the unit. A figure under ten counts in a sum what it is on average with this noise, which can be below zero: noise raises as many small counts above ten as it hides, and those raised are among the figures. The line <em>Under ten, together</em> says what they count, so that every table adds up.</li>
<li><strong>A party's records</strong> by category and by number of counterparts have one sum: figures were moved to the nearest ones whose sums agree (least squares; Hay, Rastogi, Miklau and Suciu 2010).</li>
<li><strong>Error bars of sums</strong> come from the noise's exact variance, with the normal quantile corrected for its heavier tails (Cornish and Fisher 1938), and what suppression can add.</li>
<li><strong>Purpose</strong> is the field of crime for which a round was held.</li>
</ul>
<p>The full method, with what it does not promise: docs/spec/statistics.md of Aquila.</p>
</section>`;
