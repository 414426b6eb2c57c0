/**
 * Requests that show a certificate, against a listening server that asks for one: they end as the platform's fetch ends.
 */
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer, type Server } from "node:https";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { getCACertificates, setDefaultCACertificates } from "node:tls";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { fetchShowing, readClientCertificate } from "#client/client-certificate.ts";
import type { Fetch } from "#client/transport.ts";
import { HAS_OPENSSL, makeAuthority } from "../server/certificates.ts";

const BYTES = new Uint8Array(3_000_000).fill(7);

describe.runIf(HAS_OPENSSL)("a request that shows a certificate", () => {
  let folder: string;
  let server: Server;
  let fetchShown: Fetch;
  let connections = 0;
  const trusted = getCACertificates();
  const file = (name: string): string => join(folder, name);

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "aquila-certificate-"));
    makeAuthority(folder, "one");
    const [cert, key] = [readFileSync(file("one.pem"), "utf8"), readFileSync(file("one.key"), "utf8")];
    setDefaultCACertificates([cert]);
    fetchShown = fetchShowing(readClientCertificate(file("one.pem"), file("one.key")));
    server = createServer({ cert, key, ca: cert, requestCert: true }, (request, response) => {
      if (request.url === "/silence") return;
      if (request.url === "/begun") return void response.writeHead(200).write("begun");
      if (request.url === "/cut") return void response.writeHead(200).write("cut", () => response.destroy());
      if (request.url === "/nothing") return void response.writeHead(204).end();
      response.setHeader("x-method", `${request.method} ${request.headers["content-length"]}`);
      request.pipe(response);
    }).listen(0, "127.0.0.1");
    server.on("secureConnection", () => connections++);
    await once(server, "listening");
  });
  afterAll(() => {
    setDefaultCACertificates(trusted);
    server.closeAllConnections();
    server.close();
    rmSync(folder, { recursive: true });
  });

  const ask = (path: string, body?: Uint8Array<ArrayBuffer>, signal = AbortSignal.timeout(60_000)): Promise<Response> =>
    fetchShown(new URL(path, `https://127.0.0.1:${(server.address() as AddressInfo).port}`), {
      method: body === undefined ? "GET" : "PUT",
      headers: {},
      ...(body === undefined ? {} : { body }),
      redirect: "error",
      signal,
    });

  test("carries its body there and the answer's back, on one connection", async () => {
    const before = connections;
    for (let asked = 0; asked < 3; asked++) {
      const answer = await ask("/echo", BYTES);
      expect([answer.status, answer.headers.get("x-method")]).toEqual([200, `PUT ${BYTES.length}`]);
      expect(Buffer.from(await answer.arrayBuffer()).equals(BYTES)).toBe(true);
    }
    const nothing = await ask("/nothing");
    expect([nothing.status, nothing.body]).toEqual([204, null]);
    expect(connections - before).toBeLessThanOrEqual(1);
  });

  test.each(["/silence", "/begun"])("ends with the time-out before and in an answer: %s", async (path) => {
    const asking = async (): Promise<string> => (await ask(path, undefined, AbortSignal.timeout(300))).text();
    await expect(asking()).rejects.toMatchObject({ name: "TimeoutError" });
  });

  test("fails when the answer is cut off", async () => {
    await expect(ask("/cut").then((answer) => answer.text())).rejects.toMatchObject({ code: "ECONNRESET" });
  });
});
