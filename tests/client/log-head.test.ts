/**
 * What a client makes of one head of the audit log after another.
 */
import { describe, expect, it } from "vitest";
import { ForkList, keepFork, openLogHead, type Fork, type HeadStore, type LogHead } from "#client/log-head.ts";
import { checkWitnesses } from "#client/audit-log.ts";
import { makeMerkleTree, type MerkleTree } from "#engine/audit/merkle-tree.ts";
import { signTreeHead, type ConsistencyProof, type Cosignature, type TreeHead } from "#engine/audit/tree-head.ts";
import { LinkageError } from "#engine/errors.ts";
import { toBase64url } from "#engine/round/binary.ts";
import { makeIdentity } from "#engine/round/identity.ts";
import { signStatement } from "#engine/round/statement.ts";
import { castOf } from "#fixtures/cast.ts";

const secretariat = makeIdentity("ZZ");
const log = treeOf(Array.from({ length: 20 }, (_, at) => `entry ${at}`));
const other = treeOf(Array.from({ length: 20 }, (_, at) => (at === 3 ? "changed" : `entry ${at}`)));

type Kept = { head: TreeHead | null; forks: readonly Fork[] };

function storeIn(kept: Kept): HeadStore {
  return {
    read: () => kept.head,
    write: (head) => void (kept.head = head),
    readForks: () => kept.forks,
    forget: () => void (kept.head = null),
    writeForks: (forks) => void (kept.forks = ForkList.parse(forks)),
  };
}

function open(kept: Kept): LogHead {
  return openLogHead(secretariat.signKey, storeIn(kept));
}

describe("a client's head of the log", () => {
  it("grows with what the server proves, and is kept", async () => {
    const kept: Kept = { head: null, forks: [] };
    for (const size of [3, 7, 7, 20]) {
      const head = open(kept);
      head.see(headOf(log, size), head.size());
      await head.keep(proofsOf(log));
      expect(kept.head?.size).toBe(size);
    }
    expect(kept.forks).toEqual([]);
  });

  it("asks for no proof when nothing came", async () => {
    const kept: Kept = { head: headOf(log, 7), forks: [] };
    const head = open(kept);
    head.see(headOf(log, 7), 7);
    await head.keep(() => Promise.reject(new Error("asked")));
    expect(kept.head?.size).toBe(7);
  });

  it("takes an older head that was on its way before the larger one was seen", () => {
    const head = open({ head: null, forks: [] });
    head.see(headOf(log, 7), 0);
    head.see(headOf(log, 6), 0);
    expect(head.size()).toBe(7);
  });

  it.each<[string, (head: LogHead) => void | Promise<void>]>([
    [
      "is shorter than before",
      (head) => {
        head.see(headOf(log, 6), head.size());
      },
    ],
    [
      "has another root at the same size",
      (head) => {
        head.see(headOf(other, 7), head.size());
      },
    ],
    [
      "is not the continuation",
      async (head) => {
        head.see(headOf(other, 9), head.size());
        await head.keep(proofsOf(other));
      },
    ],
    [
      "is proven with another's hashes",
      async (head) => {
        head.see(headOf(other, 9), head.size());
        await head.keep(proofsOf(log));
      },
    ],
    [
      "is proven for other sizes",
      async (head) => {
        head.see(headOf(log, 9), head.size());
        await head.keep(() => proofsOf(log)(7, 10));
      },
    ],
  ])("refuses a log that %s, and keeps both heads", async (_name, act) => {
    const kept: Kept = { head: headOf(log, 7), forks: [] };
    const head = open(kept);
    const acting = async (): Promise<void> => {
      await act(head);
    };
    await expect(acting()).rejects.toMatchObject({ code: "audit-fork" });
    expect(kept.head?.size, "the head of before stays").toBe(7);
    expect(kept.forks.map(([first]) => first)).toEqual([headOf(log, 7)]);
  });

  it("holds a head that comes in an answer against the largest, whichever is longer", async () => {
    const kept: Kept = { head: headOf(log, 7), forks: [] };
    const head = open(kept);
    for (const size of [5, 7, 9]) await head.require(headOf(log, size), proofsOf(log));
    for (const size of [5, 7, 9])
      await expect(head.require(headOf(other, size), proofsOf(other))).rejects.toMatchObject({ code: "audit-fork" });
    await expect(head.require({ ...headOf(log, 5), size: 6 }, proofsOf(log))).rejects.toMatchObject({
      code: "server-answer-invalid",
    });
    expect(head.size()).toBe(7);
  });

  it("begins anew with another secretariat's", async () => {
    const kept: Kept = { head: signTreeHead(makeIdentity("YY"), 9, toBase64url(log.root(9)), new Date(0)), forks: [] };
    const head = open(kept);
    head.see(headOf(log, 3), head.size());
    await head.keep(proofsOf(log));
    expect(kept.head?.size).toBe(3);
  });

  it("refuses a head that the secretariat did not sign", () => {
    const head = open({ head: null, forks: [] });
    expect(() => {
      head.see({ ...headOf(log, 7), size: 8 }, 0);
    }).toThrow(expect.objectContaining({ code: "server-answer-invalid" }));
  });

  it("leaves what cannot be proven now for the next time", async () => {
    const kept: Kept = { head: headOf(log, 7), forks: [] };
    const head = open(kept);
    head.see(headOf(other, 9), 7);
    await head.keep(() => Promise.reject(new LinkageError("server-unreachable", "gone")));
    expect(kept).toEqual({ head: headOf(log, 7), forks: [] });
  });
});

describe("what cannot be of one log", () => {
  const witness = makeIdentity("AT");
  const cosigned = (tree: MerkleTree, size: number): Cosignature =>
    signStatement(witness, "cosignature", { party: "AT", root: toBase64url(tree.root(size)), size });

  it("is kept as the head and the co-signature, each with its signature", async () => {
    const kept: Kept = { head: null, forks: [] };
    const asker = { roster: castOf([witness], secretariat.signKey).roster, heads: storeIn(kept) };
    const check = async (tree: MerkleTree, size: number): Promise<void> => {
      const consistency = proofsOf(log);
      await checkWitnesses({ consistency }, asker, { head: headOf(log, 7), cosignatures: [cosigned(tree, size)] });
    };
    await check(log, 5);
    expect(kept.forks).toEqual([]);
    await expect(check(other, 5)).rejects.toMatchObject({ code: "audit-fork" });
    expect(kept.forks).toEqual([[headOf(log, 7), cosigned(other, 5)]]);
    await expect(check(other, 9), "of more than the head has").rejects.toMatchObject({ code: "audit-fork" });
  });

  it("is kept once for each statement, and the first sixteen pairs of all", () => {
    const kept: Kept = { head: null, forks: [] };
    const store = storeIn(kept);
    for (let size = 1; size <= 20; size++)
      for (const second of [headOf(other, size), cosigned(other, size)]) keepFork(store, [headOf(log, size), second]);
    expect(kept.forks).toEqual(Array.from({ length: 16 }, (_, at) => [headOf(log, at + 1), headOf(other, at + 1)]));
  });
});

const proofsOf =
  (tree: MerkleTree) =>
  (first: number, second: number): Promise<ConsistencyProof> =>
    Promise.resolve({ first, second, path: tree.consistencyProof(first, second).map(toBase64url) });

function headOf(tree: MerkleTree, size: number): TreeHead {
  return signTreeHead(secretariat, size, toBase64url(tree.root(size)), new Date(1_795_345_200_000));
}

function treeOf(entries: readonly string[]): MerkleTree {
  const tree = makeMerkleTree();
  for (const entry of entries) tree.append(Buffer.from(entry));
  return tree;
}
