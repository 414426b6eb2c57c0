/**
 * What of the hits is shown, and in which order.
 */
import type { RefObject } from "preact";
import { SearchField, SelectField, type Option } from "../kit/fields.tsx";
import { t } from "../kit/language.ts";
import {
  BANDS,
  FINDINGS,
  HIT_ORDERS,
  hitCounterparts,
  hitFilter,
  hitOrder,
  hitRounds,
  STATUS_CHOICES,
  type HitFilter,
} from "./hits.ts";

type HitFiltersProps = {
  readonly search: RefObject<HTMLInputElement | null>;
  /** Goes from the search to what it found. */
  readonly onLeave: () => void;
};

export function HitFilters({ search, onLeave }: HitFiltersProps) {
  const filter = hitFilter.value;
  const set = (changed: Partial<HitFilter>): void => {
    hitFilter.value = { ...filter, ...changed };
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.key === "Escape" && filter.reference !== "") set({ reference: "" });
    else if (event.key === "Escape" || event.key === "Enter" || event.key === "ArrowDown") onLeave();
    else return;
    event.preventDefault();
  };
  return (
    <search class="filters" aria-label={t("filters")}>
      <SearchField
        label={t("search-references")}
        value={filter.reference}
        field={search}
        onKeyDown={onKeyDown}
        onInput={(reference) => {
          set({ reference });
        }}
      />
      <SelectField
        label={t("column-band")}
        value={filter.band}
        options={orAll(BANDS.map((value) => ({ value, label: t(`band-${value}`) })))}
        onChoose={(band) => {
          set({ band });
        }}
      />
      <SelectField
        label={t("column-counterpart")}
        value={filter.counterpart}
        options={orAll(named(hitCounterparts.value))}
        onChoose={(counterpart) => {
          set({ counterpart });
        }}
      />
      <SelectField
        label={t("column-round")}
        value={filter.round}
        options={orAll(named(hitRounds.value))}
        onChoose={(round) => {
          set({ round });
        }}
      />
      <SelectField
        label={t("column-status")}
        value={filter.status}
        options={orAll(STATUS_CHOICES.map((value) => ({ value, label: t(`choice-${value}`) })))}
        onChoose={(status) => {
          set({ status });
        }}
      />
      <SelectField
        label={t("column-finding")}
        value={filter.finding}
        options={orAll(FINDINGS.map((value) => ({ value, label: t(`finding-${value}`) })))}
        onChoose={(finding) => {
          set({ finding });
        }}
      />
      <OrderField />
    </search>
  );
}

function OrderField() {
  const options = (Object.keys(HIT_ORDERS) as (keyof typeof HIT_ORDERS)[]).flatMap((column) => [
    { value: `${column} down`, label: `${t(`column-${column}`)} ↓` },
    { value: `${column} up`, label: `${t(`column-${column}`)} ↑` },
  ]);
  const { column, isDescending } = hitOrder.value;
  return (
    <SelectField
      label={t("order-by")}
      value={`${column} ${isDescending ? "down" : "up"}`}
      options={options}
      onChoose={(chosen) => {
        const [wanted = "opened", direction] = chosen.split(" ");
        hitOrder.value = { column: wanted, isDescending: direction === "down" };
      }}
    />
  );
}

function orAll<Value extends string>(options: readonly Option<Value>[]): readonly Option<Value | "">[] {
  return [{ value: "", label: t("all") }, ...options];
}

function named(values: readonly string[]): Option<string>[] {
  return values.map((value) => ({ value, label: value }));
}
