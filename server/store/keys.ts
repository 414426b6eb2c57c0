/**
 * Statements on round keys and confirmations.
 */
import type { Confirmation, RoundKey } from "#engine/round/keys.ts";
import { queryBy, type Store } from "./tables.ts";

export async function insertRoundKey(store: Store, round: string, key: RoundKey): Promise<void> {
  await store
    .insertInto("round_keys")
    .values({ round, party: key.party, public_key: key.publicKey, signature: key.signature })
    .execute();
}

/** @returns In order of party id. */
export const listRoundKeys = queryBy<RoundKey>((store, round) =>
  store
    .selectFrom("round_keys")
    .select(["party", "public_key as publicKey", "signature"])
    .where("round", "=", round)
    .orderBy("party"),
);

export async function insertConfirmation(store: Store, round: string, confirmation: Confirmation): Promise<void> {
  const { from, to, keyId, mac } = confirmation;
  await store.insertInto("confirmations").values({ round, sender: from, recipient: to, key_id: keyId, mac }).execute();
}

/** @returns In order of sender, then recipient. */
export const listConfirmations = queryBy<Confirmation>((store, round) =>
  store
    .selectFrom("confirmations")
    .select(["sender as from", "recipient as to", "key_id as keyId", "mac"])
    .where("round", "=", round)
    .orderBy("sender")
    .orderBy("recipient"),
);
