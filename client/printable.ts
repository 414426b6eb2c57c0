/**
 * Text as a terminal may get it: what came from a server or a file must not move its cursor, colour it or turn its order.
 */

/** Control characters (C0, C1, line breaks among them), line and paragraph separators, and what changes direction. */
const COMMANDS = /[\p{Cc}\p{Bidi_Control}\u2028\u2029]/gu;

/** @returns The text in one line, each such character as JSON escapes it; so JSON stays the same JSON. */
export function printable(text: string): string {
  return text.replace(COMMANDS, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

/** @returns The same of each line. */
export function printableLines(text: string): string {
  return text.split("\n").map(printable).join("\n");
}
