/**
 * Two rounds over a real secretariat, played once: what it sees of them is unlinkable, and whatever it gives out in place of the
 * truth is caught by a real client in every run, 10 of each attack; with BENCH=full 100. Each attack starts from the vaults as they stood before it.
 */
import { afterAll, beforeAll } from "vitest";
import { attacksOnAnswers } from "./attacks-on-answers.ts";
import { attacksOnHits } from "./attacks-on-hits.ts";
import { attacksOnPackages } from "./attacks-on-packages.ts";
import { attacksOnSeals } from "./attacks-on-seals.ts";
import { playRounds, type PlayedRounds } from "./played-rounds.ts";
import { swappedBatches } from "./swapped-batches.ts";
import { closeTable } from "./table.ts";
import { unlinkable } from "./unlinkable.ts";

let rounds: PlayedRounds;
beforeAll(async () => {
  rounds = await playRounds();
});
afterAll(() => closeTable(rounds.table));
const played = (): PlayedRounds => rounds;

unlinkable(played);
attacksOnSeals(played);
attacksOnHits(played);
attacksOnPackages(played);
attacksOnAnswers(played);
swappedBatches(played);
