/**
 * A party's way to its pairing keys in one round; docs/spec/round.md.
 * Can be called again and again, also after a crash: it goes on where it stopped and says for whom it waits.
 */
import { LinkageError } from "#engine/errors.ts";
import type { ConfirmationDispute } from "#engine/round/acts.ts";
import { checkAgreements, requireValid } from "#engine/round/agreement.ts";
import {
  checkDescriptor,
  counterpartsOf,
  descriptorT0,
  requireBeforeDeadline,
  type RoundDescriptor,
} from "#engine/round/descriptor.ts";
import type { Identity } from "#engine/round/identity.ts";
import {
  checkConfirmation,
  checkRoundKey,
  checkRoundKeys,
  derivePairingKeys,
  isEquivocation,
  makeConfirmation,
  makeRoundKey,
  missingRoundKeys,
  signRoundKey,
  transcriptT1,
  type Confirmation,
  type PairingKeys,
} from "#engine/round/keys.ts";
import type { RoundView } from "#engine/round/messages.ts";
import { requireApproved } from "#engine/round/endorsement.ts";
import { rosterDigest, type Roster } from "#engine/round/roster.ts";
import { isSignedBy, signStatement } from "#engine/round/statement.ts";
import { SHIPPED_PROFILE } from "#engine/shipped-profile.ts";
import { endingText } from "./ending.ts";
import type { Connection } from "./http.ts";
import { requireQuotasHeld } from "./quota.ts";
import type { RoundSecret, VaultPairing } from "./round-shapes.ts";
import type { Vault } from "./vault.ts";

export type KeyAgreement =
  | {
      readonly state: "waiting";
      /** `opening` when the operators have not opened the round; then nobody in particular is missing. */
      readonly for: "opening" | "keys" | "confirmations";
      /** Parties in increasing order of id. */
      readonly missing: readonly string[];
    }
  | {
      readonly state: "agreed";
      readonly descriptor: RoundDescriptor;
      readonly t1: string;
      /** In order of counterpart. */
      readonly pairings: readonly VaultPairing[];
    };

type ConfirmedKeys = PairingKeys & { readonly counterpart: string };

/**
 * @param roster - The pinned one.
 * @param knownProfiles - Digests of the profiles under which this client can encode.
 * @throws {@link LinkageError} `round-state` if the attempt is aborted; `round-descriptor-invalid`, `profile-mismatch` or
 * `pairing-unknown` if the round is none that this party can take part in, its agreements being valid at `now`; `round-deadline` after `keys`, if there is something to post; `statement-signature` unless two operators opened it; `quota-exceeded`; `round-key-signature`, `round-key-conflict` or
 * `round-confirmation-failed` if what the server shows does not fit together. Nothing may be encoded then. Two signed keys of
 * one party, a key that gives no secret, and a confirmation that fails, are posted as a dispute first, which ends the attempt for all.
 */
export async function agreeKeys(
  connection: Pick<Connection, "round" | "postRoundKey" | "postConfirmation" | "postDispute">,
  vault: Vault,
  roster: Roster,
  round: string,
  knownProfiles: readonly string[],
  now: Date,
): Promise<KeyAgreement> {
  const party = vault.identity.party;
  const first = await connection.round(round);
  const { descriptor } = first;
  checkAdmissible(first, roster, party, round, knownProfiles);
  // Of an attempt that is over nothing is needed: who gets at the vault later finds no key.
  if (first.ending !== null) vault.destroyProofKeys(round);
  requireNotAborted(roster, first);
  vault.keepDescriptor(descriptor);
  const seen = async (view: RoundView): Promise<RoundView> => {
    await disputeSecondKeys(connection, vault, roster, view);
    requireNotAborted(roster, view);
    return view;
  };
  await seen(first);
  const stored = agreedBefore(vault, first);
  if (stored !== null) return stored;
  if (first.state === "draft") return { state: "waiting", for: "opening", missing: [] };

  requireQuotasHeld(vault, descriptor, now);
  const isPosted = first.keys.some((key) => key.party === party);
  if (!isPosted) {
    requireBeforeDeadline(descriptor, "keys", now);
    requireValid(descriptor.agreements, now);
    requireApproved(roster, first.approvals, { act: "open", round, t0: first.t0, t2: null });
  }
  const secret = ownSecret(vault, first);
  const keyed = isPosted
    ? first
    : await seen(await connection.postRoundKey(round, signRoundKey(vault.identity, first.t0, secret.publicKey)));
  const missing = missingRoundKeys(descriptor, keyed.keys);
  if (missing.length > 0) return { state: "waiting", for: "keys", missing };

  const t1 = checkedTranscript(vault, roster, descriptor, keyed, secret);
  const pairings: ConfirmedKeys[] = [];
  let isAgreed = false;
  try {
    for (const counterpart of counterpartsOf(descriptor, party)) {
      const derive = (): PairingKeys =>
        derivePairingKeys({ party, secret: secret.secret }, keyOf(keyed, counterpart), t1);
      pairings.push({ counterpart, ...(await orDispute(connection, vault.identity, keyed, counterpart, derive)) });
    }
    // Before the own are posted: they fit to no false one, and would be missed at the deadline.
    await checkConfirmations(connection, keyed, vault.identity, t1, pairings);
    const posting: Pick<Connection, "postConfirmation"> = {
      postConfirmation: async (id, confirmation) => {
        requireBeforeDeadline(descriptor, "keys", now);
        return seen(await connection.postConfirmation(id, confirmation));
      },
    };
    const confirmed = await postConfirmations(posting, keyed, party, t1, pairings);
    const silent = await checkConfirmations(connection, confirmed, vault.identity, t1, pairings);
    if (silent.length > 0) return { state: "waiting", for: "confirmations", missing: silent };

    const agreed = pairings.map(({ counterpart, keyTag, keyProof, keyNotice, keyId }) => ({
      ...{ counterpart, keyTag, keyProof, keyNotice, keyId },
    }));
    vault.keepPairings(round, agreed);
    vault.destroyRoundSecret(round);
    isAgreed = true;
    return { state: "agreed", descriptor, t1, pairings: agreed };
  } finally {
    for (const { keyConfirm, keyTag, keyProof, keyNotice } of pairings) {
      keyConfirm.fill(0);
      if (!isAgreed) for (const key of [keyTag, keyProof, keyNotice]) key.fill(0);
    }
  }
}

/**
 * @throws {@link LinkageError} `round-descriptor-invalid`, `profile-mismatch` or `pairing-unknown` if the round is none that
 * this party can take part in.
 */
export function checkAdmissible(
  view: Pick<RoundView, "descriptor" | "t0">,
  roster: Roster,
  party: string,
  round: string,
  knownProfiles: readonly string[],
): void {
  const { descriptor } = view;
  checkDescriptor(descriptor);
  if (descriptor.id !== round)
    throw new LinkageError("round-descriptor-invalid", `the server answered with round ${descriptor.id} for ${round}`);
  if (descriptorT0(descriptor) !== view.t0)
    throw new LinkageError("round-descriptor-invalid", "the T0 is not the descriptor's");
  if (descriptor.roster !== rosterDigest(roster))
    throw new LinkageError(
      "round-descriptor-invalid",
      "the round was made under another roster than the one pinned here",
    );
  checkAgreements(roster, descriptor.agreements);
  if (!descriptor.parties.some((entry) => entry.id === party))
    throw new LinkageError("pairing-unknown", `party ${party} is not in round ${round}`);
  if (!knownProfiles.includes(descriptor.profile))
    throw new LinkageError("profile-mismatch", "the round's profile is none that this client ships");
  if (descriptor.informationMarginBits < SHIPPED_PROFILE.informationMarginBits)
    throw new LinkageError(
      "round-descriptor-invalid",
      `the round's threshold margin of ${descriptor.informationMarginBits} bits is below the profile's: keys of few persons' facts would travel`,
    );
}

/** @throws {@link LinkageError} `round-state` saying why the attempt ended, whom two signed keys convict, and who disputed. */
function requireNotAborted(roster: Roster, view: RoundView): void {
  const { descriptor, ending, t0 } = view;
  if (ending === null) return;
  const { reason, parties, evidence, raised } = ending;
  if (reason === "expired") throw new LinkageError("round-state", `round ${descriptor.id} was ${endingText(view)}`);
  const [first, second] = evidence;
  const isShown = first !== undefined && second !== undefined && isEquivocation(roster, t0, first, second);
  const named = reason === "equivocated" && !isShown ? [] : parties;
  const whom = named.length === 0 ? "nobody is named" : named.join(", ");
  const who = reason === "disputed" ? `; ${disputedBy(roster, descriptor.id, t0, raised)}` : "";
  throw new LinkageError("round-state", `round ${descriptor.id} was aborted: ${reason}; ${whom}${who}`);
}

/** @returns Who says that a confirmation failed; nobody without a signature over this attempt. */
function disputedBy(roster: Roster, round: string, t0: string, raised: ConfirmationDispute | null): string {
  const author = roster.parties.find(({ id }) => id === raised?.party);
  const isSigned =
    raised?.round === round &&
    raised.t0 === t0 &&
    author !== undefined &&
    isSignedBy(author.signKey, "dispute", raised);
  return isSigned ? `raised by ${raised.party} of its pairing with ${raised.counterpart}` : "nobody signed the dispute";
}

/**
 * Keeps the first key seen of each party; another one that it signed too is evidence against it.
 *
 * @throws {@link LinkageError} `round-key-conflict` naming the party, once the dispute is posted; `round-key-signature`.
 */
async function disputeSecondKeys(
  connection: Pick<Connection, "postDispute">,
  vault: Vault,
  roster: Roster,
  view: RoundView,
): Promise<void> {
  const round = view.descriptor.id;
  for (const key of view.keys) checkRoundKey(roster, view.t0, key);
  const seen = vault.keepRoundKeys(round, view.keys);
  for (const second of view.keys) {
    const first = seen.find(({ party }) => party === second.party);
    if (first === undefined || !isEquivocation(roster, view.t0, first, second)) continue;
    await connection.postDispute(round, { kind: "two-keys", first, second });
    throw new LinkageError(
      "round-key-conflict",
      `${second.party} signed two keys for this attempt; both are shown to everybody, and the attempt is over`,
    );
  }
}

function agreedBefore(vault: Vault, view: RoundView): KeyAgreement | null {
  const round = view.descriptor.id;
  const pairings = vault.pairings(round);
  const t1 = vault.transcript(round);
  if (pairings === null || t1 === null) return null;
  if (view.t1 !== t1)
    throw new LinkageError(
      "round-confirmation-failed",
      "the server now states another T1 than the one that was confirmed",
    );
  // A crash may have come between keeping the keys and destroying the secret.
  vault.destroyRoundSecret(round);
  return { state: "agreed", descriptor: view.descriptor, t1, pairings };
}

function ownSecret(vault: Vault, view: RoundView): RoundSecret {
  const { identity } = vault;
  const round = view.descriptor.id;
  const posted = view.keys.find((key) => key.party === identity.party);
  let secret = vault.roundSecret(round);
  if (secret === null && posted === undefined) {
    const fresh = makeRoundKey(identity, view.t0);
    secret = vault.keepRoundSecret(round, { publicKey: fresh.posted.publicKey, secret: fresh.secret });
  }
  if (secret === null || (posted !== undefined && posted.publicKey !== secret.publicKey))
    throw new LinkageError(
      "round-key-conflict",
      `the server holds a round key of ${identity.party} whose secret is not in this vault: the round must be made anew`,
    );
  return secret;
}

function checkedTranscript(
  vault: Vault,
  roster: Roster,
  descriptor: RoundDescriptor,
  view: RoundView,
  secret: RoundSecret,
): string {
  checkRoundKeys(roster, descriptor, view.keys, view.t0);
  if (keyOf(view, vault.identity.party).publicKey !== secret.publicKey)
    throw new LinkageError("round-key-conflict", "the server shows another round key of this party than it posted");
  const t1 = transcriptT1(view.t0, view.keys);
  if (view.t1 !== t1)
    throw new LinkageError("round-confirmation-failed", "the server's T1 is not the one of the keys that it shows");
  vault.keepTranscript(descriptor.id, t1);
  return t1;
}

async function postConfirmations(
  connection: Pick<Connection, "postConfirmation">,
  view: RoundView,
  party: string,
  t1: string,
  pairings: readonly ConfirmedKeys[],
): Promise<RoundView> {
  let latest = view;
  for (const pairing of pairings) {
    const own = makeConfirmation(pairing, t1, party, pairing.counterpart);
    const posted = confirmationOf(view, party, pairing.counterpart);
    if (posted === undefined) latest = await connection.postConfirmation(view.descriptor.id, own);
    else if (posted.mac !== own.mac || posted.keyId !== own.keyId)
      throw new LinkageError(
        "round-confirmation-failed",
        "the server shows another confirmation of this party than it posted",
      );
  }
  return latest;
}

/** @returns Counterparts whose confirmation is not in yet, in increasing order. */
async function checkConfirmations(
  connection: Pick<Connection, "postDispute">,
  view: RoundView,
  identity: Identity,
  t1: string,
  pairings: readonly ConfirmedKeys[],
): Promise<string[]> {
  const { party } = identity;
  const silent: string[] = [];
  for (const pairing of pairings) {
    const { counterpart } = pairing;
    const confirmation = confirmationOf(view, counterpart, party);
    if (confirmation === undefined) {
      silent.push(counterpart);
      continue;
    }
    await orDispute(connection, identity, view, counterpart, () => {
      checkConfirmation(pairing, t1, confirmation);
    });
  }
  return silent;
}

/** What fails between two parties ends the attempt before anybody is missed. @throws What `act` throws, the dispute posted. */
async function orDispute<Result>(
  connection: Pick<Connection, "postDispute">,
  identity: Identity,
  view: RoundView,
  counterpart: string,
  act: () => Result,
): Promise<Result> {
  try {
    return act();
  } catch (error) {
    const round = view.descriptor.id;
    const dispute = { kind: "confirmation", counterpart, party: identity.party, round, t0: view.t0 } as const;
    await connection.postDispute(round, signStatement(identity, "dispute", dispute));
    throw error;
  }
}

function confirmationOf(view: RoundView, from: string, to: string): Confirmation | undefined {
  return view.confirmations.find((confirmation) => confirmation.from === from && confirmation.to === to);
}

function keyOf(view: RoundView, party: string): RoundView["keys"][number] {
  const key = view.keys.find((posted) => posted.party === party);
  if (key === undefined) throw new LinkageError("round-key-missing", `no round key of ${party}`);
  return key;
}
