/**
 * Switches the desktop alerts, and says when the browser does not allow them.
 */
import { t } from "../kit/language.ts";
import { alerts, switchAlerts } from "./alerts.ts";

export function AlertSwitch() {
  if (alerts.value === "unknown-here") return null;
  return (
    <button
      type="button"
      aria-pressed={alerts.value === "on"}
      disabled={alerts.value === "refused"}
      onClick={() => void switchAlerts()}
    >
      {t(`alerts-${alerts.value}`)}
    </button>
  );
}
