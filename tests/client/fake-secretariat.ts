/**
 * A secretariat in memory: keeps what parties post of one round, batches and reports too, and shows it as a relay does.
 */
import { createHash } from "node:crypto";
import type { Connection } from "#client/http.ts";
import { CHUNK_BYTES } from "#engine/batch/layout.ts";
import { LinkageError } from "#engine/errors.ts";
import type { Acknowledgement, Dispute, Report } from "#engine/round/acts.ts";
import type { RoundDescriptor } from "#engine/round/descriptor.ts";
import type { Confirmation, RoundKey } from "#engine/round/keys.ts";
import type { BatchStatus, PackageKeys, RoundView } from "#engine/round/messages.ts";
import type { RoundState } from "#engine/round/states.ts";
import { takeConfirmation, viewFor } from "./round/relay.ts";
import { approvalsOf, sealsOf } from "../engine/round/parties.ts";

export type FakeSecretariat = {
  state: RoundState;
  /** Of what all sealed and both operators released. */
  t2: string | null;
  readonly keys: RoundKey[];
  readonly confirmations: Confirmation[];
  /** Chunks by direction, "AT-HR", and index. */
  readonly chunks: Map<string, Map<number, Uint8Array>>;
  readonly complete: Map<string, string>;
  readonly disputes: Dispute[];
  /** Packages and package keys, sealed, by party; what is not there is not released. */
  readonly packages: Map<string, { readonly sealed: Uint8Array; readonly keys: PackageKeys }>;
  readonly acknowledgements: Acknowledgement[];
  readonly reports: Report[];
  /** Names of the calls, in order. */
  readonly calls: string[];
  /** Changes what a party is shown. */
  distort: (view: RoundView, party: string) => RoundView;
  /** Thrown after the call of this name has been carried out, once: an answer that is lost. */
  loseAnswerOf: string | null;
  refuseManifest: LinkageError | null;
};

export function fakeSecretariat(): FakeSecretariat {
  return {
    state: "opened",
    t2: null,
    keys: [],
    confirmations: [],
    chunks: new Map(),
    complete: new Map(),
    disputes: [],
    packages: new Map(),
    acknowledgements: [],
    reports: [],
    calls: [],
    distort: (view) => view,
    loseAnswerOf: null,
    refuseManifest: null,
  };
}

type PartyConnection = Pick<
  Connection,
  | "round"
  | "postRoundKey"
  | "postConfirmation"
  | "postDispute"
  | "batchStatus"
  | "putChunk"
  | "putManifest"
  | "fetchPackage"
  | "acknowledge"
  | "packageKeys"
  | "putReport"
>;

export function connectionOf(fake: FakeSecretariat, descriptor: RoundDescriptor, party: string): PartyConnection {
  const opened = approvalsOf(descriptor, "open", null);
  const view = (): RoundView => {
    const { t2 } = fake;
    const shown: RoundView = {
      ...viewFor({ descriptor, ...fake, ending: null }, party),
      t2,
      approvals: [...opened, ...(t2 === null ? [] : approvalsOf(descriptor, "release", t2))],
      seals: t2 === null ? [] : sealsOf(descriptor, t2),
    };
    return fake.distort(fake.state === "opened" ? shown : { ...shown, state: fake.state }, party);
  };
  const status = (from: string, to: string): BatchStatus => {
    const chunks = fake.chunks.get(`${from}-${to}`) ?? new Map<number, Uint8Array>();
    const digest = fake.complete.get(`${from}-${to}`) ?? null;
    const length = Math.max(-1, ...chunks.keys()) + 1;
    const chunkDigests = Array.from({ length }, (_, index) => {
      const chunk = chunks.get(index);
      return chunk === undefined ? null : createHash("sha256").update(chunk).digest("base64url");
    });
    return { state: digest !== null ? "complete" : length > 0 ? "partial" : "absent", chunkDigests, digest };
  };
  const released = (to: string): { readonly sealed: Uint8Array; readonly keys: PackageKeys } => {
    const found = fake.packages.get(to);
    if (found === undefined) throw new LinkageError("package-unavailable", "the round is not released");
    return found;
  };
  const answered = <T>(name: string, answer: () => T): Promise<T> => {
    fake.calls.push(name);
    const value = answer();
    if (fake.loseAnswerOf !== name) return Promise.resolve(value);
    fake.loseAnswerOf = null;
    return Promise.reject(new LinkageError("server-unreachable", "the answer was lost"));
  };
  return {
    round: () => answered("round", view),
    postRoundKey: (_round, key) =>
      answered("postRoundKey", () => {
        const posted = fake.keys.find((other) => other.party === key.party);
        if (posted === undefined) fake.keys.push(key);
        else if (posted.publicKey !== key.publicKey)
          throw new LinkageError("round-key-conflict", "another key was posted before");
        return view();
      }),
    postConfirmation: (_round, confirmation) =>
      answered("postConfirmation", () => {
        takeConfirmation(fake, confirmation);
        return view();
      }),
    postDispute: (_round, dispute) =>
      answered("postDispute", () => {
        fake.disputes.push(dispute);
        return view();
      }),
    batchStatus: (_round, from, to) => answered("batchStatus", () => status(from, to)),
    putChunk: (_round, from, to, index, chunk) =>
      answered(`putChunk ${index}`, () => {
        if (chunk.length > CHUNK_BYTES) throw new LinkageError("request-too-large", "a chunk is 4 MiB at most");
        const chunks = fake.chunks.get(`${from}-${to}`) ?? new Map<number, Uint8Array>();
        fake.chunks.set(`${from}-${to}`, chunks.set(index, chunk.slice()));
      }),
    putManifest: (_round, { manifest: { from, to, digest } }) =>
      answered("putManifest", () => {
        if (fake.refuseManifest !== null) throw fake.refuseManifest;
        if (fake.complete.has(`${from}-${to}`)) throw new LinkageError("batch-duplicate", "the batch is complete");
        fake.complete.set(`${from}-${to}`, digest);
        return status(from, to);
      }),
    fetchPackage: (_round, to) => answered("fetchPackage", () => released(to).sealed),
    acknowledge: (acknowledgement) =>
      answered("acknowledge", () => {
        fake.acknowledgements.push(acknowledgement);
        return view();
      }),
    packageKeys: (_round, to) => answered("packageKeys", () => released(to).keys),
    putReport: (report) =>
      answered("putReport", () => {
        fake.reports.push(report);
      }),
  };
}
