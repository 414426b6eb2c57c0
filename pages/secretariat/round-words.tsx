/**
 * A round's state, and whom it waits for, in words.
 */
import type { RoundDescriptor } from "#engine/round/descriptor.ts";
import type { RoundView } from "#engine/round/messages.ts";
import { formatMoment, t } from "../kit/language.ts";
import { lateness, OFFICERS, OPERATORS, type Wait } from "./waiting.ts";

export function StateChip({ view: { state, ending } }: { readonly view: Pick<RoundView, "state" | "ending"> }) {
  if (ending !== null) return <span class="chip high">{t(`office-ending-${ending.reason}`)}</span>;
  const tone = state === "reviewed" || state === "matching" ? "medium" : state === "released" ? "good" : "";
  return <span class={`chip ${tone}`}>{t(`office-state-${state}`)}</span>;
}

type WaitLineProps = { readonly wait: Wait; readonly deadlines: RoundDescriptor["deadlines"] };

export function WaitLine({ wait: { step, who, deadline }, deadlines }: WaitLineProps) {
  const until = deadlines[deadline];
  const late = lateness(until, Date.now());
  return (
    <p>
      {t(`office-wait-${step}`)}
      {who.length === 0 ? null : (
        <>
          {": "}
          <strong>{who.map(nameOf).join(", ")}</strong>
        </>
      )}{" "}
      <span class="small quiet">{t("office-until", { moment: formatMoment(until) })}</span>{" "}
      {late === "far" || step === "follow-up" ? null : (
        <span class={`chip ${late === "over" ? "high" : "medium"}`}>
          {t(late === "over" ? "office-late" : "office-soon")}
        </span>
      )}
    </p>
  );
}

function nameOf(who: string): string {
  if (who === OPERATORS) return t("office-operators");
  return who === OFFICERS ? t("office-officers") : who;
}

/** @returns A value of 43 characters in groups, so that two can be compared by eye. */
export function grouped(digest: string): string {
  return (digest.match(/.{1,8}/g) ?? []).join(" ");
}
