/**
 * Announcements as server-sent events (WHATWG HTML §9.2): those that are there, and then each new one when it is committed.
 */
import { announcementIn } from "./announcements.ts";
import type { Secretariat } from "./secretariat.ts";
import { findAnnouncement, listAnnouncementsOf } from "./store/announcements.ts";

/** A comment keeps proxies and this server's idle limit from taking a quiet stream for a dead one. */
const COMMENT_EVERY_MS = 15_000;

/**
 * @param lastId - Of the last announcement that the listener has; null or an unknown one for all.
 * @param signal - Ends the stream.
 */
export async function* announcementEvents(
  { store, announced }: Pick<Secretariat, "store" | "announced">,
  party: string,
  lastId: string | null,
  signal: AbortSignal,
): AsyncGenerator<string, void> {
  const last = lastId === null ? null : await findAnnouncement(store, lastId);
  let told = last?.party === party ? last.number : 0;
  // Without a byte the head of the answer would wait too.
  yield ": announcements\n\n";
  for (;;) {
    const rings = announced.rings();
    const rows = await listAnnouncementsOf(store, party, told);
    for (const row of rows) {
      yield `id: ${row.id}\nevent: announcement\ndata: ${JSON.stringify(announcementIn(row))}\n\n`;
      told = row.number;
    }
    await announced.wait(rings, COMMENT_EVERY_MS, signal);
    if (signal.aborted) return;
    if (announced.rings() === rings) yield ": still here\n\n";
  }
}
