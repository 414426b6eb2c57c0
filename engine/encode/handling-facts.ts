/**
 * What a record says of itself beside its facts: 4×4 codes, handling code and risk indicators; and what a row keeps of them.
 * A list has few different ones, so each is kept once.
 */
import type { PersonRecord } from "./person.ts";

/** Codes as in the person record; empty: not given. */
export type HandlingFacts = {
  readonly reliability: PersonRecord["source_reliability"];
  readonly accuracy: PersonRecord["information_accuracy"];
  readonly handling: PersonRecord["handling_code"];
  /** At most eight. */
  readonly riskIndicators: readonly string[];
};

const MAX_RISK_INDICATORS = 8;
const SEPARATOR = " ";
const NONE: HandlingFacts = { reliability: "", accuracy: "", handling: "", riskIndicators: [] };
/** Best first: a record that is better founded speaks for its row. */
const RELIABILITY: readonly string[] = ["A", "B", "C", "X", ""];
const ACCURACY: readonly string[] = ["1", "2", "3", "4", ""];
/** Strictest first. */
const HANDLING: readonly string[] = ["H3", "H2", "H1", "H0", ""];

/** @returns The record's codes in one text, which can go between threads. */
export function handlingTextOf(record: PersonRecord): string {
  const { source_reliability, information_accuracy, handling_code, risk_indicators } = record;
  return [source_reliability, information_accuracy, handling_code, ...risk_indicators].join(SEPARATOR);
}

/** Texts of {@link handlingTextOf}, each different one kept once, by number. */
export class HandlingTexts {
  readonly #facts: HandlingFacts[] = [];
  readonly #numbers = new Map<string, number>();

  /** @returns The text's number. */
  numberOf(text: string): number {
    const known = this.#numbers.get(text);
    if (known !== undefined) return known;
    const [reliability = "", accuracy = "", handling = "", ...riskIndicators] = text.split(SEPARATOR);
    // The text comes from a record that was checked.
    const codes = { reliability, accuracy, handling } as Omit<HandlingFacts, "riskIndicators">;
    this.#facts.push({ ...codes, riskIndicators });
    this.#numbers.set(text, this.#facts.length - 1);
    return this.#facts.length - 1;
  }

  /** @returns Of several records the best founded codes, the strictest handling code, and all risk indicators up to eight. */
  merged(numbers: readonly number[]): HandlingFacts {
    const facts = numbers.map((number) => this.#facts[number] ?? NONE);
    const [only] = facts;
    if (only !== undefined && facts.length === 1 && only.riskIndicators.length <= MAX_RISK_INDICATORS) return only;
    const first = <Code extends string>(order: readonly string[], codes: readonly Code[]): Code | "" =>
      codes.toSorted((one, other) => order.indexOf(one) - order.indexOf(other))[0] ?? "";
    return {
      reliability: first(
        RELIABILITY,
        facts.map((each) => each.reliability),
      ),
      accuracy: first(
        ACCURACY,
        facts.map((each) => each.accuracy),
      ),
      handling: first(
        HANDLING,
        facts.map((each) => each.handling),
      ),
      riskIndicators: [...new Set(facts.flatMap((each) => each.riskIndicators))].sort().slice(0, MAX_RISK_INDICATORS),
    };
  }
}
