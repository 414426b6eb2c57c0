/**
 * Every encrypted value of a round that the database names: its file and what opens it.
 * In: a round's rows. Out: file names with contexts and digests, for those who look whether all is there.
 */
import { createHash } from "node:crypto";
import { chunkContext, packageContext } from "./encrypted-file.ts";
import { hitsContext } from "./follow-up.ts";
import { answersContext } from "./release.ts";
import { listAnswers, listPackages } from "./store/packages.ts";
import { listPairings } from "./store/pairings.ts";
import type { Store } from "./store/tables.ts";
import { listRoundChunks } from "./store/uploads.ts";

export type EncryptedFile = {
  /** In the round's folder. */
  readonly file: string;
  readonly context: Uint8Array;
  /** SHA-256 of the plain bytes, base64url; null where nobody keeps it. */
  readonly digest: string | null;
};

/** @returns Chunks, packages, answers and hit ids of a round. */
export async function listEncryptedFiles(store: Store, round: string): Promise<EncryptedFile[]> {
  const chunks = (await listRoundChunks(store, round)).map(
    ({ sender: from, recipient: to, position: index, ...row }) => {
      const context = chunkContext({ round, from, to, index, path: row.file });
      return { file: row.file, context, digest: row.digest };
    },
  );
  const packages = (await listPackages(store, round)).map(({ party, file, digest }) => {
    return { file, context: packageContext(round, party), digest };
  });
  const answers = (await listAnswers(store, round)).map(({ sender: from, recipient: to, file, digest }) => {
    return { file, context: answersContext({ round, from, to }), digest };
  });
  const hits = (await listPairings(store, round)).flatMap(({ lower, higher, hits_file: file }) =>
    file === null ? [] : [{ file, context: hitsContext(round, [lower, higher]), digest: null }],
  );
  return [...chunks, ...packages, ...answers, ...hits];
}

/** @returns Whether opened bytes are those that were stored. */
export function isAsStored({ digest }: EncryptedFile, plain: Uint8Array): boolean {
  return digest === null || createHash("sha256").update(plain).digest("base64url") === digest;
}
