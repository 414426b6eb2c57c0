/**
 * Wakes those in this process who wait for something to be committed; what it was they read from the store.
 */

export type Bell = {
  /** How often it was rung; to be read before looking, so that nothing rung since is waited for. */
  readonly rings: () => number;
  readonly ring: () => void;
  /** Waits until it is rung, `timeoutMs` are over or the signal aborts. @returns At once if it was rung after `since`. */
  readonly wait: (since: number, timeoutMs: number, signal: AbortSignal) => Promise<void>;
};

export function makeBell(): Bell {
  let rings = 0;
  const waiting = new Set<() => void>();
  return {
    rings: () => rings,
    ring: () => {
      rings += 1;
      for (const wake of [...waiting]) wake();
    },
    wait: (since, timeoutMs, signal) =>
      new Promise((resolve) => {
        if (rings !== since || signal.aborted) {
          resolve();
          return;
        }
        const wake = (): void => {
          clearTimeout(timer);
          signal.removeEventListener("abort", wake);
          waiting.delete(wake);
          resolve();
        };
        const timer = setTimeout(wake, timeoutMs).unref();
        signal.addEventListener("abort", wake);
        waiting.add(wake);
      }),
  };
}
