/**
 * The tables as kysely sees them; server/store/migrations makes them.
 */
import type { Compilable, CompiledQuery, Generated, Kysely } from "kysely";
import type { Announcement, Delivery } from "#engine/round/announcement.ts";
import type { ApprovedAct, Hold, Report } from "#engine/round/acts.ts";
import type { ReleasedBand } from "#engine/round/descriptor.ts";
import type { PairingState, RoundState } from "#engine/round/states.ts";

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
    t2: string | null;
    /** JSON of an Ending, once the attempt is aborted. */
    ending: string | null;
    /** Id of the file that holds the round's wrapped data key; null once that is destroyed. */
    key_id: Uint8Array | null;
    /** JSON of the erasure certificate. */
    certificate: string | null;
    created_at: string;
    /** Null for a draft. */
    opened_at: string | null;
    /** Null before matching; stays when the attempt is aborted after it. */
    matched_at: string | null;
  };
  round_parties: { round: string; party: string };
  approvals: { round: string; act: ApprovedAct; operator: string; signature: string };
  round_keys: { round: string; party: string; public_key: string; signature: string };
  confirmations: { round: string; sender: string; recipient: string; key_id: string; mac: string };
  withdrawals: { round: string; party: string; signature: string };
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
  seals: { round: string; party: string; signature: string };
  pairings: {
    round: string;
    lower: string;
    higher: string;
    state: PairingState;
    /** Hits by band, decoys among them; null before matching. */
    high: number | null;
    medium: number | null;
    low: number | null;
    /** Encrypted file of the pairing's hit ids and bands. */
    hits_file: string | null;
    /** The package key under the round's data key; null before matching, and once it is destroyed. */
    wrapped_key: Uint8Array | null;
  };
  holds: {
    round: string;
    lower: string;
    higher: string;
    officer: string;
    decision: Hold["decision"];
    signature: string;
  };
  packages: { round: string; party: string; file: string; digest: string };
  acknowledgements: { round: string; party: string; signature: string };
  answers: { round: string; sender: string; recipient: string; file: string; digest: string };
  /** `hit_tag` stands for the hit's id, `sealed` holds the signed status; both need the round's data key. */
  statuses: { round: string; hit_tag: Uint8Array; party: string; sealed: Uint8Array };
  /** `found` of `amount`. */
  reports: {
    round: string;
    party: string;
    lower: string;
    higher: string;
    kind: Report["kind"];
    found: number;
    amount: number;
    signature: string;
  };
  follow_ups: { round: string; band: ReleasedBand; confirmed: number; refuted: number; open: number };
  audit_leaves: {
    number: number;
    /** 32 bytes, base64url. */
    commitment: string;
    /** Canonical JSON of an AuditEntry, and its salt; null once their time is over. */
    entry: string | null;
    salt: string | null;
    round: string | null;
    at: string;
  };
  /** `nonce` with its signer; `expires_at` in milliseconds since the epoch. */
  nonces: { nonce: string; expires_at: number };
  /** Writes that were carried out, for a day. */
  writes: { caller: string; key: string; digest: string; at: string };
  cosignatures: { party: string; size: number; root: string; signature: string };
  /** `number` is given by the database, in order. */
  announcements: {
    number: Generated<number>;
    id: string;
    round: string;
    party: string;
    kind: Announcement["kind"];
    at: string;
  };
  /** Times in milliseconds since the epoch. */
  deliveries: {
    announcement: string;
    channel: Delivery["channel"];
    state: Delivery["state"];
    /** When the attempts began that are counted. */
    begun_at: number;
    attempts: number;
    /** Null unless it is pending. */
    next_at: number | null;
    last_status: string | null;
    last_at: number | null;
  };
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

/**
 * A query by one text, which is built and compiled once: that takes longer than SQLite does to answer.
 *
 * @param build - Uses `key` once, as a parameter.
 */
export function queryBy<Row>(
  build: (store: Store, key: string) => Compilable<Row>,
): (store: Store, key: string) => Promise<Row[]> {
  let compiled: CompiledQuery<Row> | null = null;
  return async (store, key) => {
    compiled ??= build(store, key).compile();
    if (compiled.parameters.length !== 1) throw new RangeError("a query by one text has other parameters");
    return (await store.executeQuery<Row>({ ...compiled, parameters: [key] })).rows;
  };
}
