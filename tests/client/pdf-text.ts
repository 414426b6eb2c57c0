/**
 * What a PDF that Chromium printed says: its pages and their text, by each font's own table of letters (ISO 32000-1, 9.10.3).
 */
import { inflateSync } from "node:zlib";

type PdfPage = { readonly size: readonly [number, number]; readonly text: string };

/** @returns Pages in order of the file. */
export function pdfPages(pdf: Uint8Array): PdfPage[] {
  const objects = objectsOf(Buffer.from(pdf).toString("latin1"));
  const resolve = (reference: string | undefined): string => objects.get(reference ?? "")?.body ?? "";
  return [...objects.values()].flatMap(({ body }) => {
    if (!/\/Type\s*\/Page\b/.test(body)) return [];
    const [, width = "0", height = "0"] = /\/MediaBox\s*\[\s*0 0 ([\d.]+) ([\d.]+)/.exec(body) ?? [];
    const resources = /\/Resources\s+(\d+) 0 R/.exec(body);
    const held = resources === null ? body : resolve(resources[1]);
    const fonts = new Map(
      [...held.matchAll(/\/(F\d+)\s+(\d+) 0 R/g)].map(([, name = "", id]) => {
        const table = /\/ToUnicode\s+(\d+) 0 R/.exec(resolve(id))?.[1];
        return [name, lettersOf(objects.get(table ?? "")?.stream ?? "")];
      }),
    );
    const content = objects.get(/\/Contents\s+(\d+) 0 R/.exec(body)?.[1] ?? "")?.stream ?? "";
    return [{ size: [Number(width), Number(height)] as const, text: textOf(content, fonts) }];
  });
}

function objectsOf(file: string): Map<string, { readonly body: string; readonly stream: string }> {
  const objects = new Map<string, { body: string; stream: string }>();
  const head = /(?:^|\n)(\d+) 0 obj\s/g;
  for (let found = head.exec(file); found !== null; found = head.exec(file)) {
    const start = head.lastIndex;
    const end = file.indexOf("endobj", start);
    const stream = file.slice(start, end).search(/stream\r?\n/);
    const body = file.slice(start, stream === -1 ? end : start + stream);
    const length = Number(/\/Length (\d+)/.exec(body)?.[1] ?? 0);
    const begin = file.indexOf("\n", start + Math.max(0, stream)) + 1;
    const isText = stream !== -1 && body.includes("/FlateDecode") && !/\/Image|\/Length1/.test(body);
    const bytes = isText ? inflateSync(Buffer.from(file.slice(begin, begin + length), "latin1")) : new Uint8Array();
    objects.set(found[1] ?? "", { body, stream: Buffer.from(bytes).toString("latin1") });
    // A compressed stream can hold what looks like an object.
    head.lastIndex = stream === -1 ? end : begin + length;
  }
  return objects;
}

function lettersOf(table: string): Map<number, string> {
  const letters = new Map<number, string>();
  const hex = (text: string): number => parseInt(text, 16);
  const letter = (text: string): string =>
    (text.match(/.{4}/g) ?? []).map((unit) => String.fromCharCode(hex(unit))).join("");
  for (const [, block = ""] of table.matchAll(/beginbfchar([\s\S]*?)endbfchar/g))
    for (const [, code = "", to = ""] of block.matchAll(/<([\dA-Fa-f]+)>\s*<([\dA-Fa-f]+)>/g))
      letters.set(hex(code), letter(to));
  for (const [, block = ""] of table.matchAll(/beginbfrange([\s\S]*?)endbfrange/g))
    for (const [, from = "", to = "", start = ""] of block.matchAll(
      /<([\dA-Fa-f]+)>\s*<([\dA-Fa-f]+)>\s*<([\dA-Fa-f]+)>/g,
    ))
      for (let code = hex(from); code <= hex(to); code++)
        letters.set(code, String.fromCharCode(hex(start) + code - hex(from)));
  return letters;
}

/** Strings of a content stream, one for each that is shown; glyphs are two bytes. */
function textOf(content: string, fonts: ReadonlyMap<string, ReadonlyMap<number, string>>): string {
  let letters: ReadonlyMap<number, string> = new Map();
  const lines: string[] = [];
  for (const [, font, array, single] of content.matchAll(
    /\/(F\d+)\s+[\d.]+\s+Tf|\[((?:<[\dA-Fa-f]*>|[-\d.\s])*)\]\s*TJ|<([\dA-Fa-f]*)>\s*Tj/g,
  )) {
    if (font !== undefined) letters = fonts.get(font) ?? new Map();
    const glyphs = [...(array ?? `<${single ?? ""}>`).matchAll(/<([\dA-Fa-f]*)>/g)]
      .map(([, each = ""]) => each)
      .join("");
    const shown = (glyphs.match(/.{4}/g) ?? []).map((code) => letters.get(parseInt(code, 16)) ?? "").join("");
    if (shown !== "") lines.push(shown);
  }
  return lines.join("\n");
}
