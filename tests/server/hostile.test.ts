/**
 * HTTP as no honest client sends it, at a server process: refused with a known code, or the connection is closed; and the
 * server goes on. BENCH=full opens as many slow connections as docs/spec/api.md promises to bear, and offers 10 GB of zeros.
 */
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { makeIdempotencyKey, signerOf, signRequest } from "#client/signature.ts";
import { IS_FULL, reportFigures } from "../figures.ts";
import { RawClient } from "./fuzz/raw-client.ts";
import { makeDescriptor, makeHouse, operatorSigning, removeHouse, type House } from "./harness.ts";
import { kill, startProcess, type ServerProcess } from "./process.ts";
import { codeOf, send } from "./requests.ts";

const SLOW_CONNECTIONS = IS_FULL ? 2_000 : 300;
const MIB = 2 ** 20;
const BOMB_BYTES = 10 * 2 ** 30;

let house: House;
let server: ServerProcess;
let client: RawClient;
beforeAll(async () => {
  house = makeHouse();
  server = await startProcess(house, { requestsPerMinute: 1_000_000 });
  client = new RawClient(server.url);
});
afterAll(async () => {
  client.close();
  await kill(server.child, "SIGTERM");
  removeHouse(house);
});

const host = (): string => new URL(server.url).host;
const isUp = async (): Promise<boolean> => (await fetch(`${server.url}/healthz`)).status === 200;

/** @returns The fields of a signed request with this body, one a line. */
async function signedFields(method: string, path: string, body: Uint8Array, also = ""): Promise<string> {
  const url = new URL(path, server.url);
  const signer = signerOf(house.cast.operators[0]);
  const signed = await signRequest(signer, method, url, body, new Date(), makeIdempotencyKey());
  return Object.entries({ host: url.host, ...signed })
    .map(([name, value]) => `${name}: ${value}\r\n`)
    .concat(also)
    .join("");
}

/** Sends a signed POST of a round whose body is this text. @returns Status and code. */
async function post(text: string): Promise<string> {
  const body = new TextEncoder().encode(text);
  const fields = await signedFields("POST", "/v1/rounds", body, "content-type: application/json\r\n");
  const head = `POST /v1/rounds HTTP/1.1\r\n${fields}content-length: ${body.length}\r\n\r\n`;
  const answer = await client.ask(head + Buffer.from(body).toString("latin1"));
  return `${answer?.status ?? "closed"} ${/"code":"([a-z-]+)"/.exec(answer?.body ?? "")?.[1] ?? ""}`;
}

describe("a body", () => {
  it("with members that are none is refused, and changes no object of the server", async () => {
    const whole = JSON.stringify(makeDescriptor(house, { id: "hostile-1" }));
    for (const payload of [
      '"__proto__":{"isAdmin":true},',
      '"constructor":{"prototype":{"isAdmin":true}},',
      '"toString":"x",',
      '"hasOwnProperty":1,',
    ]) {
      expect(await post(`{${payload}${whole.slice(1)}`), payload).toBe("400 request-invalid");
      expect(await post(whole.replace('"deadlines":{', `"deadlines":{${payload}`)), payload).toBe(
        "400 request-invalid",
      );
    }
    expect(await post(whole), "and without it is taken").toBe("201 ");
  });

  it.each([
    ["arrays", "[".repeat(100_000) + "]".repeat(100_000)],
    ["objects", '{"a":'.repeat(12_000) + "1" + "}".repeat(12_000)],
    ["arrays that do not end", "[".repeat(200_000)],
  ])("of nested %s is refused", async (_name, text) => {
    // Descriptors may be a mebibyte.
    expect(text.length).toBeLessThan(MIB);
    expect(await post(text)).toBe("400 request-invalid");
    expect(await isUp()).toBe(true);
  });

  it("that is compressed is refused before it is read, whatever it would be", async () => {
    const piece = gzipSync(Buffer.alloc(MIB));
    const fields = await signedFields("POST", "/v1/rounds", piece, "content-type: application/json\r\n");
    for (const coding of ["gzip, chunked", "chunked, chunked", "gzip,chunked"]) {
      const head = `POST /v1/rounds HTTP/1.1\r\n${fields}transfer-encoding: ${coding}\r\n\r\n0\r\n\r\n`;
      expect([400, 415], coding).toContain((await client.ask(head))?.status);
      client.close();
    }
    for (const encoding of ["gzip", "GZIP", "br", "deflate", "zstd", "identity, gzip", "x-gzip"]) {
      const head = `POST /v1/rounds HTTP/1.1\r\n${fields}content-encoding: ${encoding}\r\ncontent-length: ${BOMB_BYTES}\r\n\r\n`;
      const answer = await client.ask(head + piece.toString("latin1"));
      expect(answer?.status, encoding).toBe(415);
      expect(answer?.body, encoding).toContain('"code":"request-encoding"');
      // The rest would be read as a request.
      client.close();
    }
  });

  it("of any length is not read beyond the route's limit", async () => {
    const fields = await signedFields("POST", "/v1/rounds", new Uint8Array(), "content-type: application/json\r\n");
    const answer = await client.ask(`POST /v1/rounds HTTP/1.1\r\n${fields}content-length: ${BOMB_BYTES}\r\n\r\n`);
    expect(answer?.status).toBe(413);
    client.close();
    const before = await residentMb();
    const sent = await sendZeros(BOMB_BYTES, fields);
    const grownMb = (await residentMb()) - before;
    reportFigures("zeros in chunks", { takenMb: Math.round(sent / MIB), grownMb: Math.round(grownMb) });
    expect(sent, "the connection was closed").toBeLessThan(1_024 * MIB);
    expect(grownMb).toBeLessThan(64);
  });
});

async function residentMb(): Promise<number> {
  const text = await (await fetch(`${server.url}/metrics`)).text();
  return Number(/^process_resident_memory_bytes (\S+)$/m.exec(text)?.[1]) / MIB;
}

/** Sends chunks of zeros until all are sent or the server closes the connection. @returns Bytes that were sent. */
async function sendZeros(length: number, fields: string): Promise<number> {
  const socket = await open();
  socket.resume();
  socket.write(`POST /v1/rounds HTTP/1.1\r\n${fields}transfer-encoding: chunked\r\n\r\n`);
  const piece = Buffer.concat([Buffer.from("10000\r\n"), Buffer.alloc(0x1_00_00), Buffer.from("\r\n")]);
  let sent = 0;
  while (sent < length && !socket.destroyed && socket.writable) {
    sent += 0x1_00_00;
    if (!socket.write(piece)) await drainedOrClosed(socket);
  }
  socket.destroy();
  return sent;
}

function drainedOrClosed(socket: Socket): Promise<void> {
  return new Promise((resolve) => {
    const go = (): void => {
      socket.off("drain", go).off("close", go);
      resolve();
    };
    socket.on("drain", go).on("close", go);
  });
}

async function open(): Promise<Socket> {
  const socket = connect(Number(new URL(server.url).port), "127.0.0.1");
  socket.on("error", () => undefined);
  await once(socket, "connect");
  return socket;
}

/** Two requests for a server before this one that reads the length otherwise. */
const HIDDEN = "GET /v1/rounds HTTP/1.1\r\nhost: hidden\r\n\r\n";
const SMUGGLING: [name: string, fields: string, body: string][] = [
  ["two lengths", "content-length: 0\r\ncontent-length: 44\r\n", HIDDEN],
  ["a length and chunks", "content-length: 4\r\ntransfer-encoding: chunked\r\n", `0\r\n\r\n${HIDDEN}`],
  ["chunks and a length", "transfer-encoding: chunked\r\ncontent-length: 4\r\n", `0\r\n\r\n${HIDDEN}`],
  ["chunks twice", "transfer-encoding: chunked\r\ntransfer-encoding: identity\r\n", `0\r\n\r\n${HIDDEN}`],
  ["chunks written otherwise", "transfer-encoding: xchunked\r\n", `0\r\n\r\n${HIDDEN}`],
  ["a blank before the colon", "transfer-encoding : chunked\r\n", `0\r\n\r\n${HIDDEN}`],
  ["a folded field", "x: y\r\n transfer-encoding: chunked\r\n", `0\r\n\r\n${HIDDEN}`],
  ["a length with a sign", "content-length: +0\r\n", HIDDEN],
  ["a length that is none", "content-length: 0x2c\r\n", HIDDEN],
  ["lines that end with a line feed", "x: y\ntransfer-encoding: chunked\r\n", `0\r\n\r\n${HIDDEN}`],
  ["a carriage return in a value", "x: y\rz\r\n", HIDDEN],
  ["a null in a value", "x: \0\r\n", HIDDEN],
  ["a chunk's length that is none", "transfer-encoding: chunked\r\n", `0x0\r\n\r\n${HIDDEN}`],
  ["a chunk's length beyond numbers", "transfer-encoding: chunked\r\n", `FFFFFFFFFFFFFFFFF\r\n\r\n${HIDDEN}`],
];

describe("a request", () => {
  it.each(SMUGGLING)("that hides another one behind %s gets no second answer", async (_name, fields, body) => {
    const socket = await open();
    socket.write(`POST /v1/rounds HTTP/1.1\r\nhost: ${host()}\r\n${fields}\r\n${body}`, "latin1");
    let text = "";
    for await (const piece of socket) text += String(piece);
    expect(text.match(/HTTP\/1\.1 \d+/g)).toEqual(["HTTP/1.1 400"]);
  });

  it("with a field twice that is signed or says who signs is refused", async () => {
    const fields = await signedFields("GET", "/v1/rounds", new Uint8Array());
    for (const line of fields.split(/(?<=\r\n)/).filter((one) => one !== "")) {
      const [name = ""] = line.split(":");
      const answer = await client.ask(`GET /v1/rounds HTTP/1.1\r\n${fields}${line}\r\n`);
      expect([400, 401], name).toContain(answer?.status);
    }
    expect((await client.ask(`GET /v1/rounds HTTP/1.1\r\n${fields}\r\n`))?.status, "once").toBe(200);
  });

  it("with a field too many or too long, a path too long or no Host is refused", async () => {
    const answers: [string, RegExp][] = [
      [`x: ${"y".repeat(20_000)}\r\n`, /^431$/],
      [Array.from({ length: 1_000 }, (_, at) => `x-${at}: ${"y".repeat(20)}\r\n`).join(""), /^431$/],
    ];
    for (const [fields, status] of answers) {
      const answer = await client.ask(`GET /healthz HTTP/1.1\r\nhost: ${host()}\r\n${fields}\r\n`);
      expect(String(answer?.status)).toMatch(status);
    }
    expect((await client.ask(`GET /${"a".repeat(20_000)} HTTP/1.1\r\nhost: ${host()}\r\n\r\n`))?.status).toBe(431);
    expect((await client.ask("GET /healthz HTTP/1.1\r\n\r\n"))?.status).toBe(400);
    expect((await client.ask("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"))?.status).toBe(400);
  });

  it.each([
    "%00",
    "%0d%0aset-cookie:x",
    "..%2f..%2fkeys",
    "%2e%2e",
    "%c0%ae%c0%ae",
    "%ff",
    "%E2%80%AE1-tset",
    "te%CC%81st-1",
    "%F0%9D%95%A5est-1",
    "ТЕСТ-1",
    "test-1%20",
    "__proto__",
    "constructor",
    "%EF%BB%BFtest-1",
    "test-1;a=b",
    "%",
    "a".repeat(200),
  ])("for a round with the id %j is refused, and its answer shows nothing of it raw", async (id) => {
    const path = `/v1/rounds/${encodeURI(decodeURISafely(id))}`;
    const answer = await send(server.url, operatorSigning(house), "GET", path);
    expect([400, 404]).toContain(answer.status);
    expect(["request-invalid", "round-unknown", "not-found"]).toContain(codeOf(answer));
    expect(answer.text).not.toMatch(/[\u0000-\u001f\u202e\ufeff]/);
  });
});

/** What can be decoded; otherwise the text as it is. */
function decodeURISafely(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

describe("many slow connections", () => {
  it(
    "are borne: others are answered meanwhile, and afterwards",
    async () => {
      const sockets = await Promise.all(
        Array.from({ length: SLOW_CONNECTIONS }, async (_, at) => {
          const socket = await open();
          // Some in the head, some in the body of a request that nobody signed, some without a byte.
          if (at % 3 === 0) socket.write(`GET /healthz HTTP/1.1\r\nhost: ${host()}\r\nx-slow: `);
          if (at % 3 === 1)
            socket.write(`POST /v1/rounds HTTP/1.1\r\nhost: ${host()}\r\ncontent-length: 1000\r\n\r\n{`);
          return socket.resume();
        }),
      );
      let slowestMs = 0;
      for (let turn = 0; turn < 50; turn++) {
        for (const [at, socket] of sockets.entries()) if (at % 50 === turn && at % 3 === 0) socket.write("y");
        const begun = performance.now();
        expect((await send(server.url, operatorSigning(house), "GET", "/v1/rounds")).status).toBe(200);
        slowestMs = Math.max(slowestMs, performance.now() - begun);
      }
      reportFigures("slow connections", {
        connections: SLOW_CONNECTIONS,
        stillOpen: sockets.filter((socket) => !socket.destroyed).length,
        slowestMs: Math.round(slowestMs),
      });
      for (const socket of sockets) socket.destroy();
      expect(await isUp()).toBe(true);
    },
    10 * 60_000,
  );
});
