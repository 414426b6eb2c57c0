/**
 * What the leak hunt plants is told apart, and found in every writing where it may not stand.
 */
import { once } from "node:events";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { connect, createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { writePdf } from "#bench/attack/leaks/exports.ts";
import { leakOrders } from "#bench/attack/leaks/leaky-orders.ts";
import { plantedIn, secretOfBytes, secretsOfPersons, WARDS, type Secret } from "#bench/attack/leaks/planted.ts";
import { countFound, foundByPlace, hunt, type Place } from "#bench/attack/leaks/search.ts";
import { requireFilled } from "#bench/attack/leaks/surfaces.ts";
import { openTap } from "#bench/attack/leaks/tap.ts";
import { printPdf } from "#client/chromium.ts";
import { generateRecords } from "#fixtures/people.ts";
import { wantedChromium } from "../../pages/browser.ts";

const CONTROL = "a text that stands there";
const options = { seed: 7, recordsPerParty: 60, parties: ["AT"], overlap: 0, preset: "life" } as const;
const planted = plantedIn([...generateRecords(options, "AT")], 7);
const persons = secretsOfPersons(planted);
const key = secretOfBytes("private key", "party", Buffer.from("c2b6f1".repeat(10) + "0a1b", "hex"));
const handle = secretOfBytes("handle", "round", Buffer.from("9f3c".repeat(8), "hex"));
const secrets = [...persons, key, handle];

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "aquila-hunt-"));
});
afterAll(() => {
  rmSync(folder, { recursive: true });
});

function place(name: string, content: string | Uint8Array, more: Partial<Place> = {}): Place {
  const path = join(folder, name);
  writeFileSync(path, content);
  return { name, paths: [path], forbidden: WARDS, ...more };
}

test("no two planted persons share a name, date, document or telephone, and each has all four", () => {
  for (const field of ["family_name", "dob", "doc_number", "phone"] as const)
    expect(new Set(planted.map((record) => record[field])).size).toBe(planted.length);
  expect(persons).toHaveLength(4 * planted.length);
  const writings = persons.flatMap((secret) => secret.writings);
  expect(new Set(writings).size).toBe(writings.length);
});

test("each secret is found in one writing and encoding after another, and only where it stands", async () => {
  const [first] = persons;
  const some: Secret[] = [...persons.slice(0, 8), key, handle];
  for (let turn = 0; turn < 12; turn++) {
    // Orders take turns with writings: those of many copies are all of them.
    const orders = leakOrders(
      some.flatMap((secret) => Array.from({ length: 12 }, () => ({ ...secret }))),
      "AT",
    );
    const bytes = [...orders.values()].map((order) => order.bytes);
    const lines = bytes
      .filter((_, at) => at % 12 === turn)
      .flatMap((line) => [Buffer.from('"'), line, Buffer.from('"\n')]);
    const hunted = await hunt(some, CONTROL, [place("log", Buffer.concat(lines)), place("disk", CONTROL)], []);
    expect(countFound(hunted)).toBe(some.length);
    expect([...hunted.found.keys()]).toEqual(["log"]);
    expect(hunted.controls).toBe(1);
  }
  expect(first?.writings.length).toBeGreaterThan(10);
});

test("bytes of a key are found as they are, inside others", async () => {
  const raw = Buffer.concat([Buffer.alloc(13, 1), Buffer.from("c2b6f1".repeat(10) + "0a1b", "hex"), Buffer.alloc(5)]);
  const forms = [raw, raw.toString("hex"), raw.toString("base64"), JSON.stringify([...raw])];
  for (const form of forms) expect(countFound(await hunt([key], CONTROL, [place("memory", form)], []))).toBe(1);
});

test("what may stand in a place does not count there, and what the program has said before does not count in a process", async () => {
  const text = `${persons[0]?.writings[0] ?? ""}\n${"9f3c".repeat(8)}\n`;
  const open = place("requests", text, { forbidden: ["party"] });
  expect(foundByPlace(await hunt(secrets, CONTROL, [open], []))).toEqual({ "full name in requests": 1 });
  const program = place("program", text);
  const memory = place("process", text, { isProcess: true });
  const hunted = await hunt(secrets, CONTROL, [memory, place("log", text)], program.paths);
  expect(foundByPlace(hunted)).toEqual({ "full name in log": 1, "handle in log": 1 });
  expect(hunted.setAside).toBe(2);
});

test("a party is shown its own and nobody else's, and a place that shows it nothing proves nothing", async () => {
  const [own, other] = secretsOfPersons(planted.slice(0, 2), (person) => [["AT"], ["HR"]][person] ?? []).filter(
    ({ kind }) => kind === "full name",
  );
  if (own === undefined || other === undefined) throw new RangeError("two names are planted");
  const shown = { party: "AT", kinds: ["full name"] } as const;
  const text = [own, other].map(({ writings }) => writings[0] ?? "").join("\n");
  const filled = [place("answers", `${CONTROL}\n${text}`, { shown })];
  const hunted = await hunt([own, other], CONTROL, filled, []);
  expect([...(hunted.found.get("answers") ?? [])]).toEqual([other]);
  expect([...(hunted.shown.get("answers") ?? [])]).toEqual([own]);
  requireFilled(filled, hunted);
  const empty = [place("answers", CONTROL, { shown })];
  const huntedEmpty = await hunt([own, other], CONTROL, empty, []);
  expect(() => {
    requireFilled(empty, huntedEmpty);
  }).toThrow("answers: shows no full name");
});

test("what a console or its alerts may show to its party leaks there only if it is another's", () => {
  const persons = secretsOfPersons(planted, (person) => [person % 2 === 0 ? "AT" : "HR"]);
  const hits = Array.from({ length: 60 }, (_, at) => secretOfBytes("hit id", "hit", Buffer.alloc(16, at + 1), ["AT"]));
  const orders = [...leakOrders([...persons, ...hits], "AT")];
  const at = (channel: string): Secret[] =>
    orders.flatMap(([secret, order]) => (order.channel === channel ? [secret] : []));
  expect(at("console's answers").length).toBeGreaterThan(0);
  expect(at("console's answers").flatMap(({ holders }) => holders)).not.toContain("AT");
  expect(at("console's alerts").map(({ kind }) => kind)).not.toContain("hit id");
  expect(new Set(orders.map(([, { channel }]) => channel)).size).toBe(15);
});

test("a tap passes on what comes and keeps all of it, each way by itself", async () => {
  const server = createServer((socket) => socket.on("data", (bytes) => socket.end(`back ${bytes.toString()}`)));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const [sent, answered] = [join(folder, "sent"), join(folder, "answered")];
  const tap = await openTap((server.address() as AddressInfo).port, { name: "tap", sent, answered });
  for (const word of ["one", "two"]) {
    const socket = connect(tap.port, "127.0.0.1");
    socket.write(word);
    let told = "";
    for await (const bytes of socket) told += String(bytes);
    expect(told).toBe(`back ${word}`);
  }
  await tap.close();
  server.close();
  const all = (of: string): string[] => readdirSync(of).map((name) => readFileSync(join(of, name), "utf8"));
  expect([all(sent), all(answered)]).toEqual([
    ["one", "two"],
    ["back one", "back two"],
  ]);
});

test("every planted name is read from a PDF in which it is printed, in pieces or over two lines", async (context) => {
  const names = persons.filter(({ kind }) => kind === "full name").flatMap(({ writings }) => writings.slice(0, 1));
  for (const element of ["p", "span"]) {
    const lines = names.map((name) => `<${element}>${name} </${element}>`).join("");
    const pdf = await printPdf(wantedChromium(context), `<!doctype html><meta charset="utf-8">${lines}`);
    writePdf(folder, element, pdf);
    const text = readFileSync(join(folder, `${element}.txt`), "utf8");
    expect(names.filter((name) => !text.includes(name))).toEqual([]);
  }
});
