/**
 * Entry of the console's pages.
 */
import { render } from "preact";
import { startLanguage, t } from "../kit/language.ts";
import { startRoutes } from "../kit/route.ts";
import { PageTitle, Shell } from "../kit/shell.tsx";
import { startTheme } from "../kit/theme.ts";

startTheme();
startRoutes();
await startLanguage();
render(
  <Shell owner="HR" ways={[]} standing={t("possible-match")}>
    <PageTitle title="Aquila" />
  </Shell>,
  document.getElementById("page") ?? document.body,
);
