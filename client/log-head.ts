/**
 * The largest head of the secretariat's audit log that this caller has seen, and what a later one is held against;
 * docs/spec/audit.md, "Heads to clients".
 */
import { z } from "zod";
import { TreeHead, provesConsistency, type ConsistencyProof } from "#engine/audit/tree-head.ts";
import { LinkageError } from "#engine/errors.ts";
import { isSignedBy } from "#engine/round/statement.ts";

/** Two heads that one secretariat signed and that cannot both be. */
export const Fork = z.tuple([TreeHead, TreeHead]);
export type Fork = z.infer<typeof Fork>;

/** Where a head is kept between commands. */
export type HeadStore = {
  /** @returns Null if none was kept. */
  readonly read: () => TreeHead | null;
  readonly write: (head: TreeHead) => void;
  /** What was seen before counts no more: the secretariat has put back a backup. */
  readonly forget: () => void;
  /** Keeps two heads that cannot both be. */
  readonly writeFork: (heads: Fork) => void;
};

export type LogHead = {
  /** @returns Size of the largest head seen; to be read before asking. */
  readonly size: () => number;
  /**
   * Takes the head of an answer.
   *
   * @param sizeBefore - {@link LogHead.size} when the request was made.
   * @throws {@link LinkageError} `audit-fork` if it cannot follow what was seen; `server-answer-invalid` if it is not signed.
   */
  readonly see: (head: TreeHead, sizeBefore: number) => void;
  /**
   * Keeps the largest head, once it is proven to follow the one kept before.
   *
   * @param prove - Asks the server.
   * @throws {@link LinkageError} `audit-fork` if it is not.
   */
  readonly keep: (prove: (first: number, second: number) => Promise<ConsistencyProof>) => Promise<void>;
};

/** @param secretariat - The public key that the pinned roster names, base64url. */
export function openLogHead(secretariat: string, store: HeadStore): LogHead {
  const stored = store.read();
  // A new secretariat has a new log.
  let kept = stored !== null && isSignedBy(secretariat, "treeHead", stored) ? stored : null;
  let largest = kept;
  const fork = (first: TreeHead, second: TreeHead): LinkageError => {
    store.writeFork([first, second]);
    return new LinkageError(
      "audit-fork",
      `the server's log of ${second.size} entries does not follow that of ${first.size} seen before; both signed heads are kept: tell your data-protection officer`,
    );
  };
  return {
    size: () => largest?.size ?? 0,
    see: (head, sizeBefore) => {
      if (!isSignedBy(secretariat, "treeHead", head))
        throw new LinkageError(
          "server-answer-invalid",
          "the head of the server's log is not signed by the secretariat",
        );
      if (largest === null) largest = head;
      else if (head.size < sizeBefore || (head.size === largest.size && head.root !== largest.root))
        throw fork(largest, head);
      else if (head.size > largest.size) largest = head;
    },
    keep: async (prove) => {
      if (largest === null || largest.size === kept?.size) return;
      const [first, last] = [kept, largest];
      if (first !== null) {
        let proof: ConsistencyProof;
        try {
          proof = await prove(first.size, last.size);
        } catch (error) {
          // The head kept stays, and the next one is held against it.
          if (error instanceof LinkageError && error.code === "server-unreachable") return;
          throw error;
        }
        if (!provesConsistency(first, last, proof)) throw fork(first, last);
      }
      kept = last;
      store.write(last);
    },
  };
}
