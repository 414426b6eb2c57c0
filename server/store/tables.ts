/**
 * The tables as kysely sees them; server/store/migrations makes them.
 */
import type { Kysely } from "kysely";
import type { RoundState } from "#engine/round/states.ts";

/** `checking`: the manifest is in and a worker reads the batch. */
export type UploadState = "partial" | "checking" | "complete";

export type Tables = {
  settings: { name: string; value: string };
  rounds: {
    id: string;
    state: RoundState;
    /** Canonical JSON. */
    descriptor: string;
    t0: string;
    t1: string | null;
    /** Id of the file that holds the round's wrapped data key; null once that is destroyed. */
    key_id: Uint8Array | null;
    created_at: string;
  };
  round_parties: { round: string; party: string };
  round_keys: { round: string; party: string; public_key: string; signature: string };
  confirmations: { round: string; sender: string; recipient: string; key_id: string; mac: string };
  uploads: {
    round: string;
    sender: string;
    recipient: string;
    state: UploadState;
    /** SHA-256 of the whole batch, base64url; null until it is complete. */
    digest: string | null;
    byte_length: number | null;
    /** The sender's signature over its manifest, base64url; null until it is complete. */
    manifest_signature: string | null;
  };
  chunks: {
    round: string;
    sender: string;
    recipient: string;
    position: number;
    file: string;
    digest: string;
    byte_length: number;
  };
  packages: { round: string; party: string; file: string };
  statistics: {
    round: string;
    /** Id of the party that drew the noise, or `secretariat`. */
    source: string;
    /** The calendar year (UTC) to whose budget `epsilon` is charged. */
    year: number;
    /** `numerator/denominator`. */
    epsilon: string;
    /** Canonical JSON of a HitStatistics or PartyStatistics. */
    content: string;
    released_at: string;
  };
};

/** The database or a transaction in it. */
export type Store = Kysely<Tables>;
