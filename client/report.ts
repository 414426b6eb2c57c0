/**
 * What a client finds wrong with its hits: shown to its own people, and reported to the officers. docs/spec/round.md, "Reports".
 */
import { LinkageError } from "#engine/errors.ts";
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

/** Reports faults of one round, signed; the same again changes nothing. */
export async function reportFaults(
  connection: Pick<Connection, "putReport">,
  vault: Vault,
  round: string,
  faults: readonly Fault[],
): Promise<void> {
  for (const report of reportsOf(vault, round, faults)) await connection.putReport(report);
}

/** @throws {@link LinkageError} `vault-invalid` if the party has not sealed the round. */
export function sealOf(vault: Vault, round: string): string {
  const t2 = vault.seal(round);
  if (t2 === null) throw new LinkageError("vault-invalid", `this vault has not sealed round ${round}`);
  return t2;
}

/** @returns The pairing, lower id first. */
export function pairingOf(party: string, counterpart: string): [string, string] {
  return party < counterpart ? [party, counterpart] : [counterpart, party];
}
