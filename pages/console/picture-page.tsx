/**
 * The regional picture of the last years. Its drawings are loaded when it is asked for.
 */
import { signal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import type { YearStatistics } from "#engine/statistics/published.ts";
import { getJson } from "../kit/api.ts";
import { t } from "../kit/language.ts";
import { LOADING, loadOf, type Load } from "../kit/load.ts";
import { PageTitle } from "../kit/shell.tsx";
import { Failure, Loading } from "../kit/states.tsx";
import { askConsole } from "./session.ts";

const SHOWN_YEARS = 3;

type Picture = {
  readonly years: readonly YearStatistics[];
  readonly Drawing: (typeof import("../kit/regional-picture.tsx"))["default"];
};

const picture = signal<Load<Picture>>(LOADING);

export function PicturePage() {
  const load = picture.value;
  useEffect(() => {
    void loadPicture();
  }, []);
  return (
    <>
      <PageTitle title={t("picture-heading")} />
      {load.state === "loading" ? <Loading what={t("loading-picture")} /> : null}
      {load.state === "failed" ? <Failure refusal={load.refusal} onRetry={() => void loadPicture()} /> : null}
      {load.state === "ready" ? <load.value.Drawing years={load.value.years} /> : null}
    </>
  );
}

async function loadPicture(): Promise<void> {
  const last = new Date().getUTCFullYear();
  const asked = Array.from({ length: SHOWN_YEARS }, (_, at) =>
    getJson<YearStatistics>(`api/statistics?year=${last - SHOWN_YEARS + 1 + at}`, askConsole),
  );
  picture.value = await loadOf(
    Promise.all([import("../kit/regional-picture.tsx"), ...asked]).then(([{ default: Drawing }, ...years]) => ({
      years,
      Drawing,
    })),
  );
}
