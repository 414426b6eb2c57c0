/**
 * A secretariat's part in an agreement on keys, in memory: it keeps what parties post and shows it, honestly or not.
 */
import type { Connection } from "#client/http.ts";
import type { Approval, Dispute } from "#engine/round/acts.ts";
import { descriptorT0, type RoundDescriptor } from "#engine/round/descriptor.ts";
import { isEquivocation, transcriptT1, type Confirmation, type RoundKey } from "#engine/round/keys.ts";
import type { RoundView } from "#engine/round/messages.ts";
import type { Roster } from "#engine/round/roster.ts";
import { approvalsOf } from "../../engine/round/parties.ts";

export type AgreementConnection = Pick<Connection, "round" | "postRoundKey" | "postConfirmation" | "postDispute">;

export type Relay = {
  approvals: readonly Approval[];
  readonly descriptor: RoundDescriptor;
  readonly roster: Roster;
  readonly keys: RoundKey[];
  readonly confirmations: Confirmation[];
  readonly disputes: Dispute[];
  ending: RoundView["ending"];
};

export function relayOf(descriptor: RoundDescriptor, roster: Roster): Relay {
  const approvals = approvalsOf(descriptor, "open", null);
  return { approvals, descriptor, roster, keys: [], confirmations: [], disputes: [], ending: null };
}

/** What an honest relay shows a party. */
export function viewFor(
  {
    approvals = [],
    descriptor,
    keys,
    confirmations,
    ending,
  }: Pick<Relay, "descriptor" | "keys" | "confirmations" | "ending"> & Partial<Pick<Relay, "approvals">>,
  party: string,
): RoundView {
  const t0 = descriptorT0(descriptor);
  const isKeyed = keys.length === descriptor.parties.length;
  return {
    descriptor,
    t0,
    t1: isKeyed ? transcriptT1(t0, keys) : null,
    t2: null,
    state: isKeyed ? "keyed" : "opened",
    ending,
    approvals: [...approvals],
    keys: [...keys],
    confirmations: confirmations.filter(({ from, to }) => from === party || to === party),
    withdrawn: [],
    batches: [],
    sealed: [],
    seals: [],
    pairings: [],
    progress: { stage: "idle", bytesDone: 0, bytesTotal: 0, pairingsDone: 0, pairingsTotal: 0 },
    createdAt: "2026-11-30T12:00:00Z",
  };
}

/** The first key of a party counts. */
export function takeKey({ keys }: Relay, key: RoundKey): void {
  if (!keys.some(({ party }) => party === key.party)) keys.push(key);
}

/** The first confirmation of a direction counts; one that names another key than the opposite direction's ends the attempt. */
export function takeConfirmation(
  relay: Pick<Relay, "confirmations"> & { ending?: Relay["ending"] },
  confirmation: Confirmation,
): void {
  const { confirmations } = relay;
  const { from, to, keyId } = confirmation;
  if (confirmations.some((other) => other.from === from && other.to === to)) return;
  confirmations.push(confirmation);
  const opposite = confirmations.find((other) => other.from === to && other.to === from);
  if (opposite !== undefined && opposite.keyId !== keyId)
    relay.ending ??= { reason: "disputed", parties: [], evidence: [], raised: null };
}

/** Ends the attempt as server/key-exchange.ts does. */
export function takeDispute(relay: Relay, dispute: Dispute): void {
  relay.disputes.push(dispute);
  if (dispute.kind === "confirmation") {
    relay.ending ??= { reason: "disputed", parties: [], evidence: [], raised: dispute };
    return;
  }
  const { first, second } = dispute;
  if (!isEquivocation(relay.roster, descriptorT0(relay.descriptor), first, second))
    throw new RangeError("no equivocation");
  relay.ending ??= { reason: "equivocated", parties: [first.party], evidence: [first, second], raised: null };
}

/** @param shown - Sees each view before the party does, and may change it. */
export function connectionTo(
  relay: Relay,
  party: string,
  shown: (view: RoundView) => RoundView = (view) => view,
): AgreementConnection {
  const view = (): Promise<RoundView> => Promise.resolve(shown(viewFor(relay, party)));
  return {
    round: view,
    postRoundKey: (_round, key) => {
      takeKey(relay, key);
      return view();
    },
    postConfirmation: (_round, confirmation) => {
      takeConfirmation(relay, confirmation);
      return view();
    },
    postDispute: (_round, dispute) => {
      takeDispute(relay, dispute);
      return view();
    },
  };
}
