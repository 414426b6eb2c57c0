/**
 * When the server has too much to do: it says so at once, with 503, and takes nothing more until it has caught up.
 */
import { monitorEventLoopDelay } from "node:perf_hooks";
import { LinkageError } from "#engine/errors.ts";
import type { App } from "./app.ts";

/** Requests that are not answered yet, streams of events among them. */
export const MAX_IN_FLIGHT = 1_000;
/** Mean delay of the event loop at which a second counts as too much. */
const MAX_DELAY_MS = 1_000;
const SAMPLE_MS = 1_000;
/** Seconds in a row; a single long pause is none. */
const LATE_SAMPLES = 2;
const RESOLUTION_MS = 20;
const NS_PER_MS = 1e6;

/** Whether the event loop is late, by means of its delay. */
export class Lateness {
  #late = 0;

  /** @param delayMs - Mean of the last second; NaN if the loop came to nothing in it. */
  note(delayMs: number): void {
    this.#late = delayMs < MAX_DELAY_MS ? 0 : this.#late + 1;
  }

  get isLate(): boolean {
    return this.#late >= LATE_SAMPLES;
  }
}

/** Refuses what comes while there is too much to do, before anything of it is looked at. */
export function refuseOverload(app: App): void {
  const lateness = new Lateness();
  const delay = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  delay.enable();
  const sampling = setInterval(() => {
    lateness.note(delay.mean / NS_PER_MS - RESOLUTION_MS);
    delay.reset();
  }, SAMPLE_MS).unref();
  app.addHook("onClose", (_app, done) => {
    clearInterval(sampling);
    delay.disable();
    done();
  });
  let inFlight = 0;
  app.addHook("onRequest", (_request, reply, done) => {
    if (inFlight >= MAX_IN_FLIGHT || lateness.isLate) {
      done(new LinkageError("server-busy", "the server has too much to do; wait and try again"));
      return;
    }
    inFlight += 1;
    reply.raw.once("close", () => {
      inFlight -= 1;
    });
    done();
  });
}
