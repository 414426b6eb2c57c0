/**
 * A party's local vault: its identity, the pinned roster and what it must keep of each round; docs/spec/vault.md.
 * Nothing in it can be read without its passphrase, and nothing in it ever leaves the party.
 *
 *   vault.json                     the vault's key, sealed under the passphrase; all else is sealed under that key
 *   identity.json, roster.json, former-rosters.json, contact.json, tested.json
 *   of each round                client/round-files.ts, client/carried-files.ts, client/console-files.ts
 */
import { randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { TreeHead } from "#engine/audit/tree-head.ts";
import { LinkageError } from "#engine/errors.ts";
import { Field } from "#engine/round/agreement.ts";
import { Identity } from "#engine/round/identity.ts";
import { Moment, PartyId, RoundId } from "#engine/round/ids.ts";
import { Notice } from "#engine/round/notice.ts";
import { quotaStart } from "#engine/round/quota.ts";
import { checkRoster, Roster, rosterChanges, rosterDigest, type RosterChanges } from "#engine/round/roster.ts";
import { ConsoleFiles } from "./console-files.ts";
import { createFile, makePrivateFolder, requireAbsent, requirePrivate } from "./durable-file.ts";
import { ForkList, type HeadStore } from "./log-head.ts";
import { boxFile, openBox, readBox, sealBox, type Argon2idCost, type PassphraseBox } from "./passphrase-box.ts";
import { OWN, SealedFolder, type VaultAccess } from "./sealed-folder.ts";
import { changeBoxPassphrase } from "./sealed-identity.ts";

const KEY_BYTES = 32;

const Contact = Notice.pick({ contact: true });

/** Rows of both batches of a sealed pairing; outlives what the vault keeps of the round. */
const SealedSizes = z.strictObject({
  at: Moment,
  counterpart: PartyId,
  counterpartRows: z.int().min(1),
  field: Field,
  ownRows: z.int().min(1),
  round: RoundId,
});
export type SealedSizes = z.infer<typeof SealedSizes>;

const NO_CHANGES: RosterChanges = { changed: [], added: [], removed: [] };

/** The box that holds the vault's key. */
const LOCK = { holds: "vault-key", what: "the vault's lock" } as const;

/**
 * Makes a vault with this identity, without a roster.
 *
 * @param passphrase - UTF-8 in NFC; left as it is, as everywhere here.
 * @throws {@link LinkageError} `file-exists` if the folder has a vault already; it is not touched.
 */
export function createVault(directory: string, identity: Identity, passphrase: Uint8Array, cost?: Argon2idCost): Vault {
  requireNoVault(directory);
  makePrivateFolder(directory);
  requirePrivate(directory, "the vault");
  const key = randomBytes(KEY_BYTES);
  const lock = boxFile(sealBox(LOCK.holds, key, passphrase, cost));
  const files = new SealedFolder(directory, key);
  files.createJson(OWN, "identity.json", identity);
  try {
    // Last: a vault without its identity is never met.
    createFile(lockPath(directory), [lock]);
  } catch (error) {
    files.destroy(OWN, "identity.json");
    files.close();
    throw error;
  }
  return new Vault(files, identity);
}

/**
 * @throws {@link LinkageError} `vault-invalid` if there is no vault, others can read it, or its identity was changed;
 * `passphrase-wrong` if another passphrase was chosen.
 */
export function openVault(directory: string, passphrase: Uint8Array): Vault {
  const key = openBox(requireVault(directory), passphrase, "the vault");
  if (key.length !== KEY_BYTES) throw new LinkageError("vault-invalid", `${LOCK.what} holds no key`);
  const files = new SealedFolder(directory, key);
  try {
    const identity = files.readJson(OWN, "identity.json", Identity);
    if (identity === null) throw new LinkageError("vault-invalid", `the vault's identity is missing: ${directory}`);
    return new Vault(files, identity);
  } catch (error) {
    files.close();
    throw error;
  }
}

/**
 * Seals the vault's key under another passphrase; no other file changes.
 *
 * @throws {@link LinkageError} as {@link openVault}.
 */
export function changeVaultPassphrase(
  directory: string,
  passphrase: Uint8Array,
  next: Uint8Array,
  cost?: Argon2idCost,
): void {
  requireVault(directory);
  changeBoxPassphrase(lockPath(directory), LOCK, passphrase, next, cost);
}

/**
 * @returns The vault's lock.
 * @throws {@link LinkageError} `vault-invalid` if there is no vault, or others can read it.
 */
export function requireVault(directory: string): PassphraseBox {
  requirePrivate(directory, "the vault");
  if (!existsSync(lockPath(directory)) && existsSync(join(directory, "identity.json")))
    throw new LinkageError(
      "vault-invalid",
      `${directory} is a vault in the clear, of a version before passphrases; make a new one in another folder (aquila key make) and destroy this one`,
    );
  return readBox(lockPath(directory), LOCK.holds, LOCK.what);
}

/** @throws {@link LinkageError} `file-exists` */
export function requireNoVault(directory: string): void {
  requireAbsent(lockPath(directory));
  requireAbsent(join(directory, "identity.json"));
}

/** A party's vault, open. */
export class Vault extends ConsoleFiles {
  readonly directory: string;
  readonly identity: Identity;

  constructor(files: SealedFolder, identity: Identity) {
    super(files);
    this.directory = files.directory;
    this.identity = identity;
  }

  /** Wipes the vault's key from memory; the vault is of no use afterwards. */
  close(): void {
    this.files.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  /** @returns Null before one is pinned. */
  pinnedRoster(): Roster | null {
    return this.files.readJson(OWN, "roster.json", Roster);
  }

  /** @throws {@link LinkageError} `roster-invalid` if none is pinned. */
  roster(): Roster {
    const roster = this.pinnedRoster();
    if (roster === null) throw new LinkageError("roster-invalid", "no roster is pinned; run: aquila roster pin");
    return roster;
  }

  /**
   * @returns The roster that counts for a round: the one that its descriptor names, if the vault has it and kept that
   * descriptor while it was pinned; else the pinned one.
   * @throws {@link LinkageError} `roster-invalid` if none is pinned.
   */
  rosterOf(round: string): Roster {
    const pinned = this.roster();
    const named = this.descriptor(round)?.roster;
    return this.formerRosters().find((roster) => rosterDigest(roster) === named) ?? pinned;
  }

  /**
   * @param accepted - Ids that may have other keys than in the roster pinned before, come in, or be gone.
   * @returns What is different from the roster pinned before; nothing if there was none.
   * @throws {@link LinkageError} `roster-invalid` as {@link checkRoster}; `roster-key-changed` naming the ids that are not
   * accepted; `vault-invalid` if the roster has other keys for this party.
   */
  pinRoster(roster: Roster, accepted: readonly string[] = []): RosterChanges {
    const { party, signKey, boxKey } = this.identity;
    const own = roster.parties.find((entry) => entry.id === party);
    if (own?.signKey !== signKey || own.boxKey !== boxKey)
      throw new LinkageError("vault-invalid", `the roster does not hold this vault's own keys for ${party}`);
    const pinned = this.pinnedRoster();
    if (pinned !== null && rosterDigest(pinned) === rosterDigest(roster)) return NO_CHANGES;
    checkRoster(roster, pinned);
    const changes = pinned === null ? NO_CHANGES : rosterChanges(pinned, roster);
    requireAccepted(changes, accepted);
    if (pinned !== null) this.keepFormerRoster(pinned);
    this.files.writeJson(OWN, "roster.json", roster);
    return changes;
  }

  /** @returns Where the heads of the secretariat's audit log are kept. */
  heads(): HeadStore {
    return {
      read: () => this.files.readJson(OWN, "tree-head.json", TreeHead),
      write: (head) => {
        this.files.writeJson(OWN, "tree-head.json", head);
      },
      forget: () => {
        this.files.destroy(OWN, "tree-head.json");
      },
      readForks: () => this.files.readJson(OWN, "forks.json", ForkList) ?? [],
      writeForks: (forks) => {
        this.files.writeJson(OWN, "forks.json", [...forks]);
      },
    };
  }

  private formerRosters(): Roster[] {
    return this.files.readJson(OWN, "former-rosters.json", z.array(Roster)) ?? [];
  }

  /** Drops those that no round kept here names. */
  private keepFormerRoster(roster: Roster): void {
    const named = new Set(this.rounds().map((round) => this.descriptor(round)?.roster));
    const former = [...this.formerRosters(), roster].filter((one) => named.has(rosterDigest(one)));
    this.files.writeJson(OWN, "former-rosters.json", former);
  }

  /** @returns The desk that counterparts are to turn to. */
  contact(): string {
    return (
      this.files.readJson(OWN, "contact.json", Contact)?.contact ?? `national contact point ${this.identity.party}`
    );
  }

  /** @throws {@link LinkageError} `request-invalid` if it is longer than 120 characters, or not printable words. */
  keepContact(contact: string): void {
    const parsed = Contact.safeParse({ contact });
    if (!parsed.success)
      throw new LinkageError(
        "request-invalid",
        "a contact is at most 120 printable characters, words apart by one space",
      );
    this.files.writeJson(OWN, "contact.json", parsed.data);
  }

  /** @returns Of all sealed pairings within the time of a quota. */
  sealedSizes(): SealedSizes[] {
    return this.files.readJson(OWN, "tested.json", z.array(SealedSizes)) ?? [];
  }

  /** Adds those of a round, in place of what was kept of it, and drops what is too old to count at `now`. */
  keepSealedSizes(round: string, sizes: readonly SealedSizes[], now: Date): void {
    const start = quotaStart(now);
    const others = this.sealedSizes().filter((kept) => kept.round !== round && new Date(kept.at) > start);
    this.files.writeJson(OWN, "tested.json", [...others, ...sizes]);
  }

  /** @returns What a worker thread of this process needs to write into this vault; it zeroes the key when it is done. */
  access(): VaultAccess {
    return this.files.access();
  }
}

/** @throws {@link LinkageError} `roster-key-changed`. */
function requireAccepted({ changed, added, removed }: RosterChanges, accepted: readonly string[]): void {
  const open = [
    ["other keys than pinned for", changed],
    ["not pinned before:", added],
    ["pinned before and gone:", removed],
  ] as const;
  const named = open
    .map(([what, ids]) => [what, ids.filter((id) => !accepted.includes(id))] as const)
    .filter(([, ids]) => ids.length > 0)
    .map(([what, ids]) => `${what} ${ids.join(", ")}`);
  if (named.length > 0)
    throw new LinkageError(
      "roster-key-changed",
      `${named.join("; ")}. Ask by telephone and compare fingerprints, then --accept each`,
    );
}

function lockPath(directory: string): string {
  return join(directory, "vault.json");
}
