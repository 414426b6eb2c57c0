/**
 * The hunt's search: which secrets stand in which places, whatever the writing.
 */
import { filesHaystack } from "../../../demo/haystack.ts";
import { foldForSearch, indexNeedles, needleText, type NeedleIndex } from "../../../demo/needle-index.ts";
import { openSearchPool } from "../../../demo/search-pool.ts";
import { isShown, type Secret, type Shown, type Ward } from "./planted.ts";

/** Files and folders that are searched under one name. */
export type Place = {
  readonly name: string;
  readonly paths: readonly string[];
  /** Whose secrets may not stand there. */
  readonly forbidden: readonly Ward[];
  /** What may stand there all the same. */
  readonly shown?: Shown;
  /** Holds the server's program too, in which a date may stand by chance. */
  readonly isProcess?: boolean;
};

export type Hunted = {
  /** Secrets by place in which one of their writings stands; a secret in no place is in none. */
  readonly found: ReadonlyMap<string, ReadonlySet<Secret>>;
  /** Secrets that stand where they may be shown, by place: a place that shows none was not filled. */
  readonly shown: ReadonlyMap<string, ReadonlySet<Secret>>;
  readonly searchedBytes: number;
  /** Secrets of which a writing stood in the program before any party had sent anything; that writing does not count in a process. */
  readonly setAside: number;
  /** Times that the control was found. */
  readonly controls: number;
};

const THREADS = 2;

/**
 * @param control - Text that stands in some place, so that a search which does not find it is blind.
 * @param program - Memory and heap snapshot of a server to which no party has sent anything.
 */
export async function hunt(
  secrets: readonly Secret[],
  control: string,
  places: readonly Place[],
  program: readonly string[],
): Promise<Hunted> {
  const owners = new Map<string, Secret>();
  for (const secret of secrets)
    for (const text of secret.writings)
      for (const form of [text, foldForSearch(text)]) if (!owners.has(form)) owners.set(form, secret);
  const index = indexNeedles([
    { kind: "control" as const, text: control },
    ...secrets.flatMap(({ kind, writings }) => writings.map((text) => ({ kind, text }))),
  ]);
  const pool = openSearchPool(index, THREADS);
  try {
    const before = new Set((await pool.search(filesHaystack("program", program))).leaks.map(({ needle }) => needle));
    const results = await Promise.all(places.map(({ name, paths }) => pool.search(filesHaystack(name, paths))));
    let controls = 0;
    const [found, allShown] = [new Map<string, Set<Secret>>(), new Map<string, Set<Secret>>()];
    places.forEach(({ name, forbidden, shown, isProcess = false }, at) => {
      for (const { needle, kind } of results[at]?.leaks ?? []) {
        if (kind === "control") controls++;
        const secret = owners.get(needleText(index, needle).units);
        if (secret === undefined || !forbidden.includes(secret.ward) || (isProcess && before.has(needle))) continue;
        const kept = shown !== undefined && isShown(secret, shown) ? allShown : found;
        kept.set(name, (kept.get(name) ?? new Set()).add(secret));
      }
    });
    return {
      found,
      shown: allShown,
      searchedBytes: results.reduce((sum, { searchedBytes }) => sum + searchedBytes, 0),
      setAside: ownersOf(index, before, owners).size,
      controls,
    };
  } finally {
    await pool.close();
  }
}

/** @returns How many secrets of a place, of all places together when none is named. */
export function countFound({ found }: Pick<Hunted, "found">): number {
  return new Set([...found.values()].flatMap((secrets) => [...secrets])).size;
}

/** @returns How many of which kind stand where, for a finding's further figures. */
export function foundByPlace({ found }: Pick<Hunted, "found">): Record<string, number> {
  return Object.fromEntries(
    [...found].flatMap(([place, secrets]) =>
      [...Map.groupBy(secrets, ({ kind }) => kind)].map(([kind, some]) => [`${kind} in ${place}`, some.length]),
    ),
  );
}

function ownersOf(index: NeedleIndex, needles: ReadonlySet<number>, owners: ReadonlyMap<string, Secret>): Set<Secret> {
  const found = new Set<Secret>();
  for (const needle of needles) {
    const secret = owners.get(needleText(index, needle).units);
    if (secret !== undefined) found.add(secret);
  }
  return found;
}
