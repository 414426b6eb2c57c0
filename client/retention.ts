/**
 * What a vault may keep, and until when: proof keys and cells until the follow-up ends, hits that nobody confirmed until
 * the round's retention ends.
 */
import type { RoundDescriptor } from "#engine/round/descriptor.ts";
import type { Vault } from "./vault.ts";

const DAY_MS = 86_400_000;

/** Destroys what is past its time. @returns Ids of the rounds that are forgotten. */
export function tidyVault(vault: Vault, now: Date): string[] {
  const forgotten: string[] = [];
  for (const round of vault.rounds()) {
    const descriptor = vault.descriptor(round);
    if (descriptor === null) continue;
    if (now.getTime() > Date.parse(descriptor.deadlines.followUp)) vault.destroyProofKeys(round);
    if (now > keptUntil(descriptor)) {
      vault.forgetRound(round);
      forgotten.push(round);
    }
  }
  return forgotten;
}

/** @returns End of the retention; never before the follow-up. */
export function keptUntil({ deadlines, retentionDays }: RoundDescriptor): Date {
  return new Date(Math.max(Date.parse(deadlines.release) + retentionDays * DAY_MS, Date.parse(deadlines.followUp)));
}
