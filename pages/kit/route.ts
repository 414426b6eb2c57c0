/**
 * The page that is shown, by the address's fragment: `#/hits/ID` is [`hits`, `ID`]. No server sees a fragment.
 */
import { signal } from "@preact/signals";

/** Parts of the address after `#/`; empty at the start. */
export const route = signal<readonly string[]>([]);

/** How many pages were shown before this one; the first does not take the focus. */
export const visits = signal(0);

export function startRoutes(): void {
  route.value = partsOf(location.hash);
  addEventListener("hashchange", () => {
    visits.value++;
    route.value = partsOf(location.hash);
  });
}

export function go(...parts: readonly string[]): void {
  location.hash = addressOf(...parts);
}

/** @returns For a link's `href`. */
export function addressOf(...parts: readonly string[]): string {
  return `#/${parts.map(encodeURIComponent).join("/")}`;
}

/**
 * Takes a secret such as `#t=…` out of the address bar and out of the history.
 *
 * @returns Null when there is none.
 */
export function takeFromAddress(name: string): string | null {
  const found = new URLSearchParams(location.hash.slice(1)).get(name);
  if (found === null) return null;
  history.replaceState(null, "", location.pathname);
  return found;
}

function partsOf(hash: string): readonly string[] {
  if (!hash.startsWith("#/")) return [];
  try {
    return hash.slice(2).split("/").map(decodeURIComponent);
  } catch {
    return [];
  }
}
