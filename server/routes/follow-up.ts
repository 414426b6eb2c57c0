/**
 * What is said after the hit: statuses, reports, and the counts that remain.
 */
import { z } from "zod";
import { Report, Status } from "#engine/round/acts.ts";
import { PartyId, RoundId } from "#engine/round/ids.ts";
import { FollowUp, ReportList, StatusList } from "#engine/round/messages.ts";
import type { App } from "../app.ts";
import { requireOfficer, requireSame, requireSelf, requireStaff } from "../caller.ts";
import { followUpOf, postReport, postStatuses, statusesOf } from "../follow-up.ts";
import { REFUSAL, SIGNED } from "../openapi.ts";
import { recordAct, requireRound } from "../rounds.ts";
import type { Secretariat } from "../secretariat.ts";
import { listReports } from "../store/acts.ts";
import { listFollowUps } from "../store/packages.ts";

const RoundParams = z.strictObject({ round: RoundId });
const PartyParams = z.strictObject({ round: RoundId, party: PartyId });
/** Each costs a signature check on the event loop. */
const MAX_STATUSES = 100;
const TAGS = ["follow-up"];

export function followUpRoutes(app: App, secretariat: Secretariat): void {
  const { store } = secretariat;

  app.route({
    method: "PUT",
    url: "/rounds/:round/statuses/:party",
    schema: {
      operationId: "putStatuses",
      summary: "Says of hits, by id alone, what was done about them; a later status takes the place of an earlier one",
      tags: TAGS,
      security: SIGNED,
      params: PartyParams,
      body: z.array(Status).min(1).max(MAX_STATUSES),
      response: { 204: z.undefined().describe("Stored"), default: REFUSAL },
    },
    handler: async (request, reply) => {
      const caller = await requireSelf(secretariat, request, request.params);
      await postStatuses(secretariat, request.params.round, caller.id, caller, request.body);
      return reply.code(204).send();
    },
  });

  app.route({
    method: "GET",
    url: "/rounds/:round/statuses/:party",
    schema: {
      operationId: "getStatuses",
      summary: "Shows what both sides said of the hits of the caller's opened pairings",
      tags: TAGS,
      security: SIGNED,
      params: PartyParams,
      response: { 200: StatusList, default: REFUSAL },
    },
    handler: async (request) => {
      const caller = await requireSelf(secretariat, request, request.params);
      const statuses = await statusesOf(secretariat, request.params.round, caller.id, caller);
      await recordAct(store, secretariat, request.params.round, caller, "statuses-read", `${statuses.length}`);
      return statuses;
    },
  });

  app.route({
    method: "PUT",
    url: "/rounds/:round/reports/:party",
    schema: {
      operationId: "putReport",
      summary: "Reports what a client found wrong with a pairing to the officers",
      tags: TAGS,
      security: SIGNED,
      params: PartyParams,
      body: Report,
      response: { 204: z.undefined().describe("Stored"), default: REFUSAL },
    },
    handler: async (request, reply) => {
      const caller = await requireSelf(secretariat, request, request.params);
      requireSame(request.body, request.params);
      await postReport(secretariat, caller, request.body);
      return reply.code(204).send();
    },
  });

  app.route({
    method: "GET",
    url: "/rounds/:round/reports",
    schema: {
      operationId: "getReports",
      summary: "Shows what clients reported (officer)",
      tags: TAGS,
      security: SIGNED,
      params: RoundParams,
      response: { 200: ReportList, default: REFUSAL },
    },
    handler: async (request) => {
      const officer = requireOfficer(request);
      const { id, t2 } = await requireRound(store, request.params.round, officer);
      await recordAct(store, secretariat, id, officer, "reports-read");
      return (await listReports(store, id)).map(({ party, lower, higher, kind, found, amount, signature }) => ({
        count: found,
        kind,
        of: amount,
        pairing: [lower, higher] as [string, string],
        party,
        round: id,
        t2: t2 ?? "",
        signature,
      }));
    },
  });

  app.route({
    method: "GET",
    url: "/rounds/:round/follow-up",
    schema: {
      operationId: "getFollowUp",
      summary:
        "Shows by band how many hits both sides confirmed, either refuted, or neither decided (operator, officer)",
      tags: TAGS,
      security: SIGNED,
      params: RoundParams,
      response: { 200: FollowUp, default: REFUSAL },
    },
    handler: async (request) => {
      const caller = requireStaff(request);
      const { id } = await requireRound(store, request.params.round, caller);
      await recordAct(store, secretariat, id, caller, "follow-up-read");
      return followUpOf(await listFollowUps(store, id));
    },
  });
}
