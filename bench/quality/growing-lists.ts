/**
 * One pairing of fictional people at growing sizes, each list a file that is encoded as `aquila link` encodes a large one:
 * line by line, its cells in encrypted temporary files. No list is ever held as records.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { encodeListFile } from "#client/list.ts";
import { spillStore } from "#client/spill.ts";
import { writeList } from "#fixtures/list-files.ts";
import { generateTruth, type FixtureOptions } from "#fixtures/people.ts";
import type { Scale } from "../measurement.ts";
import { judgeLink, type JudgedLink } from "./blind.ts";
import { pairName } from "./sample.ts";

const [PARTY_A, PARTY_B] = ["RS", "BG"] as const;
const GROWING: Omit<FixtureOptions, "recordsPerParty"> = {
  seed: 9211,
  preset: "life",
  parties: [PARTY_A, PARTY_B],
  overlap: 0.1,
};
const JSON_LINES = { kind: "jsonl", encoding: "utf-8", delimiter: ",", headerMap: {} } as const;

/** Records of each list. */
export const GROWING_SIZES: Record<Scale, readonly number[]> = {
  smoke: [300, 600],
  usual: [3000, 30_000],
  full: [3000, 30_000, 300_000],
};

/** @returns Records of each list, and their link. */
export async function linkGrowing(recordsPerList: number): Promise<JudgedLink & { readonly recordsPerList: number }> {
  const options = { ...GROWING, recordsPerParty: recordsPerList };
  const folder = mkdtempSync(join(tmpdir(), "aquila-bench-lists-"));
  const stores = [spillStore(folder), spillStore(folder)] as const;
  try {
    const encode = async (party: string, at: 0 | 1) => {
      const path = join(folder, `${party}.jsonl`);
      await writeList(options, party, path);
      return (await encodeListFile(path, { format: JSON_LINES, strict: true, store: stores[at] })).list;
    };
    const listA = await encode(PARTY_A, 0);
    const listB = await encode(PARTY_B, 1);
    const name = `${PARTY_A}-${PARTY_B} seed ${options.seed} ${options.preset}`;
    return { ...judgeLink({ name, truth: truePairs(options) }, listA, listB), recordsPerList };
  } finally {
    for (const store of stores) store.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

function truePairs(options: FixtureOptions): ReadonlySet<string> {
  const truth = new Set<string>();
  for (const { refs } of generateTruth(options)) {
    for (const a of refs.filter(({ party }) => party === PARTY_A)) {
      for (const b of refs.filter(({ party }) => party === PARTY_B)) truth.add(pairName(a.rec_id, b.rec_id));
    }
  }
  return truth;
}
