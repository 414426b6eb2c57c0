/**
 * Bands, statuses and rounds' states as short words in a frame.
 */
import type { HitRow } from "../../client/console/shapes.ts";
import { t } from "../kit/language.ts";

export function BandChip({ band }: { readonly band: HitRow["band"] }) {
  return <span class={`chip ${band}`}>{t(`band-${band}`)}</span>;
}

export function StatusChip({ status }: { readonly status: HitRow["status"]["own"] }) {
  const tone = status === "confirmed" ? " good" : "";
  return <span class={`chip${tone}`}>{t(`status-${status ?? "none"}`)}</span>;
}
