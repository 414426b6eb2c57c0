/**
 * Progress of a matching as server-sent events (WHATWG HTML §9.2): one at once, one for each change, and a last one when it ends.
 */
import { setTimeout as wait } from "node:timers/promises";
import type { Progress } from "#engine/round/messages.ts";

/** Progress of a round, and whether it can still change. */
export type ProgressState = { readonly progress: Progress; readonly isRunning: boolean };

const LOOK_EVERY_MS = 200;
/** A comment keeps proxies and this server's idle limit from taking a quiet stream for a dead one. */
const COMMENT_EVERY_LOOKS = 75;

/**
 * @param look - Gives the state as it is now.
 * @param signal - Ends the stream when the server closes.
 */
export async function* progressEvents(
  look: () => Promise<ProgressState>,
  signal: AbortSignal,
): AsyncGenerator<string, void> {
  let told = "";
  for (let looks = 1; ; looks++) {
    const { progress, isRunning } = await look();
    const data = JSON.stringify(progress);
    if (data !== told) yield `event: progress\ndata: ${data}\n\n`;
    else if (looks % COMMENT_EVERY_LOOKS === 0) yield ": still here\n\n";
    told = data;
    if (!isRunning || signal.aborted) return;
    // An abort ends the wait, and the next look is the last.
    await wait(LOOK_EVERY_MS, undefined, { signal, ref: false }).catch(() => undefined);
  }
}
