/**
 * Small changes to bytes and texts, drawn from a seeded generator.
 */

/** @returns A whole number from 0 up to `bound`, exclusive. */
export type Draw = (bound: number) => number;

/** Lengths and counts that arithmetic goes wrong at. */
const EDGES = [0, 1, 0x7f, 0x80, 0xff, 0x7fff_ffff, 0x8000_0000, 0xffff_ffff];
/** Never CR or LF: they would end the line that the text stands in. */
const ODD_TEXTS = [
  '"',
  ";",
  ",",
  "(",
  ")",
  "=",
  ":",
  " ",
  "\t",
  "\u0000",
  "\u007f",
  "é",
  "%00",
  "__proto__",
  "a".repeat(3_000),
];

/** @param bytes - At least 8; left as they are. @returns Changed at one to four places, or cut, or made longer. */
export function mutatedBytes(bytes: Uint8Array, draw: Draw): Uint8Array<ArrayBuffer> {
  let changed: Buffer = Buffer.from(bytes);
  for (let left = 1 + draw(4); left > 0; left--) changed = mutatedOnce(changed, draw);
  return new Uint8Array(changed);
}

function mutatedOnce(bytes: Buffer, draw: Draw): Buffer {
  if (bytes.length < 8) return Buffer.concat([bytes, Buffer.alloc(8)]);
  // Half of the places in the head, which is small and says what the rest is.
  const at = draw(draw(2) === 0 ? bytes.length : Math.min(bytes.length, 600));
  const length = 1 + draw(Math.min(64, bytes.length - at));
  const from = draw(bytes.length - length + 1);
  switch (draw(8)) {
    case 0:
      bytes[at] = (bytes[at] ?? 0) ^ (1 << draw(8));
      return bytes;
    case 1:
      bytes[at] = draw(256);
      return bytes;
    case 2:
      bytes.writeUInt32LE(EDGES[draw(EDGES.length)] ?? 0, Math.min(at, bytes.length - 4));
      return bytes;
    case 3:
      bytes.copy(bytes, at, from, from + length);
      return bytes;
    case 4:
      return bytes.subarray(0, at);
    case 5:
      return Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + length)]);
    case 6:
      return Buffer.concat([bytes.subarray(0, at), bytes.subarray(from, from + length), bytes.subarray(at)]);
    default:
      return Buffer.concat([bytes, Buffer.alloc(8 * (1 + draw(64)), draw(256))]);
  }
}

/** @returns Another text than `text`, without CR and LF. */
export function mutatedText(text: string, draw: Draw): string {
  for (;;) {
    const at = draw(text.length + 1);
    const length = 1 + draw(8);
    const odd = ODD_TEXTS[draw(ODD_TEXTS.length)] ?? "";
    const changed = [
      () => text.slice(0, at) + text.slice(at + length),
      () => text.slice(0, at) + odd + text.slice(at),
      () => text.slice(0, at) + odd + text.slice(at + length),
      () => text.slice(0, at) + String.fromCharCode(33 + draw(94)) + text.slice(at + 1),
      () => text.slice(0, at) + text.slice(at).toUpperCase(),
      () => text + text,
      () => text.replace(/\d+/, () => String(EDGES[draw(EDGES.length)] ?? 0)),
      () => "",
    ][draw(8)]?.();
    if (changed !== undefined && changed !== text) return changed;
  }
}
