/**
 * The server's own process under the shipped profile, killed at one of its durable steps.
 */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { House } from "../harness.ts";
import { COMPILE_CACHE, EndedEarly, startProcess, type ServerProcess } from "../process.ts";
import { CRASH_VARIABLE, crashText, STEPS_VARIABLE, type Crash } from "./durable-steps.ts";

const PRELOAD = new URL("./preload.ts", import.meta.url).href;

/**
 * @param crash - Null lets it run.
 * @returns Null if it was killed before it listened.
 * @throws {@link EndedEarly} if it ended in another way.
 */
export async function startCrashing(house: House, crash: Crash | null): Promise<ServerProcess | null> {
  const environment = {
    [STEPS_VARIABLE]: stepsFile(house),
    NODE_COMPILE_CACHE: COMPILE_CACHE,
    ...(crash === null ? {} : { [CRASH_VARIABLE]: crashText(crash) }),
  };
  // `profileFile` left out is the shipped one.
  const changes = { profileFile: undefined, leastHoursBetweenRounds: 0 };
  return startProcess(house, changes, { nodeArguments: ["--import", PRELOAD], environment }).catch((error: unknown) => {
    if (!(error instanceof EndedEarly) || error.by !== "SIGKILL") throw error;
    return null;
  });
}

/** @returns Names of the durable steps of all the house's processes, in order; the last may not have been done. */
export function stepsOf(house: House): string[] {
  const file = stepsFile(house);
  return existsSync(file) ? readFileSync(file, "utf8").trimEnd().split("\n") : [];
}

function stepsFile({ folder }: House): string {
  return join(folder, "steps.txt");
}
