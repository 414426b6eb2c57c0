/**
 * A passphrase, asked for at the terminal without echo or read from a file descriptor; never from the command line or
 * the environment, which other processes can see. docs/spec/vault.md, "The passphrase".
 */
import { fstatSync, readSync } from "node:fs";
import { createInterface } from "node:readline";
import { Writable } from "node:stream";
import { LinkageError } from "#engine/errors.ts";

const LEAST_CHARACTERS = 12;
const MOST_BYTES = 1_024;
const LINE_FEED = 0x0a;
const CARRIAGE_RETURN = 0x0d;

/** Where a person can be asked. */
export type Terminal = {
  readonly input: NodeJS.ReadableStream & { readonly isTTY?: boolean };
  readonly output: NodeJS.WritableStream;
};

/** Of what the passphrase is, such as "vault ~/at", and the file descriptor that it comes from instead of a person. */
export type PassphraseRequest = { readonly of: string; readonly descriptor: number | undefined };

/**
 * @returns UTF-8 in NFC; the caller wipes it.
 * @throws {@link LinkageError} `passphrase-invalid` if there is none, or it is no line of text.
 */
export async function askPassphrase(terminal: Terminal, { of, descriptor }: PassphraseRequest): Promise<Uint8Array> {
  if (descriptor !== undefined) return readPassphrase(descriptor);
  const [answer] = await typedLines(terminal, [`Passphrase of ${of}: `]);
  return normalized(Buffer.from(answer ?? "", "utf8"));
}

/**
 * A passphrase for something new; a person types it twice.
 *
 * @returns As {@link askPassphrase}.
 * @throws {@link LinkageError} `passphrase-invalid` also if it has fewer than 12 characters, or the two differ.
 */
export async function choosePassphrase(terminal: Terminal, { of, descriptor }: PassphraseRequest): Promise<Uint8Array> {
  if (descriptor !== undefined) return longEnough(readPassphrase(descriptor));
  const [first = "", second = ""] = await typedLines(terminal, [
    `Choose a passphrase for ${of}, of at least ${LEAST_CHARACTERS} characters.\n` +
      "Nobody can recover it: whoever loses it loses what it locks.\nNew passphrase: ",
    "The same again: ",
  ]);
  if (first !== second) throw new LinkageError("passphrase-invalid", "the two passphrases differ");
  return longEnough(normalized(Buffer.from(first, "utf8")));
}

/** Reads to the end of the descriptor; one line feed at the end does not count. */
function readPassphrase(descriptor: number): Uint8Array {
  requireReadable(descriptor);
  const bytes = Buffer.alloc(MOST_BYTES + 2);
  let filled = 0;
  for (let read = -1; read !== 0 && filled < bytes.length; filled += read)
    read = readSync(descriptor, bytes, filled, bytes.length - filled, null);
  if (bytes[filled - 1] === LINE_FEED) filled--;
  if (bytes[filled - 1] === CARRIAGE_RETURN) filled--;
  const passphrase = normalized(Buffer.from(bytes.subarray(0, filled)));
  bytes.fill(0);
  return passphrase;
}

/** What npm runs has no descriptor beyond 2 of the shell's; Node itself may have opened another under that number. */
function requireReadable(descriptor: number): void {
  let found;
  try {
    found = fstatSync(descriptor);
  } catch {
    found = null;
  }
  if (found !== null && (found.isFile() || found.isFIFO() || found.isSocket() || found.isCharacterDevice())) return;
  throw new LinkageError(
    "passphrase-invalid",
    `file descriptor ${descriptor} is not open for reading; npm hands on no other than 0: use that, or start client/main.ts without npm`,
  );
}

/** @returns `bytes` in NFC; ASCII is that already, and never becomes a string, which could not be wiped. */
function normalized(bytes: Buffer): Uint8Array {
  if (bytes.length === 0 || bytes.length > MOST_BYTES)
    throw new LinkageError("passphrase-invalid", `a passphrase has 1 to ${MOST_BYTES} bytes`);
  if (bytes.some((byte) => byte < 0x20 || byte === 0x7f))
    throw new LinkageError("passphrase-invalid", "a passphrase is one line of text, without control characters");
  if (bytes.every((byte) => byte < 0x80)) return bytes;
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw new LinkageError("passphrase-invalid", "the passphrase is not UTF-8");
  }
  bytes.fill(0);
  return Buffer.from(text.normalize("NFC"), "utf8");
}

function longEnough(passphrase: Uint8Array): Uint8Array {
  // A byte that is no continuation begins a character.
  const characters = passphrase.reduce((count, byte) => count + Number((byte & 0xc0) !== 0x80), 0);
  if (characters >= LEAST_CHARACTERS) return passphrase;
  passphrase.fill(0);
  throw new LinkageError("passphrase-invalid", `a passphrase has at least ${LEAST_CHARACTERS} characters`);
}

/** @returns One line for each question, read without echo. */
async function typedLines({ input, output }: Terminal, questions: readonly string[]): Promise<string[]> {
  if (input.isTTY !== true)
    throw new LinkageError("passphrase-invalid", "there is no terminal to ask at; give --passphrase-fd");
  const silent = new Writable({
    write: (_chunk, _encoding, done) => {
      done();
    },
  });
  const reader = createInterface({ input, output: silent, terminal: true, historySize: 0 });
  const lines = reader[Symbol.asyncIterator]();
  const answers: string[] = [];
  try {
    for (const question of questions) {
      output.write(question);
      const line = await lines.next();
      output.write("\n");
      if (line.done === true) throw new LinkageError("passphrase-invalid", "no passphrase was given");
      answers.push(line.value);
    }
  } finally {
    reader.close();
  }
  return answers;
}
