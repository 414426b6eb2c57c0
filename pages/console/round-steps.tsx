/**
 * A party's steps through a round, in order, each with who is waited for.
 */
import type { RoundStanding } from "../../client/console/shapes.ts";
import { t } from "../kit/language.ts";

type Steps = RoundStanding["steps"];

export function RoundSteps({ steps }: { readonly steps: Steps }) {
  const current = steps.find(({ state }) => state === "ours" || state === "waiting");
  return (
    <ol class="steps" aria-label={t("steps")}>
      {steps.map((step) => (
        <li key={step.step} class={`step ${step.state}`} aria-current={step === current ? "step" : undefined}>
          <span class="step-mark" aria-hidden="true">
            {MARKS[step.state]}
          </span>
          <span class="step-name">{t(`step-${step.step}`)}</span>
          <span class="step-state small">{stateText(step)}</span>
        </li>
      ))}
    </ol>
  );
}

const MARKS = { done: "✓", ours: "▶", waiting: "…", later: "" } as const;

function stateText({ state, waitingFor }: Steps[number]): string {
  if (state !== "waiting" || waitingFor.length === 0) return t(`step-is-${state}`);
  return t("waiting-for", {
    whom: waitingFor.map((each) => (each === "operators" ? t("operators") : each)).join(", "),
  });
}
