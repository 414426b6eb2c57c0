/**
 * Rounds: create, list, show, approve, close, match, cancel, abort, seal, withdraw, hold, progress, log, certificate.
 */
import { Readable } from "node:stream";
import { z } from "zod";
import { Approval, ApprovedAct, ErasureCertificate, Hold, Seal, Withdrawal } from "#engine/round/acts.ts";
import { CreateRound, MAX_LOGGED, Progress, RoundList, RoundLog, RoundView } from "#engine/round/messages.ts";
import type { App } from "../app.ts";
import {
  callerOf,
  requireOfficer,
  requireOperator,
  requireSame,
  requireSelf,
  requireStaff,
  type Caller,
} from "../caller.ts";
import { forecastByPairing } from "#engine/round/forecast.ts";
import { abortRound, certificateIn } from "../erasure.ts";
import { cancelMatching, startMatching } from "../matching.ts";
import { once } from "../idempotency.ts";
import { DESCRIPTOR_LIMIT_BYTES } from "../listener.ts";
import { Events, type EventStreams } from "../event-streams.ts";
import { REFUSAL, SIGNED } from "../openapi.ts";
import { RoundForecast } from "../operations-shapes.ts";
import { progressEvent, progressEvents, type ProgressState } from "../progress-events.ts";
import { requireOfRoster } from "../round-roster.ts";
import { readRound, recordAct, requireRound } from "../rounds.ts";
import { approve, createRound } from "../opening.ts";
import { decide } from "../review.ts";
import { closeRound, postSeal, withdraw } from "../sealing.ts";
import type { Secretariat } from "../secretariat.ts";
import { listEntriesOf } from "../store/audit.ts";
import { listRounds, listRoundsOf } from "../store/rounds.ts";
import { listUploads } from "../store/uploads.ts";
import { progressOf, viewOf } from "../view.ts";
import { PartyId, RoundId, StaffId } from "#engine/round/ids.ts";

const RoundParams = z.strictObject({ round: RoundId });
const PartyParams = z.strictObject({ round: RoundId, party: PartyId });
const TAGS = ["rounds"];

export function roundRoutes(app: App, secretariat: Secretariat, { count, closing }: EventStreams): void {
  const { store } = secretariat;
  const show = async (round: string, caller: Caller): Promise<RoundView> =>
    viewOf(secretariat, await requireRound(store, round, caller), caller);

  app.route({
    method: "POST",
    url: "/rounds",
    bodyLimit: DESCRIPTOR_LIMIT_BYTES,
    schema: {
      operationId: "createRound",
      summary: "Creates a round in state draft (operator); the same descriptor again changes nothing",
      tags: TAGS,
      security: SIGNED,
      body: CreateRound,
      response: { 201: RoundView, default: REFUSAL },
    },
    handler: async (request, reply) => {
      const operator = requireOperator(request);
      await createRound(secretariat, request.body, operator);
      return reply.code(201).send(await show(request.body.id, operator));
    },
  });

  app.route({
    method: "GET",
    url: "/rounds",
    schema: {
      operationId: "listRounds",
      summary: "Lists the caller's rounds, newest first; staff sees all",
      tags: TAGS,
      security: SIGNED,
      response: { 200: RoundList, default: REFUSAL },
    },
    handler: async (request) => {
      const caller = callerOf(request);
      const rows = caller.kind === "party" ? await listRoundsOf(store, caller.id) : await listRounds(store);
      const views: RoundView[] = [];
      for (const row of rows) views.push(await viewOf(secretariat, readRound(row), caller));
      return views;
    },
  });

  app.route({
    method: "GET",
    url: "/rounds/:round",
    schema: {
      operationId: "getRound",
      summary: "Shows a round: all of it to staff, its own pairings to a party",
      tags: TAGS,
      security: SIGNED,
      params: RoundParams,
      response: { 200: RoundView, default: REFUSAL },
    },
    handler: (request) => show(request.params.round, callerOf(request)),
  });

  app.route({
    method: "GET",
    url: "/rounds/:round/forecast",
    schema: {
      operationId: "getForecast",
      summary: "Says how many coincidental hits sizes and profile let expect, by pairing and band (operator, officer)",
      tags: TAGS,
      security: SIGNED,
      params: RoundParams,
      response: { 200: RoundForecast, default: REFUSAL },
    },
    handler: async (request) => {
      const caller = requireStaff(request);
      const { descriptor } = await requireRound(store, request.params.round, caller);
      return forecastByPairing(secretariat.profile, descriptor);
    },
  });

  app.route({
    method: "GET",
    url: "/rounds/:round/progress",
    schema: {
      operationId: "getProgress",
      summary: "Says how far matching has come",
      tags: TAGS,
      security: SIGNED,
      params: RoundParams,
      response: { 200: Progress, default: REFUSAL },
    },
    handler: async (request) => {
      const round = await requireRound(store, request.params.round, callerOf(request));
      return progressOf(secretariat, round, await listUploads(store, round.id));
    },
  });

  app.route({
    method: "GET",
    url: "/rounds/:round/progress/events",
    schema: {
      operationId: "getProgressEvents",
      summary: "Tells how far matching has come, as server-sent events, until it ends",
      tags: TAGS,
      security: SIGNED,
      params: RoundParams,
      response: {
        200: {
          description: "Events named progress, each with a Progress as data",
          content: { "text/event-stream": { schema: Events } },
        },
        default: REFUSAL,
      },
    },
    handler: async (request, reply) => {
      const caller = callerOf(request);
      const { round: id } = request.params;
      const look = async (): Promise<ProgressState> => {
        const round = await requireRound(store, id, caller);
        return {
          progress: progressOf(secretariat, round, await listUploads(store, round.id)),
          isRunning: round.state === "matching",
        };
      };
      // A refusal is an answer of its own, not a broken stream.
      const first = await look();
      const events = first.isRunning
        ? count(caller, () => Readable.from(progressEvents(first, look, closing), { objectMode: false }))
        : progressEvent(first.progress);
      return reply.type("text/event-stream").header("cache-control", "no-store").send(events);
    },
  });

  const acts = [
    { name: "close", summary: "Ends submission: T2 is made, for the parties to co-sign", status: 200, act: closeRound },
    { name: "match", summary: "Starts matching; the round is reviewed when it ends", status: 202, act: startMatching },
    { name: "cancel", summary: "Stops matching; the round is sealed again", status: 200, act: cancelMatching },
    { name: "abort", summary: "Ends an attempt before its release; it is erased", status: 200, act: cancelRound },
  ] as const;
  for (const { name, summary, status, act } of acts) {
    app.route({
      method: "POST",
      url: `/rounds/:round/${name}`,
      schema: {
        operationId: `${name}Round`,
        summary: `${summary} (operator)`,
        tags: TAGS,
        security: SIGNED,
        params: RoundParams,
        response: { [status]: RoundView, default: REFUSAL },
      },
      handler: async (request, reply) => {
        const operator = requireOperator(request);
        const { round } = request.params;
        // Whoever is an operator now may end what others began.
        if (name !== "abort") await requireOfRoster(secretariat, round, operator);
        await once(request, () => act(secretariat, round, operator));
        return reply.code(status).send(await show(round, operator));
      },
    });
  }

  app.route({
    method: "PUT",
    url: "/rounds/:round/approvals/:act/:operator",
    schema: {
      operationId: "putApproval",
      summary: "Approves an act; the second operator's approval does it (operator)",
      tags: TAGS,
      security: SIGNED,
      params: z.strictObject({ round: RoundId, act: ApprovedAct, operator: StaffId }),
      body: Approval,
      response: { 200: RoundView, default: REFUSAL },
    },
    handler: async (request) => {
      const caller = requireOperator(request);
      requireSame(request.body, request.params);
      requireSame(request.body, { operator: caller.id });
      if (request.params.act !== "erase") await requireOfRoster(secretariat, request.params.round, caller);
      await approve(secretariat, request.body, caller);
      return show(request.params.round, caller);
    },
  });

  app.route({
    method: "PUT",
    url: "/rounds/:round/holds/:officer",
    schema: {
      operationId: "putHold",
      summary: "Holds a pairing before release, lets it go, or drops it (officer)",
      tags: TAGS,
      security: SIGNED,
      params: z.strictObject({ round: RoundId, officer: StaffId }),
      body: Hold,
      response: { 200: RoundView, default: REFUSAL },
    },
    handler: async (request) => {
      const caller = requireOfficer(request);
      requireSame(request.body, request.params);
      requireSame(request.body, { officer: caller.id });
      await requireOfRoster(secretariat, request.params.round, caller);
      await decide(secretariat, request.body, caller);
      return show(request.params.round, caller);
    },
  });

  app.route({
    method: "PUT",
    url: "/rounds/:round/seals/:party",
    schema: {
      operationId: "putSeal",
      summary: "Co-signs T2",
      tags: TAGS,
      security: SIGNED,
      params: PartyParams,
      body: Seal,
      response: { 200: RoundView, default: REFUSAL },
    },
    handler: async (request) => {
      const caller = await requireSelf(secretariat, request, request.params);
      requireSame(request.body, request.params);
      await postSeal(secretariat, caller, request.body);
      return show(request.params.round, caller);
    },
  });

  app.route({
    method: "PUT",
    url: "/rounds/:round/withdrawals/:party",
    schema: {
      operationId: "putWithdrawal",
      summary: "Takes the caller out of a round that is not matched yet, with its batches",
      tags: TAGS,
      security: SIGNED,
      params: PartyParams,
      body: Withdrawal,
      response: { 200: RoundView, default: REFUSAL },
    },
    handler: async (request) => {
      const caller = await requireSelf(secretariat, request, request.params);
      requireSame(request.body, request.params);
      await withdraw(secretariat, caller, request.body);
      return show(request.params.round, caller);
    },
  });

  app.route({
    method: "GET",
    url: "/rounds/:round/log",
    schema: {
      operationId: "getActs",
      summary: "Shows what was done to a round, in order (officer)",
      tags: TAGS,
      security: SIGNED,
      params: RoundParams,
      response: { 200: RoundLog, default: REFUSAL },
    },
    handler: async (request) => {
      const officer = requireOfficer(request);
      const { id } = await requireRound(store, request.params.round, officer);
      await recordAct(store, secretariat, id, officer, "log-read");
      return listEntriesOf(store, id, MAX_LOGGED);
    },
  });

  app.route({
    method: "GET",
    url: "/rounds/:round/certificate",
    schema: {
      operationId: "getCertificate",
      summary: "Shows the erasure certificate of an erased round",
      tags: TAGS,
      security: SIGNED,
      params: RoundParams,
      response: { 200: ErasureCertificate, default: REFUSAL },
    },
    handler: async (request) => certificateIn(await requireRound(store, request.params.round, callerOf(request))),
  });
}

async function cancelRound(secretariat: Secretariat, id: string, caller: Caller): Promise<void> {
  await abortRound(secretariat, id, caller, { reason: "cancelled", parties: [], evidence: [], raised: null });
}
