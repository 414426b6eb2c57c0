/**
 * The party's own list beside its hits: what it is worth, and the records behind hits. It is read again when its file changes.
 */
import { statSync } from "node:fs";
import { basename } from "node:path";
import type { PersonRecord } from "#engine/encode/person.ts";
import { coverageOf } from "../coverage.ts";
import { findRecords } from "../list.ts";
import { withListFile, type ListFile } from "../list-file.ts";
import { faultOf } from "./fault.ts";
import type { Coverage, Fault } from "./shapes.ts";

/** Of hits; beyond, the list is read for each of them. */
const MOST_RECORDS_KEPT = 50_000;

const NO_COVERAGE: Coverage = {
  state: "none",
  fault: null,
  records: 0,
  refused: 0,
  refusals: [],
  rows: 0,
  thin: [],
  silenced: [],
  merged: [],
  silencing: [],
  missingFacts: [],
};

/** Null with a fault: the list cannot be read; without: none was named. */
export type ListedRecords = { readonly records: readonly PersonRecord[] | null; readonly fault: Fault | null };

type KeptRecords = {
  readonly mark: string;
  readonly refs: ReadonlySet<string>;
  readonly records: Promise<ReadonlyMap<string, PersonRecord>>;
};

export class OwnList {
  /** Null if no list was named. */
  readonly file: ListFile | null;
  readonly #onCoverage: (coverage: Coverage) => void;
  #coverage: { readonly mark: string; readonly value: Coverage } | null = null;
  #kept: KeptRecords | null = null;

  /** @param onCoverage - Told when a reading has ended. */
  constructor(file: ListFile | null, onCoverage: (coverage: Coverage) => void) {
    this.file = file;
    this.#onCoverage = onCoverage;
  }

  /** Name of the file, without its folder; null if no list was named. */
  get name(): string | null {
    return this.file === null ? null : basename(this.file.path);
  }

  /** @returns What is known by now; the first call, and the first after the file changed, begins a reading. */
  coverage(): Coverage {
    if (this.file === null) return NO_COVERAGE;
    const mark = markOf(this.file);
    if (this.#coverage === null || (this.#coverage.mark !== mark && this.#coverage.value.state !== "reading")) {
      this.#coverage = { mark, value: { ...NO_COVERAGE, state: "reading" } };
      void this.#readCoverage(this.file, mark);
    }
    return this.#coverage.value;
  }

  /**
   * @param refs - Of one hit.
   * @param refsOfHits - Of all hits: they are looked for in one reading.
   * @returns As the list has them now, in the order of `refs`; those that it has no more are left out.
   */
  async records(refs: readonly string[], refsOfHits: () => ReadonlySet<string>): Promise<ListedRecords> {
    if (this.file === null) return { records: null, fault: null };
    try {
      const kept = await this.#recordsOf(this.file, refs, refsOfHits).records;
      return { records: refs.flatMap((ref) => kept.get(ref) ?? []), fault: null };
    } catch (error) {
      // The hit itself is worth showing.
      return { records: null, fault: faultOf(error) };
    }
  }

  #recordsOf(file: ListFile, refs: readonly string[], refsOfHits: () => ReadonlySet<string>): KeptRecords {
    const mark = markOf(file);
    if (this.#kept?.mark === mark && refs.every((ref) => this.#kept?.refs.has(ref) === true)) return this.#kept;
    const all = refsOfHits();
    const isKept = all.size <= MOST_RECORDS_KEPT;
    const wanted = new Set(isKept ? [...all, ...refs] : refs);
    const records = findRecords(file.path, file.format, wanted).then(
      (found) => new Map(found.map((record) => [record.rec_id, record])),
    );
    const reading = { mark, refs: wanted, records };
    if (isKept) {
      this.#kept = reading;
      records.catch(() => {
        this.#kept = null;
      });
    }
    return reading;
  }

  async #readCoverage(file: ListFile, mark: string): Promise<void> {
    const value = await coverageWithin(file);
    this.#coverage = { mark, value };
    this.#onCoverage(value);
  }
}

async function coverageWithin(file: ListFile): Promise<Coverage> {
  try {
    return await withListFile(file, {}, async (result) => {
      const report = await coverageOf(file, result);
      const { records, refused, refusals, rows, thin, silenced, merged, silencing, missingFacts } = report;
      return {
        ...{ state: "ready" as const, fault: null, records, refused, refusals, rows },
        ...{ thin, silenced, merged, silencing, missingFacts },
      };
    });
  } catch (error) {
    return { ...NO_COVERAGE, state: "failed", fault: faultOf(error) };
  }
}

function markOf({ path }: ListFile): string {
  const found = statSync(path, { throwIfNoEntry: false });
  return found === undefined ? "missing" : `${found.mtimeMs} ${found.size}`;
}
