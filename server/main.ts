/**
 * `npm start`: reads the configuration, listens, and closes in good order.
 */
import { setTimeout as wait } from "node:timers/promises";
import { parseArgs } from "node:util";
import closeWithGrace from "close-with-grace";
import { LinkageError } from "#engine/errors.ts";
import { MAX_HITS } from "#engine/round/package.ts";
import { SHIPPED_PROFILE } from "#engine/shipped-profile.ts";
import type { App } from "./app.ts";
import {
  DEFAULT_CONFIG_PATH,
  isLoopback,
  readConfig,
  readProfile,
  readRoster,
  readText,
  type Config,
} from "./config.ts";
import type { Tls } from "./listener.ts";
import { faultOf, makeLog } from "./log.ts";
import { openServer } from "./open.ts";

/** sysexits.h: EX_CONFIG, EX_SOFTWARE. */
const EXIT_CONFIG = 78;
const EXIT_SOFTWARE = 70;
const GRACE_MS = 15_000;
const SECOND_MS = 1_000;

const { values: COMMAND_LINE } = parseArgs({
  options: { config: { type: "string" }, "accept-restored-log": { type: "boolean", default: false } },
});
const log = makeLog();

try {
  await start(readConfig(configPath()));
} catch (error) {
  if (error instanceof LinkageError) {
    console.error(`aquila: ${error.detail}`);
    console.error(
      `The secretariat reads ${DEFAULT_CONFIG_PATH}, or the file named by --config or AQUILA_CONFIG.\n` +
        "Copy server/example.config.json and change it; docs/spec/api.md, “Running the server”, says what each member means.",
    );
    process.exitCode = EXIT_CONFIG;
  } else {
    console.error(`aquila: ${error instanceof Error ? error.message : "cannot start"}`);
    log.fatal({ fault: faultOf(error) }, "start failed");
    process.exitCode = EXIT_SOFTWARE;
  }
}

async function start(config: Readonly<Config>): Promise<void> {
  const { host, port, metrics } = config;
  const tls = config.tls === undefined ? null : readTls(config.tls);
  const metricsTls = metrics === undefined || isLoopback(metrics.host) ? null : tls;
  const { app, metricsApp } = await openServer({
    dataDir: config.dataDir,
    serverKeyFile: config.serverKeyFile,
    roster: readRoster(config.rosterFile),
    profile: config.profileFile === undefined ? SHIPPED_PROFILE : readProfile(config.profileFile),
    workers: config.workers,
    maxRecords: config.maxRecords,
    leastHoursBetweenRounds: config.leastHoursBetweenRounds,
    requestsPerMinute: config.requestsPerMinute,
    maxHits: MAX_HITS,
    announcements: config.announcements === undefined ? undefined : withPassword(config.announcements),
    tls,
    metrics: { onApi: metrics === undefined && isLoopback(host), tls: metricsTls },
    acceptsRestoredLog: COMMAND_LINE["accept-restored-log"],
    clock: () => new Date(),
    log,
  });
  closeWithGrace({ delay: GRACE_MS, logger: false }, async ({ err, signal }) => {
    if (err !== undefined) log.fatal({ fault: faultOf(err) }, "unexpected failure");
    log.info({ signal: signal ?? "none" }, "closing");
    await app.close();
  });
  // Nothing is taken that was signed in the second of the start.
  await wait(SECOND_MS - (Date.now() % SECOND_MS));
  try {
    if (metrics !== undefined)
      console.log(`aquila metrics on ${await listen(metricsApp, metrics, metricsTls)}/metrics`);
    console.log(`aquila secretariat listening on ${await listen(app, { host, port }, tls)}`);
  } catch (error) {
    await app.close();
    throw error;
  }
}

function withPassword(announcements: NonNullable<Config["announcements"]>) {
  const { passwordFile } = announcements.mail?.smtp ?? {};
  const [password = ""] = passwordFile === undefined ? [] : readText(passwordFile).split(/\r?\n/, 1);
  return { ...announcements, password: passwordFile === undefined ? null : password };
}

function readTls({ certFile, keyFile, clientCaFile }: NonNullable<Config["tls"]>): Tls {
  const own = { cert: readText(certFile), key: readText(keyFile) };
  return clientCaFile === undefined ? own : { ...own, ca: readText(clientCaFile) };
}

/** @returns The address taken. */
async function listen(app: App, { host, port }: { host: string; port: number }, tls: Tls | null): Promise<string> {
  const address = await app.listen({ host, port, listenTextResolver: () => "listening" });
  // Fastify does not know of TLS under a server of our own making.
  return tls === null ? address : address.replace("http:", "https:");
}

function configPath(): string {
  return COMMAND_LINE.config ?? process.env["AQUILA_CONFIG"] ?? DEFAULT_CONFIG_PATH;
}
