/**
 * Keeps the page up with the console: `GET /api/events`, and everything anew after a lost stream. docs/spec/console.md
 */
import type { ConsoleEvents } from "../../client/console/shapes.ts";
import { follow, type StreamEvent } from "../kit/events.ts";
import { t } from "../kit/language.ts";
import { tell } from "../kit/live.tsx";
import { alertOfNewHit } from "./alerts.ts";
import { loadHits, takeHits } from "./hits.ts";
import { askConsole, consoleView } from "./session.ts";
import { loadCoverage, loadRounds, takeCoverage, takeRound } from "./standings.ts";

/** @returns Ends it. */
export function followConsole(): () => void {
  const end = follow({
    open: (signal) => askConsole("api/events", { headers: { accept: "text/event-stream" }, signal }),
    onEvent: takeEvent,
    onReopened: loadAll,
    onRefused: (refusal) => {
      consoleView.value = { state: "failed", refusal };
    },
  });
  loadAll();
  return end;
}

function loadAll(): void {
  void loadHits();
  void loadRounds();
  void loadCoverage();
}

function takeEvent(event: StreamEvent): void {
  if (isEvent(event, "hits")) {
    const count = takeHits(event.data);
    if (count === 0) return;
    tell("news", t("count-new-matches", { count }));
    alertOfNewHit();
  } else if (isEvent(event, "round")) takeRound(event.data);
  else if (isEvent(event, "coverage")) takeCoverage(event.data);
}

/** The console is the page's own server: an event of a name has that name's shape. */
function isEvent<Name extends keyof ConsoleEvents>(
  event: StreamEvent,
  name: Name,
): event is { readonly name: Name; readonly data: ConsoleEvents[Name] } {
  return event.name === name;
}
