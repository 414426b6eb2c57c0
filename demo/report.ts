/**
 * What the demonstration prints.
 */
import { basename } from "node:path";
import type { SearchedPlace, PlantedResult } from "./blindness.ts";
import type { HeldRow } from "./held-data.ts";
import type { FactKind } from "./needle-index.ts";
import { decimal, megabytes, printTable, printText, printTitle, share, wholeNumber } from "./printing.ts";
import { RELEASED_BANDS, qualityByBand, type SharedHit } from "./quality.ts";

/** One line of the table of stages. */
export type Stage = {
  readonly name: string;
  /** Time of the threads that did the work, added up, unless it says otherwise. */
  readonly seconds: number;
  readonly amount: number;
  readonly unit: "records" | "keys" | "MB" | "hits" | "requests";
};

const MAX_LEAKS_SHOWN = 20;
const KEYS_IN_A_LINE = 4;

/** Hits by pair of parties: *high* above the diagonal, *medium* and *low* below it. */
export function printHits(parties: readonly string[], hits: readonly SharedHit[]): void {
  printTitle("Hits by pair of parties: high above the diagonal, medium + low below it");
  const count = (a: string, b: string, bands: readonly string[]): number =>
    hits.filter((hit) => hit.parties[0] === a && hit.parties[1] === b && bands.includes(hit.band)).length;
  const cell = (row: string, column: string): string => {
    if (row === column) return "·";
    if (row < column) return String(count(row, column, ["high"]));
    return `${count(column, row, ["medium"])}+${count(column, row, ["low"])}`;
  };
  printTable([["", ...parties], ...parties.map((row) => [row, ...parties.map((column) => cell(row, column))])]);
}

export function printQuality(hits: readonly SharedHit[], truth: ReadonlySet<string>): void {
  printTitle("Against the truth");
  const rows = qualityByBand(hits, truth).map((quality, at) => [
    RELEASED_BANDS.slice(0, at + 1).join(" + "),
    wholeNumber(hits.filter(({ band }) => band === quality.downTo).length),
    wholeNumber(quality.hits),
    wholeNumber(quality.trueHits),
    share(quality.trueHits, quality.hits),
    share(quality.foundPairs, truth.size),
  ]);
  printTable([["band", "hits in it", "hits down to it", "of these true", "precision", "recall"], ...rows]);
  printText(
    `${wholeNumber(truth.size)} pairs of records of one person in two lists are to be found. The lists' errors have the rates of ` +
      "published lists (fixtures, preset life).",
  );
}

/** @param slots - K, keys of a row. */
export function printStages(stages: readonly Stage[], threadCount: number, slots: number): void {
  printTitle("Rates");
  printTable([
    ["stage", "seconds", "amount", "a second"],
    ...stages.map(({ name, seconds, amount, unit }) => [
      name,
      seconds.toFixed(2),
      `${wholeNumber(amount)} ${unit}`,
      `${amount / seconds < 100 ? decimal(amount / seconds) : wholeNumber(amount / seconds)} ${unit}`,
    ]),
  ]);
  printText(
    `Seconds are those of the parties' ${threadCount} threads added up, and of the clock where it says so. ` +
      `A row has ${slots} keys, fillers included.`,
  );
}

/** @returns Leaks found. */
export function printPlaces(places: readonly SearchedPlace[]): number {
  printTable([
    ["where", "searched", "controls", "set aside", "leaks"],
    ...places.map(({ name, searchedBytes, controls, setAside, leaks }) => [
      name,
      megabytes(searchedBytes),
      wholeNumber(controls),
      wholeNumber(setAside),
      wholeNumber(leaks.length),
    ]),
  ]);
  const leaks = places.flatMap((place) => place.leaks.map((leak) => ({ ...leak, name: place.name })));
  for (const { name, kind, form, encoding, path, offset } of leaks.slice(0, MAX_LEAKS_SHOWN))
    console.log(`LEAK  ${name}: ${kind}, ${form}, ${encoding}, at ${offset} of ${basename(path)}`);
  if (leaks.length > MAX_LEAKS_SHOWN) console.log(`… and ${wholeNumber(leaks.length - MAX_LEAKS_SHOWN)} more`);
  return leaks.length;
}

export function printPlanted(results: readonly PlantedResult[]): void {
  for (const { name, planted, found } of results)
    console.log(`planted in a ${name}: ${planted} ${planted === 1 ? "leak" : "leaks"}, found ${found}`);
}

/**
 * What the search does not say.
 *
 * @param knownBefore - Kinds of the texts that stood in the server's program before any party had sent anything.
 */
export function printBounds(isMemoryRead: boolean, knownBefore: readonly FactKind[]): void {
  const kinds = [...Map.groupBy(knownBefore, (kind) => kind)].map(([kind, texts]) => `${kind}: ${texts.length}`);
  const texts = `${knownBefore.length} ${knownBefore.length === 1 ? "text" : "texts"} (${kinds.join(", ")})`;
  const known = kinds.length === 0 ? "No text" : texts;
  printText(
    `A heap snapshot holds the main thread's objects and strings, not the bytes of array buffers nor the workers' heaps${
      isMemoryRead
        ? "; the memory of the whole process, read through /proc while batches were open in it, holds both."
        : ", and this system does not let the process's memory be read."
    } ${known} stood in the server's program by chance before any party had sent anything, as a date in a comment or a ` +
      "short name across two words may; in snapshot and memory such texts are set aside. Texts under eight bytes are not searched; a text of digits alone counts " +
      "only where its run of digits ends with it. The search shows that nothing leaked in these forms, not that keys cannot " +
      "be guessed.",
  );
}

/** @param ref - What the row is to the party that sent it, and to nobody else. */
export function printHeldRow(row: HeldRow, from: string, to: string, ref: string): void {
  printTitle(`All that the secretariat held of one row of the batch from ${from} for ${to}`);
  console.log(`handle          ${row.handle}`);
  console.log(`coverage class  ${row.coverageClass}`);
  const width = Math.max(...row.cells.map(({ rule }) => rule.length));
  for (const { rule, keys } of row.cells) {
    for (let at = 0; at < keys.length; at += KEYS_IN_A_LINE) {
      const label = at === 0 ? rule : "";
      console.log(`${label.padEnd(width)}  ${keys.slice(at, at + KEYS_IN_A_LINE).join("  ")}`);
    }
  }
  printText(
    `Which of these keys are random fillers cannot be told from the batch. That the row is record ${ref} stands in the vault ` +
      `of ${from} and nowhere else; under each of its other pairings the record has another handle, other keys, another place.`,
  );
}
