/**
 * The parties' quotas as far as one of them can hold them: counted from what its vault sealed.
 */
import { counterpartsOf, expectedRowCount, type RoundDescriptor } from "#engine/round/descriptor.ts";
import { requireWithinQuotas } from "#engine/round/quota.ts";
import type { Vault } from "./vault.ts";

/** @throws {@link LinkageError} `quota-exceeded` if the round exceeds a quota that this party gave or was given. */
export function requireQuotasHeld(vault: Vault, descriptor: RoundDescriptor, now: Date): void {
  const { party } = vault.identity;
  const own = descriptor.agreements.filter(({ from, to }) => from === party || to === party);
  const others = vault
    .sealedSizes()
    .filter(({ round, field }) => round !== descriptor.id && field === descriptor.field);
  const tested = others.flatMap(({ at, counterpart, counterpartRows, ownRows }) => [
    { at, from: party, to: counterpart, rows: ownRows },
    { at, from: counterpart, to: party, rows: counterpartRows },
  ]);
  requireWithinQuotas(descriptor, own, tested, now);
}

/** Counts a round whose seal is about to be posted. @param leftOut - Counterparts whose pairing is not in it. */
export function countSealed(vault: Vault, descriptor: RoundDescriptor, leftOut: readonly string[], now: Date): void {
  const { party } = vault.identity;
  const counterparts = counterpartsOf(descriptor, party).filter((counterpart) => !leftOut.includes(counterpart));
  const sizes = counterparts.map((counterpart) => ({
    at: now.toISOString().replace(/\.\d+Z$/, "Z"),
    counterpart,
    counterpartRows: expectedRowCount(descriptor, counterpart),
    field: descriptor.field,
    ownRows: expectedRowCount(descriptor, party),
    round: descriptor.id,
  }));
  vault.keepSealedSizes(descriptor.id, sizes, now);
}
