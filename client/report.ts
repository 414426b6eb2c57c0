/**
 * What a client finds wrong with its hits: shown to its own people, and reported to the officers. docs/spec/round.md, "Reports".
 */
import { LinkageError, type ProblemCode } from "#engine/errors.ts";
import type { Report } from "#engine/round/acts.ts";
import type { DeadlineName, RoundDescriptor } from "#engine/round/descriptor.ts";
import { signStatement } from "#engine/round/statement.ts";
import type { Connection } from "./http.ts";
import type { Vault } from "./vault.ts";

/** For clocks that differ: a server takes a request whose clock is within this. */
const CLOCKS_MS = 60_000;

/** `count` of `of` hits or decoys with one counterpart; 1 of 1 when it is the pairing as a whole. */
export type Fault = Pick<Report, "kind" | "count" | "of"> & { readonly counterpart: string };

/** @returns Whether a deadline is over for everybody, a minute after it. */
export function isOver({ deadlines }: Pick<RoundDescriptor, "deadlines">, name: DeadlineName, now: Date): boolean {
  return now.getTime() > Date.parse(deadlines[name]) + CLOCKS_MS;
}

/** @returns The faults as the officers get them; the same faults give the same reports. */
export function reportsOf(vault: Vault, round: string, faults: readonly Fault[]): Report[] {
  const { identity } = vault;
  const { party } = identity;
  return faults.map(({ counterpart, ...found }) => {
    const report = { ...found, pairing: pairingOf(party, counterpart), party, round, t2: sealOf(vault, round) };
    return signStatement(identity, "report", report);
  });
}

/** Reports faults of one round, signed; the same again changes nothing. @returns What was refused. */
export async function reportFaults(
  connection: Pick<Connection, "putReport">,
  vault: Vault,
  round: string,
  faults: readonly Fault[],
): Promise<Refusal[]> {
  const refused: Refusal[] = [];
  for (const fault of faults)
    for (const report of reportsOf(vault, round, [fault]))
      await attempt(refused, { counterpart: fault.counterpart, what: "report" }, () => connection.putReport(report));
  return refused;
}

/** What could not be done about one pairing, and why; the others went on. */
export type Refusal = {
  readonly counterpart: string;
  readonly what: "own answers" | "their answers" | "report";
  readonly code: ProblemCode;
};

/**
 * Does something about one pairing; a refusal is added to `refused` and holds up no other pairing.
 *
 * @throws {@link LinkageError} `server-unreachable`
 */
export async function attempt(
  refused: Refusal[],
  tried: Omit<Refusal, "code">,
  act: () => Promise<void>,
): Promise<void> {
  try {
    await act();
  } catch (error) {
    if (!(error instanceof LinkageError) || error.code === "server-unreachable") throw error;
    refused.push({ ...tried, code: error.code });
  }
}

/** @throws {@link LinkageError} `round-state` if the party has not sealed the round. */
export function sealOf(vault: Vault, round: string): string {
  const t2 = vault.seal(round);
  if (t2 === null)
    throw new LinkageError("round-state", `this vault has not sealed round ${round}; run: aquila round seal`);
  return t2;
}

/** @returns The pairing, lower id first. */
export function pairingOf(party: string, counterpart: string): [string, string] {
  return party < counterpart ? [party, counterpart] : [counterpart, party];
}
