/**
 * Bench `attack`: what the secretariat stores and computes, attacked; docs/attacks.md says who knows what, and what was found.
 * `npm run -s bench -- attack [NAME…] [--json] [--seed N] [--out FOLDER]`: all attacks, or those named. Exits with 1 if one
 * finds more than it may, or does not succeed on its control. With --out, the lines go to attack.jsonl there, and a table
 * and a picture beside it.
 */
import { parseArgs } from "node:util";
import { bridging } from "./attack/bridging.ts";
import { counting } from "./attack/counting.ts";
import { dictionary } from "./attack/dictionary.ts";
import { holds, type Attack } from "./attack/finding.ts";
import { fishing } from "./attack/fishing.ts";
import { frequency } from "./attack/frequency.ts";
import { joined } from "./attack/joined.ts";
import { leaks } from "./attack/leaks.ts";
import { linking } from "./attack/linking.ts";
import { oneBatch } from "./attack/one-batch.ts";
import { writeReport, type FindingLine } from "./attack/report.ts";
import { similarity } from "./attack/similarity.ts";
import { simulator } from "./attack/simulator.ts";
import { timing } from "./attack/timing.ts";
import { machine, wantedScale, WrongUsage } from "./measurement.ts";

export const ATTACKS: readonly Attack[] = [
  oneBatch,
  joined,
  bridging,
  linking,
  frequency,
  similarity,
  dictionary,
  simulator,
  counting,
  fishing,
  leaks,
  timing,
];

const DEFAULT_SEED = 20_26;

/**
 * @param args - After the bench's name.
 * @returns Exit code: 0 all as it may be, 1 otherwise.
 */
export async function attack(args: readonly string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args: [...args],
    options: {
      json: { type: "boolean", default: false },
      seed: { type: "string", default: String(DEFAULT_SEED) },
      out: { type: "string" },
    },
    allowPositionals: true,
  });
  const seed = Number(values.seed);
  if (!Number.isInteger(seed) || seed < 0 || seed > 0xffff_ffff)
    throw new WrongUsage("--seed is a whole number below 2^32");
  const unknown = positionals.find((name) => !ATTACKS.some((known) => known.name === name));
  if (unknown !== undefined)
    throw new WrongUsage(`there is no attack ${unknown}: ${ATTACKS.map(({ name }) => name).join(", ")}`);
  const scale = wantedScale();
  const lines: FindingLine[] = [];
  for (const { name, run } of ATTACKS) {
    if (positionals.length > 0 && !positionals.includes(name)) continue;
    for await (const finding of run(scale, seed)) {
      const known = { bench: "attack", attack: name, scale, seed, machine: machine() } as const;
      const line = { ...known, ...finding, holds: holds(finding) };
      lines.push(line);
      console.log(values.json ? JSON.stringify(line) : rowOf(line));
    }
  }
  if (values.out !== undefined) writeReport(values.out, lines);
  const failed = lines.filter((line) => !line.holds).length;
  if (failed > 0) console.error(`${failed} of ${lines.length} findings are not as they may be`);
  return failed === 0 ? 0 : 1;
}

function rowOf(line: FindingLine): string {
  const { attack: name, variant, against, measure, figure, most, above, wanted, holds: isHeld } = line;
  const missed = wanted !== undefined && figure > wanted ? ` MISSED: ${wanted} is wanted` : "";
  const bound = most === undefined ? (above === undefined ? "" : ` (above ${above})`) : ` (at most ${most})`;
  return `${isHeld ? "holds" : "FAILS"}  ${name}, ${variant}, ${against}: ${measure} ${figure.toPrecision(3)}${bound}${missed}`;
}
