/**
 * Long contents as runs of byte pieces, so that none is ever whole in memory.
 */
const BUFFER_BYTES = 1_048_576;
const LINE_FEED = 0x0a;

/** @returns The same bytes in fresh pieces of `pieceBytes`, the last shorter; none for no bytes. */
export function* inPieces(pieces: Iterable<Uint8Array>, pieceBytes: number): Generator<Uint8Array> {
  let filling = Buffer.allocUnsafeSlow(pieceBytes);
  let filled = 0;
  for (const piece of pieces)
    for (let from = 0; from < piece.length;) {
      const taken = piece.subarray(from, from + pieceBytes - filled);
      filling.set(taken, filled);
      filled += taken.length;
      from += taken.length;
      if (filled < pieceBytes) continue;
      yield filling;
      filling = Buffer.allocUnsafeSlow(pieceBytes);
      filled = 0;
    }
  if (filled > 0) yield filling.subarray(0, filled);
}

/** @returns The lines of UTF-8 text, without their line feeds. */
export function* linesOf(pieces: Iterable<Uint8Array>): Generator<string> {
  let rest = Buffer.alloc(0);
  for (const piece of pieces) {
    const bytes = Buffer.concat([rest, piece]);
    let from = 0;
    for (let at = bytes.indexOf(LINE_FEED); at !== -1; at = bytes.indexOf(LINE_FEED, from)) {
      yield bytes.toString("utf8", from, at);
      from = at + 1;
    }
    rest = bytes.subarray(from);
  }
  if (rest.length > 0) yield rest.toString("utf8");
}

/** Joins small pieces of text into larger ones of UTF-8. */
export function* inBuffers(lines: Iterable<string>): Generator<Uint8Array> {
  let text = "";
  for (const line of lines) {
    text += line;
    if (text.length >= BUFFER_BYTES) {
      yield Buffer.from(text, "utf8");
      text = "";
    }
  }
  if (text !== "") yield Buffer.from(text, "utf8");
}
