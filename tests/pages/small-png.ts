/**
 * A screenshot with a palette instead of full colours: a quarter of the bytes. PNG, ISO/IEC 15948:2004, clauses 9 and 11.
 */
import { crc32, deflateSync, inflateSync } from "node:zlib";

const SIGNATURE = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
const MOST_COLOURS = 256;

/**
 * @param png - As Chromium writes it: eight bits, RGB or RGBA, not interlaced.
 * @returns The same picture; colours beyond the 256 commonest become the nearest of these.
 */
export function smallPng(png: Buffer): Buffer {
  const chunks = chunksOf(png);
  const header = chunks.find(({ type }) => type === "IHDR")?.data;
  if (header === undefined || header[8] !== 8) throw new RangeError("not a screenshot");
  const [width, height, channels] = [header.readUInt32BE(0), header.readUInt32BE(4), header[9] === 6 ? 4 : 3];
  const data = Buffer.concat(chunks.filter(({ type }) => type === "IDAT").map((chunk) => chunk.data));
  const colours = coloursOf(unfilter(inflateSync(data), width * channels, height, channels), channels);
  const { palette, indexOf } = paletteOf(colours);
  const rows = Buffer.alloc(height * (width + 1));
  for (let y = 0, at = 0; y < height; y++)
    for (let x = 0; x < width; x++) rows[y * (width + 1) + 1 + x] = indexOf.get(colours[at++] as number) ?? 0;
  const small = Buffer.from(header);
  small[9] = 3;
  return Buffer.concat([
    SIGNATURE,
    chunk("IHDR", small),
    chunk("PLTE", Buffer.from(palette.flatMap((colour) => [colour >> 16, (colour >> 8) & 255, colour & 255]))),
    chunk("IDAT", deflateSync(rows, { level: 9, memLevel: 9 })),
    chunk("IEND", Buffer.alloc(0)),
  ]);
}

type Chunk = { readonly type: string; readonly data: Buffer };

function chunksOf(png: Buffer): Chunk[] {
  const chunks: Chunk[] = [];
  for (let at = SIGNATURE.length; at < png.length;) {
    const length = png.readUInt32BE(at);
    chunks.push({ type: png.toString("latin1", at + 4, at + 8), data: png.subarray(at + 8, at + 8 + length) });
    at += 12 + length;
  }
  return chunks;
}

function chunk(type: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type, "latin1"), data]);
  const frame = Buffer.alloc(body.length + 8);
  frame.writeUInt32BE(data.length, 0);
  body.copy(frame, 4);
  frame.writeUInt32BE(crc32(body), body.length + 4);
  return frame;
}

/** Takes the five filters of clause 9.2 off. */
function unfilter(filtered: Buffer, stride: number, height: number, channels: number): Buffer {
  const plain = Buffer.alloc(stride * height);
  for (let y = 0; y < height; y++) {
    const filter = filtered[y * (stride + 1)] as number;
    for (let x = 0; x < stride; x++) {
      const left = x < channels ? 0 : (plain[y * stride + x - channels] as number);
      const up = y === 0 ? 0 : (plain[(y - 1) * stride + x] as number);
      const corner = x < channels || y === 0 ? 0 : (plain[(y - 1) * stride + x - channels] as number);
      const raw = filtered[y * (stride + 1) + 1 + x] as number;
      plain[y * stride + x] = raw + predicted(filter, left, up, corner);
    }
  }
  return plain;
}

function predicted(filter: number, left: number, up: number, corner: number): number {
  if (filter === 1) return left;
  if (filter === 2) return up;
  if (filter === 3) return (left + up) >> 1;
  if (filter !== 4) return 0;
  const estimate = left + up - corner;
  const [fromLeft, fromUp, fromCorner] = [left, up, corner].map((each) => Math.abs(estimate - each)) as [
    number,
    number,
    number,
  ];
  if (fromLeft <= fromUp && fromLeft <= fromCorner) return left;
  return fromUp <= fromCorner ? up : corner;
}

function coloursOf(pixels: Buffer, channels: number): Uint32Array {
  const colours = new Uint32Array(pixels.length / channels);
  for (let at = 0; at < colours.length; at++) colours[at] = pixels.readUIntBE(at * channels, 3);
  return colours;
}

function paletteOf(colours: Uint32Array): { palette: number[]; indexOf: Map<number, number> } {
  const counts = new Map<number, number>();
  for (const colour of colours) counts.set(colour, (counts.get(colour) ?? 0) + 1);
  const palette = [...counts]
    .sort(([, a], [, b]) => b - a)
    .slice(0, MOST_COLOURS)
    .map(([colour]) => colour);
  const indexOf = new Map(palette.map((colour, index) => [colour, index]));
  for (const colour of counts.keys()) {
    if (indexOf.has(colour)) continue;
    const distances = palette.map((known) => distance(known, colour));
    indexOf.set(colour, distances.indexOf(Math.min(...distances)));
  }
  return { palette, indexOf };
}

function distance(a: number, b: number): number {
  return (
    Math.abs((a >> 16) - (b >> 16)) + Math.abs(((a >> 8) & 255) - ((b >> 8) & 255)) + Math.abs((a & 255) - (b & 255))
  );
}
