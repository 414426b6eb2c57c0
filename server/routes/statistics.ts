/**
 * Protected statistics.
 */
import { z } from "zod";
import { PartyId, RoundId } from "#engine/round/ids.ts";
import { PartyStatistics, YearStatistics } from "#engine/statistics/published.ts";
import type { App } from "../app.ts";
import { requireSame, requireSelf } from "../caller.ts";
import { REFUSAL, SIGNED } from "../openapi.ts";
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
      const caller = await requireSelf(secretariat, request, request.params);
      requireSame(request.body, request.params);
      await storePartyStatistics(secretariat, request.params.round, caller, request.body);
      return reply.code(204).send();
    },
  });

  app.route({
    method: "GET",
    url: "/statistics",
    schema: {
      operationId: "getStatistics",
      summary: "Shows everything that was published in a calendar year, to parties and staff",
      tags: TAGS,
      security: SIGNED,
      querystring: YearQuery,
      response: { 200: YearStatistics, default: REFUSAL },
    },
    handler: (request) => statisticsOf(secretariat, Number(request.query.year)),
  });
}
