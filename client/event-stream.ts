/**
 * Server-sent events (WHATWG HTML §9.2.6), of which only the data is wanted.
 */

/** Longest event that is taken, characters. */
const MAX_EVENT_LENGTH = 65_536;

/**
 * @param pieces - UTF-8, cut anywhere.
 * @returns The data of each event, once its blank line has come; comments and other fields are passed over.
 * @throws RangeError if an event is too long; TypeError if it is not UTF-8.
 */
export async function* eventData(pieces: AsyncIterable<Uint8Array>): AsyncGenerator<string, void> {
  const decoder = new TextDecoder("utf-8", { fatal: true });
  let text = "";
  for await (const piece of pieces) {
    text += decoder.decode(piece, { stream: true });
    const events = text.split(/\r\n\r\n|\n\n|\r\r/);
    text = events.pop() ?? "";
    if (text.length > MAX_EVENT_LENGTH) throw new RangeError("an event is too long");
    for (const event of events) {
      const data = event.split(/\r\n|\n|\r/).flatMap((line) => /^data: ?(.*)$/s.exec(line)?.[1] ?? []);
      if (data.length > 0) yield data.join("\n");
    }
  }
}
