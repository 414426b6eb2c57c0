/**
 * Protected statistics.
 */
import { z } from "zod";
import { LinkageError } from "#engine/errors.ts";
import { RoundId } from "#engine/round/descriptor.ts";
import { PartyId } from "#engine/round/roster.ts";
import { PartyStatistics, YearStatistics } from "#engine/statistics/published.ts";
import type { App } from "../app.ts";
import { callerOf, requireParty } from "../caller.ts";
import { REFUSAL, SIGNED } from "../openapi.ts";
import { requireRound } from "../rounds.ts";
import type { Secretariat } from "../secretariat.ts";
import { statisticsOf, storePartyStatistics } from "../statistics.ts";

const StatisticsParams = z.strictObject({ round: RoundId, party: PartyId });
const YearQuery = z.strictObject({ year: z.string().regex(/^[2-9]\d{3}$/) });
const TAGS = ["statistics"];

export function statisticsRoutes(app: App, secretariat: Secretariat): void {
  app.route({
    method: "PUT",
    url: "/rounds/:round/statistics/:party",
    schema: {
      operationId: "putStatistics",
      summary: "Publishes the caller's histogram of its records with hits, which it has noised",
      tags: TAGS,
      security: SIGNED,
      params: StatisticsParams,
      body: PartyStatistics,
      response: { 204: z.undefined().describe("Published"), default: REFUSAL },
    },
    handler: async (request, reply) => {
      const { round, party } = request.params;
      const caller = callerOf(request);
      if (party !== requireParty(request)) {
        await requireRound(secretariat.store, round, caller);
        throw new LinkageError("not-found", "there are no such statistics for the caller to send");
      }
      if (request.body.party !== party || request.body.round !== round)
        throw new LinkageError("request-invalid", "body/party, body/round: not those of the path");
      await storePartyStatistics(secretariat, round, caller, request.body);
      return reply.code(204).send();
    },
  });

  app.route({
    method: "GET",
    url: "/statistics",
    schema: {
      operationId: "getStatistics",
      summary: "Shows everything that was published in a calendar year, to every party and operator",
      tags: TAGS,
      security: SIGNED,
      querystring: YearQuery,
      response: { 200: YearStatistics, default: REFUSAL },
    },
    handler: (request) => statisticsOf(secretariat, Number(request.query.year)),
  });
}
