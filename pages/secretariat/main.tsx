/**
 * Entry of the secretariat's pages: locked until an operator or officer has opened a key file; docs/spec/pages.md.
 */
import { render } from "preact";
import { startLanguage, t } from "../kit/language.ts";
import { route, startRoutes } from "../kit/route.ts";
import { Shell, type Way } from "../kit/shell.tsx";
import { startTheme } from "../kit/theme.ts";
import { AnnouncementsPage } from "./announcements-page.tsx";
import { AuditPage } from "./audit-page.tsx";
import { BenchesPage } from "./benches-page.tsx";
import { CertificatesPage } from "./certificates-page.tsx";
import { NewRoundPage } from "./new-round-page.tsx";
import { ResourcesPage } from "./resources-page.tsx";
import { RoundPage } from "./round-page.tsx";
import { RoundsPage } from "./rounds-page.tsx";
import { lock, session } from "./session.ts";
import { SignInPage } from "./sign-in-page.tsx";
import { StatisticsPage } from "./statistics-page.tsx";
import "./secretariat.css";

function Page() {
  const signedIn = session.value;
  if (signedIn === null)
    return (
      <Shell owner={t("office-secretariat")} ways={[]}>
        <SignInPage />
      </Shell>
    );
  const { role, id } = signedIn.key;
  const isOfficer = role === "officer";
  const ways: Way[] = [
    { path: "rounds", label: t("office-rounds") },
    ...(isOfficer ? [{ path: "audit", label: t("office-audit") }] : []),
    { path: "announcements", label: t("office-announcements") },
    { path: "certificates", label: t("office-certificates") },
    { path: "statistics", label: t("office-statistics") },
    { path: "resources", label: t("office-resources") },
    ...(isOfficer ? [] : [{ path: "benches", label: t("office-benches") }]),
  ];
  return (
    <Shell
      owner={t(isOfficer ? "office-officer-named" : "office-operator-named", { id })}
      ways={ways}
      tools={
        <button
          type="button"
          onClick={() => {
            lock("button");
          }}
        >
          {t("office-lock")}
        </button>
      }
    >
      <Shown isOfficer={isOfficer} />
    </Shell>
  );
}

function Shown({ isOfficer }: { readonly isOfficer: boolean }) {
  const [place, id] = route.value;
  switch (place) {
    case "audit":
      return isOfficer ? <AuditPage /> : <RoundsPage />;
    case "announcements":
      return <AnnouncementsPage />;
    case "certificates":
      return <CertificatesPage />;
    case "statistics":
      return <StatisticsPage />;
    case "resources":
      return <ResourcesPage />;
    case "benches":
      return isOfficer ? <RoundsPage /> : <BenchesPage />;
    case "new-round":
      return isOfficer ? <RoundsPage /> : <NewRoundPage />;
    case undefined:
    default:
      return id === undefined ? <RoundsPage /> : <RoundPage key={id} id={id} />;
  }
}

startTheme();
startRoutes();
await startLanguage();
render(<Page />, document.getElementById("page") ?? document.body);
