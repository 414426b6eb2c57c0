/**
 * Sealed packages of hits.
 */
import { z } from "zod";
import { LinkageError } from "#engine/errors.ts";
import type { App } from "../app.ts";
import { callerOf, requireParty } from "../caller.ts";
import { packageContext, readEncrypted } from "../encrypted-file.ts";
import { bytesAnswer, REFUSAL, SIGNED } from "../openapi.ts";
import { dataKeyOf, requireRound } from "../rounds.ts";
import { folderOf, type Secretariat } from "../secretariat.ts";
import { findPackage } from "../store/packages.ts";
import { PartyId, RoundId } from "#engine/round/ids.ts";

const PackageParams = z.strictObject({ round: RoundId, party: PartyId });

export function packageRoutes(app: App, secretariat: Secretariat): void {
  const { store } = secretariat;
  app.route({
    method: "GET",
    url: "/rounds/:round/packages/:party",
    schema: {
      operationId: "getPackage",
      summary: "Fetches the caller's package, sealed to its box key",
      tags: ["packages"],
      security: SIGNED,
      params: PackageParams,
      response: { 200: bytesAnswer("Sealed box (crypto_box_seal)"), default: REFUSAL },
    },
    handler: async (request, reply) => {
      const { party } = request.params;
      const caller = callerOf(request);
      const own = requireParty(request) === party;
      const round = await requireRound(store, request.params.round, caller);
      if (!own) throw new LinkageError("not-found", "there is no such package for the caller");
      const file = await findPackage(store, round.id, party);
      if (file === null) throw new LinkageError("package-unavailable", `the round is ${round.state}`);
      const context = packageContext(round.id, party);
      const dataKey = await dataKeyOf(secretariat, round);
      const sealed = await readEncrypted(folderOf(secretariat, round.id), file, dataKey, context);
      return reply.type("application/octet-stream").send(sealed);
    },
  });
}
