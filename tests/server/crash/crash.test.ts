/**
 * kill -9 before and after the durable steps of a round, from the server's first start to its last: the round goes on, and
 * at its end both sides of each pairing have the same hits and the server has nothing.
 *
 * By default a few rounds are killed again and again, until every fifth name of a step was met; with BENCH=full each name
 * twenty times, and each single step has two rounds of its own, killed before it and after it.
 */
import { beforeAll, expect, it } from "vitest";
import { uniformBelow } from "#engine/uniform.ts";
import { seeded } from "../../engine/statistics/seeded.ts";
import { IS_FULL, reportFigures } from "../../figures.ts";
import { crashText, type Crash } from "./durable-steps.ts";
import { playWell } from "./invariants.ts";

/** By default one name of so many. */
const EVERY_NAME = 10;
const MINUTES_MS = 60_000;

/** Of a round that nothing happens to. */
let steps: string[];
let pairs: Record<string, string[]>;
const survive = (crashes: readonly Crash[]) => playWell(crashes, pairs);

beforeAll(async () => {
  ({ done: steps, found: pairs } = await playWell([], null));
});

it("a round takes more than a hundred durable steps, and has hits", () => {
  expect(steps.length).toBeGreaterThan(100);
  expect(pairs).toEqual({
    "AT-HR": [7, 8, 9, 10, 11].map((person) => `AT-${person} HR-${person}`).sort(),
    "AT-SI": [4, 5, 6, 7, 8].map((person) => `AT-${person} SI-${person}`).sort(),
  });
});

it("a file and its folder are synced before any row names it", () => {
  for (const [at, name] of steps.entries()) {
    if (!name.startsWith("rename ")) continue;
    // Other work may go on in between.
    const kind = name.slice("rename ".length).replace(/ in .*/, "");
    const before = steps.slice(0, at).findLast((step) => step.includes(` unfinished ${kind}`));
    expect(before, name).toMatch(/^fsync unfinished /);
    // No row names the tree head.
    if (kind === "tree head") continue;
    expect(
      steps.slice(at + 1).find((next) => /^(commit|fsync \w+ folder)/.test(next)),
      name,
    ).toMatch(/^fsync/);
  }
  expect(steps.filter((name) => name.startsWith("rename ")).length).toBeGreaterThan(10);
});

it("it goes on when its start-up is killed too, while it puts right what the kill before has left", async () => {
  const recovery: Crash[] = [
    { when: "before", name: "commit →reviewed matched", occurrence: 1 },
    { when: "after", name: "commit →sealed", occurrence: 1 },
    { when: "before", name: "unlink round file in recovery", occurrence: 2 },
    { when: "after", name: "unlink round file in recovery", occurrence: 1 },
    { when: "before", name: "commit →erased erased", occurrence: 1 },
    { when: "after", name: "commit →erased erased", occurrence: 1 },
    { when: "before", name: "empty write-ahead log", occurrence: 1 },
  ];
  expect((await survive(recovery)).crashed).toBe(recovery.length);
});

it.each(Array.from({ length: IS_FULL ? 20 : 1 }, (_, seed) => seed))(
  "it goes on whichever kind of step it is killed at, again and again (seed %i)",
  async (seed) => {
    const below = uniformBelow(seeded(`crash ${seed}`));
    const all = [...new Set(steps)];
    expect(all.length).toBeGreaterThan(25);
    const names = IS_FULL ? all : all.filter((_, at) => at % EVERY_NAME === 0);
    // The first seed meets them in the order of the round, the others the second of a name too.
    let left = names.map((name, at): Crash => {
      const when = (seed === 0 ? at : below(2)) % 2 === 0 ? "before" : "after";
      const times = steps.filter((step) => step === name).length;
      return { when, name, occurrence: seed === 0 ? 1 : 1 + below(Math.min(2, times)) };
    });
    let kills = 0;
    while (left.length > 0) {
      const { crashed } = await survive(left);
      // A step that another crash has spared the round is met in the next one; a second of its name may not come again.
      if (crashed === 0) left = left.map((crash) => ({ ...crash, occurrence: 1 }));
      if (crashed === 0)
        expect((await survive(left)).crashed, `not met: ${left.map(crashText).join(", ")}`).toBeGreaterThan(0);
      kills += crashed;
      left = left.slice(crashed);
    }
    reportFigures("kind of step", { seed, names: names.length, kills });
  },
  20 * MINUTES_MS,
);

it.runIf(IS_FULL)(
  "it goes on at whichever step it is killed",
  async () => {
    const failed: string[] = [];
    for (const [at, name] of steps.entries())
      for (const when of ["before", "after"] as const) {
        const crash: Crash = { when, step: at + 1 };
        await survive([crash]).then(
          ({ crashed }) => {
            if (crashed !== 1) failed.push(`${crashText(crash)} ${name}: not reached`);
          },
          (error: unknown) => failed.push(`${crashText(crash)} ${name}: ${String(error)}`),
        );
      }
    reportFigures("each step", { steps: steps.length, kills: 2 * steps.length, failed: failed.length });
    expect(failed).toEqual([]);
  },
  120 * MINUTES_MS,
);
