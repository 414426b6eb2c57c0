/**
 * The control's round: a server, a console and an export that leak each secret by one way.
 */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { printPdf } from "#client/chromium.ts";
import type { NodeRun, ServerProcess } from "../../../demo/server-process.ts";
import { reportFolder, writePdf } from "./exports.ts";
import { secretsOf, type HuntedRound } from "./hunted-round.ts";
import { LEAK_TARGETS_VARIABLE, type LeakTargets } from "./leak-request.ts";
import { giveOrders, leakOrders, type LeakOrder } from "./leaky-orders.ts";
import type { Secret } from "./planted.ts";
import { staffAnswers } from "./staff-requests.ts";

const LEAKY = new URL("./leaky-process.ts", import.meta.url).href;
/** Names that the leaky report prints as text. */
const PRINTED = 5;

function leakyRun(targets: LeakTargets): NodeRun {
  return { nodeArguments: ["--import", LEAKY], environment: { [LEAK_TARGETS_VARIABLE]: JSON.stringify(targets) } };
}

export function leakyServer({ secretariat, temporary, receivers: { announcements } }: HuntedRound): NodeRun {
  const [webhook] = Object.values(announcements.webhooks);
  const disk = join(secretariat.folder, "data");
  return leakyRun({ disk, temporary, post: webhook?.url ?? "", mailPort: announcements.mail?.smtp.port });
}

/** @param alertsTo - Address of its case system. */
export function leakyConsole(temporary: string, alertsTo: string): NodeRun {
  return leakyRun({ temporary, post: alertsTo });
}

export type Leaked = {
  /** Each secret with its way. */
  readonly orders: ReadonlyMap<Secret, LeakOrder>;
  /** Those that a printed report says in the clear. */
  readonly printed: readonly Secret[];
};

/** @param browser - Null: nothing is printed. */
export async function leakByEveryWay(
  round: HuntedRound,
  server: Pick<ServerProcess, "url">,
  browser: string | null,
): Promise<Leaked> {
  const [desk] = round.desks.values();
  if (desk === undefined) throw new RangeError("no console is running");
  const secrets = secretsOf(round);
  const orders = leakOrders(secrets, desk.party);
  const folder = reportFolder(round);
  await giveOrders({ server: server.url, console: desk.url }, orders.values(), {
    answers: join(round.wire, "answers", "leaky"),
    "staff's answers": join(staffAnswers(round), "leaky"),
    "console's answers": desk.kept.answers,
    "console's refusals": desk.kept.refusals,
    exports: join(folder, "report.html"),
  });
  if (browser === null) return { orders, printed: [] };
  const printed = secrets.filter(({ kind }) => kind === "full name").slice(0, PRINTED);
  const lines = printed.map(({ writings: [name = ""] }) => `<p>${name}</p>`);
  mkdirSync(folder, { recursive: true });
  writePdf(folder, "leaky", await printPdf(browser, `<!doctype html><meta charset="utf-8">${lines.join("")}`));
  return { orders, printed };
}
