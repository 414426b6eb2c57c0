/**
 * Health, metrics and the OpenAPI document; not signed.
 */
import { z } from "zod";
import type { App } from "../app.ts";
import { API_VERSION, REFUSAL } from "../openapi.ts";
import type { Secretariat } from "../secretariat.ts";
import { pingStore } from "../store/open.ts";

const Health = z.strictObject({ status: z.literal("ok"), version: z.string().max(40) });

export function operationRoutes(app: App, { store }: Pick<Secretariat, "store">): void {
  app.route({
    method: "GET",
    url: "/healthz",
    schema: {
      operationId: "getHealth",
      summary: "Says that the server runs and its store answers",
      tags: ["operations"],
      security: [],
      response: { 200: Health, default: REFUSAL },
    },
    handler: async () => {
      await pingStore(store);
      return { status: "ok" as const, version: API_VERSION };
    },
  });
  app.route({
    method: "GET",
    url: "/openapi.json",
    schema: { hide: true },
    handler: (_request, reply) => {
      void reply.type("application/json").send(JSON.stringify(app.swagger()));
    },
  });
}

export function metricsRoute(app: App, { metrics }: Pick<Secretariat, "metrics">): void {
  app.route({
    method: "GET",
    url: "/metrics",
    schema: {
      operationId: "getMetrics",
      summary: "Metrics as Prometheus text",
      tags: ["operations"],
      security: [],
      response: {
        200: { description: "Prometheus text", content: { "text/plain": { schema: z.string() } } },
        default: REFUSAL,
      },
    },
    handler: async (_request, reply) => {
      const text = await metrics.registry.metrics();
      return reply.type(metrics.registry.contentType).send(text);
    },
  });
}
