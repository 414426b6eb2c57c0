/**
 * What the staff's pages ask for, asked over the hunted round: the pages themselves, announcements, the machine's figures, the
 * round as staff sees it, the audit log; and every answer, kept.
 */
import { appendFileSync, mkdirSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { SignedHead } from "#engine/round/messages.ts";
import { asker } from "#client/transport.ts";
import { builtFolder } from "#pages/built.ts";
import { recordingFetch } from "../../../demo/recording-fetch.ts";
import type { ServerProcess } from "../../../demo/server-process.ts";
import { ROUND, type HuntedRound } from "./hunted-round.ts";

const TIMEOUT_MS = 30_000;
const MAX_BYTES = 64 * 1_048_576;
const ROUND_PARTS = ["", "/forecast", "/progress", "/log", "/reports", "/follow-up", "/certificate"];

/** @returns Folder with what staff, and whoever opens the pages, was answered. */
export function staffAnswers({ folder }: Pick<HuntedRound, "folder">): string {
  return join(folder, "staff", "answers");
}

/** Asks for all of it, as an operator and as the officer, and for the announcements as every party too. */
export async function askAsStaff(round: HuntedRound, { url }: Pick<ServerProcess, "url">): Promise<void> {
  const { cast, folder } = round;
  const open = recordingFetch(join(folder, "staff"), "anybody");
  for (const path of pagePaths()) await open(new URL(path, url));
  const [operator] = cast.operators;
  const year = new Date().getUTCFullYear();
  for (const identity of [operator, cast.officer]) {
    const ask = askerFor(round, url, identity, identity.id);
    const get = async (path: string): Promise<string> => await (await ask("GET", path)).text();
    for (const path of ["/v1/roster", "/v1/rounds", `/v1/statistics?year=${year}`, "/v1/announcements"])
      await get(path);
    for (const part of ROUND_PARTS) await get(`/v1/rounds/${ROUND}${part}`);
    for (const path of ["/v1/operations/resources", "/v1/operations/benches"]) await get(path);
    await ask("DELETE", "/v1/operations/benches");
    const { head } = SignedHead.parse(JSON.parse(await get("/v1/audit/head")));
    for (const path of [
      "/v1/audit/leaves?from=0",
      `/v1/audit/inclusion?number=0&size=${head.size}`,
      `/v1/audit/consistency?first=1&second=${head.size}`,
    ])
      await get(path);
  }
  for (const identity of cast.identities) {
    const ask = askerFor(round, url, identity, identity.party);
    await ask("GET", "/v1/announcements");
  }
}

/** Listens as each party until its first announcement has come. */
export async function listenAsParties(round: HuntedRound, { url }: Pick<ServerProcess, "url">): Promise<void> {
  mkdirSync(staffAnswers(round), { recursive: true });
  for (const identity of round.cast.identities) {
    const end = new AbortController();
    const call = {
      method: "GET",
      path: "/v1/announcements/events",
      timeoutMs: TIMEOUT_MS,
      maxBytes: MAX_BYTES,
    } as const;
    const secretariat = round.cast.roster.secretariat;
    const { response } = await asker({ serverUrl: url, identity, secretariat }, url)({ ...call, signal: end.signal });
    let told = "";
    for await (const piece of response.body ?? []) {
      told += Buffer.from(piece).toString("utf8");
      if (told.includes("\ndata: ") && told.endsWith("\n\n")) break;
    }
    end.abort();
    if (!told.includes(ROUND)) throw new Error(`${identity.party} was told of no announcement`);
    appendFileSync(join(staffAnswers(round), `events-${identity.party}`), told);
  }
}

function askerFor(
  round: HuntedRound,
  url: string,
  identity: Parameters<typeof asker>[0]["identity"],
  name: string,
): (method: "GET" | "DELETE", path: string) => Promise<Response> {
  const fetch = recordingFetch(join(round.folder, "staff"), name);
  const ask = asker({ serverUrl: url, identity, secretariat: round.cast.roster.secretariat, fetch }, url);
  return async (method, path) => (await ask({ method, path, timeoutMs: TIMEOUT_MS, maxBytes: MAX_BYTES })).response;
}

function pagePaths(): string[] {
  const assets = readdirSync(join(builtFolder("secretariat"), "assets")).map((name) => `/assets/${name}`);
  return ["/", ...assets, "/assets/none.js", "/healthz", "/openapi.json"];
}
