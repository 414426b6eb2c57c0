/**
 * Entries of the audit log and the commitments that stand for them in its tree; docs/spec/audit.md.
 * Fields and operations of Directive (EU) 2016/680, Art. 25.
 */
import { createHash, randomBytes } from "node:crypto";
import { z } from "zod";
import { canonicalBytes } from "../canonical-json.ts";
import { Bytes32, fromBase64url, labelled, toBase64url } from "../round/binary.ts";
import { RoundId, strictlyIncreasing } from "../round/ids.ts";
import { MAX_PARTIES, MAX_STAFF } from "../round/roster.ts";

const COMMITMENT_LABEL = "aquila/v1/audit-entry";
const SALT_BYTES = 32;

/** What is done at the secretariat, by the operation that it is. */
const ACTS_BY_OPERATION = {
  collection: ["batch-stored", "statuses-stored"],
  alteration: ["batch-recalled", "withdrawal", "pairings-closed"],
  consultation: ["log-read", "reports-read", "follow-up-read", "statuses-read"],
  disclosure: ["released", "package-sent", "pairing-opened", "keys-sent", "answers-sent", "statistics-published"],
  combination: ["matching", "matched"],
  erasure: ["erased"],
  administration: [
    "created",
    "approved-open",
    "approved-release",
    "approved-erase",
    "opened",
    "round-key",
    "confirmation",
    "sealed",
    "seal",
    "matching-stopped",
    "held-unusual-rate",
    "decided-hold",
    "decided-release",
    "decided-drop",
    "acknowledged",
    "announced-again",
    "answered",
    "reported-unproven",
    "reported-decoy-missing",
    "reported-no-record",
    "reported-section-invalid",
    "reported-not-opened",
    "reported-unanswered",
    "statistics-refused",
    "log-restored",
    "bench-started",
    "followed-up",
    "followed-up-uncounted",
    "aborted-expired",
    "aborted-withdrawn",
    "aborted-equivocated",
    "aborted-disputed",
    "aborted-cancelled",
  ],
} as const;
type Operation = keyof typeof ACTS_BY_OPERATION;
export type AuditAct = (typeof ACTS_BY_OPERATION)[Operation][number];

const OPERATIONS = Object.keys(ACTS_BY_OPERATION) as Operation[];
const OPERATION_OF = new Map<string, Operation>(
  OPERATIONS.flatMap((operation) => ACTS_BY_OPERATION[operation].map((act) => [act, operation] as const)),
);

/** `party:AT`, `operator:op-1`, `officer:dpo-1`, or the server itself. */
const Actor = z.string().regex(/^(server|party:[A-Z]{2,8}|(operator|officer):[a-z][a-z0-9-]{0,31})$/);

export const AuditEntry = z
  .strictObject({
    /** Parties, pairings, counts, digests; never a handle, a hit id or a key. */
    about: z.string().max(2_000),
    act: z.enum(Object.values(ACTS_BY_OPERATION).flat()),
    actor: Actor,
    at: z.iso.datetime({ precision: 3 }),
    justification: z.string().max(2_000),
    /** From 0. */
    number: z.int().min(0),
    operation: z.enum(OPERATIONS),
    purpose: z.string().max(64),
    recipients: z
      .array(Actor)
      .max(MAX_PARTIES + 2 * MAX_STAFF)
      .refine(strictlyIncreasing, "are not in order"),
    round: RoundId.nullable(),
  })
  .refine(({ act, operation }) => OPERATION_OF.get(act) === operation, "act and operation do not fit");
export type AuditEntry = z.infer<typeof AuditEntry>;

/** A leaf of the tree; entry and salt are null once their time is over. */
export const AuditLeaf = z
  .strictObject({ commitment: Bytes32, entry: AuditEntry.nullable(), salt: Bytes32.nullable() })
  .refine(({ entry, salt }) => (entry === null) === (salt === null), "has an entry or a salt alone");
export type AuditLeaf = z.infer<typeof AuditLeaf>;

/** @returns The leaf of an entry under a fresh salt. */
export function leafOf(entry: AuditEntry): AuditLeaf {
  const salt = toBase64url(randomBytes(SALT_BYTES));
  return { commitment: commitmentOf(entry, salt), entry, salt };
}

/** @returns The operation of an act. */
export function operationOf(act: AuditAct): Operation {
  const operation = OPERATION_OF.get(act);
  if (operation === undefined) throw new RangeError("operationOf: no such act");
  return operation;
}

/** @returns Whether the commitment is to the entry, or the entry is erased. */
export function holdsWhatItSays({ commitment, entry, salt }: AuditLeaf): boolean {
  return entry === null || salt === null || commitmentOf(entry, salt) === commitment;
}

/** @param salt - 32 bytes, base64url. @returns 32 bytes, base64url. */
export function commitmentOf(entry: AuditEntry, salt: string): string {
  return createHash("sha256")
    .update(labelled(COMMITMENT_LABEL, fromBase64url(salt), canonicalBytes(entry)))
    .digest("base64url");
}
