/**
 * Light or dark: as the system has it until somebody chooses.
 */
import { signal } from "@preact/signals";

export type Theme = "system" | "light" | "dark";
const KEPT_AS = "aquila-theme";

export const theme = signal<Theme>("system");

export function startTheme(): void {
  const kept = localStorage.getItem(KEPT_AS);
  chooseTheme(kept === "light" || kept === "dark" ? kept : "system");
}

export function chooseTheme(chosen: Theme): void {
  theme.value = chosen;
  if (chosen === "system") delete document.documentElement.dataset["theme"];
  else document.documentElement.dataset["theme"] = chosen;
  localStorage.setItem(KEPT_AS, chosen);
}
