/**
 * The way to the server, against a listening server that verifies signatures with the library.
 */
import { createServer } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { describe, expect, test } from "vitest";
import { connect } from "#client/http.ts";
import { refusalOf } from "#client/transport.ts";
import { contentDigestOf } from "#engine/round/requests.ts";
import {
  closing,
  hangUp,
  identity,
  json,
  nothingListens,
  operator,
  problem,
  roster,
  secretariat,
  serve,
  silence,
  trust,
  type Reply,
} from "./answering-server.ts";
import { signed } from "./signed-response.ts";

const ABSENT = { state: "absent", chunkDigests: [], digest: null };

describe("a request", () => {
  test("is signed over method, authority, path, query and body, and names key, age and tag", async () => {
    const { received, connectTo } = await serve(json(roster), (response) => response.writeHead(204).end());
    expect(await connectTo().roster()).toEqual(roster);
    const chunk = Buffer.from("chunk");
    await connectTo().putChunk("2026-4", "AT", "HR", 7, chunk);
    expect(received.map(({ method, path, verified }) => [method, path, verified])).toEqual([
      ["GET", "/v1/roster", true],
      ["PUT", "/v1/rounds/2026-4/batches/AT/HR/chunks/7", true],
    ]);
    expect(received[0]?.headers["content-digest"]).toBe(contentDigestOf(new Uint8Array(0)));
    expect(received[1]?.headers["content-digest"]).toBe(contentDigestOf(chunk));
    expect(received[1]?.headers["content-type"]).toBe("application/octet-stream");
    expect(received[1]?.body).toEqual(chunk);
    const parameters = received[0]?.parameters;
    expect(parameters).toMatchObject({ keyid: "party:AT", alg: "ed25519", tag: "aquila/v1" });
    const nonces = received.map((one) => one.parameters?.nonce);
    expect(new Set(nonces).size).toBe(2);
    expect(nonces[0]).toMatch(/^[\w-]{22}$/);
    expect(Number(parameters?.expires) * 1_000 - Number(parameters?.created)).toBe(60_000);
  });

  test("of an operator carries the operator's key id", async () => {
    const { received, connectTo } = await serve(json([]));
    expect(await connectTo({ identity: operator }).rounds()).toEqual([]);
    expect(received[0]).toMatchObject({ verified: true, parameters: { keyid: "operator:anna" } });
  });

  test("is logged without anything of its body", async () => {
    const { events, connectTo } = await serve(json(roster));
    await connectTo().roster();
    expect(events).toMatchObject([{ method: "GET", path: "/v1/roster", attempt: 1, status: 200 }]);
    expect(Object.keys(events[0] ?? {}).sort()).toEqual(["attempt", "durationMs", "method", "path", "status"]);
  });
});

describe("a refusal", () => {
  test("comes as the server's code and detail, and can be told from a fault on this side", async () => {
    const { connectTo } = await serve(problem(409, "batch-duplicate"));
    const error: unknown = await connectTo()
      .round("2026-4")
      .catch((caught: unknown) => caught);
    expect(error).toMatchObject({ name: "LinkageError", code: "batch-duplicate", detail: "what and where" });
    expect(refusalOf(error)).toMatchObject({ status: 409, title: "title" });
    expect(refusalOf(new RangeError())).toBeNull();
  });

  test.each([
    ["a problem of an unknown code", problem(409, "no-such-code")],
    ["no problem at all", json({}, 500)],
    ["a redirect that is not one", json({}, 304)],
  ])("that is %s is no valid answer", async (_name, reply) => {
    const { connectTo } = await serve(reply);
    await expect(connectTo().round("2026-4")).rejects.toMatchObject({ code: "server-answer-invalid" });
  });
});

describe("an answer", () => {
  test("of another shape, or that is not JSON, is refused with the place, not the content", async () => {
    const wrong = await serve(json({ ...ABSENT, state: "SECRET" }));
    await expect(wrong.connectTo().batchStatus("2026-4", "AT", "HR")).rejects.toMatchObject({
      code: "server-answer-invalid",
      detail: expect.not.stringContaining("SECRET") as string,
    });
    const text = await serve((response) => response.end("SECRET"));
    await expect(text.connectTo().progress("2026-4")).rejects.toMatchObject({
      code: "server-answer-invalid",
      detail: expect.not.stringContaining("SECRET") as string,
    });
  });

  test("larger than it can be is cut off", async () => {
    const { connectTo } = await serve((response) => {
      response.writeHead(200);
      const megabyte = Buffer.alloc(1_048_576, "a");
      const more = (): void => {
        while (response.writable && response.write(megabyte));
        if (response.writable) response.once("drain", more);
      };
      more();
    });
    await expect(connectTo().rounds()).rejects.toMatchObject({ code: "server-answer-invalid" });
  });
});

describe("when the network fails", () => {
  test("GET and PUT are tried again, each time signed anew, with a growing pause", async () => {
    const { received, waits, connectTo } = await serve(hangUp, hangUp, json(ABSENT));
    expect(await connectTo().batchStatus("2026-4", "AT", "HR")).toEqual(ABSENT);
    expect(received.map((one) => one.verified)).toEqual([true, true, true]);
    expect(new Set(received.map((one) => one.parameters?.nonce)).size).toBe(3);
    expect(waits).toEqual([500, 1_000]);
  });

  test("a write is tried again under its idempotency key, a POST too, and another has another", async () => {
    const { received, connectTo } = await serve(hangUp, hangUp, json([]));
    await expect(connectTo().closeRound("2026-4")).rejects.toMatchObject({ code: "server-answer-invalid" });
    await expect(connectTo().closeRound("2026-4")).rejects.toMatchObject({ code: "server-answer-invalid" });
    const keys = received.map(({ headers }) => headers["idempotency-key"]);
    expect(keys.slice(0, 3)).toEqual([keys[0], keys[0], keys[0]]);
    expect(keys[3]).not.toBe(keys[0]);
    expect(received.map(({ verified }) => verified)).toEqual([true, true, true, true]);
  });

  test("a write that gets no answer says that it may have been carried out", async () => {
    const { received, connectTo } = await serve(hangUp);
    await expect(connectTo().closeRound("2026-4")).rejects.toMatchObject({
      code: "server-unreachable",
      detail: expect.stringContaining("may have been carried out") as string,
    });
    expect(received.length).toBe(4);
  });

  test("it ends after a few attempts", async () => {
    const { received, connectTo } = await serve(hangUp);
    await expect(connectTo().roster()).rejects.toMatchObject({ code: "server-unreachable" });
    expect(received.length).toBe(4);
    const serverUrl = await nothingListens();
    const closed = connect({ serverUrl, identity, ...trust, wait: () => Promise.resolve() });
    await expect(closed.roster()).rejects.toMatchObject({ code: "server-unreachable" });
    await expect(closed.closeRound("2026-4")).rejects.toMatchObject({
      detail: `${serverUrl} cannot be reached (ECONNREFUSED)`,
    });
  });

  test("a server that does not answer in time counts as unreachable", async () => {
    const { received, connectTo } = await serve(silence);
    const timeouts = { requestMs: 400, chunkMs: 400, manifestMs: 400 };
    const retry = { attempts: 2, pauseMs: 1, longestPauseMs: 1 };
    await expect(connectTo({ timeouts, retry }).roster()).rejects.toMatchObject({
      code: "server-unreachable",
      detail: expect.stringContaining("did not answer within 400 ms") as string,
    });
    expect(received.length).toBe(2);
  });

  test("Retry-After of 429 and 503 is honoured, in seconds or as a date, up to the longest pause", async () => {
    const now = new Date(Math.floor(Date.now() / 1_000) * 1_000);
    const later = new Date(now.getTime() + 7_000).toUTCString();
    const retryAfter = (value: string) => ({ "retry-after": value });
    const { waits, connectTo } = await serve(
      problem(503, "overloaded", retryAfter("3")),
      problem(429, "overloaded", retryAfter(later)),
      problem(503, "overloaded", retryAfter("3600")),
      json(roster),
    );
    expect(await connectTo({ now: () => now }).roster()).toEqual(roster);
    expect(waits).toEqual([3_000, 7_000, 30_000]);
  });

  test("a server that stays overloaded says so itself at last", async () => {
    const { received, connectTo } = await serve(problem(503, "overloaded"));
    await expect(connectTo().roster()).rejects.toMatchObject({ code: "overloaded" });
    expect(received.length).toBe(4);
  });
});

describe("a connection that the server closed while it was idle", () => {
  /** Carries out one request of each connection; the next one finds it closed. @returns What was carried out. */
  async function serveOnce(close: (socket: Socket) => void) {
    const used = new Set<Socket>();
    const nonces: string[] = [];
    const server = createServer((request, response) => {
      if (used.has(request.socket)) {
        close(request.socket);
        return;
      }
      used.add(request.socket);
      nonces.push(/nonce="([^"]*)"/.exec(String(request.headers["signature-input"]))?.[1] ?? "");
      signed(request, response, secretariat).writeHead(200, { "content-type": "application/json" }).end("[]");
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    closing.push(async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    });
    const { port } = server.address() as AddressInfo;
    return { nonces, serverUrl: `http://127.0.0.1:${port}` };
  }

  test.each<[string, (socket: Socket) => void]>([
    ["in good order", (socket) => socket.destroy()],
    ["by a reset", (socket) => socket.resetAndDestroy()],
  ])("%s is replaced at once, for a POST too, which is signed anew", async (_name, close) => {
    const { nonces, serverUrl } = await serveOnce(close);
    const waits: number[] = [];
    const wait = (durationMs: number): Promise<void> => Promise.resolve(void waits.push(durationMs));
    const connection = connect({ serverUrl, identity: operator, ...trust, wait });
    expect(await connection.rounds()).toEqual([]);
    // The answer's shape is not the round's: it came, and that is what is asked here.
    await expect(connection.closeRound("2026-4")).rejects.toMatchObject({ code: "server-answer-invalid" });
    expect(await connection.rounds()).toEqual([]);
    expect(new Set(nonces).size).toBe(3);
    expect(waits).toEqual([]);
  });

  test("is replaced once only", async () => {
    const { received, connectTo } = await serve(json(roster), hangUp);
    const connection = connectTo({ retry: { attempts: 1, pauseMs: 1, longestPauseMs: 1 } });
    await connection.roster();
    await expect(connection.closeRound("2026-4")).rejects.toMatchObject({ code: "server-unreachable" });
    expect(received.map(({ method }) => method)).toEqual(["GET", "POST", "POST"]);
  });
});

describe("a matching's progress", () => {
  const progress = (stage: string, bytesDone: number) => ({
    stage,
    bytesDone,
    bytesTotal: 9,
    pairingsDone: 0,
    pairingsTotal: 1,
  });
  const eventOf = (value: unknown): string => `event: progress\ndata: ${JSON.stringify(value)}\n\n`;
  const stream = { "content-type": "text/event-stream" };

  test("is told as it comes, and the last of it is returned, also of a stream that is cut", async () => {
    const [one, two] = [progress("joining", 4), progress("done", 9)];
    const { received, connectTo } = await serve(
      (response) => response.writeHead(200, stream).end(`${eventOf(one)}: still here\n\n${eventOf(two)}`),
      (response) => {
        response.writeHead(200, stream).write(eventOf(one), () => response.destroy());
      },
    );
    const told: unknown[] = [];
    const follow = () => connectTo().followProgress("2026-4", 60_000, (value) => told.push(value));
    expect(await follow()).toEqual(two);
    expect(await follow()).toEqual(one);
    expect(told).toEqual([one, two, one]);
    expect(received[0]).toMatchObject({ path: "/v1/rounds/2026-4/progress/events", verified: true });
  });

  test.each<[string, Reply]>([
    ["a refusal", problem(404, "not-found")],
    ["another answer", json(progress("done", 9))],
    ["a server that hangs up", hangUp],
    ["a server that says nothing until the time is up", silence],
  ])("of %s is none", async (_name, reply) => {
    const { connectTo } = await serve(reply);
    expect(await connectTo().followProgress("2026-4", 300, () => undefined)).toBeNull();
  });

  test("of another shape is refused", async () => {
    const { connectTo } = await serve((response) => response.writeHead(200, stream).end(eventOf({ stage: "done" })));
    await expect(connectTo().followProgress("2026-4", 60_000, () => undefined)).rejects.toMatchObject({
      code: "server-answer-invalid",
    });
  });
});

describe("a stream of announcements", () => {
  const announcement = {
    at: "2026-12-07T09:00:00Z",
    format: "aquila/announcement/v1",
    id: "b5vY3ZxJ0xq4rT8wKfLmNg",
    kind: "result",
    party: "AT",
    round: "2026-4",
  };
  const eventOf = (value: unknown): string => `id: x\nevent: announcement\ndata: ${JSON.stringify(value)}\n\n`;
  const stream = { "content-type": "text/event-stream" };
  const options = { timeoutMs: 60_000, after: null, signal: new AbortController().signal };

  test("is told as it comes, after the one that is known, and ends when it is cut", async () => {
    const { received, connectTo } = await serve((response) =>
      response.writeHead(200, stream).end(`: announcements\n\n${eventOf(announcement)}: still here\n\n`),
    );
    const told: unknown[] = [];
    const after = "A".repeat(22);
    expect(await connectTo().followAnnouncements({ ...options, after }, (one) => told.push(one))).toBe(true);
    expect(told).toEqual([announcement]);
    expect(received[0]).toMatchObject({ path: "/v1/announcements/events", verified: true });
    expect(received[0]?.headers["last-event-id"]).toBe(after);
  });

  test("ends when its listener wants no more, or the time is up", async () => {
    const open: Reply = (response) => {
      response.writeHead(200, stream).write(eventOf(announcement));
    };
    const { received, connectTo } = await serve(open, open);
    const ending = new AbortController();
    const follow = connectTo().followAnnouncements({ ...options, signal: ending.signal }, () => {
      ending.abort();
    });
    expect(await follow).toBe(true);
    expect(await connectTo().followAnnouncements({ ...options, timeoutMs: 300 }, () => undefined)).toBe(true);
    expect(received.map(({ headers }) => headers["last-event-id"])).toEqual([undefined, undefined]);
  });

  test.each<[string, Reply]>([
    ["a refusal", problem(403, "request-forbidden")],
    ["another answer", json([])],
    ["a server that hangs up", hangUp],
  ])("of %s is none", async (_name, reply) => {
    const { connectTo } = await serve(reply);
    expect(await connectTo().followAnnouncements(options, () => undefined)).toBe(false);
  });

  test("of another shape is refused", async () => {
    const { connectTo } = await serve((response) => response.writeHead(200, stream).end(eventOf({ kind: "hit" })));
    await expect(connectTo().followAnnouncements(options, () => undefined)).rejects.toMatchObject({
      code: "server-answer-invalid",
    });
  });
});

describe("the server's address", () => {
  test.each([
    "http://aquila.example",
    "ftp://127.0.0.1",
    "https://127.0.0.1/path",
    "nonsense",
    "https://a:b@127.0.0.1",
  ])("%s is refused", (serverUrl) => {
    expect(() => connect({ serverUrl, identity, ...trust })).toThrow(
      expect.objectContaining({ code: "request-invalid" }),
    );
  });

  test.each(["https://aquila.example:8443", "http://localhost:3000", "http://[::1]:3000/"])(
    "%s is taken",
    (serverUrl) => {
      connect({ serverUrl, identity, ...trust });
    },
  );
});
