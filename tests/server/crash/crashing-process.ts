/**
 * The server's own process under the shipped profile, killed at one of its durable steps or at any time.
 */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { House } from "../harness.ts";
import { EndedEarly, startProcess, type ServerProcess } from "../process.ts";
import { CRASH_VARIABLE, crashText, STEPS_VARIABLE, type Crash } from "./durable-steps.ts";

const PRELOAD = new URL("./preload.ts", import.meta.url).href;

/** At a durable step, or so long after the process was started. */
export type Kill = Crash | { readonly afterMs: number };

/**
 * @param kill - Null lets it run.
 * @returns Null if it was killed before it listened.
 * @throws {@link EndedEarly} if it ended in another way.
 */
export async function startCrashing(house: House, kill: Kill | null): Promise<ServerProcess | null> {
  const environment = {
    [STEPS_VARIABLE]: stepsFile(house),
    ...(kill === null || "afterMs" in kill ? {} : { [CRASH_VARIABLE]: crashText(kill) }),
  };
  // `profileFile` left out is the shipped one.
  const changes = { profileFile: undefined, leastHoursBetweenRounds: 0 };
  const killAfterMs = kill !== null && "afterMs" in kill ? kill.afterMs : undefined;
  return startProcess(house, changes, { nodeArguments: ["--import", PRELOAD], environment, killAfterMs }).catch(
    (error: unknown) => {
      if (!(error instanceof EndedEarly) || error.by !== "SIGKILL") throw error;
      return null;
    },
  );
}

/** @returns Names of the durable steps of all the house's processes, in order; the last may not have been done. */
export function stepsOf(house: House): string[] {
  const file = stepsFile(house);
  return existsSync(file) ? readFileSync(file, "utf8").trimEnd().split("\n") : [];
}

function stepsFile({ folder }: House): string {
  return join(folder, "steps.txt");
}
