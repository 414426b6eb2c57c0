/**
 * Sealed packages, acknowledgements, package keys and answers.
 */
import { MAX_SEALED_ANSWERS } from "#engine/round/answers.ts";
import { z } from "zod";
import { Acknowledgement } from "#engine/round/acts.ts";
import { PartyId, RoundId } from "#engine/round/ids.ts";
import { PackageKeys, RoundView } from "#engine/round/messages.ts";
import type { App } from "../app.ts";
import { requireSame, requireSelf } from "../caller.ts";
import { fewAtOnce, MOST_WHOLE_FILES } from "../heavy-requests.ts";
import { Bytes, bytesAnswer, REFUSAL, SIGNED } from "../openapi.ts";
import { acknowledge, packageKeysOf, readAnswers, readPackage, storeAnswers } from "../release.ts";
import { recordAct, requireRound } from "../rounds.ts";
import type { Secretariat } from "../secretariat.ts";
import { viewOf } from "../view.ts";

const PartyParams = z.strictObject({ round: RoundId, party: PartyId });
const DirectionParams = z.strictObject({ round: RoundId, from: PartyId, to: PartyId });
const TAGS = ["release"];

export function releaseRoutes(app: App, secretariat: Secretariat): void {
  const { store } = secretariat;
  const onRequest = fewAtOnce(MOST_WHOLE_FILES);

  app.route({
    method: "GET",
    url: "/rounds/:round/packages/:party",
    onRequest,
    schema: {
      operationId: "getPackage",
      summary: "Fetches the caller's package, sealed to its box key; its sections open with the package keys",
      tags: TAGS,
      security: SIGNED,
      params: PartyParams,
      response: { 200: bytesAnswer("Sealed box (crypto_box_seal)"), default: REFUSAL },
    },
    handler: async (request, reply) => {
      const caller = await requireSelf(secretariat, request, request.params);
      const sealed = await readPackage(secretariat, request.params.round, caller.id, caller);
      await recordAct(store, secretariat, request.params.round, caller, "package-sent", "", [caller.id]);
      return reply.type("application/octet-stream").send(sealed);
    },
  });

  app.route({
    method: "PUT",
    url: "/rounds/:round/acknowledgements/:party",
    schema: {
      operationId: "putAcknowledgement",
      summary: "Says that the caller holds its package; the second side's word opens a pairing for both",
      tags: TAGS,
      security: SIGNED,
      params: PartyParams,
      body: Acknowledgement,
      response: { 200: RoundView, default: REFUSAL },
    },
    handler: async (request) => {
      const caller = await requireSelf(secretariat, request, request.params);
      requireSame(request.body, request.params);
      await acknowledge(secretariat, caller, request.body);
      return viewOf(secretariat, await requireRound(secretariat.store, request.params.round, caller), caller);
    },
  });

  app.route({
    method: "GET",
    url: "/rounds/:round/packages/:party/keys",
    schema: {
      operationId: "getPackageKeys",
      summary: "Shows the package keys of the caller's opened pairings, each sealed to its box key",
      tags: TAGS,
      security: SIGNED,
      params: PartyParams,
      response: { 200: PackageKeys, default: REFUSAL },
    },
    handler: async (request) => {
      const caller = await requireSelf(secretariat, request, request.params);
      const { round } = request.params;
      const keys = await packageKeysOf(secretariat, round, caller.id, caller);
      const names = keys.map(({ counterpart }) => counterpart).join(" ");
      if (keys.length > 0) await recordAct(store, secretariat, round, caller, "keys-sent", names, [caller.id]);
      return keys;
    },
  });

  app.route({
    method: "PUT",
    url: "/rounds/:round/answers/:from/:to",
    onRequest,
    bodyLimit: MAX_SEALED_ANSWERS,
    schema: {
      operationId: "putAnswers",
      summary: "Stores the caller's answers to the hits of a pairing, sealed to the counterpart",
      tags: TAGS,
      security: SIGNED,
      consumes: ["application/octet-stream"],
      params: DirectionParams,
      body: Bytes,
      response: { 204: z.undefined().describe("Stored on disk"), default: REFUSAL },
    },
    handler: async (request, reply) => {
      const { round, from } = request.params;
      const caller = await requireSelf(secretariat, request, { round, party: from });
      await storeAnswers(secretariat, request.params, caller, request.body);
      return reply.code(204).send();
    },
  });

  app.route({
    method: "GET",
    url: "/rounds/:round/answers/:from/:to",
    onRequest,
    schema: {
      operationId: "getAnswers",
      summary: "Fetches the counterpart's answers, once those of both sides are in",
      tags: TAGS,
      security: SIGNED,
      params: DirectionParams,
      response: { 200: bytesAnswer("Sealed box (crypto_box_seal)"), default: REFUSAL },
    },
    handler: async (request, reply) => {
      const { round, to } = request.params;
      const caller = await requireSelf(secretariat, request, { round, party: to });
      const sealed = await readAnswers(secretariat, request.params, caller);
      await recordAct(store, secretariat, round, caller, "answers-sent", `of ${request.params.from}`, [to]);
      return reply.type("application/octet-stream").send(sealed);
    },
  });
}
