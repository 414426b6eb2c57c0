/**
 * What is searched for in the audit log: round, actor, act, time.
 */
import type { AuditEntry } from "#engine/audit/entry.ts";
import { SearchField, SelectField } from "../kit/fields.tsx";
import { t } from "../kit/language.ts";

/** Empty: everything. Days are UTC. */
export type EntryFilter = {
  readonly round: string;
  readonly actor: string;
  readonly act: string;
  readonly fromDay: string;
  readonly untilDay: string;
};

export const NO_FILTER: EntryFilter = { round: "", actor: "", act: "", fromDay: "", untilDay: "" };

export function matches(entry: AuditEntry, { round, actor, act, fromDay, untilDay }: EntryFilter): boolean {
  const day = entry.at.slice(0, "2026-01-01".length);
  return (
    (entry.round ?? "").includes(round.trim()) &&
    (entry.actor.includes(actor.trim()) || entry.recipients.some((one) => one.includes(actor.trim()))) &&
    (act === "" || entry.act === act) &&
    (fromDay === "" || day >= fromDay) &&
    (untilDay === "" || day <= untilDay)
  );
}

type AuditFilterProps = {
  readonly entries: readonly AuditEntry[];
  readonly filter: EntryFilter;
  readonly onFilter: (filter: EntryFilter) => void;
};

export function AuditFilter({ entries, filter, onFilter }: AuditFilterProps) {
  const acts = [...new Set(entries.map(({ act }) => act))].sort();
  return (
    <div class="row">
      <SearchField
        label={t("office-round")}
        value={filter.round}
        onInput={(round) => {
          onFilter({ ...filter, round });
        }}
      />
      <SearchField
        label={t("office-actor")}
        value={filter.actor}
        onInput={(actor) => {
          onFilter({ ...filter, actor });
        }}
      />
      <SelectField
        label={t("office-act")}
        value={filter.act}
        options={[{ value: "", label: t("office-all") }, ...acts.map((act) => ({ value: act, label: act }))]}
        onChoose={(act) => {
          onFilter({ ...filter, act });
        }}
      />
      <DayField
        label={t("office-from-day")}
        value={filter.fromDay}
        onDay={(fromDay) => {
          onFilter({ ...filter, fromDay });
        }}
      />
      <DayField
        label={t("office-until-day")}
        value={filter.untilDay}
        onDay={(untilDay) => {
          onFilter({ ...filter, untilDay });
        }}
      />
    </div>
  );
}

type DayFieldProps = { readonly label: string; readonly value: string; readonly onDay: (day: string) => void };

function DayField({ label, value, onDay }: DayFieldProps) {
  return (
    <label class="field">
      <span class="small quiet">{label}</span>
      <input
        type="date"
        value={value}
        onInput={({ currentTarget }) => {
          onDay(currentTarget.value);
        }}
      />
    </label>
  );
}
