/**
 * Announcements: listed, and told as they come.
 */
import { Readable } from "node:stream";
import { AnnouncementList } from "#engine/round/announcement.ts";
import type { App } from "../app.ts";
import { announcementEvents } from "../announcement-events.ts";
import { announcementsFor } from "../announcements.ts";
import { callerOf, requireParty } from "../caller.ts";
import { Events, type EventStreams } from "../event-streams.ts";
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
}
