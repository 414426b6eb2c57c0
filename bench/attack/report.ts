/**
 * Findings as a table and a picture. In: the lines that the bench printed. Out: attack.jsonl, attack.md and attack.svg.
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { dumbbellsSvg, type Dumbbell } from "../plots/dumbbells.ts";
import type { Finding } from "./finding.ts";

/** A finding with what it belongs to, as it is printed. */
export type FindingLine = Finding & {
  readonly bench: "attack";
  readonly attack: string;
  readonly scale: string;
  readonly seed: number;
  readonly holds: boolean;
  readonly machine: string;
};

export function writeReport(folder: string, lines: readonly FindingLine[]): void {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "attack.jsonl"), lines.map((line) => `${JSON.stringify(line)}\n`).join(""));
  writeFileSync(join(folder, "attack.md"), tableOf(lines));
  const title = "Attacks, in multiples of what they may find";
  const axis =
    "green: found on Aquila, at most the dashed line; orange: above it; black: the same attack on the naive program";
  writeFileSync(join(folder, "attack.svg"), dumbbellsSvg(title, axis, dumbbellsOf(lines)));
}

function tableOf(lines: readonly FindingLine[]): string {
  const [first] = lines;
  const rows = lines.map(({ attack, variant, against, measure, figure, most, above, wanted, holds }) => {
    const verdict = !holds ? "**no**" : wanted !== undefined && figure > wanted ? `missed: ${figureText(wanted)}` : "";
    const bound =
      most !== undefined ? `at most ${figureText(most)}` : above !== undefined ? `above ${figureText(above)}` : "";
    return `| ${attack} | ${variant} | ${against} | ${measure.replaceAll("|", "\\|")} | ${figureText(figure)} | ${bound} | ${verdict} |`;
  });
  return [
    "# Attacks\n",
    ...(first === undefined
      ? []
      : [
          `\`BENCH=${first.scale} npm run -s bench -- attack --seed ${first.seed} --out FOLDER\` on ${first.machine}.\n`,
        ]),
    "| attack | on what | whose | measure | figure | bound | wanted |",
    "|---|---|---|---|---|---|---|",
    ...rows,
    "",
  ].join("\n");
}

/** Of each judged measure of an attack the worst figure of ours, and the best control. */
function dumbbellsOf(lines: readonly FindingLine[]): Dumbbell[] {
  const groups = Map.groupBy(lines, ({ attack, measure }) => `${attack}: ${measure}`);
  return [...groups].flatMap(([name, findings]) => {
    const wantedOf = ({ wanted, most = 0 }: FindingLine): number => wanted ?? most;
    const ours = findings.filter((line) => wantedOf(line) > 0);
    const [worst] = ours.toSorted((one, other) => other.figure / wantedOf(other) - one.figure / wantedOf(one));
    if (worst === undefined) return [];
    const controls = findings.filter(({ against }) => against === "control").map(({ figure }) => figure);
    const control = controls.length === 0 ? null : Math.max(...controls);
    const labels = [figureText(worst.figure), control === null ? "" : figureText(control)] as const;
    return [
      {
        name,
        found: worst.figure / wantedOf(worst),
        control: control === null ? null : control / wantedOf(worst),
        labels,
      },
    ];
  });
}

function figureText(figure: number): string {
  return Number.isInteger(figure) ? figure.toLocaleString("en") : String(Number(figure.toPrecision(3)));
}
