/**
 * `aquila announcements`: that results wait, how far the word of it has come, and bringing it again.
 */
import type { Command } from "commander";
import { InvalidArgumentError, Option } from "commander";
import { DELIVERY_CHANNELS, type AnnouncementView, type DeliveryChannel } from "#engine/round/announcement.ts";
import { Bytes16 } from "#engine/round/binary.ts";
import { answer, connectAs, withAsker, type CallerOptions, type CommandIo } from "./command-io.ts";

type ListOptions = CallerOptions & { readonly json: boolean };
type AgainOptions = ListOptions & { readonly channel: DeliveryChannel };

export function registerAnnouncements(program: Command, io: CommandIo): void {
  const announcements = program
    .command("announcements")
    .description("that a result waits in a round: what the secretariat told, and whether it arrived");
  withAsker(
    announcements
      .command("list")
      .description("show a party's announcements; staff sees all, and how far each has come by webhook and mail"),
  ).action(async (options: ListOptions) => {
    await connectAs(io, options, async (connection) => {
      const views = await connection.announcements();
      const text = views.length === 0 ? "no result waits in a round that is not erased" : views.map(lineOf).join("\n");
      answer(io, options.json, views, text);
    });
  });
  withAsker(
    announcements
      .command("again")
      .description("bring an announcement again, whatever became of it before (operator)")
      .argument("<id>", "the announcement's id", announcementId)
      .addOption(
        new Option("--channel <channel>", "by which it is brought").choices(DELIVERY_CHANNELS).makeOptionMandatory(),
      ),
  ).action(async (id: string, options: AgainOptions) => {
    await connectAs(io, options, async (connection) => {
      const view = await connection.announceAgain(id, options.channel);
      answer(io, options.json, view, lineOf(view));
    });
  });
}

function lineOf({ announcement, deliveries }: AnnouncementView): string {
  const { at, id, party, round } = announcement;
  const line = `${at}  ${round}  ${party}  ${id}`;
  if (deliveries === null) return line;
  return [line, ...deliveries.map((delivery) => `  ${deliveryText(delivery)}`)].join("\n");
}

function deliveryText({
  channel,
  state,
  attempts,
  lastStatus,
  lastAt,
  nextAt,
}: NonNullable<AnnouncementView["deliveries"]>[number]): string {
  const tried = `${attempts} ${attempts === 1 ? "attempt" : "attempts"}`;
  const last = lastStatus === null || lastAt === null ? [] : [`last ${lastStatus} at ${lastAt}`];
  const next = nextAt === null ? [] : [`next at ${nextAt}`];
  return [`${channel}: ${state}`, tried, ...last, ...next].join(", ");
}

function announcementId(text: string): string {
  if (!Bytes16.safeParse(text).success) throw new InvalidArgumentError("an id of aquila announcements list");
  return text;
}
