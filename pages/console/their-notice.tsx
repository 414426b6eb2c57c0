/**
 * What the counterpart says of its record: codes and a desk, never a name.
 */
import type { HitRow } from "../../client/console/shapes.ts";
import { t, type Term } from "../kit/language.ts";

type Notice = NonNullable<HitRow["notice"]>;

export function TheirNotice({ row }: { readonly row: HitRow }) {
  const { notice, counterpart } = row;
  return (
    <section class="sheet stack" aria-labelledby="their-title">
      <h2 id="their-title">{t("what-party-says", { party: counterpart })}</h2>
      {notice === null ? <p>{t("no-answer-yet", { party: counterpart })}</p> : <NoticeFields notice={notice} />}
      <dl class="fields">
        <div>
          <dt>{t("their-status")}</dt>
          <dd>{t(`status-${row.status.theirs ?? "none"}`)}</dd>
        </div>
      </dl>
      <p class="small quiet">{t("their-record-hidden", { party: counterpart })}</p>
    </section>
  );
}

function NoticeFields({ notice }: { readonly notice: Notice }) {
  const { contact, handling, reliability, accuracy, riskIndicators, originTags } = notice;
  const coded = (code: string, term: Term): string => (code === "" ? t("not-given") : `${code} – ${t(term)}`);
  return (
    <>
      <p class={`handling${handling === "H3" || handling === "H2" ? " strict" : ""}`}>
        <strong>{t("handling-code")}:</strong>{" "}
        {coded(handling, `value-handling_code-${handling === "" ? "H0" : handling}`)}
      </p>
      <dl class="fields">
        <div>
          <dt>{t("contact-desk")}</dt>
          <dd data-contact>{contact === "" ? t("not-given") : contact}</dd>
        </div>
        <div>
          <dt>{t("field-source_reliability")}</dt>
          <dd>{coded(reliability, `value-source_reliability-${reliability === "" ? "X" : reliability}`)}</dd>
        </div>
        <div>
          <dt>{t("field-information_accuracy")}</dt>
          <dd>{coded(accuracy, `value-information_accuracy-${accuracy === "" ? "4" : accuracy}`)}</dd>
        </div>
        <div>
          <dt>{t("field-risk_indicators")}</dt>
          <dd>{riskIndicators.length === 0 ? t("none") : riskIndicators.join("; ")}</dd>
        </div>
        <div>
          <dt>{t("origin")}</dt>
          <dd>{originTags.length === 0 ? t("origin-not-told") : t("count-origins", { count: originTags.length })}</dd>
        </div>
      </dl>
    </>
  );
}
