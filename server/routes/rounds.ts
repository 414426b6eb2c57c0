/**
 * Rounds: create, list, show, open, close, match, erase, progress.
 */
import { Readable } from "node:stream";
import { z } from "zod";
import { RoundId } from "#engine/round/descriptor.ts";
import { CreateRound, Progress, RoundList, RoundView } from "#engine/round/messages.ts";
import type { App } from "../app.ts";
import { callerOf, requireOperator, type Caller } from "../caller.ts";
import { cancelMatching, startMatching } from "../matching.ts";
import { REFUSAL, SIGNED } from "../openapi.ts";
import { progressEvent, progressEvents, type ProgressState } from "../progress-events.ts";
import { closeRound, createRound, eraseRound, openRound, readRound, requireRound } from "../rounds.ts";
import type { Secretariat } from "../secretariat.ts";
import { listRounds, listRoundsOf } from "../store/rounds.ts";
import { listUploads } from "../store/uploads.ts";
import { progressOf, viewOf } from "../view.ts";

/** A stream of events, or all of them; JSON Schema says nothing about it, its media type does. */
const Events = z.custom<Readable | string>(
  (value) => value instanceof Readable || typeof value === "string",
  "must be a stream or a text",
);
const RoundParams = z.strictObject({ round: RoundId });
const TAGS = ["rounds"];

export function roundRoutes(app: App, secretariat: Secretariat): void {
  const { store } = secretariat;
  const show = async (round: string, caller: Caller): Promise<RoundView> =>
    viewOf(secretariat, await requireRound(store, round, caller), caller);

  app.route({
    method: "POST",
    url: "/rounds",
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
      await createRound(secretariat, request.body);
      return reply.code(201).send(await show(request.body.id, operator));
    },
  });

  app.route({
    method: "GET",
    url: "/rounds",
    schema: {
      operationId: "listRounds",
      summary: "Lists the caller's rounds, newest first; an operator sees all",
      tags: TAGS,
      security: SIGNED,
      response: { 200: RoundList, default: REFUSAL },
    },
    handler: async (request) => {
      const caller = callerOf(request);
      const rows = caller.kind === "operator" ? await listRounds(store) : await listRoundsOf(store, caller.id);
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
      summary: "Shows a round: all of it to an operator, its own pairings to a party",
      tags: TAGS,
      security: SIGNED,
      params: RoundParams,
      response: { 200: RoundView, default: REFUSAL },
    },
    handler: (request) => show(request.params.round, callerOf(request)),
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

  const closing = new AbortController();
  app.addHook("preClose", (done) => {
    closing.abort();
    done();
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
        ? Readable.from(progressEvents(first, look, closing.signal), { objectMode: false })
        : progressEvent(first.progress);
      return reply.type("text/event-stream").header("cache-control", "no-store").send(events);
    },
  });

  const acts = [
    { name: "open", summary: "Opens a draft, so that parties can post round keys", status: 200, act: openRound },
    { name: "close", summary: "Ends submission: the round is sealed", status: 200, act: closeRound },
    { name: "match", summary: "Starts matching; the round is released when it ends", status: 202, act: startMatching },
    { name: "cancel", summary: "Stops matching; the round is sealed again", status: 200, act: cancelMatching },
    { name: "erase", summary: "Destroys the round's data key and files", status: 200, act: eraseRound },
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
        await act(secretariat, round, operator);
        return reply.code(status).send(await show(round, operator));
      },
    });
  }
}
