/**
 * The own records that the hit's row stood for, as the list has them.
 */
import type { HitView } from "../../client/console/shapes.ts";
import { isTerm, t } from "../kit/language.ts";

type OwnRecord = NonNullable<HitView["records"]>[number];

export function OwnRecords({
  refs,
  records,
  fault,
}: {
  readonly refs: readonly string[];
  readonly records: HitView["records"];
  readonly fault: HitView["listFault"];
}) {
  return (
    <section class="sheet stack" aria-labelledby="own-title">
      <h2 id="own-title">{t("own-record")}</h2>
      {records === null ? (
        <>
          {fault === null ? (
            <p>{t("no-list-named")}</p>
          ) : (
            <p class="warning">
              {t("list-unreadable")} <code class="small">{fault.code}</code> {fault.detail}
            </p>
          )}
          <p>
            <code>{refs.join(", ")}</code>
          </p>
        </>
      ) : records.length === 0 ? (
        <>
          <p class="warning">{t("record-not-in-list")}</p>
          <p>
            <code>{refs.join(", ")}</code>
          </p>
        </>
      ) : (
        records.map((record, at) => <OwnRecordFields key={at} record={record} />)
      )}
      {(records?.length ?? 0) > 1 ? <p class="small quiet">{t("records-merged")}</p> : null}
    </section>
  );
}

function OwnRecordFields({ record }: { readonly record: OwnRecord }) {
  return (
    <dl class="fields">
      {Object.entries(record).map(([field, value]) => (
        <div key={field}>
          <dt>{fieldName(field)}</dt>
          <dd>{fieldText(field, value)}</dd>
        </div>
      ))}
    </dl>
  );
}

/** @returns The field's own name when the language has no word for it. */
function fieldName(field: string): string {
  const term = `field-${field}`;
  return isTerm(term) ? t(term) : field;
}

function fieldText(field: string, value: unknown): string {
  if (Array.isArray(value)) return value.map((each) => fieldText(field, each)).join("; ");
  const text = typeof value === "string" || typeof value === "number" ? String(value) : JSON.stringify(value);
  const term = `value-${field}-${text}`;
  return isTerm(term) ? `${text} – ${t(term)}` : text;
}
