/**
 * `aquila console`: serves a party's analysts the pages with their hits, on this machine alone.
 */
import { dirname, resolve } from "node:path";
import { createInterface } from "node:readline";
import closeWithGrace from "close-with-grace";
import { InvalidArgumentError, type Command } from "commander";
import { LinkageError } from "#engine/errors.ts";
import { SHIPPED_PROFILE } from "#engine/shipped-profile.ts";
import { builtFolder, isBuilt } from "#pages/built.ts";
import { caseSystem, CaseSystemFile, type SendAlert } from "../console/case-system.ts";
import {
  connectParty,
  jsonOption,
  readJsonFile,
  serverOption,
  unlockVault,
  vaultOption,
  type CommandIo,
} from "./command-io.ts";
import { PACE } from "../console/follower.ts";
import { listFile, withListOptions, type ListFileOptions } from "./list-options.ts";

/** Steps that are under way, such as an upload, are waited for so long. */
const GRACE_MS = 15_000;

type ConsoleOptions = ListFileOptions & {
  readonly vault: string;
  readonly server?: string;
  readonly port: number;
  readonly caseSystem?: string;
};

export function registerConsole(program: Command, io: CommandIo): void {
  withListOptions(program.command("console"))
    .description("serve the pages in which analysts see their hits and rounds, to browsers on this machine alone")
    .argument("[list]", "JSONL or CSV: shown beside the hits, and encoded when a round is run from the pages")
    .addOption(vaultOption())
    .addOption(serverOption(false))
    .option("--port <number>", "port on 127.0.0.1; any that is free when left out", portNumber, 0)
    .option(
      "--case-system <file>",
      'JSON file of the system that is to get an alert of each hit, {"url": "https://…", "secretFile": "…"}',
    )
    .addOption(jsonOption())
    .action(async (path: string | undefined, options: ConsoleOptions) => {
      if (!isBuilt("console"))
        throw new LinkageError("file-unreadable", "the console's pages are not built; run: npm run build");
      const list = path === undefined ? null : listFile(path, options);
      // Here, so that no other command loads a server.
      const { openConsole } = await import("../console/open.ts");
      const send = options.caseSystem === undefined ? null : alertSender(io, options.caseSystem);
      using vault = await unlockVault(io, options.vault);
      const { server: serverUrl } = options;
      const opened = await openConsole({
        ...{ vault, list, profile: SHIPPED_PROFILE, pages: builtFolder("console"), port: options.port },
        server: serverUrl === undefined ? null : { url: serverUrl, connection: connectParty(io, serverUrl, vault) },
        caseSystem: send,
        ...{ pace: PACE, now: io.now },
      });
      const tell = (): void => {
        const address = opened.freshAddress();
        const text = `Console of ${vault.identity.party}: ${address}`;
        io.stdout.write(`${options.json ? JSON.stringify({ party: vault.identity.party, address }) : text}\n`);
      };
      tell();
      io.stderr.write("The address works once. Enter shows another; Ctrl-C ends the console.\n");
      await untilEnded(io, tell, async () => {
        await opened.close();
        // Here too: the process ends right after.
        vault.close();
      });
    });
}

/** Waits for SIGINT or SIGTERM; Enter calls `onEnter` meanwhile. */
async function untilEnded(io: CommandIo, onEnter: () => void, close: () => Promise<void>): Promise<void> {
  const lines = createInterface({ input: io.stdin });
  lines.on("line", onEnter);
  // Ctrl-C at a terminal comes by the process's own signal.
  lines.on("SIGINT", () => process.kill(process.pid, "SIGINT"));
  await new Promise<void>((ended) => {
    closeWithGrace({ delay: GRACE_MS, logger: false }, async () => {
      lines.close();
      await close();
      ended();
    });
  });
}

function alertSender(io: CommandIo, path: string): SendAlert {
  const { secretFile, ...file } = readJsonFile(path, CaseSystemFile, "request-invalid");
  const secret = secretFile === undefined ? {} : { secretFile: resolve(dirname(path), secretFile) };
  return caseSystem({ ...file, ...secret }, io.fetch, io.now);
}

function portNumber(text: string): number {
  if (!/^\d{1,5}$/.test(text) || Number(text) > 65_535) throw new InvalidArgumentError("a port, 0 to 65535");
  return Number(text);
}
