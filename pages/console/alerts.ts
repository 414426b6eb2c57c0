/**
 * Alerts on the analyst's desktop, once the analyst asks for them. They say that there is something, never what:
 * the system shows and keeps them outside the console. Notifications API (WHATWG).
 */
import { signal } from "@preact/signals";
import { t } from "../kit/language.ts";

/** `refused`: by the browser, which asks no second time. */
export const alerts = signal<"off" | "on" | "refused" | "unknown-here">(
  "Notification" in globalThis ? "off" : "unknown-here",
);

export async function switchAlerts(): Promise<void> {
  if (alerts.value === "on") alerts.value = "off";
  else alerts.value = (await Notification.requestPermission()) === "granted" ? "on" : "refused";
}

export function alertOfNewHit(): void {
  if (alerts.value !== "on") return;
  // One tag: of many hits at once one alert stays.
  const alert = new Notification("Aquila", { body: t("new-possible-match"), tag: "aquila-hit" });
  alert.onclick = () => {
    window.focus();
    alert.close();
  };
}
