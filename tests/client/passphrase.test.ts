/**
 * Passphrases from a descriptor and from a terminal.
 */
import { closeSync, openSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import { describe, expect, test } from "vitest";
import { askPassphrase, choosePassphrase, type Terminal } from "#client/passphrase.ts";
import { temporaryFolder } from "./folders.ts";

const LONG = "correct horse battery staple";
const invalid = expect.objectContaining({ code: "passphrase-invalid" }) as Error;

/** Streams in place of a terminal at which `keys` are typed. */
function typing(keys: string): Terminal & { readonly shown: () => string } {
  const input = Object.assign(new PassThrough(), { isTTY: true });
  const output = new PassThrough();
  input.write(keys);
  return { input, output, shown: () => String(output.read() ?? "") };
}

async function fromDescriptor(content: string | Uint8Array, choose = false): Promise<string> {
  const path = join(temporaryFolder(), "passphrase");
  writeFileSync(path, content);
  const descriptor = openSync(path, "r");
  try {
    const get = choose ? choosePassphrase : askPassphrase;
    return Buffer.from(await get(typing(""), { of: "it", descriptor })).toString();
  } finally {
    closeSync(descriptor);
  }
}

describe("a passphrase from a descriptor", () => {
  test("is the line that is there, in NFC", async () => {
    for (const content of [LONG, `${LONG}\n`, `${LONG}\r\n`]) expect(await fromDescriptor(content)).toBe(LONG);
    expect(await fromDescriptor(` ${LONG} \n`)).toBe(` ${LONG} `);
    expect(await fromDescriptor("Z\u030cdenka\n")).toBe("\u017ddenka");
  });

  test("is refused when it is none, no text, too long, or two lines", async () => {
    for (const bad of ["", "\n", `${LONG}\n${LONG}\n`, "a\tb", Buffer.from([0xff, 0xfe]), "x".repeat(1_025)])
      await expect(fromDescriptor(bad)).rejects.toThrow(invalid);
    expect(await fromDescriptor("x".repeat(1_024))).toHaveLength(1_024);
  });

  test("for something new has twelve characters, not bytes", async () => {
    await expect(fromDescriptor("ščřščřščřšč", true)).rejects.toThrow(invalid);
    expect(await fromDescriptor("ščřščřščřščř", true)).toBe("ščřščřščřščř");
    await expect(fromDescriptor("elevenchars", true)).rejects.toThrow(invalid);
  });

  test("is refused when the descriptor is not open, or is a folder", async () => {
    await expect(askPassphrase(typing(""), { of: "it", descriptor: 9_999 })).rejects.toThrow(/9999 is not open/);
    const descriptor = openSync(temporaryFolder(), "r");
    await expect(askPassphrase(typing(""), { of: "it", descriptor })).rejects.toThrow(invalid);
    closeSync(descriptor);
  });
});

describe("a passphrase from a terminal", () => {
  const asked = { of: "the vault at", descriptor: undefined };

  test("is asked for by name and not shown", async () => {
    const terminal = typing(`${LONG}x\u007f\r`);
    expect(Buffer.from(await askPassphrase(terminal, asked)).toString()).toBe(LONG);
    expect(terminal.shown()).toBe("Passphrase of the vault at: \n");
  });

  test("for something new is asked for twice, with a word on what its loss means", async () => {
    const terminal = typing(`${LONG}\r${LONG}\r`);
    expect(Buffer.from(await choosePassphrase(terminal, asked)).toString()).toBe(LONG);
    const shown = terminal.shown();
    expect(shown).toContain("Nobody can recover it");
    expect(shown).not.toContain(LONG);
    await expect(choosePassphrase(typing(`${LONG}\r${LONG}.\r`), asked)).rejects.toThrow("differ");
    await expect(choosePassphrase(typing("short\rshort\r"), asked)).rejects.toThrow("12 characters");
  });

  test("is refused when nothing is typed, or nobody is there", async () => {
    for (const keys of ["\r", "\u0003", "\u0004"])
      await expect(askPassphrase(typing(keys), asked)).rejects.toThrow(invalid);
    const nobody = { input: new PassThrough(), output: new PassThrough() };
    await expect(askPassphrase(nobody, asked)).rejects.toThrow("--passphrase-fd");
  });
});
