/**
 * Announcements: listed, told as they come, and sent again.
 */
import { Readable } from "node:stream";
import { z } from "zod";
import { AnnouncementList, AnnouncementView, DeliveryChannel } from "#engine/round/announcement.ts";
import { Bytes16 } from "#engine/round/binary.ts";
import { LinkageError } from "#engine/errors.ts";
import type { App } from "../app.ts";
import { announcementEvents } from "../announcement-events.ts";
import { announceAgain, announcementsFor } from "../announcements.ts";
import { callerOf, requireOperator, requireParty } from "../caller.ts";
import { Events, type EventStreams } from "../event-streams.ts";
import { once } from "../idempotency.ts";
import { REFUSAL, SIGNED } from "../openapi.ts";
import type { Secretariat } from "../secretariat.ts";

const TAGS = ["announcements"];

export function announcementRoutes(app: App, secretariat: Secretariat, { count, closing }: EventStreams): void {
  app.route({
    method: "GET",
    url: "/announcements",
    schema: {
      operationId: "listAnnouncements",
      summary: "Lists the caller's announcements; staff sees all, with their deliveries",
      tags: TAGS,
      security: SIGNED,
      response: { 200: AnnouncementList, default: REFUSAL },
    },
    handler: (request) => announcementsFor(secretariat, callerOf(request)),
  });

  app.route({
    method: "GET",
    url: "/announcements/events",
    schema: {
      operationId: "getAnnouncementEvents",
      summary:
        "Tells the caller's announcements, then each new one, as server-sent events; Last-Event-ID goes on after one (party)",
      tags: TAGS,
      security: SIGNED,
      response: {
        200: {
          description: "Events named announcement, each with an Announcement as data; they do not end by themselves",
          content: { "text/event-stream": { schema: Events } },
        },
        default: REFUSAL,
      },
    },
    handler: (request, reply) => {
      const party = requireParty(request);
      const { "last-event-id": lastId } = request.headers;
      const gone = new AbortController();
      reply.raw.once("close", () => {
        gone.abort();
      });
      const signal = AbortSignal.any([gone.signal, closing]);
      const tell = (): Readable =>
        Readable.from(announcementEvents(secretariat, party, typeof lastId === "string" ? lastId : null, signal), {
          objectMode: false,
        });
      // Nobody reads the body of an answer to HEAD, so nothing would end it.
      const events = request.method === "HEAD" ? "" : count(callerOf(request), tell);
      void reply
        .type("text/event-stream")
        .header("cache-control", "no-store")
        // A closing server would wait for the connection to be idle for long enough.
        .header("connection", "close")
        .send(events);
    },
  });

  app.route({
    method: "POST",
    url: "/announcements/:id/deliveries/:channel/again",
    schema: {
      operationId: "sendAnnouncementAgain",
      summary: "Makes a delivery due at once, whatever became of it before (operator)",
      tags: TAGS,
      security: SIGNED,
      params: z.strictObject({ id: Bytes16, channel: DeliveryChannel }),
      response: { 200: AnnouncementView, default: REFUSAL },
    },
    handler: async (request) => {
      const operator = requireOperator(request);
      const { params } = request;
      await once(request, () => announceAgain(secretariat, params, operator));
      const views = await announcementsFor(secretariat, operator);
      const view = views.find(({ announcement }) => announcement.id === params.id);
      if (view === undefined) throw new LinkageError("announcement-unknown", "its round is erased");
      return view;
    },
  });
}
