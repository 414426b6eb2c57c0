/**
 * Limits that keep the server standing: on addresses, time, what is open at once, and what it can keep up with.
 */
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { setTimeout as wait } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { makeIdempotencyKey, signerOf, signRequest } from "#client/signature.ts";
import type { Timeouts } from "#server/listener.ts";
import { MOST_CHUNKS } from "#server/heavy-requests.ts";
import { Lateness, MAX_IN_FLIGHT } from "#server/overload.ts";
import { openSubmission } from "./acts.ts";
import {
  batchPath,
  headerOf,
  makeBatch,
  makeDescriptor,
  makeHouse,
  operatorSigning,
  partySigning,
  removeHouse,
  startServer,
  submitBatch,
  type House,
  type RunningServer,
} from "./harness.ts";
import { codeOf, send, type Answer } from "./requests.ts";

let house: House;
let server: RunningServer;
const sockets: Socket[] = [];
beforeEach(() => {
  house = makeHouse();
});
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  await server.app.close();
  removeHouse(house);
});

async function open(): Promise<Socket> {
  const socket = connect(Number(new URL(server.url).port), "127.0.0.1");
  socket.on("error", () => undefined);
  sockets.push(socket);
  await once(socket, "connect");
  return socket;
}

/** @returns All that comes until the server closes the connection. */
async function untilClosed(socket: Socket): Promise<string> {
  let text = "";
  for await (const piece of socket) text += String(piece);
  return text;
}

/** @returns The head of a signed write whose body of `length` bytes does not come. */
async function headOf(length: number): Promise<string> {
  const url = new URL("/v1/rounds", server.url);
  const body = new Uint8Array(length);
  const signer = signerOf(house.cast.operators[0]);
  const signed = await signRequest(signer, "POST", url, body, house.clock(), makeIdempotencyKey());
  const fields = { host: url.host, "content-type": "application/json", "content-length": String(length), ...signed };
  const lines = Object.entries(fields).map(([name, value]) => `${name}: ${value}\r\n`);
  return `POST /v1/rounds HTTP/1.1\r\n${lines.join("")}\r\n`;
}

describe("requests without a signature", () => {
  it("are refused by their address once there were twenty times as many as a signer may send", async () => {
    server = await startServer(house, { requestsPerMinute: 1 });
    for (let sent = 0; sent < 20; sent++) expect((await fetch(`${server.url}/v1/rounds`)).status).toBe(401);
    const answer = await fetch(`${server.url}/v1/rounds`);
    expect(answer.status).toBe(429);
    expect(Number(answer.headers.get("retry-after"))).toBeGreaterThan(0);
    expect(await answer.json()).toMatchObject({ code: "overloaded" });
    expect(codeOf(await send(server.url, operatorSigning(house), "GET", "/v1/rounds")), "signed or not").toBe(
      "overloaded",
    );
  });

  it("may have a path that no route reads, and the server goes on", async () => {
    server = await startServer(house);
    for (const path of [`/v1/rounds/${"a".repeat(300)}`, "/v1/rounds/%", `/${"a".repeat(9_000)}`, "//"]) {
      const answer = await fetch(server.url + path);
      expect([400, 404], path.slice(0, 20)).toContain(answer.status);
      expect(["request-invalid", "not-found"]).toContain(((await answer.json()) as { code: string }).code);
    }
    expect((await fetch(`${server.url}/healthz`)).status).toBe(200);
  });
});

describe("a slow client", () => {
  const SHORT: Timeouts = { request: 400, headers: 200, idle: 60_000, keepAlive: 100, checkEvery: 50 };

  it("is cut off in the head of a request, and in its body", async () => {
    server = await startServer(house, { timeouts: SHORT });
    const inHead = await open();
    inHead.write("GET /healthz HTTP/1.1\r\nhost: 127.0.0.1\r\nx-slow: ");
    const inBody = await open();
    inBody.write((await headOf(100)) + "{");
    expect(await untilClosed(inHead)).toMatch(/^HTTP\/1\.1 408 /);
    expect(await untilClosed(inBody)).toMatch(/^HTTP\/1\.1 (408|400) /);
    expect((await fetch(`${server.url}/healthz`)).status).toBe(200);
  });

  it("is cut off between two requests, and when nothing comes at all", async () => {
    // Without `keepAlive` Node's own five seconds hold, and without `idle` the head's time, which ends with a 408.
    const timeouts: Timeouts = { ...SHORT, request: 20_000, headers: 10_000, idle: 4_000 };
    server = await startServer(house, { timeouts });
    const closed: [string, string][] = [];
    const note = async (name: string, socket: Socket): Promise<void> => {
      closed.push([name, await untilClosed(socket)]);
    };
    const silent = note("silent", await open());
    const asking = await open();
    asking.write("GET /healthz HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n");
    await Promise.all([silent, note("asking", asking)]);
    expect(closed).toEqual([
      ["asking", expect.stringMatching(/^HTTP\/1\.1 200 /)],
      ["silent", ""],
    ]);
  });
});

describe("more than the server can keep up with", () => {
  it("is refused with 503 and Retry-After, and not once it is less again", async () => {
    server = await startServer(house);
    for (let held = 0; held < MAX_IN_FLIGHT; held++) (await open()).write(await headOf(10));
    let answer = await fetch(`${server.url}/healthz`);
    // The last of them may not have been read yet.
    for (let left = 50; answer.status === 200 && left > 0; left--) {
      await wait(20);
      answer = await fetch(`${server.url}/healthz`);
    }
    expect(answer.status).toBe(503);
    expect(answer.headers.get("retry-after")).toBe("5");
    expect(await answer.json()).toMatchObject({ code: "server-busy" });
    for (const socket of sockets.splice(0)) socket.destroy();
    for (let left = 50; answer.status === 503 && left > 0; left--) {
      await wait(20);
      answer = await fetch(`${server.url}/healthz`);
    }
    expect(answer.status).toBe(200);
  });

  it("is what delays the event loop for seconds in a row, not a single pause", () => {
    const lateness = new Lateness();
    const isLateAfter = (delayMs: number): boolean => {
      lateness.note(delayMs);
      return lateness.isLate;
    };
    expect([5_000, 10, 2_000, 1_000, Number.NaN, 3, 1_000].map(isLateAfter)).toEqual([
      false,
      false,
      false,
      true,
      true,
      false,
      false,
    ]);
  });
});

describe("what is open at once", () => {
  it("a party has at most so many chunks on their way, and another can go on", async () => {
    server = await startServer(house);
    const { view, keys } = await openSubmission(house, server.url, makeDescriptor(house, { id: "chunks-1" }));
    const [own, others] = [headerOf(view, keys, "AT", "HR"), headerOf(view, keys, "HR", "AT")];
    const gate = Promise.withResolvers<undefined>();
    let begun = 0;
    const held = async function* (bytes: Uint8Array): AsyncGenerator<Uint8Array> {
      yield bytes.subarray(0, 1);
      begun += 1;
      await gate.promise;
      yield bytes.subarray(1);
    };
    const { bytes } = makeBatch(own);
    const put = (pieces?: AsyncIterable<Uint8Array>): Promise<Answer> =>
      send(server.url, partySigning(house, "AT"), "PUT", `${batchPath(own)}/chunks/0`, bytes, {
        ...(pieces === undefined ? {} : { sentPieces: pieces }),
      });
    const slow = Array.from({ length: MOST_CHUNKS }, () => put(held(bytes)));
    try {
      let refused = await put();
      // The last of them may not have been read yet; the same chunk again is refused as well.
      for (let left = 50; (refused.status !== 503 || begun < MOST_CHUNKS) && left > 0; left--) {
        await wait(20);
        refused = await put();
      }
      expect(codeOf(refused)).toBe("server-busy");
      expect(refused.retryAfter).toBe("5");
      expect(codeOf(await submitBatch(house, server.url, others, makeBatch(others).bytes))).toBe("200");
    } finally {
      gate.resolve(undefined);
    }
    expect((await Promise.all(slow)).map(codeOf)).toEqual(slow.map(() => "204"));
    expect(codeOf(await submitBatch(house, server.url, own, bytes))).toBe("200");
  });

  /** As many copies of a round, under other ids. @param also - Statement for each, with `?` for its id. */
  function copyRound(id: string, count: number, state: string, also?: string): void {
    const database = new DatabaseSync(join(house.dataDir, "aquila.db"));
    const columns = database
      .prepare("SELECT name FROM pragma_table_info('rounds')")
      .all()
      .map(({ name }) => String(name));
    const values = columns.map((name) => ({ id: "?", state: "?" })[name] ?? name);
    const copy = database.prepare(
      `INSERT INTO rounds (${columns.join()}) SELECT ${values.join()} FROM rounds WHERE id = ?`,
    );
    for (let number = 1; number <= count; number++) {
      copy.run(
        ...(columns.indexOf("id") < columns.indexOf("state") ? [`copy-${number}`, state] : [state, `copy-${number}`]),
        id,
      );
      if (also !== undefined) database.prepare(also).run(`copy-${number}`);
    }
    database.close();
  }

  it("a party has at most 62 uploads, and another can go on", async () => {
    server = await startServer(house);
    await openSubmission(house, server.url, makeDescriptor(house));
    const partial = "INSERT INTO uploads (round, sender, recipient, state) VALUES (?, 'AT', 'HR', 'partial')";
    copyRound("test-1", 61, "submitting", partial);
    const put = async (from: string, to: string): Promise<string> =>
      codeOf(
        await send(
          server.url,
          partySigning(house, from),
          "PUT",
          `/v1/rounds/test-1/batches/${from}/${to}/chunks/0`,
          new Uint8Array(8),
        ),
      );
    expect(await put("AT", "HR")).toBe("204");
    expect(await put("AT", "SI")).toBe("limit-reached");
    expect(await put("AT", "HR"), "of one that is open").toBe("204");
    expect(await put("HR", "AT")).toBe("204");
    await send(server.url, partySigning(house, "AT"), "DELETE", "/v1/rounds/test-1/batches/AT/HR");
    expect(await put("AT", "SI")).toBe("204");
  });

  it("there are at most 256 rounds that are not erased", async () => {
    server = await startServer(house);
    const create = async (id: string): Promise<string> =>
      codeOf(await send(server.url, operatorSigning(house), "POST", "/v1/rounds", makeDescriptor(house, { id })));
    expect(await create("test-1")).toBe("201");
    copyRound("test-1", 254, "draft");
    expect(await create("test-2")).toBe("201");
    expect(await create("test-3")).toBe("limit-reached");
    expect(await create("test-2"), "of one that is there").toBe("201");
    expect((await send(server.url, operatorSigning(house), "POST", "/v1/rounds/test-1/abort")).status).toBe(200);
    expect(await create("test-3")).toBe("201");
  });
});
