/**
 * What a client can check of the secretariat's audit log: its head and the parties' co-signatures, and an export that a
 * supervisory authority verifies without a server; docs/spec/audit.md.
 */
import { z } from "zod";
import { AuditLeaf, holdsWhatItSays } from "#engine/audit/entry.ts";
import { makeMerkleTree } from "#engine/audit/merkle-tree.ts";
import { Cosignature, provesConsistency, TreeHead } from "#engine/audit/tree-head.ts";
import { LinkageError } from "#engine/errors.ts";
import { fromBase64url, toBase64url } from "#engine/round/binary.ts";
import type { SignedHead } from "#engine/round/messages.ts";
import { partyOf, type Roster } from "#engine/round/roster.ts";
import { checkStatement } from "#engine/round/statement.ts";
import type { Asker } from "./asker.ts";
import { readWhole } from "./durable-file.ts";
import type { Connection } from "./http.ts";
import { keepFork } from "./log-head.ts";
import { linesOf } from "./pieces.ts";

const FORMAT = "aquila/audit-export/v1";

/** First line of an export. */
const ExportHead = z.strictObject({
  cosignatures: z.array(Cosignature),
  format: z.literal(FORMAT),
  head: TreeHead,
});

/** What an export was found to hold. */
export type VerifiedExport = {
  readonly head: TreeHead;
  readonly entries: number;
  /** Entries whose time is over; their commitments are there. */
  readonly erased: number;
  /** Parties that co-signed this head or an earlier one. */
  readonly witnesses: readonly string[];
};

/**
 * Holds the co-signatures that come with a head against it.
 *
 * @param heads - Where one of another log is kept, with the head.
 * @throws {@link LinkageError} `statement-signature` if one is not its party's; `audit-fork` if one is of another log.
 */
export async function checkWitnesses(
  connection: Pick<Connection, "consistency">,
  { roster, heads }: Pick<Asker, "roster" | "heads">,
  signed: SignedHead,
): Promise<void> {
  const { head, cosignatures } = signed;
  for (const cosignature of cosignatures) {
    const { party } = cosignature;
    checkStatement(partyOf(roster, party).signKey, "cosignature", cosignature);
    const isOfThisLog =
      cosignature.size <= head.size &&
      provesConsistency(cosignature, head, await connection.consistency(cosignature.size, head.size));
    if (isOfThisLog) continue;
    keepFork(heads, [head, cosignature]);
    throw new LinkageError(
      "audit-fork",
      `${party} co-signed a log of ${cosignature.size} entries that is not the start of this one; its co-signature and the signed head are kept, aquila audit fork writes them: tell your data-protection officer`,
    );
  }
}

/** @returns The log as it stands, line by line, each with its line feed. */
export async function exportLog(connection: Connection): Promise<string[]> {
  const { head, cosignatures } = await connection.signedHead();
  const lines = [JSON.stringify({ cosignatures, format: FORMAT, head })];
  while (lines.length - 1 < head.size) {
    const leaves = await connection.leaves(lines.length - 1);
    if (leaves.length === 0)
      throw new LinkageError("audit-invalid", "the server shows fewer entries than its head has");
    // Reading the log is entered in it: what came after the head is for the next export.
    for (const leaf of leaves.slice(0, head.size - (lines.length - 1))) lines.push(JSON.stringify(leaf));
  }
  return lines.map((line) => `${line}\n`);
}

/**
 * Verifies an export; talks to nobody.
 *
 * @throws {@link LinkageError} `audit-invalid` saying which line, `statement-signature`, `file-unreadable`.
 */
export function verifyExport(path: string, roster: Roster): VerifiedExport {
  const lines = [...linesOf([readWhole(path)])];
  const { head, cosignatures } = parsed(ExportHead, lines[0], 1);
  checkStatement(roster.secretariat, "treeHead", head);
  const leaves = lines.slice(1).map((line, at) => parsed(AuditLeaf, line, at + 2));
  if (leaves.length !== head.size)
    throw new LinkageError("audit-invalid", `the export has ${leaves.length} entries, its head ${head.size}`);
  for (const [number, leaf] of leaves.entries())
    if (!holdsWhatItSays(leaf) || (leaf.entry !== null && leaf.entry.number !== number))
      throw new LinkageError("audit-invalid", `line ${number + 2}: the entry is not what the log commits to`);
  const tree = makeMerkleTree();
  for (const { commitment } of leaves) tree.append(fromBase64url(commitment));
  const rootOf = (size: number): string => toBase64url(tree.root(size));
  if (rootOf(head.size) !== head.root)
    throw new LinkageError("audit-invalid", "the entries are not those of the signed head");
  for (const cosignature of cosignatures) {
    checkStatement(partyOf(roster, cosignature.party).signKey, "cosignature", cosignature);
    if (cosignature.size > head.size || rootOf(cosignature.size) !== cosignature.root)
      throw new LinkageError("audit-invalid", `${cosignature.party} co-signed another log`);
  }
  return {
    head,
    entries: leaves.length,
    erased: leaves.filter(({ entry }) => entry === null).length,
    witnesses: cosignatures.map(({ party }) => party),
  };
}

function parsed<T>(shape: z.ZodType<T>, line: string | undefined, number: number): T {
  let value: unknown;
  try {
    value = JSON.parse(line ?? "");
  } catch {
    throw new LinkageError("audit-invalid", `line ${number} is not JSON`);
  }
  const result = shape.safeParse(value);
  if (result.success) return result.data;
  throw new LinkageError(
    "audit-invalid",
    `line ${number} has another shape at ${result.error.issues[0]?.path.join(".") ?? ""}`,
  );
}
