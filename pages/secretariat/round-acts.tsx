/**
 * What an operator may do to a round in its state, each after a dialog that names the consequence.
 */
import { useState } from "preact/hooks";
import type { ApprovedAct } from "#engine/round/acts.ts";
import type { RoundView } from "#engine/round/messages.ts";
import { Confirmation } from "../kit/dialog.tsx";
import { t } from "../kit/language.ts";
import { announce } from "../kit/live.tsx";
import { NEEDED_OPERATORS } from "./approvals.tsx";
import { grouped } from "./round-words.tsx";
import { useSession } from "./session.ts";
import { signStatement } from "./signatures.ts";

type Step = "close" | "match" | "cancel" | "abort";
type Act = { readonly kind: "approve"; readonly act: ApprovedAct } | { readonly kind: "step"; readonly step: Step };

type RoundActsProps = {
  readonly view: RoundView;
  /** Whether T0 and T2 are those that the page computed: nothing is signed before. */
  readonly isComputed: boolean;
  readonly onView: (view: RoundView) => void;
};

export function RoundActs({ view, isComputed, onView }: RoundActsProps) {
  const { key, send } = useSession();
  const [asked, setAsked] = useState<Act | null>(null);
  const { descriptor, t0, t2 } = view;
  const path = `/v1/rounds/${encodeURIComponent(descriptor.id)}`;
  const acts = actsIn(view);

  const carryOut = async (act: Act): Promise<void> => {
    if (act.kind === "step") onView(await send<RoundView>("POST", `${path}/${act.step}`));
    else {
      if (!isComputed) throw new RangeError("an approval over what was not computed");
      const statement = { act: act.act, operator: key.id, round: descriptor.id, t0, t2 };
      const signed = await signStatement(key, "approval", statement);
      onView(await send<RoundView>("PUT", `${path}/approvals/${act.act}/${key.id}`, signed));
    }
    announce(t("office-done"));
  };
  const isApprovedByMe = (act: ApprovedAct): boolean =>
    view.approvals.some((approval) => approval.act === act && approval.operator === key.id);

  return (
    <>
      <div class="row">
        {acts.map((act) => {
          const isMine = act.kind === "approve" && isApprovedByMe(act.act);
          const isHeld = act.kind === "approve" && act.act === "release" && isAnythingHeld(view);
          return (
            <button
              key={nameOf(act)}
              type="button"
              class={act.kind === "approve" ? "primary" : ""}
              disabled={isMine || isHeld || (act.kind === "approve" && !isComputed)}
              onClick={() => {
                setAsked(act);
              }}
            >
              {t(`office-act-${nameOf(act)}`)}
            </button>
          );
        })}
        {acts.map((act) =>
          act.kind !== "approve" ? null : (
            <span key={act.act} class="small quiet">
              {t("office-approved-by-count", {
                count: view.approvals.filter((approval) => approval.act === act.act).length,
                needed: NEEDED_OPERATORS,
              })}
            </span>
          ),
        )}
      </div>
      {isAnythingHeld(view) ? <p class="warning">{t("office-held-stops")}</p> : null}
      {asked === null ? null : (
        <Confirmation
          title={t(`office-ask-${nameOf(asked)}`, { round: descriptor.id })}
          act={t(`office-act-${nameOf(asked)}`)}
          onClose={() => {
            setAsked(null);
          }}
          onConfirm={() => carryOut(asked)}
        >
          <p>{t(`office-consequence-${nameOf(asked)}`)}</p>
          {asked.kind === "approve" ? (
            <p>
              {t("office-signed-over")} <code>T0 {grouped(t0)}</code>
              {t2 === null ? null : (
                <>
                  {", "}
                  <code>T2 {grouped(t2)}</code>
                </>
              )}
            </p>
          ) : null}
        </Confirmation>
      )}
    </>
  );
}

function nameOf(act: Act): ApprovedAct | Step {
  return act.kind === "approve" ? act.act : act.step;
}

function isAnythingHeld({ state, pairings }: RoundView): boolean {
  return state === "reviewed" && pairings.some((pairing) => pairing.state === "held");
}

/** docs/spec/round.md, "States". */
function actsIn({ state, ending }: RoundView): readonly Act[] {
  if (ending !== null) return [];
  const abort: Act = { kind: "step", step: "abort" };
  switch (state) {
    case "draft":
      return [{ kind: "approve", act: "open" }, abort];
    case "opened":
    case "keyed":
      return [abort];
    case "submitting":
      return [{ kind: "step", step: "close" }, abort];
    case "sealed":
      return [{ kind: "step", step: "match" }, abort];
    case "matching":
      return [{ kind: "step", step: "cancel" }];
    case "reviewed":
      return [{ kind: "approve", act: "release" }, abort];
    case "released":
      return [{ kind: "approve", act: "erase" }];
    case "followed-up":
    case "erased":
      return [];
  }
}
