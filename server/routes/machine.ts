/**
 * The server's machine as its staff sees it: resources of the last hour, and benches.
 */
import type { App } from "../app.ts";
import type { Benches } from "../benches.ts";
import { callerName, requireOperator, requireStaff } from "../caller.ts";
import { once } from "../idempotency.ts";
import { REFUSAL, SIGNED } from "../openapi.ts";
import { BenchList, BenchOrder, ResourceList } from "../operations-shapes.ts";
import type { ListResources } from "../resources.ts";
import type { Secretariat } from "../secretariat.ts";

const BENCHES = "/operations/benches";
const TAGS = ["operations"];

export function machineRoutes(
  app: App,
  { audit, benches, store }: Pick<Secretariat, "audit" | "store"> & { readonly benches: Benches },
  listResources: ListResources,
): void {
  app.route({
    method: "GET",
    url: "/operations/resources",
    schema: {
      operationId: "getResources",
      summary: "Shows what the server used of its machine in the last hour (operator, officer)",
      tags: TAGS,
      security: SIGNED,
      response: { 200: ResourceList, default: REFUSAL },
    },
    handler: async (request) => {
      requireStaff(request);
      return listResources();
    },
  });

  app.route({
    method: "GET",
    url: BENCHES,
    schema: {
      operationId: "getBenches",
      summary: "Shows the benches run since the server started, with their lines (operator)",
      tags: TAGS,
      security: SIGNED,
      response: { 200: BenchList, default: REFUSAL },
    },
    handler: (request) => {
      requireOperator(request);
      return benches.list();
    },
  });

  app.route({
    method: "POST",
    url: BENCHES,
    schema: {
      operationId: "startBench",
      summary: "Starts a speed bench on this machine, one at a time and none while a round is matching (operator)",
      tags: TAGS,
      security: SIGNED,
      body: BenchOrder,
      response: { 202: BenchList, default: REFUSAL },
    },
    handler: async (request, reply) => {
      const actor = callerName(requireOperator(request));
      const { bench, scale } = request.body;
      await once(request, async () => {
        benches.requireIdle();
        await audit.enter(store, {
          act: "bench-started",
          actor,
          recipients: [],
          round: null,
          purpose: "",
          justification: "",
          about: `${bench}, ${scale}`,
        });
        benches.start(request.body);
      });
      return reply.code(202).send(benches.list());
    },
  });

  app.route({
    method: "DELETE",
    url: BENCHES,
    schema: {
      operationId: "stopBench",
      summary: "Ends the bench that runs, if one does (operator)",
      tags: TAGS,
      security: SIGNED,
      response: { 200: BenchList, default: REFUSAL },
    },
    handler: (request) => {
      requireOperator(request);
      benches.stop();
      return benches.list();
    },
  });
}
