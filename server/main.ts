/**
 * `npm start`: reads the configuration, listens, and closes in good order.
 */
import { parseArgs } from "node:util";
import closeWithGrace from "close-with-grace";
import { LinkageError } from "#engine/errors.ts";
import { SHIPPED_PROFILE } from "#engine/shipped-profile.ts";
import { DEFAULT_CONFIG_PATH, readConfig, readProfile, readRoster, readText, type Config } from "./config.ts";
import { faultOf, makeLog } from "./log.ts";
import { openServer } from "./open.ts";

/** sysexits.h: EX_CONFIG, EX_SOFTWARE. */
const EXIT_CONFIG = 78;
const EXIT_SOFTWARE = 70;
const GRACE_MS = 15_000;

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
  const app = await openServer({
    dataDir: config.dataDir,
    serverKeyFile: config.serverKeyFile,
    roster: readRoster(config.rosterFile),
    operators: config.operators,
    profile: config.profileFile === undefined ? SHIPPED_PROFILE : readProfile(config.profileFile),
    workers: config.workers,
    maxRecords: config.maxRecords,
    requestsPerMinute: config.requestsPerMinute,
    tls: config.tls === undefined ? null : { cert: readText(config.tls.certFile), key: readText(config.tls.keyFile) },
    clock: () => new Date(),
    log,
  });
  closeWithGrace({ delay: GRACE_MS, logger: false }, async ({ err, signal }) => {
    if (err !== undefined) log.fatal({ fault: faultOf(err) }, "unexpected failure");
    log.info({ signal: signal ?? "none" }, "closing");
    await app.close();
  });
  try {
    const address = await app.listen({ host: config.host, port: config.port, listenTextResolver: () => "listening" });
    // Fastify does not know of TLS under a server of our own making.
    const shown = config.tls === undefined ? address : address.replace("http:", "https:");
    console.log(`aquila secretariat listening on ${shown}`);
  } catch (error) {
    await app.close();
    throw error;
  }
}

function configPath(): string {
  const { values } = parseArgs({ options: { config: { type: "string" } } });
  return values.config ?? process.env["AQUILA_CONFIG"] ?? DEFAULT_CONFIG_PATH;
}
