/**
 * The regional picture of three years, up to one that the reader chooses. Its drawings are loaded when it is asked for.
 */
import { signal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import type { YearStatistics } from "#engine/statistics/published.ts";
import { getJson } from "../kit/api.ts";
import { t } from "../kit/language.ts";
import { SelectField } from "../kit/fields.tsx";
import { LOADING, loadOf, type Load } from "../kit/load.ts";
import { PageTitle } from "../kit/shell.tsx";
import { Failure, Loading } from "../kit/states.tsx";
import { askConsole } from "./session.ts";

const SHOWN_YEARS = 3;
const YEARS_BACK = 10;

type Picture = {
  readonly years: readonly YearStatistics[];
  readonly Drawing: (typeof import("../kit/regional-picture.tsx"))["default"];
};

const picture = signal<Load<Picture>>(LOADING);
const lastYear = signal(new Date().getUTCFullYear());

export function PicturePage() {
  const load = picture.value;
  useEffect(() => {
    void loadPicture();
  }, [lastYear.value]);
  return (
    <>
      <PageTitle title={t("picture-heading")} />
      <div class="row not-printed">
        <SelectField
          label={t("picture-until")}
          value={String(lastYear.value)}
          options={yearsBack().map((year) => ({ value: year, label: year }))}
          onChoose={(year) => {
            lastYear.value = Number(year);
          }}
        />
      </div>
      {load.state === "loading" ? <Loading what={t("loading-picture")} /> : null}
      {load.state === "failed" ? <Failure refusal={load.refusal} onRetry={() => void loadPicture()} /> : null}
      {load.state === "ready" ? <load.value.Drawing years={load.value.years} /> : null}
    </>
  );
}

async function loadPicture(): Promise<void> {
  const last = lastYear.peek();
  picture.value = LOADING;
  const asked = Array.from({ length: SHOWN_YEARS }, (_, at) =>
    getJson<YearStatistics>(`api/statistics?year=${last - SHOWN_YEARS + 1 + at}`, askConsole),
  );
  const loaded = await loadOf(
    Promise.all([import("../kit/regional-picture.tsx"), ...asked]).then(([{ default: Drawing }, ...years]) => ({
      years,
      Drawing,
    })),
  );
  // Another year may have been chosen meanwhile.
  if (last === lastYear.peek()) picture.value = loaded;
}

/** @returns This year first. */
function yearsBack(): string[] {
  const thisYear = new Date().getUTCFullYear();
  return Array.from({ length: YEARS_BACK }, (_, back) => String(thisYear - back));
}
