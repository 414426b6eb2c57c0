/**
 * A party's `aquila console` over the hunted round: a real process that walks the round, is looked at by its analysts and by
 * strangers, and alerts a case system; and all that it lets out, apart by who gets it.
 */
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { appendFileSync, closeSync, mkdirSync, openSync, readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { Coverage, HitList, KEY_HEADER, RoundStanding } from "#client/console/shapes.ts";
import { Problem } from "#engine/round/messages.ts";
import type { NodeRun, ServerProcess } from "../../../demo/server-process.ts";
import { askConsole, Page, type PageAnswer } from "../../../tests/client/console/browser-requests.ts";
import type { HuntedRound } from "./hunted-round.ts";
import { openTap } from "./tap.ts";

const REPOSITORY = new URL("../../..", import.meta.url).pathname;
const KEEPS_DELETIONS = new URL("./kept-deletions.ts", import.meta.url).href;
/** Read by it: folder of copies of what is deleted. */
const KEPT_DELETIONS_VARIABLE = "AQUILA_KEPT_DELETIONS";
const POLL_MS = 50;
const PATIENCE_MS = 120_000;
const PAGE_PATHS = ["console", "hits", "rounds", "coverage"];

export type ConsoleDesk = {
  readonly party: string;
  /** Origin of the console. */
  readonly url: string;
  /** Files and folders, by who gets what is in them. */
  readonly kept: Readonly<Record<"terminal" | "temporary files" | "alerts" | "answers" | "refusals", string>>;
  /** @returns An address that opens one session. */
  readonly freshAddress: () => Promise<string>;
  /** Does all that is the party's turn. @returns Whether nothing is left to do or to wait for. */
  readonly run: (round: string) => Promise<boolean>;
  /** Asks for all that the pages show, says something of a hit, and waits until the case system has every hit. @returns A hit's id. */
  readonly look: () => Promise<string>;
  /** Asks as those who have no session, or come by another name or from another page. @param typed - A text that is refused. */
  readonly askAsStranger: (typed: string) => Promise<void>;
  readonly stop: () => Promise<void>;
};

/** @param runOf - How node is run, told the console's temporary folder and the case system's address; for the control. */
export async function openDesk(
  round: HuntedRound,
  party: string,
  server: Pick<ServerProcess, "url">,
  runOf: (temporary: string, alertsTo: string) => NodeRun = () => ({}),
): Promise<ConsoleDesk> {
  const folder = join(round.folder, "consoles", party);
  const at = (name: string): string => join(folder, name);
  const kept = {
    terminal: at("terminal"),
    "temporary files": at("temporary"),
    alerts: at("alerts"),
    answers: at("answers"),
    refusals: at("refusals"),
  };
  const [own, deleted] = [join(kept["temporary files"], "now"), join(kept["temporary files"], "deleted")];
  for (const path of [own, deleted]) mkdirSync(path, { recursive: true });
  for (const file of [kept.terminal, kept.answers, kept.refusals]) writeFileSync(file, "");
  const cases = await openCaseSystem();
  const casesTap = await openTap(cases.port, { name: "alert", sent: kept.alerts, answered: at("case-system-says") });
  const { wire } = round;
  const wireFolders = { sent: join(wire, "requests"), answered: join(wire, "answers") };
  const serverTap = await openTap(Number(new URL(server.url).port), { name: `console-${party}`, ...wireFolders });
  const alertsTo = `http://127.0.0.1:${casesTap.port}/`;
  writeFileSync(at("cases.json"), JSON.stringify({ url: alertsTo }));
  const run = runOf(own, alertsTo);
  const child = startConsole(round, party, `http://127.0.0.1:${serverTap.port}`, at("cases.json"), {
    nodeArguments: ["--import", KEEPS_DELETIONS, ...(run.nodeArguments ?? [])],
    environment: { TMPDIR: own, [KEPT_DELETIONS_VARIABLE]: deleted, ...run.environment },
  });
  for (const stream of [child.stdout, child.stderr])
    stream?.on("data", (piece: Buffer) => {
      appendFileSync(kept.terminal, piece);
    });

  let shown = 0;
  const nextAddress = async (): Promise<string> => {
    const wanted = ++shown;
    const addresses = (): string[] => readFileSync(kept.terminal, "latin1").match(/http:\S+#t=[\w-]{22}(?=\s)/g) ?? [];
    await until(() => child.exitCode !== null || addresses().length >= wanted, "the console shows no address");
    const address = addresses()[wanted - 1];
    if (address === undefined) throw new Error(`the console ended: ${readFileSync(kept.terminal, "utf8")}`);
    return address;
  };
  const stop = async (): Promise<void> => {
    if (child.exitCode === null && child.signalCode === null) {
      child.kill("SIGTERM");
      await once(child, "exit");
    }
    await Promise.all([serverTap.close(), casesTap.close()]);
    await cases.close();
  };
  try {
    const address = await nextAddress();
    const page = await Page.open(address);
    const { origin: url } = new URL(address);
    const ask = async (method: string, path: string, body?: unknown): Promise<PageAnswer> =>
      keptIn(kept.answers, path, await page.send(method, path, body));
    const standingIn = async (id: string): Promise<RoundStanding | undefined> =>
      RoundStanding.array()
        .parse(JSON.parse((await ask("GET", "/api/rounds")).text))
        .find(({ round: each }) => each === id);
    return {
      party,
      url,
      kept,
      freshAddress: async () => {
        child.stdin?.write("\n");
        return nextAddress();
      },
      run: async (id) => {
        let isAsked = false;
        let standing: RoundStanding | undefined;
        const isOurs = ({ steps, work, fault }: RoundStanding): boolean =>
          work !== null || fault !== null || steps.some(({ state }) => state === "ours");
        await untilAsync(async () => {
          // A server whose memory is looked into does not answer: asked again.
          if (!isAsked || standing?.fault != null)
            isAsked = (await ask("POST", `/api/rounds/${id}/run`)).status === 202;
          standing = await standingIn(id);
          return isAsked && standing !== undefined && !isOurs(standing);
        }, "the console does not do what is its turn");
        return standing?.steps.every(({ state }) => state === "done") === true;
      },
      look: async () => {
        const event = page.event(
          (name, data) => (name === "hits" ? JSON.stringify(data) : undefined),
          async () => {
            const [row] = HitList.parse(JSON.parse((await ask("GET", "/api/hits")).text));
            if (row === undefined) throw new Error("the console shows no hit");
            await ask("PUT", `/api/hits/${row.hit}/status`, { status: "refuted" });
          },
        );
        appendFileSync(kept.answers, await event);
        await untilAsync(
          async () => Coverage.parse(JSON.parse((await ask("GET", "/api/coverage")).text)).state === "ready",
          "the console reads no list",
        );
        for (const path of PAGE_PATHS) await ask("GET", `/api/${path}`);
        await ask("GET", `/api/statistics?year=${new Date().getUTCFullYear()}`);
        const hits = HitList.parse(JSON.parse((await ask("GET", "/api/hits")).text));
        for (const { hit } of hits) await ask("GET", `/api/hits/${hit}`);
        await until(() => cases.taken() >= hits.length, "the case system was not told of all hits");
        const planted = hits.find(({ refs }) => refs.some((ref) => ref.includes("-planted-")));
        if (planted === undefined) throw new Error("no planted person is a hit");
        return planted.hit;
      },
      askAsStranger: async (typed) => {
        const hits = HitList.parse(JSON.parse((await page.send("GET", "/api/hits")).text));
        const refused = async (...request: Parameters<typeof askConsole>): Promise<void> => {
          const answer = keptIn(kept.refusals, request[2], await askConsole(...request));
          Problem.parse(JSON.parse(answer.text));
        };
        const { port } = new URL(url);
        // As what listens on another port of the machine gets the cookie.
        const keyless = Object.fromEntries(Object.entries(page.headers).filter(([name]) => name !== KEY_HEADER));
        const paths = [
          ...PAGE_PATHS,
          "events",
          "statistics?year=2026",
          ...hits.slice(0, 3).map(({ hit }) => `hits/${hit}`),
        ];
        for (const path of paths.map((each) => `/api/${each}`)) {
          await refused(url, "GET", path);
          await refused(url, "GET", path, { cookie: `aquila-${port}=${"A".repeat(43)}` });
          await refused(url, "GET", path, keyless);
          await refused(url, "GET", path, { ...page.headers, host: `console.example:${port}` });
          await refused(url, "GET", path, { ...page.headers, origin: "https://elsewhere.example" });
        }
        const used = { token: new URL(address).hash.slice("#t=".length) };
        const json = { origin: url, "content-type": "application/json" };
        await refused(url, "POST", "/api/session", json, JSON.stringify(used));
        for (const { hit } of hits.slice(0, 1)) {
          const path = `/api/hits/${hit}/status`;
          await refused(url, "PUT", path, { ...page.headers, origin: "null" }, JSON.stringify({ status: "confirmed" }));
          await refused(url, "PUT", path, page.headers, JSON.stringify({ status: typed }));
          await refused(url, "PUT", path, page.headers, `{"status": "${typed}`);
        }
        keptIn(kept.refusals, "/", await askConsole(url, "GET", "/"));
      },
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

function startConsole(
  round: HuntedRound,
  party: string,
  serverUrl: string,
  caseSystem: string,
  { nodeArguments = [], environment = {} }: NodeRun,
): ChildProcess {
  const vault = join(round.folder, "vaults", party);
  // Beside the vaults, which are not searched.
  const passphrase = `${vault}.passphrase`;
  writeFileSync(passphrase, round.passphrases.get(party) ?? "", { mode: 0o600 });
  const descriptor = openSync(passphrase, "r");
  const entry = [...nodeArguments, join(REPOSITORY, "start.mjs"), "client/main.ts", "--passphrase-fd", "3"];
  const where = ["--vault", vault, "--server", serverUrl, "--case-system", caseSystem];
  const child = spawn(
    process.execPath,
    [...entry, "console", join(round.folder, "lists", `${party}.jsonl`), ...where],
    {
      cwd: REPOSITORY,
      stdio: ["pipe", "pipe", "pipe", descriptor],
      env: { PATH: process.env["PATH"], ...environment },
    },
  );
  closeSync(descriptor);
  return child;
}

type CaseSystem = { readonly port: number; readonly taken: () => number; readonly close: () => Promise<void> };

async function openCaseSystem(): Promise<CaseSystem> {
  let taken = 0;
  const server = createServer((request, response) => {
    request.resume().once("end", () => {
      taken++;
      response.writeHead(204).end();
    });
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    port: (server.address() as AddressInfo).port,
    taken: () => taken,
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

/** Without what was asked: that is the asker's own. */
function keptIn(file: string, path: string, answer: PageAnswer): PageAnswer {
  const heads = Object.entries(answer.headers).map(
    ([name, value]) => `${name}: ${[value ?? ""].flat().join(", ")}
`,
  );
  appendFileSync(
    file,
    `${answer.status}
${heads.join("")}
${answer.text.replaceAll(path, "")}
`,
  );
  return answer;
}

function until(isReached: () => boolean, fault: string): Promise<void> {
  return untilAsync(() => Promise.resolve(isReached()), fault);
}

async function untilAsync(isReached: () => Promise<boolean>, fault: string): Promise<void> {
  const deadline = performance.now() + PATIENCE_MS;
  while (!(await isReached())) {
    if (performance.now() > deadline) throw new Error(fault);
    await pause(POLL_MS);
  }
}
