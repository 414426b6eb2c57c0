/**
 * An attacker who knows one list, or a register that contains it, and no key: which of its rows is a row of the join?
 * A row must have the class, and cells that travel under every rule by which the join says that it agrees; of those that have,
 * the likeliest is taken, rows that bridge must share what the rules between them say, and no row of the list stands twice.
 * Record linkage by likelihood: Fellegi and Sunter (1969).
 */
import { scaledGuesses, type Guess } from "./guess.ts";
import { classOfColour, type JoinedGraph } from "./joined-graph.ts";
import type { KnownList, SeenRow } from "./known-list.ts";
import type { Likelihood } from "./likelihood.ts";

/** Natural logarithm of how much likelier two rows that bridge share what their rules say than not. */
const SHARES = 5;

/** Of each node that is a row of the list: rows of the counterpart that it touches, and what agrees there. */
export type Touches = ReadonlyMap<number, readonly { readonly hub: number; readonly cells: Uint8Array }[]>;

/** @param touches - May lack nodes of `seen`: nothing is known of their partners. */
export function guessRows(
  seen: ReadonlyMap<number, SeenRow>,
  touches: Touches,
  known: KnownList,
  { candidates }: Likelihood,
): Guess[] {
  const domains = new Map([...seen].map(([node, row]) => [node, candidates(row)]));
  for (const [node, scores] of bridgedScores(touches, known, domains)) domains.get(node)?.scores.set(scores);
  return scaledGuesses(
    [...domains].map(([node, { rows, scores }]) => ({ node, candidates: rows, scores })),
    known.count,
  );
}

/** @param side - Whose list is known: 0 or 1. */
export function touchesOf({ edges }: JoinedGraph, side: 0 | 1): Touches {
  const touches = new Map<number, { hub: number; cells: Uint8Array }[]>();
  for (const { a, b, cells } of edges) {
    const [node, hub] = side === 0 ? [a, b] : [b, a];
    const own = touches.get(node);
    if (own === undefined) touches.set(node, [{ hub, cells }]);
    else own.push({ hub, cells });
  }
  return touches;
}

/** @returns What the join shows of each touched row of a list, by node. */
export function seenRows({ graph }: JoinedGraph, touches: Touches): Map<number, SeenRow> {
  return new Map(
    [...touches].map(([node, partners]) => {
      const cells = new Uint8Array(partners[0]?.cells.length ?? 0);
      for (const partner of partners)
        partner.cells.forEach((count, rule) => (cells[rule] = (cells[rule] as number) + count));
      return [node, { coverage: classOfColour(graph.colours[node] as number), cells }];
    }),
  );
}

type Domain = { readonly rows: Uint32Array; readonly scores: Float64Array };

/**
 * Two rows that touch one row of the counterpart hold what it holds: a value of each fact that both their rules contain.
 * One message each way (max-product; Pearl 1988), exact where two rows bridge.
 */
function bridgedScores(
  touches: Touches,
  known: KnownList,
  domains: ReadonlyMap<number, Domain>,
): Map<number, Float64Array> {
  const meeting = new Map<number, { node: number; facts: Set<string> }[]>();
  for (const [node, partners] of touches)
    for (const { hub, cells } of partners) {
      const facts = new Set(known.profile.rules.flatMap((rule, at) => ((cells[at] as number) > 0 ? rule.facts : [])));
      const there = meeting.get(hub);
      if (there === undefined) meeting.set(hub, [{ node, facts }]);
      else there.push({ node, facts });
    }
  const holders = holdersOf(known);
  const scores = new Map<number, Float64Array>();
  for (const there of meeting.values())
    for (const one of there)
      for (const other of there) {
        const facts = [...one.facts].filter((fact) => other.facts.has(fact));
        const [own, its] = [domains.get(one.node), domains.get(other.node)];
        if (one === other || facts.length === 0 || own === undefined || its === undefined) continue;
        const sum = scores.get(one.node) ?? own.scores.slice();
        scores.set(one.node, sum);
        message(own, its, facts, known, holders).forEach((score, at) => (sum[at] = (sum[at] as number) + score));
      }
  return scores;
}

/** @returns For each row of `own`: the best that a row of `its` can be beside it. */
function message(
  own: Domain,
  its: Domain,
  facts: readonly string[],
  { values }: KnownList,
  holders: ReadonlyMap<string, ReadonlyMap<number, readonly number[]>>,
): Float64Array {
  const scoreOf = new Map(Array.from(its.rows, (row, at) => [row, its.scores[at] as number]));
  const unshared = its.scores.reduce((best, score) => Math.max(best, score), -Infinity) - SHARES;
  const [first = "", ...others] = facts;
  return Float64Array.from(own.rows, (row) => {
    let best = unshared;
    for (const value of values.get(first)?.[row] ?? [])
      for (const beside of holders.get(first)?.get(value) ?? []) {
        const score = beside === row ? undefined : scoreOf.get(beside);
        if (score === undefined || score <= best) continue;
        if (others.every((fact) => shares(values.get(fact), row, beside))) best = score;
      }
    return best;
  });
}

function shares(values: readonly ReadonlySet<number>[] | undefined, one: number, other: number): boolean {
  return [...(values?.[one] ?? [])].some((value) => values?.[other]?.has(value));
}

/** @returns Of each fact: the rows that hold each value. */
function holdersOf({ values }: KnownList): Map<string, Map<number, number[]>> {
  return new Map(
    [...values].map(([fact, rows]) => {
      const holders = new Map<number, number[]>();
      rows.forEach((held, row) => {
        for (const value of held) {
          const there = holders.get(value);
          if (there === undefined) holders.set(value, [row]);
          else there.push(row);
        }
      });
      return [fact, holders];
    }),
  );
}
