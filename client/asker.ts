/**
 * Who asks the server, which secretariat it trusts to answer, and where it keeps the heads of that one's audit log.
 */
import { existsSync, readFileSync } from "node:fs";
import type { z } from "zod";
import { TreeHead } from "#engine/audit/tree-head.ts";
import { canonicalBytes } from "#engine/canonical-json.ts";
import { LinkageError } from "#engine/errors.ts";
import type { Identity, StaffIdentity } from "#engine/round/identity.ts";
import { checkRoster, staffOf, type Roster } from "#engine/round/roster.ts";
import { destroyFile, replaceFile } from "./durable-file.ts";
import { ForkList, type HeadStore } from "./log-head.ts";
import type { Vault } from "./vault.ts";

export type Asker = {
  readonly identity: Identity | StaffIdentity;
  /** Names the secretariat whose answers are trusted. */
  readonly roster: Roster;
  readonly heads: HeadStore;
};

/** @throws {@link LinkageError} `vault-invalid` if no roster is pinned. */
export function partyAsker(vault: Vault): Asker {
  return { identity: vault.identity, roster: vault.roster(), heads: vault.heads() };
}

/**
 * An operator or officer, who has no vault: heads are kept beside the identity's file.
 *
 * @throws {@link LinkageError} `roster-invalid` if the roster is not signed, or does not hold the identity's key.
 */
export function staffAsker(identity: StaffIdentity, roster: Roster, identityPath: string): Asker {
  checkRoster(roster);
  const group = identity.role === "operator" ? "operators" : "officers";
  if (staffOf(roster, group, identity.id).signKey !== identity.signKey)
    throw new LinkageError("roster-invalid", `the roster has another key for ${identity.role} ${identity.id}`);
  const headPath = `${identityPath}.head`;
  const forksPath = `${identityPath}.forks`;
  return {
    identity,
    roster,
    heads: {
      read: () => readJson(headPath, TreeHead),
      write: (head) => {
        replaceFile(headPath, [canonicalBytes(head)]);
      },
      forget: () => {
        destroyFile(headPath);
      },
      readForks: () => readJson(forksPath, ForkList) ?? [],
      writeForks: (forks) => {
        replaceFile(forksPath, [canonicalBytes([...forks])]);
      },
    },
  };
}

function readJson<T>(path: string, shape: z.ZodType<T>): T | null {
  if (!existsSync(path)) return null;
  try {
    return shape.parse(JSON.parse(readFileSync(path, "utf8")));
  } catch (error) {
    throw new LinkageError("audit-invalid", `${path} holds no heads of an audit log`, { cause: error });
  }
}
