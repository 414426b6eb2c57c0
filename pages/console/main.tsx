/**
 * Entry of the console's pages.
 */
import { render } from "preact";
import { startLanguage } from "../kit/language.ts";
import { startRoutes } from "../kit/route.ts";
import { startTheme } from "../kit/theme.ts";
import { Console } from "./console.tsx";
import { followConsole } from "./following.ts";
import { startSession } from "./session.ts";

startTheme();
// The token leaves the address before anything is drawn.
const isKnown = startSession();
startRoutes();
await startLanguage();
render(<Console />, document.getElementById("page") ?? document.body);
if (await isKnown) followConsole();
