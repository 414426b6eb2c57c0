/**
 * The officer's sample: rows of a batch as it was submitted, opened and encoded anew from the list.
 * What is compared: the whole batch with what was sealed, its provenance commitment with the list's, and of each sampled row
 * its handle and keys in the batch with the vault's own cells, and these with the list. Which facts a key was made from nobody
 * can see any more once K_tag is destroyed; nor whether a cell without a fact is a filler. It trusts the machine that encoded.
 */
import { randomInt } from "node:crypto";
import { provenanceRoot } from "#engine/encode/encode-batch.ts";
import type { EncodedList } from "#engine/encode/list.ts";
import { readOwnCells } from "#engine/encode/own-cells.ts";
import { LinkageError } from "#engine/errors.ts";
import { expectedRowCount } from "#engine/round/descriptor.ts";
import { transcriptT2 } from "#engine/round/transcript.ts";
import type { HandleEntry } from "./handle-map.ts";
import { readSubmittedRows } from "./submitted-rows.ts";
import type { Vault } from "./vault.ts";

export type AuditSample = {
  /** Rows of the batch that stand for records. */
  readonly rows: number;
  readonly sampled: number;
  /** Whether the batch is the one of the receipt and, where the vault co-signed T2 itself, of the entry in T2. */
  readonly isSubmitted: boolean;
  /** First references of sampled rows that the list does not have, or that do not encode to what was sent. */
  readonly differing: readonly string[];
  /** Whether the batch's commitment is that of the list's provenance. */
  readonly isCommitted: boolean;
};

/**
 * @param list - The list that was encoded, encoded again.
 * @param share - Of rows that are sampled, more than 0 and at most 1; at least one row is.
 * @throws {@link LinkageError} `round-state` if the vault holds no batch for `counterpart`; `vault-invalid` if its own cells are gone; `batch-malformed` or
 * `batch-truncated` if the batch is none any more.
 */
export function sampleBatch(
  vault: Vault,
  round: string,
  counterpart: string,
  list: EncodedList,
  share: number,
): AuditSample {
  const descriptor = vault.descriptor(round);
  if (descriptor === null || !vault.holdsHandleMap(round, counterpart))
    throw new LinkageError("round-state", `the vault holds no batch for ${counterpart} in round ${round}`);
  const entries = [...vault.readHandleMap(round, counterpart).values()];
  const sample = drawn(entries, Math.max(1, Math.ceil(entries.length * share)));
  const sampledRows = new Set(sample.map(({ row }) => row));
  const submitted = readSubmittedRows(vault.readBatch(round, counterpart), list.profile, sampledRows);
  const cells = readOwnCells(vault.ownCells(round, counterpart), sampledRows);
  const listRows = new Map(Array.from(list.rows, ({ refs }, row) => [refs[0], row] as const));
  const known = cellsByRow(
    list,
    new Set(
      sample.flatMap(({ refs: [first] }) => {
        const row = listRows.get(first ?? "");
        return row === undefined ? [] : [row];
      }),
    ),
  );
  const differing = sample.filter((entry) => {
    const row = listRows.get(entry.refs[0] ?? "");
    const own = cells.get(entry.row) ?? [];
    const sent = submitted.rows.get(entry.row);
    if (sent?.handle !== entry.handle || own.some(({ rule, upper }) => sent.uppers[rule]?.has(upper) !== true))
      return true;
    const encoded = row === undefined ? undefined : known.get(row);
    return encoded === undefined ? row === undefined || own.length > 0 : own.some((cell) => !encoded.has(nameOf(cell)));
  });
  return {
    rows: entries.length,
    sampled: sample.length,
    differing: differing.map(({ refs }) => refs[0] ?? ""),
    isCommitted: submitted.header.provenanceRoot === rootOf(vault, round, counterpart, list, entries, listRows),
    isSubmitted: isSubmitted(vault, round, counterpart, submitted.digest),
  };
}

function isSubmitted(vault: Vault, round: string, counterpart: string, digest: string): boolean {
  if (vault.receipt(round, counterpart)?.digest !== digest) return false;
  const sealed = vault.sealedBatches(round);
  const [t1, t2] = [vault.transcript(round), vault.seal(round)];
  if (sealed === null || t1 === null || t2 === null) return true;
  const { party } = vault.identity;
  const own = sealed.find(({ from, to }) => from === party && to === counterpart);
  return own?.digest === digest && transcriptT2(t1, sealed) === t2;
}

/** @returns The commitment that the batch must have; none if a row of it is not in the list. */
function rootOf(
  vault: Vault,
  round: string,
  counterpart: string,
  list: EncodedList,
  entries: readonly HandleEntry[],
  listRows: ReadonlyMap<string | undefined, number>,
): string | null {
  const descriptor = vault.descriptor(round);
  if (descriptor === null || entries.length !== list.rows.length) return null;
  const rowCount = expectedRowCount(descriptor, vault.identity.party);
  const place = new Uint32Array(rowCount);
  const isTaken = new Uint8Array(rowCount);
  for (const { refs, row } of entries) {
    const listRow = listRows.get(refs[0]);
    if (listRow === undefined) return null;
    place[listRow] = row;
    isTaken[row] = 1;
  }
  // Decoys and fillers commit to nothing, so it does not matter which of them is where.
  let free = 0;
  for (let row = list.rows.length; row < rowCount; row++) {
    while (isTaken[free] === 1) free++;
    place[row] = free++;
  }
  return provenanceRoot(list, place, { provenanceSeed: vault.provenanceSeed(round), to: counterpart });
}

/** @returns Names of the cells of these rows of the list, by row. */
function cellsByRow(list: EncodedList, wanted: ReadonlySet<number>): Map<number, Set<string>> {
  const found = new Map<number, Set<string>>();
  list.profile.rules.forEach((_, rule) => {
    const { owner, digests } = list.cells.read(rule);
    owner.forEach((row, at) => {
      if (!wanted.has(row)) return;
      const names = found.get(row) ?? new Set<string>();
      names.add(nameOf({ rule, digest: digests.subarray(at * DIGEST_BYTES, (at + 1) * DIGEST_BYTES) }));
      found.set(row, names);
    });
  });
  return found;
}

const DIGEST_BYTES = 16;

/** The last bit of d says which side of a rule between two coverages a row was on: it is left aside. */
function nameOf({ rule, digest }: { readonly rule: number; readonly digest: Uint8Array }): string {
  const bytes = Buffer.from(digest);
  bytes[DIGEST_BYTES - 1] = (bytes[DIGEST_BYTES - 1] ?? 0) & 0xfe;
  return `${rule} ${bytes.toString("base64url")}`;
}

/** Without replacement, from the system's generator: nobody can know beforehand which rows are looked at. */
function drawn(entries: readonly HandleEntry[], count: number): HandleEntry[] {
  const rest = [...entries];
  return Array.from({ length: Math.min(count, rest.length) }, () => {
    const [taken] = rest.splice(randomInt(rest.length), 1);
    if (taken === undefined) throw new RangeError("drawn: nothing is left");
    return taken;
  });
}
