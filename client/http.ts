/**
 * The way to the server: one method for each route under /v1, every request signed.
 * HTTP Message Signatures (RFC 9421), Digest Fields (RFC 9530), Problem Details (RFC 9457).
 */
import { z } from "zod";
import { ConsistencyProof, type Cosignature } from "#engine/audit/tree-head.ts";
import { canonicalBytes, type Json } from "#engine/canonical-json.ts";
import { LinkageError } from "#engine/errors.ts";
import type { SignedManifest } from "#engine/batch/manifest.ts";
import {
  ErasureCertificate,
  type Acknowledgement,
  type Approval,
  type Dispute,
  type Hold,
  type Report,
  type Seal,
  type Status,
  type Withdrawal,
} from "#engine/round/acts.ts";
import { Announcement, AnnouncementList, AnnouncementView, type DeliveryChannel } from "#engine/round/announcement.ts";
import type { RoundDescriptor } from "#engine/round/descriptor.ts";
import type { Confirmation, RoundKey } from "#engine/round/keys.ts";
import {
  BatchStatus,
  FollowUp,
  LeafList,
  PackageKeys,
  Progress,
  ReportList,
  RoundList,
  RoundLog,
  RoundView,
  SignedHead,
  StatusList,
} from "#engine/round/messages.ts";
import { MAX_SEALED_ANSWERS } from "#engine/round/answers.ts";
import { MAX_HITS, sectionLength } from "#engine/round/package.ts";
import { Roster } from "#engine/round/roster.ts";
import { eventData } from "./event-stream.ts";
import { openLogHead, type HeadStore } from "./log-head.ts";
import { YearStatistics, type PartyStatistics } from "#engine/statistics/published.ts";
import {
  asker,
  bodyOf,
  mediaTypeOf,
  originOf,
  parseAnswer,
  parseJson,
  sender,
  type Call,
  type ConnectOptions,
  type Method,
} from "./transport.ts";

const MAX_JSON_BYTES = 64 * 1_048_576;
/** More than the largest package: base64url and seal around the sections. */
export const MAX_PACKAGE_BYTES = 2 * sectionLength(MAX_HITS);
/** For a connection whose heads nobody keeps. */
const NOTHING_KEPT: HeadStore = {
  read: () => null,
  write: () => undefined,
  forget: () => undefined,
  readForks: () => [],
  writeForks: () => undefined,
};
const JSON_TYPE = "application/json";
const OCTETS = "application/octet-stream";

export type Connection = {
  readonly roster: () => Promise<Roster>;
  readonly createRound: (descriptor: RoundDescriptor) => Promise<RoundView>;
  readonly rounds: () => Promise<RoundView[]>;
  readonly round: (round: string) => Promise<RoundView>;
  readonly approve: (approval: Approval) => Promise<RoundView>;
  readonly closeRound: (round: string) => Promise<RoundView>;
  readonly matchRound: (round: string) => Promise<RoundView>;
  readonly cancelRound: (round: string) => Promise<RoundView>;
  /** Ends an attempt before its release. */
  readonly abortRound: (round: string) => Promise<RoundView>;
  readonly decide: (hold: Hold) => Promise<RoundView>;
  readonly postRoundKey: (round: string, key: RoundKey) => Promise<RoundView>;
  readonly postConfirmation: (round: string, confirmation: Confirmation) => Promise<RoundView>;
  readonly postDispute: (round: string, dispute: Dispute) => Promise<RoundView>;
  readonly withdraw: (withdrawal: Withdrawal) => Promise<RoundView>;
  readonly postSeal: (seal: Seal) => Promise<RoundView>;
  readonly recallBatch: (round: string, from: string, to: string) => Promise<BatchStatus>;
  readonly batchStatus: (round: string, from: string, to: string) => Promise<BatchStatus>;
  readonly putChunk: (round: string, from: string, to: string, index: number, chunk: Uint8Array) => Promise<void>;
  readonly putManifest: (round: string, manifest: SignedManifest) => Promise<BatchStatus>;
  readonly progress: (round: string) => Promise<Progress>;
  /**
   * Tells each progress of a matching until it ends, the stream is cut or the time is up. Anything but a stream is as
   * one that is cut at once.
   *
   * @returns The last that was told; null if none was.
   */
  readonly followProgress: (
    round: string,
    timeoutMs: number,
    onProgress: (progress: Progress) => void,
  ) => Promise<Progress | null>;
  /** The sealed box, unopened. */
  readonly fetchPackage: (round: string, party: string) => Promise<Uint8Array>;
  readonly acknowledge: (acknowledgement: Acknowledgement) => Promise<RoundView>;
  readonly packageKeys: (round: string, party: string) => Promise<PackageKeys>;
  readonly putAnswers: (round: string, from: string, to: string, sealed: Uint8Array) => Promise<void>;
  /** The sealed box, unopened. */
  readonly fetchAnswers: (round: string, from: string, to: string) => Promise<Uint8Array>;
  readonly putStatuses: (round: string, party: string, statuses: readonly Status[]) => Promise<void>;
  readonly statuses: (round: string, party: string) => Promise<StatusList>;
  readonly putReport: (report: Report) => Promise<void>;
  readonly reports: (round: string) => Promise<ReportList>;
  readonly acts: (round: string) => Promise<RoundLog>;
  readonly followUp: (round: string) => Promise<FollowUp>;
  readonly certificate: (round: string) => Promise<ErasureCertificate>;
  readonly putStatistics: (statistics: PartyStatistics) => Promise<void>;
  /** Held against every head seen before. */
  readonly signedHead: () => Promise<SignedHead>;
  readonly consistency: (first: number, second: number) => Promise<ConsistencyProof>;
  /** From an entry on; not all at once. */
  readonly leaves: (from: number) => Promise<LeafList>;
  readonly putCosignature: (cosignature: Cosignature) => Promise<SignedHead>;
  /** The party's own; staff sees all, with their deliveries. */
  readonly announcements: () => Promise<AnnouncementList>;
  /** Has an announcement brought again by a channel, as an operator. */
  readonly announceAgain: (id: string, channel: DeliveryChannel) => Promise<AnnouncementView>;
  /**
   * Tells the party's announcements, oldest first, and then each new one, until the stream is cut, the time is up or the
   * signal aborts. They are not signed: a reason to look at the round, no more.
   *
   * @param after - Id of the last one known, so that only later ones are told; null for all.
   * @returns Whether there was a stream at all.
   */
  readonly followAnnouncements: (
    options: { readonly timeoutMs: number; readonly after: string | null; readonly signal: AbortSignal },
    onAnnouncement: (announcement: Announcement) => void,
  ) => Promise<boolean>;
  /** @param year - UTC. */
  readonly statistics: (year: number) => Promise<YearStatistics>;
};
/**
 * Every method throws a {@link LinkageError}: the server's own code when it refuses (see {@link refusalOf}),
 * `server-unreachable` when no answer comes in time, `server-answer-invalid` when the answer has another shape.
 *
 * @throws {@link LinkageError} `request-invalid` if `serverUrl` is no origin, or is http beyond loopback.
 */
export function connect(options: ConnectOptions): Connection {
  const origin = originOf(options.serverUrl);
  const ask = asker(options, origin);
  const logHead = openLogHead(options.secretariat, options.heads ?? NOTHING_KEPT);
  const sendOnly = sender(options, origin, ask, logHead);
  /** As {@link sendOnly}; a head that is larger than the one kept is held against it. */
  const send: typeof sendOnly = async (call) => {
    try {
      return await sendOnly(call);
    } finally {
      await logHead.keep(proveConsistency);
    }
  };
  const timeouts = options.timeouts ?? { requestMs: 30_000, chunkMs: 120_000, manifestMs: 290_000 };

  async function proveConsistency(first: number, second: number): Promise<ConsistencyProof> {
    const path = `/v1/audit/consistency?first=${first}&second=${second}`;
    const call = { method: "GET", path, timeoutMs: timeouts.requestMs, maxBytes: MAX_JSON_BYTES } as const;
    return parseAnswer(ConsistencyProof, await sendOnly(call), `GET ${path}`);
  }

  async function asJson<T>(
    shape: z.ZodType<T>,
    method: Method,
    path: string,
    json?: Json,
    timeoutMs?: number,
  ): Promise<T> {
    const answer = await send({
      method,
      path,
      ...(json === undefined ? {} : { body: { bytes: canonicalBytes(json), type: JSON_TYPE } }),
      timeoutMs: timeoutMs ?? timeouts.requestMs,
      maxBytes: MAX_JSON_BYTES,
    });
    return parseAnswer(shape, answer, `${method} ${path}`);
  }
  /** Gives each event's data until the stream is cut or the time is up. @returns Whether there was a stream at all. */
  async function followEvents(call: Call, onData: (data: string) => void): Promise<boolean> {
    let isStream = false;
    try {
      const { response } = await ask(call);
      isStream = response.status === 200 && mediaTypeOf(response) === "text/event-stream";
      if (isStream) for await (const data of eventData(bodyOf(response))) onData(data);
      else await response.body?.cancel();
    } catch (error) {
      if (error instanceof LinkageError) throw error;
    }
    return isStream;
  }

  const roundPath = (round: string) => `/v1/rounds/${round}`;
  const batchPath = (round: string, from: string, to: string) => `${roundPath(round)}/batches/${from}/${to}`;
  const answersPath = (round: string, from: string, to: string) => `${roundPath(round)}/answers/${from}/${to}`;
  const putNothingBack = async (path: string, bytes: Uint8Array, type: string): Promise<void> => {
    await send({
      method: "PUT",
      path,
      body: { bytes, type },
      timeoutMs: timeouts.chunkMs,
      maxBytes: MAX_JSON_BYTES,
    });
  };
  const fetchBytes = async (path: string, maxBytes: number): Promise<Uint8Array> =>
    (await send({ method: "GET", path, timeoutMs: timeouts.chunkMs, maxBytes })).bytes;

  return {
    roster: () => asJson(Roster, "GET", "/v1/roster"),
    createRound: (descriptor) => asJson(RoundView, "POST", "/v1/rounds", descriptor),
    rounds: () => asJson(RoundList, "GET", "/v1/rounds"),
    round: (round) => asJson(RoundView, "GET", `/v1/rounds/${round}`),
    approve: (approval) =>
      asJson(RoundView, "PUT", `${roundPath(approval.round)}/approvals/${approval.act}/${approval.operator}`, approval),
    closeRound: (round) => asJson(RoundView, "POST", `/v1/rounds/${round}/close`),
    matchRound: (round) => asJson(RoundView, "POST", `/v1/rounds/${round}/match`),
    cancelRound: (round) => asJson(RoundView, "POST", `/v1/rounds/${round}/cancel`),
    abortRound: (round) => asJson(RoundView, "POST", `/v1/rounds/${round}/abort`),
    decide: (hold) => asJson(RoundView, "PUT", `${roundPath(hold.round)}/holds/${hold.officer}`, hold),
    postRoundKey: (round, key) => asJson(RoundView, "PUT", `/v1/rounds/${round}/keys/${key.party}`, key),
    postConfirmation: (round, confirmation) =>
      asJson(
        RoundView,
        "PUT",
        `/v1/rounds/${round}/confirmations/${confirmation.from}/${confirmation.to}`,
        confirmation,
      ),
    postDispute: (round, dispute) => asJson(RoundView, "POST", `${roundPath(round)}/disputes`, dispute),
    withdraw: (withdrawal) =>
      asJson(RoundView, "PUT", `${roundPath(withdrawal.round)}/withdrawals/${withdrawal.party}`, withdrawal),
    postSeal: (seal) => asJson(RoundView, "PUT", `${roundPath(seal.round)}/seals/${seal.party}`, seal),
    recallBatch: (round, from, to) => asJson(BatchStatus, "DELETE", batchPath(round, from, to)),
    batchStatus: (round, from, to) => asJson(BatchStatus, "GET", batchPath(round, from, to)),
    putChunk: (round, from, to, index, chunk) =>
      putNothingBack(`${batchPath(round, from, to)}/chunks/${index}`, chunk, OCTETS),
    putManifest: (round, signed) =>
      asJson(
        BatchStatus,
        "PUT",
        `${batchPath(round, signed.manifest.from, signed.manifest.to)}/manifest`,
        signed,
        timeouts.manifestMs,
      ),
    progress: (round) => asJson(Progress, "GET", `/v1/rounds/${round}/progress`),
    followProgress: async (round, timeoutMs, onProgress) => {
      const path = `/v1/rounds/${round}/progress/events`;
      let last: Progress | null = null;
      await followEvents({ method: "GET", path, timeoutMs, maxBytes: MAX_JSON_BYTES }, (data) => {
        last = parseJson(Progress, data, `GET ${path}`);
        onProgress(last);
      });
      return last;
    },
    fetchPackage: (round, party) => fetchBytes(`${roundPath(round)}/packages/${party}`, MAX_PACKAGE_BYTES),
    acknowledge: (said) => asJson(RoundView, "PUT", `${roundPath(said.round)}/acknowledgements/${said.party}`, said),
    packageKeys: (round, party) => asJson(PackageKeys, "GET", `${roundPath(round)}/packages/${party}/keys`),
    putAnswers: (round, from, to, sealed) => putNothingBack(answersPath(round, from, to), sealed, OCTETS),
    fetchAnswers: (round, from, to) => fetchBytes(answersPath(round, from, to), MAX_SEALED_ANSWERS),
    putStatuses: (round, party, statuses) =>
      putNothingBack(`${roundPath(round)}/statuses/${party}`, canonicalBytes(statuses), JSON_TYPE),
    statuses: (round, party) => asJson(StatusList, "GET", `${roundPath(round)}/statuses/${party}`),
    putReport: (report) =>
      putNothingBack(`${roundPath(report.round)}/reports/${report.party}`, canonicalBytes(report), JSON_TYPE),
    reports: (round) => asJson(ReportList, "GET", `${roundPath(round)}/reports`),
    acts: (round) => asJson(RoundLog, "GET", `${roundPath(round)}/log`),
    followUp: (round) => asJson(FollowUp, "GET", `${roundPath(round)}/follow-up`),
    certificate: (round) => asJson(ErasureCertificate, "GET", `${roundPath(round)}/certificate`),
    putStatistics: (statistics) =>
      putNothingBack(
        `${roundPath(statistics.round)}/statistics/${statistics.party}`,
        canonicalBytes(statistics),
        JSON_TYPE,
      ),
    signedHead: async () => {
      const signed = await asJson(SignedHead, "GET", "/v1/audit/head");
      await logHead.require(signed.head, proveConsistency);
      return signed;
    },
    consistency: proveConsistency,
    leaves: (from) => asJson(LeafList, "GET", `/v1/audit/leaves?from=${from}`),
    putCosignature: (cosignature) =>
      asJson(SignedHead, "PUT", `/v1/audit/cosignatures/${cosignature.party}`, cosignature),
    announcements: () => asJson(AnnouncementList, "GET", "/v1/announcements"),
    announceAgain: (id, channel) =>
      asJson(AnnouncementView, "POST", `/v1/announcements/${id}/deliveries/${channel}/again`),
    followAnnouncements: async ({ timeoutMs, after, signal }, onAnnouncement) => {
      const path = "/v1/announcements/events";
      return followEvents(
        { method: "GET", path, timeoutMs, maxBytes: MAX_JSON_BYTES, signal, lastEventId: after },
        (data) => {
          onAnnouncement(parseJson(Announcement, data, `GET ${path}`));
        },
      );
    },
    statistics: (year) => asJson(YearStatistics, "GET", `/v1/statistics?year=${year}`),
  };
}
