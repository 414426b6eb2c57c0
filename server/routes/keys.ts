/**
 * Roster, round keys and confirmations.
 */
import { z } from "zod";
import { Dispute } from "#engine/round/acts.ts";
import { Confirmation, RoundKey } from "#engine/round/keys.ts";
import { RoundView } from "#engine/round/messages.ts";
import { Roster } from "#engine/round/roster.ts";
import type { App } from "../app.ts";
import { callerOf, requireParty, requireSame, requireSelf } from "../caller.ts";
import { dispute, postConfirmation, postRoundKey } from "../key-exchange.ts";
import { once } from "../idempotency.ts";
import { REFUSAL, SIGNED } from "../openapi.ts";
import { requireOfRoster, rosterOf } from "../round-roster.ts";
import { requireRound } from "../rounds.ts";
import type { Secretariat } from "../secretariat.ts";
import { viewOf } from "../view.ts";
import { PartyId, RoundId } from "#engine/round/ids.ts";

const KeyParams = z.strictObject({ round: RoundId, party: PartyId });
const DirectionParams = z.strictObject({ round: RoundId, from: PartyId, to: PartyId });
const TAGS = ["keys"];

export function keyRoutes(app: App, secretariat: Secretariat): void {
  const { store, roster } = secretariat;

  app.route({
    method: "GET",
    url: "/roster",
    schema: {
      operationId: "getRoster",
      summary: "Shows the roster, to be compared with the caller's own",
      tags: TAGS,
      security: SIGNED,
      response: { 200: Roster, default: REFUSAL },
    },
    handler: () => roster,
  });

  app.route({
    method: "PUT",
    url: "/rounds/:round/keys/:party",
    schema: {
      operationId: "putRoundKey",
      summary: "Posts the caller's round key; the last one makes T1",
      tags: TAGS,
      security: SIGNED,
      params: KeyParams,
      body: RoundKey,
      response: { 200: RoundView, default: REFUSAL },
    },
    handler: async (request) => {
      const { round, party } = request.params;
      const caller = await requireSelf(secretariat, request, request.params);
      requireSame(request.body, { party });
      await postRoundKey(secretariat, round, caller, request.body);
      return viewOf(secretariat, await requireRound(store, round, caller), caller);
    },
  });

  app.route({
    method: "PUT",
    url: "/rounds/:round/confirmations/:from/:to",
    schema: {
      operationId: "putConfirmation",
      summary: "Posts the caller's confirmation for one counterpart; the last one begins submission",
      tags: TAGS,
      security: SIGNED,
      params: DirectionParams,
      body: Confirmation,
      response: { 200: RoundView, default: REFUSAL },
    },
    handler: async (request) => {
      const { round, from, to } = request.params;
      const caller = await requireSelf(secretariat, request, { round, party: from });
      requireSame(request.body, { from, to });
      await postConfirmation(secretariat, round, caller, request.body);
      return viewOf(secretariat, await requireRound(store, round, caller), caller);
    },
  });

  app.route({
    method: "POST",
    url: "/rounds/:round/disputes",
    schema: {
      operationId: "postDispute",
      summary:
        "Ends an attempt whose keys do not fit together; two signed keys name their party, nothing else names anybody",
      tags: TAGS,
      security: SIGNED,
      params: z.strictObject({ round: RoundId }),
      body: Dispute,
      response: { 200: RoundView, default: REFUSAL },
    },
    handler: async (request) => {
      requireParty(request);
      const caller = callerOf(request);
      const { round } = request.params;
      await requireOfRoster(secretariat, round, caller);
      const roster = await rosterOf(secretariat, await requireRound(store, round, caller));
      await once(request, () => dispute({ ...secretariat, roster }, round, caller, request.body));
      return viewOf(secretariat, await requireRound(store, round, caller), caller);
    },
  });
}
