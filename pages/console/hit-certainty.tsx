/**
 * The own 4×4 code of the information before the hit, and what the analyst may raise it to. Nothing is raised by itself.
 */
import type { HitRow } from "../../client/console/shapes.ts";
import { t } from "../kit/language.ts";

export function HitCertainty({ row: { accuracy, proposedAccuracy } }: { readonly row: HitRow }) {
  const words = (code: "1" | "2" | "3" | "4"): string => `${code} – ${t(`value-information_accuracy-${code}`)}`;
  return (
    <section class="sheet stack" aria-labelledby="certainty-title">
      <h2 id="certainty-title">{t("certainty")}</h2>
      <dl class="fields">
        <div>
          <dt>{t("certainty-before")}</dt>
          <dd>{accuracy === "" ? t("not-given") : words(accuracy)}</dd>
        </div>
        <div>
          <dt>{t("certainty-proposed")}</dt>
          <dd data-proposed>{proposedAccuracy === null ? t("no-change") : words(proposedAccuracy)}</dd>
        </div>
      </dl>
      <p class="small quiet">{proposedAccuracy === null ? t("certainty-not-raised") : t("certainty-yours")}</p>
    </section>
  );
}
