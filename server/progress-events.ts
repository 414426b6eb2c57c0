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

/** @returns One event, named progress. */
export function progressEvent(progress: Progress): string {
  return `event: progress\ndata: ${JSON.stringify(progress)}\n\n`;
}

/**
 * @param first - The state at the beginning.
 * @param look - Gives the state as it is now.
 * @param signal - Ends the stream when the server closes.
 */
export async function* progressEvents(
  first: ProgressState,
  look: () => Promise<ProgressState>,
  signal: AbortSignal,
): AsyncGenerator<string, void> {
  let state = first;
  let told = "";
  for (let looks = 1; ; looks++) {
    const event = progressEvent(state.progress);
    if (event !== told) yield event;
    else if (looks % COMMENT_EVERY_LOOKS === 0) yield ": still here\n\n";
    told = event;
    if (!state.isRunning || signal.aborted) return;
    // An abort ends the wait, and the next look is the last.
    await wait(LOOK_EVERY_MS, undefined, { signal, ref: false }).catch(() => undefined);
    state = await look();
  }
}
