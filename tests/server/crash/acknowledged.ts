/**
 * What a server has acknowledged of a round with a status of success, and whether it still holds after it was killed.
 */
import type { Connection } from "#client/http.ts";
import type { Vault } from "#client/vault.ts";
import type { RoundView, StatusList } from "#engine/round/messages.ts";
import { ROUND_STATES } from "#engine/round/states.ts";
import type { YearStatistics } from "#engine/statistics/published.ts";

/** All that can be asked about a round. */
type Shown = {
  readonly view: RoundView;
  /** By party; empty unless the round is released. */
  readonly statuses: ReadonlyMap<string, StatusList>;
  readonly statistics: YearStatistics;
};
type Holds = (shown: Shown, ...named: string[]) => boolean;

const isAt = ({ view }: Shown, state: RoundView["state"]): boolean => rank(view.state) >= rank(state);
/** Goes with the round's packages when it is erased. */
const untilErased =
  (holds: Holds): Holds =>
  (shown, ...named) =>
    shown.view.state !== "released" || holds(shown, ...named);

/** What each request's success means from then on, by its path in the round. */
const MEANINGS: readonly (readonly [request: RegExp, holds: Holds])[] = [
  [/^POST $/, ({ view }) => view.createdAt !== ""],
  [
    /^PUT \/approvals\/([a-z]+)\/(.+)$/,
    ({ view }, act, operator) => view.approvals.some((one) => one.act === act && one.operator === operator),
  ],
  [/^PUT \/keys\/(.+)$/, ({ view }, party) => view.keys.some((key) => key.party === party)],
  [
    /^PUT \/confirmations\/(.+)\/(.+)$/,
    ({ view }, from, to) => view.confirmations.some((one) => one.from === from && one.to === to),
  ],
  [
    /^PUT \/batches\/(.+)\/(.+)\/chunks\/(.+)$/,
    ({ view }, from, to, index) =>
      view.batches.some(
        (one) => one.from === from && one.to === to && (one.state === "complete" || one.chunksStored > Number(index)),
      ),
  ],
  [
    /^PUT \/batches\/(.+)\/(.+)\/manifest$/,
    ({ view }, from, to) => view.batches.some((one) => one.from === from && one.to === to && one.state === "complete"),
  ],
  [/^POST \/close$/, ({ view }) => view.t2 !== null],
  [/^PUT \/seals\/(.+)$/, ({ view }, party = "") => view.seals.some((seal) => seal.party === party)],
  // A matching that is cut off seals the round again.
  [/^POST \/match$/, (shown) => isAt(shown, "sealed")],
  [
    /^PUT \/acknowledgements\/(.+)$/,
    untilErased(({ view }, party = "") =>
      view.pairings.every(({ pairing, acknowledged }) => !pairing.includes(party) || acknowledged.includes(party)),
    ),
  ],
  [
    /^PUT \/answers\/(.+)\/(.+)$/,
    untilErased(({ view }, from = "", to = "") =>
      view.pairings.some(({ pairing, answered }) => pairing.includes(to) && answered.includes(from)),
    ),
  ],
  [
    /^PUT \/statuses\/(.+)$/,
    untilErased(({ statuses }, party = "") => statuses.get(party)?.some((one) => one.party === party) ?? false),
  ],
  [/^PUT \/statistics\/(.+)$/, ({ statistics }, party) => statistics.parties.some((one) => one.party === party)],
];

export class Acknowledged {
  readonly #round: string;
  readonly #requests = new Set<string>();
  #furthest: RoundView | null = null;

  constructor(round: string) {
    this.#round = round;
  }

  /** Remembers what was acknowledged. */
  readonly fetch: typeof globalThis.fetch = async (input, init) => {
    const response = await fetch(input, init);
    const { pathname } = input instanceof URL ? input : new URL(input instanceof Request ? input.url : input);
    const method = init?.method ?? "GET";
    if (response.ok && method !== "GET")
      this.#requests.add(`${method} ${pathname.replace("/v1/rounds", "").replace(`/${this.#round}`, "")}`);
    return response;
  };

  /** Takes note of how far the round was said to be. @throws Error if it was further, or an opened pairing is not any more. */
  see(view: RoundView): void {
    const before = this.#furthest;
    this.#furthest = view;
    if (before === null) return;
    const isSealedAgain = before.state === "matching" && view.state === "sealed";
    if (rank(view.state) < rank(before.state) && !isSealedAgain)
      throw new Error(`the round was ${before.state} and is ${view.state}`);
    for (const [at, { pairing, state }] of before.pairings.entries())
      if (state === "opened" && view.pairings[at]?.state !== "opened")
        throw new Error(`${pairing.join("-")} was opened and is not`);
  }

  /** @throws Error naming the acknowledged requests of which the server shows nothing. */
  async check(
    operator: Connection,
    parties: readonly { readonly vault: Vault; readonly connection: Connection }[],
  ): Promise<void> {
    const view = await operator.round(this.#round);
    this.see(view);
    const statuses = new Map<string, StatusList>();
    if (view.state === "released")
      for (const { vault, connection } of parties) {
        const { party } = vault.identity;
        statuses.set(party, await connection.statuses(this.#round, party));
      }
    const statistics = await operator.statistics(new Date().getUTCFullYear());
    const isReleased = rank(view.state) >= rank("released");
    if (statistics.hits.length !== (isReleased ? 1 : 0))
      throw new Error(`the round is ${view.state}, and there are ${statistics.hits.length} statistics of its hits`);
    const lost = [...this.#requests].filter((request) => !holdsIn({ view, statuses, statistics }, request));
    if (lost.length > 0) throw new Error(`acknowledged and lost: ${lost.join(", ")}`);
  }
}

function holdsIn(shown: Shown, request: string): boolean {
  for (const [pattern, holds] of MEANINGS) {
    const found = pattern.exec(request);
    if (found !== null) return holds(shown, ...found.slice(1));
  }
  throw new RangeError(`what does ${request} mean?`);
}

function rank(state: RoundView["state"]): number {
  return ROUND_STATES.indexOf(state);
}
