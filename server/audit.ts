/**
 * The audit log: entries in the store, their tree in memory, the last signed head in a file beside the server key, so that a
 * database put back or cut is noticed; docs/spec/audit.md.
 */
import { readFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { leafOf, operationOf, type AuditAct } from "#engine/audit/entry.ts";
import { makeMerkleTree, type MerkleTree } from "#engine/audit/merkle-tree.ts";
import { signTreeHead, TreeHead, type ConsistencyProof } from "#engine/audit/tree-head.ts";
import { canonicalBytes } from "#engine/canonical-json.ts";
import { LinkageError } from "#engine/errors.ts";
import { fromBase64url, toBase64url } from "#engine/round/binary.ts";
import type { SigningKeys } from "#engine/round/identity.ts";
import { isSignedBy } from "#engine/round/statement.ts";
import { writeDurably } from "./encrypted-file.ts";
import type { Clock } from "./secretariat.ts";
import { insertLeaf, listCommitments, nextEntryNumber } from "./store/audit.ts";
import { findSetting, insertSetting } from "./store/settings.ts";
import type { Store } from "./store/tables.ts";

/** Says that a head was kept: from then on its file must be there. */
const HEAD_KEPT_SETTING = "tree-head-kept";

/** What was done, but for its number and operation. */
export type Deed = {
  readonly act: AuditAct;
  /** `party:AT` and the like, or `server`. */
  readonly actor: string;
  /** In increasing order. */
  readonly recipients: readonly string[];
  readonly round: string | null;
  readonly purpose: string;
  readonly justification: string;
  readonly about: string;
};

export type AuditLog = {
  /** Enters a deed, in the transaction that does it if `store` is one. */
  readonly enter: (store: Store, deed: Deed) => Promise<void>;
  /** @returns The head over everything entered so far, on the disk; signed anew when entries came since the last. */
  readonly head: () => Promise<TreeHead>;
  /** @returns The last head that is on the disk; null if none is. */
  readonly lastHead: () => TreeHead | null;
  /** When the last head was signed, milliseconds since the epoch; 0 if none was. */
  readonly lastSignedMs: () => number;
  /** @throws {@link LinkageError} `request-invalid` unless 0 ≤ first ≤ second ≤ the log's size. */
  readonly consistency: (first: number, second: number) => ConsistencyProof;
  /** @throws {@link LinkageError} `request-invalid` unless 0 ≤ number < size ≤ the log's size. */
  readonly inclusion: (number: number, size: number) => { readonly path: string[] };
  /** @throws {@link LinkageError} `request-invalid` if the log is not that long. @returns 32 bytes, base64url. */
  readonly rootAt: (size: number) => string;
};

/**
 * Reads the log and holds it against the head that was kept.
 *
 * @param headFile - Outside the database's folder and its backups.
 * @param acceptsRestored - Goes on with a log that is not that of the head, and enters so in it.
 * @throws {@link LinkageError} `audit-invalid` if the log is shorter than that head, differs from it, or the head is gone.
 */
export async function openAuditLog(
  store: Store,
  signing: SigningKeys,
  clock: Clock,
  headFile: string,
  acceptsRestored: boolean,
): Promise<AuditLog> {
  const { tree, kept, fault } = await holdAgainstHead(store, signing.signKey, headFile);
  if (fault !== null && !acceptsRestored)
    throw new LinkageError(
      "audit-invalid",
      `${fault}; if a backup was put back on purpose, tell the parties and start once with --accept-restored-log`,
    );
  let head = fault === null ? kept : null;
  let isStale = true;
  let signingNow: Promise<TreeHead> | null = null;

  const signHead = async (last: TreeHead | null): Promise<TreeHead> => {
    isStale = false;
    await growTo(tree, store);
    const size = tree.size();
    if (last?.size === size) return last;
    const next = signTreeHead(signing, size, toBase64url(tree.root(size)), clock());
    await writeDurably(dirname(headFile), basename(headFile), canonicalBytes(next));
    if (last === null && (await findSetting(store, HEAD_KEPT_SETTING)) === null)
      await insertSetting(store, HEAD_KEPT_SETTING, "yes");
    return next;
  };
  const requireSize = (size: number, least: number): void => {
    if (size < least || size > tree.size())
      throw new LinkageError("request-invalid", `the log has no such place; it has ${tree.size()} entries`);
  };

  const enter: AuditLog["enter"] = async (within, deed) => {
    const write = async (transaction: Store): Promise<void> => {
      const entry = {
        ...deed,
        recipients: [...deed.recipients],
        at: clock().toISOString(),
        number: await nextEntryNumber(transaction),
        operation: operationOf(deed.act),
      };
      await insertLeaf(transaction, entry, leafOf(entry));
    };
    await (within.isTransaction ? write(within) : within.transaction().execute(write));
    isStale = true;
  };
  if (fault !== null) {
    await enter(store, {
      act: "log-restored",
      actor: "server",
      recipients: [],
      round: null,
      purpose: "",
      justification: "",
      about: `${tree.size()} entries${kept === null ? "" : `; the last head signed was of ${kept.size}, root ${kept.root}`}`,
    });
    // The next start holds the log against this head, also if nobody asks for one before.
    head = await signHead(null);
  }

  return {
    enter,
    head: async () => {
      // One at a time: a head is on the disk before a larger one is made.
      while (signingNow !== null) await signingNow;
      if (head !== null && !isStale) return head;
      signingNow = signHead(head);
      try {
        head = await signingNow;
        return head;
      } catch (error) {
        isStale = true;
        throw error;
      } finally {
        signingNow = null;
      }
    },
    lastHead: () => head,
    lastSignedMs: () => Date.parse((head ?? kept)?.at ?? new Date(0).toISOString()),
    consistency: (first, second) => {
      requireSize(second, first);
      return { first, second, path: tree.consistencyProof(first, second).map(toBase64url) };
    },
    inclusion: (number, size) => {
      requireSize(size, number + 1);
      return { path: tree.inclusionProof(number, size).map(toBase64url) };
    },
    rootAt: (size) => {
      requireSize(size, 0);
      return toBase64url(tree.root(size));
    },
  };
}

/**
 * @param signKey - The secretariat's.
 * @returns The log's tree, the head that was kept, and why the log is not the one of that head; null if it is.
 * @throws {@link LinkageError} `audit-invalid` if an entry is missing, or the head is not the secretariat's.
 */
export async function holdAgainstHead(
  store: Store,
  signKey: string,
  headFile: string,
): Promise<{ readonly tree: MerkleTree; readonly kept: TreeHead | null; readonly fault: string | null }> {
  const tree = makeMerkleTree();
  await growTo(tree, store);
  const kept = await keptHead(headFile, signKey);
  return { tree, kept, fault: await faultOf(tree, kept, store, headFile) };
}

/** @returns Where the last head is kept: beside the server key, outside the database's folder and its backups. */
export function headFileOf(serverKeyFile: string): string {
  return join(dirname(serverKeyFile), "tree-head.json");
}

/** Takes in what the store has beyond the tree. */
async function growTo(tree: MerkleTree, store: Store): Promise<void> {
  for (;;) {
    const leaves = await listCommitments(store, tree.size());
    if (leaves.length === 0) return;
    for (const { number, commitment } of leaves) {
      if (number !== tree.size())
        throw new LinkageError("audit-invalid", `the audit log has no entry ${tree.size()}, but one of a later number`);
      tree.append(fromBase64url(commitment));
    }
  }
}

async function keptHead(headFile: string, signKey: string): Promise<TreeHead | null> {
  let text: string;
  try {
    text = await readFile(headFile, "utf8");
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return null;
    throw error;
  }
  const head = TreeHead.safeParse(jsonOf(text));
  if (!head.success || !isSignedBy(signKey, "treeHead", head.data))
    throw new LinkageError("audit-invalid", `${headFile} is no head that this server signed`);
  return head.data;
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

/** @returns Why the log is not the one that was kept; null if it is. */
async function faultOf(
  tree: MerkleTree,
  head: TreeHead | null,
  store: Store,
  headFile: string,
): Promise<string | null> {
  if (head === null)
    return (await findSetting(store, HEAD_KEPT_SETTING)) === null
      ? null
      : `${headFile} is missing: the log cannot be held against its last head`;
  if (tree.size() < head.size)
    return `the audit log has ${tree.size()} entries, and a head of ${head.size} was signed: the database was put back or cut`;
  if (toBase64url(tree.root(head.size)) !== head.root)
    return `the audit log differs from the head signed at ${head.size} entries`;
  return null;
}
