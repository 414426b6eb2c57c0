/**
 * kill -9 at random instants, at a server that is asked by others while a round is played: the same holds at its end as after
 * a kill at a durable step. BENCH=full kills 300 times.
 */
import { setTimeout as wait } from "node:timers/promises";
import { expect, it } from "vitest";
import { LinkageError } from "#engine/errors.ts";
import { uniformBelow } from "#engine/uniform.ts";
import { seeded } from "../../engine/statistics/seeded.ts";
import { IS_FULL, reportFigures } from "../../figures.ts";
import { playWell } from "./invariants.ts";
import { connectTo, ROUND, type Beside } from "./round-play.ts";

const KILLS = IS_FULL ? 300 : 2;
/** In one round, which comes to its end at the server after the last of them. */
const KILLS_OF_A_ROUND = IS_FULL ? 10 : 2;
/** A start takes a second or two, a round some seconds more. */
const LATEST_MS = 6_000;
const MINUTES_MS = 60_000;

/** What a server that is killed, has just started or has too much to do refuses with. */
const EXPECTED = ["server-unreachable", "server-starting", "server-busy", "round-unknown"];
let answered = 0;

/** An officer reads the log, which is entered in it, and others look at the round; each holds every head against the last one. */
const load: Beside = (round, url) => {
  const { officer, operators, identities } = round.house.cast;
  let isOver = false;
  const failures: unknown[] = [];
  const askers = IS_FULL ? [officer, officer, operators[0], ...identities] : [officer, operators[0]];
  const lanes = askers.map(async (identity, lane) => {
    while (!isOver) {
      const connection = connectTo(round, url, identity, `lane-${lane}`);
      try {
        await (identity === officer ? connection.acts(ROUND) : connection.round(ROUND));
        answered += 1;
      } catch (error) {
        if (!(error instanceof LinkageError) || !EXPECTED.includes(error.code)) failures.push(error);
        await wait(50);
      }
    }
  });
  return {
    stop: async () => {
      isOver = true;
      await Promise.all(lanes);
      if (failures.length > 0) throw failures[0];
    },
  };
};

it(
  "a round goes on whenever its server is killed, under load",
  async () => {
    const { found: pairs } = IS_FULL ? await playWell([], null) : { found: null };
    const below = uniformBelow(seeded("kill at random"));
    let killed = 0;
    while (killed < KILLS) {
      const kills = Array.from({ length: KILLS_OF_A_ROUND }, () => ({ afterMs: 200 + below(LATEST_MS) }));
      killed += (await playWell(kills, pairs, load)).crashed;
    }
    expect(answered).toBeGreaterThan(killed);
    reportFigures("random instant", { kills: killed, answersToOthers: answered });
  },
  (IS_FULL ? 120 : 5) * MINUTES_MS,
);
