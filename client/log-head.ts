/**
 * The largest head of the secretariat's audit log that this caller has seen, and what a later one is held against;
 * docs/spec/audit.md, "Heads to clients".
 */
import { z } from "zod";
import { Cosignature, TreeHead, provesConsistency, type ConsistencyProof } from "#engine/audit/tree-head.ts";
import { LinkageError } from "#engine/errors.ts";
import { isSignedBy } from "#engine/round/statement.ts";

/** Two statements that cannot both be of one log: a head that the secretariat signed, and another or a party's. */
export const Fork = z.tuple([TreeHead, z.union([TreeHead, Cosignature])]);
export type Fork = z.infer<typeof Fork>;
const MAX_FORKS = 16;
/** Oldest first. */
export const ForkList = z.array(Fork).max(MAX_FORKS);

/** Where a head is kept between commands. */
export type HeadStore = {
  /** @returns Null if none was kept. */
  readonly read: () => TreeHead | null;
  readonly write: (head: TreeHead) => void;
  /** What was seen before counts no more: the secretariat has put back a backup. */
  readonly forget: () => void;
  /** @returns What was written of statements that cannot both be, at most 16. */
  readonly readForks: () => readonly Fork[];
  readonly writeForks: (forks: readonly Fork[]) => void;
};

/** Asks for the proof that the log of one size begins that of a later one. */
type Prove = (first: number, second: number) => Promise<ConsistencyProof>;

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
   * Holds a head that did not come with an answer, but in it, against the largest one.
   *
   * @param prove - Asks the server.
   * @throws {@link LinkageError} as {@link LogHead.see}.
   */
  readonly require: (head: TreeHead, prove: Prove) => Promise<void>;
  /**
   * Keeps the largest head, once it is proven to follow the one kept before.
   *
   * @param prove - Asks the server.
   * @throws {@link LinkageError} `audit-fork` if it is not.
   */
  readonly keep: (prove: Prove) => Promise<void>;
};

/** Keeps two statements that cannot both be, unless one of them is kept in a pair already, or there is no place left. */
export function keepFork(store: HeadStore, fork: Fork): void {
  const kept = store.readForks();
  const isKept = kept.flat().some((one) => fork.some(({ signature }) => signature === one.signature));
  if (!isKept && kept.length < MAX_FORKS) store.writeForks([...kept, fork]);
}

/** @param secretariat - The public key that the pinned roster names, base64url. */
export function openLogHead(secretariat: string, store: HeadStore): LogHead {
  const stored = store.read();
  // A new secretariat has a new log.
  let kept = stored !== null && isSignedBy(secretariat, "treeHead", stored) ? stored : null;
  let largest = kept;
  const fork = (first: TreeHead, second: TreeHead): LinkageError => {
    keepFork(store, [first, second]);
    return new LinkageError(
      "audit-fork",
      `the server's log of ${second.size} entries does not follow that of ${first.size} seen before; both signed heads are kept, aquila audit fork writes them: tell your data-protection officer`,
    );
  };
  const requireSigned = (head: TreeHead): void => {
    if (!isSignedBy(secretariat, "treeHead", head))
      throw new LinkageError("server-answer-invalid", "the head of the server's log is not signed by the secretariat");
  };
  return {
    size: () => largest?.size ?? 0,
    require: async (head, prove) => {
      requireSigned(head);
      if (largest === null) return;
      const [first, second] = head.size <= largest.size ? [head, largest] : [largest, head];
      if (!provesConsistency(first, second, await prove(first.size, second.size))) throw fork(first, second);
    },
    see: (head, sizeBefore) => {
      requireSigned(head);
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
