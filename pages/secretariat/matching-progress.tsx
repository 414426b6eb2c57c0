/**
 * How a matching goes, live: stage, bytes and pairings, and how many of each in a second.
 */
import { useEffect, useState } from "preact/hooks";
import type { Progress as MatchProgress } from "#engine/round/messages.ts";
import { follow } from "../kit/events.ts";
import { formatNumber, t } from "../kit/language.ts";
import { Progress } from "../kit/meters.tsx";
import { useSession } from "./session.ts";

/** What was told, and when, milliseconds. */
type Told = { readonly at: number; readonly progress: MatchProgress };
type Speed = { readonly first: Told; readonly last: Told };

const STAGES = ["reading", "joining", "scoring", "sealing", "done"] as const;

type MatchingProgressProps = {
  readonly round: string;
  readonly first: MatchProgress;
  readonly onEnd: () => Promise<void>;
};

export function MatchingProgress({ round, first, onEnd }: MatchingProgressProps) {
  const { ask } = useSession();
  const [{ first: start, last }, setSpeed] = useState<Speed>(() => {
    const told = { at: performance.now(), progress: first };
    return { first: told, last: told };
  });
  useEffect(() => {
    const end = follow({
      open: (signal) => ask(`/v1/rounds/${encodeURIComponent(round)}/progress/events`, { signal }),
      onEvent: ({ name, data }) => {
        if (name !== "progress") return;
        const told = { at: performance.now(), progress: data as MatchProgress };
        setSpeed((before) => ({ ...before, last: told }));
        if (told.progress.stage !== "done" && told.progress.stage !== "idle") return;
        end();
        void onEnd();
      },
      onReopened: () => undefined,
      onRefused: () => undefined,
    });
    return end;
  }, [round]);
  const { stage, bytesDone, bytesTotal, pairingsDone, pairingsTotal } = last.progress;
  const seconds = (last.at - start.at) / 1_000;
  const perSecond = (done: number, before: number): string =>
    seconds > 0 ? formatNumber(Math.round((done - before) / seconds)) : "–";
  return (
    <div class="stack" data-stage={stage}>
      <ol class="stages" aria-label={t("office-stages")}>
        {STAGES.map((name) => (
          <li key={name} aria-current={name === stage ? "step" : undefined}>
            {t(`office-stage-${name}`)}
          </li>
        ))}
      </ol>
      <Progress
        label={t("office-bytes")}
        done={bytesDone}
        total={bytesTotal}
        figures={t("office-per-second", { rate: perSecond(bytesDone, start.progress.bytesDone), unit: "B" })}
      />
      <Progress
        label={t("office-pairings")}
        done={pairingsDone}
        total={pairingsTotal}
        figures={t("office-per-second", { rate: perSecond(pairingsDone, start.progress.pairingsDone), unit: "" })}
      />
    </div>
  );
}
