/**
 * The console as a whole: its pages by address, and what it shows to a browser that it does not know.
 */
import { t } from "../kit/language.ts";
import { route } from "../kit/route.ts";
import { PageTitle, Shell, type Way } from "../kit/shell.tsx";
import { Failure, Loading } from "../kit/states.tsx";
import { AlertSwitch } from "./alert-switch.tsx";
import "./console.css";
import { HitPage } from "./hit-page.tsx";
import { openHitCount } from "./hits.ts";
import { HitsPage } from "./hits-page.tsx";
import { ListPage } from "./list-page.tsx";
import { PicturePage } from "./picture-page.tsx";
import { RoundsPage } from "./rounds-page.tsx";
import { consoleView } from "./session.ts";
import { waitingRoundCount } from "./standings.ts";

export function Console() {
  const view = consoleView.value;
  if (view.state === "loading") return <Loading what={t("loading-console")} />;
  if (view.state === "failed") {
    const isUnknown = view.refusal.status === 401 || view.refusal.status === 403;
    return (
      <Shell owner="" ways={[]}>
        <PageTitle title={t("not-signed-in")} />
        {isUnknown ? <p>{t("not-signed-in-why")}</p> : null}
        <Failure
          refusal={view.refusal}
          onRetry={() => {
            location.reload();
          }}
        />
      </Shell>
    );
  }
  const ways: readonly Way[] = [
    { path: "hits", label: t("page-hits"), count: openHitCount.value },
    { path: "rounds", label: t("page-rounds"), count: waitingRoundCount.value },
    { path: "list", label: t("page-list") },
    { path: "picture", label: t("picture-heading") },
  ];
  const [page = "hits", id] = route.value;
  return (
    <Shell
      owner={t("console-of", { party: view.value.party })}
      ways={ways}
      tools={<AlertSwitch />}
      standing={page === "hits" ? t("possible-match") : undefined}
    >
      <Page page={page} id={id} />
    </Shell>
  );
}

function Page({ page, id }: { readonly page: string; readonly id: string | undefined }) {
  switch (page) {
    case "hits":
      return id === undefined ? <HitsPage /> : <HitPage hit={id} />;
    case "rounds":
      return <RoundsPage />;
    case "list":
      return <ListPage />;
    case "picture":
      return <PicturePage />;
    default:
      return <PageTitle title={t("no-such-page")} />;
  }
}
