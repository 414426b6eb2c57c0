/**
 * Labelled fields of forms and filters.
 */
import type { Ref } from "preact";
import { useId } from "preact/hooks";

export type Option<Value extends string> = { readonly value: Value; readonly label: string };

type SelectProps<Value extends string> = {
  readonly label: string;
  readonly value: Value;
  readonly options: readonly Option<Value>[];
  readonly onChoose: (value: Value) => void;
  /** The label is read out and not shown. */
  readonly isLabelHidden?: boolean;
};

export function SelectField<Value extends string>(props: SelectProps<Value>) {
  const { label, value, options, onChoose, isLabelHidden = false } = props;
  const id = useId();
  return (
    <div class="field">
      <label for={id} class={isLabelHidden ? "hidden-text" : "small quiet"}>
        {label}
      </label>
      <select
        id={id}
        value={value}
        onChange={({ currentTarget }) => {
          const chosen = options[currentTarget.selectedIndex];
          if (chosen !== undefined) onChoose(chosen.value);
        }}
      >
        {options.map((option) => (
          <option key={option.value} value={option.value} selected={option.value === value}>
            {option.label}
          </option>
        ))}
      </select>
    </div>
  );
}

type SearchProps = {
  readonly label: string;
  readonly value: string;
  readonly onInput: (value: string) => void;
  readonly onKeyDown?: (event: KeyboardEvent) => void;
  readonly field?: Ref<HTMLInputElement>;
};

export function SearchField({ label, value, onInput, onKeyDown, field }: SearchProps) {
  return (
    <label class="field grows">
      <span class="small quiet">{label}</span>
      <input
        ref={field ?? null}
        type="search"
        value={value}
        maxLength={200}
        autocomplete="off"
        spellcheck={false}
        onInput={({ currentTarget }) => {
          onInput(currentTarget.value);
        }}
        {...(onKeyDown === undefined ? {} : { onKeyDown })}
      />
    </label>
  );
}
