/**
 * Agreements of three parties' real clients and vaults over a way that drops, doubles, delays, re-orders and changes what
 * is sent, with a secretariat that shows two histories and a party that signs two keys. Faults are drawn by seed.
 * 30 runs; with BENCH=full 10,000, for which a file system in memory is wanted (TMPDIR=/dev/shm).
 */
import { expect, test } from "vitest";
import { agreeKeys } from "#client/agree.ts";
import type { Vault } from "#client/vault.ts";
import { LinkageError } from "#engine/errors.ts";
import { descriptorT0, type RoundDescriptor } from "#engine/round/descriptor.ts";
import type { Identity } from "#engine/round/identity.ts";
import { derivePairingKeys, makeConfirmation, makeRoundKey, transcriptT1, type RoundKey } from "#engine/round/keys.ts";
import type { RoundView } from "#engine/round/messages.ts";
import type { Roster } from "#engine/round/roster.ts";
import { Draws } from "#fixtures/draws.ts";
import { descriptorOf, identitiesOf, NOW, rosterOf } from "../../engine/round/parties.ts";
import { vaultOf } from "../folders.ts";
import {
  relayOf,
  takeConfirmation,
  takeDispute,
  takeKey,
  viewFor,
  type AgreementConnection,
  type Relay,
} from "./relay.ts";

const IDS = ["AT", "HR", "SI"];
const PROFILE = "A".repeat(43);
const FULL_RUNS = 10_000;
const RUNS = process.env["BENCH"] === "full" ? FULL_RUNS : 30;
const CALLS = 16;

type Parties = { readonly identities: readonly Identity[]; readonly roster: Roster; readonly vaults: readonly Vault[] };

/** A party that works with the secretariat: it signs two keys, and confirms to each other party under the one it is shown. */
type Equivocator = {
  readonly party: string;
  readonly keys: readonly [Made, Made];
  /** Parties that are shown the second key. */
  readonly second: ReadonlySet<string>;
};
type Made = ReturnType<typeof makeRoundKey>;

type Faults = {
  /** Of each: in this run, a message meets it with the probability below. */
  readonly lost: boolean;
  readonly doubled: boolean;
  readonly delayed: boolean;
  readonly changed: boolean;
  /** The equivocator's other key is shown, too, now and then. */
  readonly revealed: boolean;
  readonly equivocator: Equivocator | null;
  /** Parties that are shown a history of their own, under another descriptor; with the keys of the other one. */
  readonly apart: ReadonlySet<string>;
};

const count = { agreed: 0, equivocated: 0, disputed: 0, refused: 0, faultless: 0 };

test(
  `no pairing of ${RUNS} ends with two keys, and none but an equivocator is named`,
  { timeout: 1_800_000 },
  async () => {
    const identities = identitiesOf(IDS);
    const roster = rosterOf(identities);
    const vaults = identities.map((identity) => vaultOf(identity, roster));
    const { agreements } = descriptorOf(identities, roster);
    for (let seed = 0; seed < RUNS; seed++) {
      const descriptor = descriptorOf(identities, roster, { id: `run-${seed}`, agreements });
      await simulate({ identities, roster, vaults }, descriptor, new Draws(seed, 7));
      for (const vault of vaults) vault.forgetRound(descriptor.id);
    }
    // Each kind of end has been met.
    for (const [end, times] of Object.entries(count)) expect(times, end).toBeGreaterThan(RUNS / 100);
  },
);

async function simulate(
  { identities, roster, vaults }: Parties,
  descriptor: RoundDescriptor,
  draws: Draws,
): Promise<void> {
  const round = descriptor.id;
  const faults = drawFaults(identities, descriptor, draws);
  const relays = [relayOf(descriptor, roster), relayOf({ ...descriptor, purpose: "another" }, roster)] as const;
  const honest = vaults.filter(({ identity }) => identity.party !== faults.equivocator?.party);
  const delayed: (() => void)[] = [];
  let quiet = false;
  /** Keys of the equivocator that each party was shown. */
  const shown = new Map(IDS.map((party) => [party, new Set<string>()]));

  const call = async (vault: Vault): Promise<void> => {
    const { party } = vault.identity;
    const relay = relays[faults.apart.has(party) ? 1 : 0];
    const before = relay.ending;
    let changes = 0;
    const show = (): RoundView => {
      const view = historyFor(faults, relays, party, draws);
      if (!quiet && faults.changed && draws.chance(0.2)) {
        changes++;
        return withChange(view, draws);
      }
      for (const key of view.keys) if (key.party === faults.equivocator?.party) shown.get(party)?.add(key.publicKey);
      return view;
    };
    const way = faultyWay(
      relay,
      faults,
      show,
      () => viewFor(relay, party),
      () => quiet,
      delayed,
      draws,
    );
    const outcome = await agreeKeys(way, vault, roster, round, [PROFILE], NOW).catch((error: unknown) => error);
    if (outcome instanceof Error && !(outcome instanceof LinkageError)) throw outcome;
    const code = outcome instanceof LinkageError ? outcome.code : null;
    const detail = outcome instanceof LinkageError ? outcome.detail : "";
    if (code === "round-key-signature" || code === "round-descriptor-invalid") count.refused++;
    if (code === "round-key-conflict" && detail.includes("signed two keys")) {
      expect(detail.slice(0, 2)).toBe(faults.equivocator?.party);
      count.equivocated++;
    }
    if (code === "round-state" && before?.reason === "disputed") {
      expect(detail).toMatch(
        /disputed; nobody is named; (raised by [A-Z]{2} of its pairing with [A-Z]{2}|nobody signed the dispute)$/,
      );
      count.disputed++;
    }
    if (code === "round-state" && before?.reason === "equivocated")
      expect(detail).toContain(`equivocated; ${faults.equivocator?.party ?? "nobody"}`);
    // Who has seen both keys, and nothing that was spoilt on the way, says so at once.
    if (before === null && changes === 0 && shown.get(party)?.size === 2 && code !== "server-unreachable")
      expect(code).toBe("round-key-conflict");
  };

  for (let step = 0; step < CALLS; step++) {
    if (delayed.length > 0 && draws.chance(0.5)) delayed.splice(draws.below(delayed.length), 1)[0]?.();
    await call(draws.pick(honest));
  }
  for (const late of delayed.splice(0)) late();
  quiet = true;
  for (let turn = 0; turn < 3; turn++) for (const vault of honest) await call(vault);

  checkEnd(honest, round, relays, faults);
  const harmless = !faults.changed && faults.equivocator === null && faults.apart.size === 0;
  if (harmless) {
    for (const vault of honest) expect(vault.pairings(round), vault.identity.party).not.toBeNull();
    count.faultless++;
  }
}

function checkEnd(honest: readonly Vault[], round: string, relays: readonly Relay[], faults: Faults): void {
  for (const one of honest)
    for (const other of honest) {
      if (one === other) continue;
      const ofOne = one.pairings(round)?.find(({ counterpart }) => counterpart === other.identity.party);
      if (ofOne === undefined) continue;
      // Who is agreed has seen that the other side had the same T1 and the same keys.
      expect(other.transcript(round)).toBe(one.transcript(round));
      const ofOther = other.pairings(round)?.find(({ counterpart }) => counterpart === one.identity.party);
      if (ofOther === undefined) continue;
      expect(ofOther.keyId).toBe(ofOne.keyId);
      // Who has seen the attempt end has destroyed its keys.
      if (ofOne.keyTag !== null && ofOther.keyTag !== null)
        expect({ ...ofOther, counterpart: other.identity.party }).toEqual(ofOne);
      count.agreed++;
    }
  for (const { disputes, ending } of relays) {
    for (const dispute of disputes)
      if (dispute.kind === "two-keys") expect(dispute.first.party).toBe(faults.equivocator?.party);
    if (ending !== null)
      expect(ending.parties).toEqual(ending.reason === "disputed" ? [] : [faults.equivocator?.party]);
  }
}

function drawFaults(identities: readonly Identity[], descriptor: RoundDescriptor, draws: Draws): Faults {
  const some = (): ReadonlySet<string> => new Set(IDS.filter(() => draws.chance(0.5)));
  let equivocator: Equivocator | null = null;
  if (draws.chance(0.4)) {
    const identity = draws.pick(identities);
    const made = (): Made => makeRoundKey(identity, descriptorT0(descriptor));
    equivocator = { party: identity.party, keys: [made(), made()], second: some() };
  }
  return {
    lost: draws.chance(0.4),
    doubled: draws.chance(0.4),
    delayed: draws.chance(0.4),
    changed: draws.chance(0.3),
    revealed: draws.chance(0.5),
    equivocator,
    apart: equivocator === null && draws.chance(0.2) ? some() : new Set(),
  };
}

/** What the secretariat shows a party: its own history of two, or the equivocator's key that is meant for it. */
function historyFor(faults: Faults, relays: readonly [Relay, Relay], party: string, draws: Draws): RoundView {
  const { equivocator, apart } = faults;
  const own = relays[apart.has(party) ? 1 : 0];
  if (equivocator === null) {
    if (apart.size === 0) return viewFor(own, party);
    const view = viewFor(own, party);
    const others = relays.flatMap(({ keys }) => keys).filter((key) => !own.keys.includes(key));
    const confirmations = relays.flatMap((relay) => viewFor(relay, party).confirmations);
    return withKeys({ ...view, confirmations }, [...view.keys, ...others]);
  }
  const meant = equivocator.second.has(party) ? 1 : 0;
  const isRevealed = faults.revealed && draws.chance(0.2);
  const made = equivocator.keys[isRevealed ? 1 - meant : meant] as Made;
  const view = viewFor(own, party);
  const shown = withKeys(view, [...view.keys, made.posted]);
  const key = shown.keys.find((each) => each.party === party);
  if (shown.t1 === null || key === undefined) return shown;
  const keys = derivePairingKeys({ party: equivocator.party, secret: made.secret }, key, shown.t1);
  const confirmation = makeConfirmation(keys, shown.t1, equivocator.party, party);
  return { ...shown, confirmations: [...shown.confirmations, confirmation] };
}

function withKeys(view: RoundView, keys: readonly RoundKey[]): RoundView {
  const isKeyed = keys.length === IDS.length;
  return {
    ...view,
    keys: [...keys],
    t1: isKeyed ? transcriptT1(view.t0, keys) : null,
    state: isKeyed ? "keyed" : "opened",
  };
}

/** A view with one thing in it that is not as it was. */
function withChange(view: RoundView, draws: Draws): RoundView {
  const { keys, confirmations, t1 } = view;
  const spoil = <Item extends Record<Name, string>, Name extends string>(list: readonly Item[], name: Name): Item[] => {
    const at = draws.below(Math.max(1, list.length));
    return list.map((each, index) => (index === at ? { ...each, [name]: spoilt(each[name], draws) } : each));
  };
  switch (draws.below(8)) {
    case 0:
      return { ...view, keys: spoil(keys, "publicKey") };
    case 1:
      return { ...view, keys: spoil(keys, "signature") };
    case 2:
      return { ...view, confirmations: spoil(confirmations, "mac") };
    case 3:
      return { ...view, confirmations: spoil(confirmations, "keyId") };
    case 4:
      return { ...view, t1: t1 === null ? null : spoilt(t1, draws) };
    case 5:
      return { ...view, keys: [...keys].reverse() };
    case 6:
      return { ...view, keys: keys.slice(1) };
    default:
      // Each confirmation in the place of the opposite direction's.
      return { ...view, confirmations: confirmations.map((each) => ({ ...each, from: each.to, to: each.from })) };
  }
}

/** The same number of bytes, base64url, one of them another. */
function spoilt(text: string, draws: Draws): string {
  const bytes = Buffer.from(text, "base64url");
  const at = draws.below(bytes.length);
  bytes[at] = (bytes[at] ?? 0) ^ draws.between(1, 255);
  return bytes.toString("base64url");
}

/** A connection on which posts are lost, come twice or late, and answers do not come. */
function faultyWay(
  relay: Relay,
  faults: Faults,
  show: () => RoundView,
  over: () => RoundView,
  isQuiet: () => boolean,
  delayed: (() => void)[],
  draws: Draws,
): AgreementConnection {
  const meets = (fault: boolean): boolean => fault && !isQuiet() && draws.chance(0.25);
  const answer = (): Promise<RoundView> =>
    meets(faults.lost) ? Promise.reject(new LinkageError("server-unreachable", "lost")) : Promise.resolve(show());
  const post = (take: () => void): Promise<RoundView> => {
    if (meets(faults.lost)) return Promise.reject(new LinkageError("server-unreachable", "lost"));
    if (meets(faults.delayed)) delayed.push(take);
    else take();
    if (meets(faults.doubled)) delayed.push(take);
    return answer();
  };
  return {
    round: answer,
    postRoundKey: (_round, key) =>
      post(() => {
        takeKey(relay, key);
      }),
    postConfirmation: (_round, confirmation) =>
      post(() => {
        takeConfirmation(relay, confirmation);
      }),
    postDispute: (_round, dispute) => {
      takeDispute(relay, dispute);
      // The attempt is over: what is shown now changes nothing.
      return meets(faults.lost)
        ? Promise.reject(new LinkageError("server-unreachable", "lost"))
        : Promise.resolve(over());
    },
  };
}
