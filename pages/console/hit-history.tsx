/**
 * What happened to a hit, oldest first.
 */
import type { HitEvent } from "../../client/console/shapes.ts";
import { formatMoment, t } from "../kit/language.ts";
import { ownParty } from "./session.ts";

type HitHistoryProps = { readonly history: readonly HitEvent[]; readonly counterpart: string };

export function HitHistory({ history, counterpart }: HitHistoryProps) {
  return (
    <section class="sheet stack" aria-labelledby="history-title">
      <h2 id="history-title">{t("history")}</h2>
      <ol class="history">
        {history.map((event, at) => (
          <li key={at}>
            <time dateTime={event.at} class="quiet small">
              {formatMoment(event.at)}
            </time>
            <span>{eventText(event, counterpart)}</span>
          </li>
        ))}
      </ol>
    </section>
  );
}

function eventText({ kind, status }: HitEvent, counterpart: string): string {
  const said = t(`status-${status ?? "none"}`);
  switch (kind) {
    case "opened":
      return t("event-opened");
    case "answered":
      return t("event-answered", { party: counterpart });
    case "own-status":
      return `${ownParty()}: ${said}`;
    case "their-status":
      return `${counterpart}: ${said}`;
  }
}
