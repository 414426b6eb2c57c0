/**
 * What an analyst must know before a hit is used: what its finding means, and that its answers are not here.
 */
import type { HitRow } from "../../client/console/shapes.ts";
import { t } from "../kit/language.ts";

export function HitWarnings({ row: { finding, counterpart, counterparts } }: { readonly row: HitRow }) {
  return (
    <div
      class={finding === "independent" ? "sheet" : finding === "unproven" ? "fault" : "warning"}
      data-finding={finding}
    >
      <p>
        <strong>{t(`finding-${finding}`)}.</strong> {t(`finding-${finding}-means`, { counterpart })}
      </p>
      {counterparts > 1 ? <p>{t("known-to-parties", { count: counterparts })}</p> : null}
    </div>
  );
}
