/**
 * Nothing that came from outside reaches a terminal as a command.
 */
import { PassThrough } from "node:stream";
import { expect, test } from "vitest";
import { answer } from "#client/commands/command-io.ts";
import { printable } from "#client/printable.ts";

/** Clears the screen, in both spellings; rings; ends the line; turns the order round. */
const HOSTILE = "a\u001b[2J\u009b2J\u0007\r\n\u202eb\u2028é š";

test("control characters and those that turn the order are shown, and all else is left", () => {
  expect(printable(HOSTILE)).toBe("a\\u001b[2J\\u009b2J\\u0007\\u000d\\u000a\\u202eb\\u2028é š");
});

test("an answer holds none of them but its line breaks, and its JSON says the same", () => {
  const printed = (json: boolean): string => {
    const stdout = new PassThrough({ encoding: "utf8" });
    answer({ stdout }, json, { purpose: HOSTILE }, `purpose ${HOSTILE}\n`);
    return String(stdout.read());
  };
  for (const json of [false, true]) expect(printed(json)).not.toMatch(/[^\P{Cc}\n]|\p{Bidi_Control}|\u2028/u);
  expect(JSON.parse(printed(true))).toEqual({ purpose: HOSTILE });
  expect(printed(false)).toBe("purpose a\\u001b[2J\\u009b2J\\u0007\\u000d\n\\u202eb\\u2028é š\n");
});
