/**
 * What a client finds wrong with its hits: shown to its own people, and reported to the officers. docs/spec/round.md, "Reports".
 */
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

/** Reports faults of one round, signed; the same again changes nothing. */
export async function reportFaults(
  connection: Pick<Connection, "putReport">,
  { identity }: Pick<Vault, "identity">,
  { round, t2 }: { readonly round: string; readonly t2: string },
  faults: readonly Fault[],
): Promise<void> {
  const { party } = identity;
  for (const { counterpart, ...found } of faults) {
    const report = { ...found, pairing: pairingOf(party, counterpart), party, round, t2 };
    await connection.putReport(signStatement(identity, "report", report));
  }
}

/** @returns The pairing, lower id first. */
export function pairingOf(party: string, counterpart: string): [string, string] {
  return party < counterpart ? [party, counterpart] : [counterpart, party];
}
