/**
 * The person record: what a party may hold of one person, as read from JSONL or CSV. docs/spec/person.md
 */
import { z } from "zod";
import { LinkageError } from "../errors.ts";

const MAX_TEXT = 200;
const Text = z.string().max(MAX_TEXT).default("");
const Texts = z.array(z.string().max(MAX_TEXT)).max(50).default([]);
const code = <const T extends readonly string[]>(values: T) => z.enum(["", ...values]).default("");

/** Data-subject categories of Directive (EU) 2016/680 Art. 6. */
export const CATEGORIES = ["suspect", "convicted", "contact", "victim", "witness", "other"] as const;

/** Names and dates are as the party wrote them; empty means that the party does not know. */
export const PersonRecord = z.strictObject({
  rec_id: z.string().min(1).max(100),
  party: Text,
  family_name: Text,
  given_name: Text,
  patronymic: Text,
  aliases: Texts,
  sex: code(["M", "F", "X"]),
  nationality: Text,
  nationalities: Texts,
  birth_place: Text,
  dob: Text,
  dob_quality: code(["exact", "approx", "range"]),
  dob_to: Text,
  dob_alternatives: Texts,
  doc_number: Text,
  documents: Texts,
  phone: Text,
  phones: Texts,
  online_ids: Texts,
  address: Text,
  address_street: Text,
  address_postcode: Text,
  address_locality: Text,
  source_reliability: code(["A", "B", "C", "X"]),
  information_accuracy: code(["1", "2", "3", "4"]),
  handling_code: code(["H0", "H1", "H2", "H3"]),
  category: code(CATEGORIES),
  /** Codes, so that a notice can carry them. */
  risk_indicators: z
    .array(z.string().regex(/^[A-Za-z0-9._-]{1,32}$/))
    .max(50)
    .default([]),
  origin_ref: Text,
  case_ref: Text,
  legal_basis: Text,
});
export type PersonRecord = z.infer<typeof PersonRecord>;
export type PersonField = keyof PersonRecord;

export const PERSON_FIELDS = Object.keys(PersonRecord.shape) as readonly PersonField[];

/** Fields that hold several values; in CSV they are separated by `|`. */
export const LIST_FIELDS: ReadonlySet<string> = new Set<PersonField>([
  "aliases",
  "nationalities",
  "dob_alternatives",
  "documents",
  "phones",
  "online_ids",
  "risk_indicators",
]);

/**
 * @param value - One parsed line; numbers are taken as their decimal text, null as empty.
 * @param line - Line number for the refusal.
 * @throws {@link LinkageError} `record-invalid` naming line, field and reason, never a value.
 */
export function parsePerson(value: unknown, line: number): PersonRecord {
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw new LinkageError("record-invalid", `line ${line}: a record is a JSON object`);
  const parsed = PersonRecord.safeParse(Object.fromEntries(Object.entries(value).map(withoutNull)));
  if (!parsed.success) throw new LinkageError("record-invalid", describeIssue(parsed.error, line));
  return checkDates(parsed.data, line);
}

/** A date of birth as far as it is known; parts that are not known are absent. */
export type PartialDate = {
  readonly year: number;
  readonly month?: number;
  readonly day?: number;
  /** The year is an estimate. */
  readonly approximate?: true;
};

const DATE_FORMS = [
  /^(?<year>\d{4})(?:-(?<month>\d{2})(?:-(?<day>\d{2}))?)?$/,
  /^(?<year>\d{4})(?<month>\d{2})(?<day>\d{2})$/,
  /^(?<day>\d{1,2})[./](?<month>\d{1,2})[./](?<year>\d{4})\.?$/,
];

/**
 * Reads `YYYY-MM-DD`, `YYYY-MM`, `YYYY`, `YYYYMMDD`, and, day first, `DD.MM.YYYY` or `DD/MM/YYYY`.
 * A month or day of 00 is not known. A month over 12 with a day up to 12 is the two swapped; any other part that no
 * calendar has is not known either.
 *
 * @returns undefined when `text` is none of these forms or the year is outside 1850 to 2100.
 */
export function parseDate(text: string): PartialDate | undefined {
  for (const form of DATE_FORMS) {
    const parts = form.exec(text.trim())?.groups;
    if (parts === undefined) continue;
    const year = Number(parts["year"]);
    const written = [Number(parts["month"] ?? 0), Number(parts["day"] ?? 0)] as const;
    const [month, day] = written[0] > 12 && written[1] > 0 && written[1] <= 12 ? [written[1], written[0]] : written;
    if (year < 1850 || year > 2100) return undefined;
    if (month === 0 || month > 12) return { year };
    return day === 0 || day > daysIn(year, month) ? { year, month } : { year, month, day };
  }
  return undefined;
}

function daysIn(year: number, month: number): number {
  if (month === 2) return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0) ? 29 : 28;
  return [4, 6, 9, 11].includes(month) ? 30 : 31;
}

/** Words that stand for a missing value. */
const PLACEHOLDER =
  /^(?:unknown|unbekannt|nepoznato?|непознато?|неизвест\S*|necunoscut|ismeretlen|n\/?a|null|none|-+|\?+|x+)$/iu;

/** @returns Whether the text says that nothing is known. */
export function isPlaceholder(text: string): boolean {
  const trimmed = text.trim();
  return trimmed === "" || PLACEHOLDER.test(trimmed);
}

function checkDates(record: PersonRecord, line: number): PersonRecord {
  const dates: [PersonField, string][] = [
    ["dob", record.dob],
    ["dob_to", record.dob_to],
    ...record.dob_alternatives.map((text): [PersonField, string] => ["dob_alternatives", text]),
  ];
  for (const [field, text] of dates) {
    if (!isPlaceholder(text) && parseDate(text) === undefined)
      throw new LinkageError(
        "record-invalid",
        `line ${line}: ${field}: not a date (write YYYY-MM-DD, YYYY-MM or YYYY)`,
      );
  }
  return record;
}

function withoutNull([field, value]: [string, unknown]): [string, unknown] {
  if (value === null) return [field, LIST_FIELDS.has(field) ? [] : ""];
  return [field, typeof value === "number" ? String(value) : value];
}

function describeIssue(error: z.ZodError, line: number): string {
  const issue = error.issues[0];
  if (issue?.code === "unrecognized_keys") {
    const named = issue.keys.filter((key) => /^[A-Za-z][\w ]{0,39}$/.test(key)).join(", ");
    return `line ${line}: unknown field ${named || "(unreadable name)"}`;
  }
  const reasons: Record<string, string> = {
    too_big: `longer than allowed (${MAX_TEXT} characters, 50 values)`,
    too_small: "missing or empty",
    invalid_type: "of the wrong type or missing",
    invalid_value: "not one of the admitted codes",
  };
  return `line ${line}: ${issue?.path.join(".") ?? "record"}: ${reasons[issue?.code ?? ""] ?? "invalid"}`;
}
