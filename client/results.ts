/**
 * Fetches and opens a party's package and names its hits by the party's own references.
 * A hit is a possible match, not evidence.
 */
import { stringify } from "csv-stringify/sync";
import { LinkageError } from "#engine/errors.ts";
import { profileDigest, type Profile } from "#engine/profile.ts";
import type { ReleasedBand } from "#engine/round/descriptor.ts";
import { openPackage, type Hit, type Package } from "#engine/round/package.ts";
import type { Connection } from "./http.ts";
import type { Vault } from "./vault.ts";

/** Said with every result. */
export const RESULT_NOTE = "possible match, not evidence";

export type ResultRow = {
  /** Own references of the records that the row stood for. */
  readonly refs: readonly string[];
  readonly counterpart: string;
  /** Id of the hit, the same at the counterpart. */
  readonly hit: string;
  readonly band: ReleasedBand;
  /** Ids of the rules that agreed, profile order. */
  readonly rules: readonly string[];
};

/**
 * Keeps the opened package in the vault, so that its hits can be explained later.
 *
 * @param profile - The round's.
 * @returns Most certain first, then by counterpart, then by first reference.
 * @throws {@link LinkageError} `package-unavailable` before release; `package-invalid` if the package is not for this party,
 * round and T1, or has a handle that the party never sent; `profile-mismatch`; `vault-invalid` if the vault does not know the round.
 */
export async function fetchResults(
  connection: Pick<Connection, "fetchPackage">,
  vault: Vault,
  round: string,
  profile: Profile,
): Promise<ResultRow[]> {
  const descriptor = vault.descriptor(round);
  const t1 = vault.transcript(round);
  if (descriptor === null || t1 === null)
    throw new LinkageError("vault-invalid", `this vault agreed on no keys in round ${round}`);
  if (descriptor.profile !== profileDigest(profile))
    throw new LinkageError("profile-mismatch", "the round was made under another profile");
  const sealed = await connection.fetchPackage(round, vault.identity.party);
  const opened = await openPackage(sealed, vault.identity);
  if (opened.round !== round || opened.t1 !== t1)
    throw new LinkageError("package-invalid", "the package is of another round");
  const rows = namedHits(vault, opened, profile);
  vault.keepPackage(opened);
  return rows;
}

/** @returns CSV (RFC 4180) with a header; several references of one row are separated by " | ", rules by spaces; formulas are escaped. */
export function resultsCsv(rows: readonly ResultRow[]): string {
  return stringify(
    rows.map((row) => [row.refs.join(" | "), row.counterpart, row.band, row.hit, row.rules.join(" "), RESULT_NOTE]),
    {
      header: true,
      columns: ["references", "counterpart", "band", "hit", "rules", "note"],
      escape_formulas: true,
      record_delimiter: "windows",
    },
  );
}

/** @returns JSON with the same rows, and the note once. */
export function resultsJson(round: string, rows: readonly ResultRow[]): string {
  return `${JSON.stringify({ note: RESULT_NOTE, round, hits: rows }, null, 2)}\n`;
}

function namedHits(vault: Vault, opened: Package, profile: Profile): ResultRow[] {
  const byCounterpart = Map.groupBy(opened.hits, (hit) => hit.counterpart);
  const rows: ResultRow[] = [];
  for (const [counterpart, hits] of byCounterpart) {
    if (!vault.holdsHandleMap(opened.round, counterpart))
      throw new LinkageError(
        "package-invalid",
        `the package has hits with ${counterpart}, for whom nothing was encoded`,
      );
    const wanted = new Set(hits.map((hit) => hit.handle));
    const references = vault.readHandleMap(opened.round, counterpart, wanted);
    for (const hit of hits) rows.push(namedHit(hit, references, profile));
  }
  const order: readonly string[] = ["high", "medium", "low"];
  return rows.sort(
    (a, b) =>
      order.indexOf(a.band) - order.indexOf(b.band) ||
      compareText(a.counterpart, b.counterpart) ||
      compareText(a.refs[0] as string, b.refs[0] as string) ||
      compareText(a.hit, b.hit),
  );
}

function namedHit(hit: Hit, references: ReadonlyMap<string, readonly string[]>, profile: Profile): ResultRow {
  const refs = references.get(hit.handle);
  if (refs === undefined)
    throw new LinkageError("package-invalid", `a hit with ${hit.counterpart} has a handle of no record that was sent`);
  const rules = profile.rules.filter((_, index) => ((hit.pattern >>> index) & 1) === 1).map((rule) => rule.id);
  if (profile.rules.length < 32 && hit.pattern >= 2 ** profile.rules.length)
    throw new LinkageError(
      "package-invalid",
      `a hit with ${hit.counterpart} names rules that the profile does not have`,
    );
  return { refs, counterpart: hit.counterpart, hit: hit.hit, band: hit.band, rules };
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
