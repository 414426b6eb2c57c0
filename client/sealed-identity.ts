/**
 * An identity sealed under a passphrase in a file of its own: an operator's or officer's, or the backup of a party's.
 */
import type { z } from "zod";
import { canonicalBytes, type Json } from "#engine/canonical-json.ts";
import { LinkageError } from "#engine/errors.ts";
import { Identity, StaffIdentity } from "#engine/round/identity.ts";
import { createFile, supersedeFile } from "./durable-file.ts";
import { boxFile, openBox, readBox, sealBox, type Argon2idCost, type PassphraseBox } from "./passphrase-box.ts";

export type IdentityKind<T> = {
  readonly holds: PassphraseBox["holds"];
  readonly shape: z.ZodType<T>;
  /** How the file is called in refusals. */
  readonly what: string;
};

export const STAFF_FILE: IdentityKind<StaffIdentity> = {
  holds: "staff-identity",
  shape: StaffIdentity,
  what: "the identity",
};
/** A party's identity and nothing of any round. */
export const BACKUP_FILE: IdentityKind<Identity> = {
  holds: "party-identity",
  shape: Identity,
  what: "the backup",
};

/** @throws {@link LinkageError} `file-exists` if there is a file already; it is not touched. */
export function createIdentityFile<T extends Json>(
  path: string,
  { holds }: IdentityKind<T>,
  identity: T,
  passphrase: Uint8Array,
  cost?: Argon2idCost,
): void {
  const content = canonicalBytes(identity);
  createFile(path, [boxFile(sealBox(holds, content, passphrase, cost))]);
  content.fill(0);
}

/** @throws {@link LinkageError} `passphrase-wrong`; `vault-invalid` as {@link readBox}, or if what was sealed has another shape. */
export function openIdentityFile<T>(path: string, { holds, shape, what }: IdentityKind<T>, passphrase: Uint8Array): T {
  const content = openBox(readBox(path, holds, what), passphrase, what);
  const parsed = shape.safeParse(JSON.parse(new TextDecoder().decode(content)));
  content.fill(0);
  if (!parsed.success) throw new LinkageError("vault-invalid", `${what} holds no identity: ${path}`);
  return parsed.data;
}

/** Seals what the box of `path` holds under another passphrase. @throws {@link LinkageError} as {@link openIdentityFile}. */
export function changeBoxPassphrase(
  path: string,
  { holds, what }: Pick<IdentityKind<unknown>, "holds" | "what">,
  passphrase: Uint8Array,
  next: Uint8Array,
  cost?: Argon2idCost,
): void {
  const content = openBox(readBox(path, holds, what), passphrase, what);
  supersedeFile(path, [boxFile(sealBox(holds, content, next, cost))]);
  content.fill(0);
}
