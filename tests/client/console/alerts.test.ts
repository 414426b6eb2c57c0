/**
 * Alerts to a case system that is down, comes back, fails, and is told twice.
 */
import { setImmediate } from "node:timers/promises";
import { createServer, type IncomingHttpHeaders, type Server } from "node:http";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { chmodSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createVerifier, httpbis } from "http-message-signatures";
import { afterEach, describe, expect, test } from "vitest";
import { Alerts } from "#client/console/alerts.ts";
import { caseSystem } from "#client/console/case-system.ts";
import { HitBoard } from "#client/console/hit-board.ts";
import { contentDigestOf } from "#engine/round/requests.ts";
import type { Vault } from "#client/vault.ts";
import { SHIPPED_PROFILE } from "#engine/shipped-profile.ts";
import { temporaryFolder } from "../folders.ts";
import { hitId, ROUND, vaultWithHits } from "./many-hits.ts";

const SECRET = "s".repeat(40);
const PAUSES = { firstMs: 5, longestMs: 20 };

type Received = { readonly id: string; readonly body: string; readonly headers: IncomingHttpHeaders };

/** A case system of the party's own that answers as it is told. */
class CaseSystem {
  readonly received: Received[] = [];
  readonly #statusOf: (id: string, attempt: number) => number;
  readonly #waiting: { readonly isMet: () => boolean; readonly resolve: () => void }[] = [];
  #server: Server | null = null;
  port = 0;

  constructor(statusOf: (id: string, attempt: number) => number = () => 204) {
    this.#statusOf = statusOf;
  }

  async start(): Promise<void> {
    this.#server = createServer((request, response) => {
      const pieces: Buffer[] = [];
      request.on("data", (piece: Buffer) => pieces.push(piece));
      request.once("end", () => {
        const body = Buffer.concat(pieces).toString();
        const { id } = JSON.parse(body) as { id: string };
        this.received.push({ id, body, headers: request.headers });
        const status = this.#statusOf(id, this.received.filter((each) => each.id === id).length);
        response.writeHead(status, status === 302 ? { location: "/elsewhere" } : {}).end("thank you", () => {
          for (const { isMet, resolve } of this.#waiting) if (isMet()) resolve();
        });
      });
    });
    this.#server.listen(this.port, "127.0.0.1");
    await once(this.#server, "listening");
    this.port = (this.#server.address() as AddressInfo).port;
  }

  async stop(): Promise<void> {
    const server = this.#server;
    this.#server = null;
    if (server === null) return;
    server.closeAllConnections();
    server.close();
    await once(server, "close");
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}/alerts`;
  }

  until(isMet: () => boolean): Promise<void> {
    return isMet() ? Promise.resolve() : new Promise((resolve) => this.#waiting.push({ isMet, resolve }));
  }
}

let system: CaseSystem | null = null;
let alerts: Alerts | null = null;
afterEach(async () => {
  await alerts?.close();
  await system?.stop();
});

function secretFile(secret = `${SECRET}\n`, mode = 0o600): string {
  const path = join(temporaryFolder(), "cases.secret");
  writeFileSync(path, secret);
  chmodSync(path, mode);
  return path;
}

async function startAlerts(vault: Vault, url: string): Promise<Alerts> {
  const send = caseSystem({ url, secretFile: secretFile() }, fetch, () => new Date());
  alerts = new Alerts(vault, send, PAUSES);
  alerts.take(await new HitBoard(vault, SHIPPED_PROFILE, () => new Date()).refresh());
  return alerts;
}

const idsOf = ({ received }: CaseSystem): string[] => received.map(({ id }) => id).sort();
const allIds = (count: number): string[] => Array.from({ length: count }, (_, at) => `${ROUND}/${hitId(at)}`).sort();

describe("an alert", () => {
  test("says what the party's own people need, and is signed so that nobody else can have sent it", async () => {
    system = new CaseSystem();
    await system.start();
    const { received, url } = system;
    await startAlerts(vaultWithHits(1), url);
    await system.until(() => received.length === 1);
    const { body, headers } = received[0] as Received;
    const hit = hitId(0);
    const told = { round: ROUND, hit, counterpart: "HR", band: "high", refs: ["AT-0"] };
    expect(JSON.parse(body)).toEqual({ id: `${ROUND}/${hit}`, ...told, note: "possible match, not evidence" });
    expect(headers["content-digest"]).toBe(contentDigestOf(Buffer.from(body)));
    expect(headers["signature-input"]).toMatch(
      /^sig=\("@method" "@target-uri" "content-digest"\);created=\d+;keyid="aquila";alg="hmac-sha256";tag="aquila-alert"$/,
    );
    const verified = (secret: string): Promise<boolean | null> => {
      const key = { id: "aquila", algs: ["hmac-sha256"], verify: createVerifier(secret, "hmac-sha256") };
      const message = { method: "POST", url, headers: headers as Record<string, string> };
      return httpbis.verifyMessage({ keyLookup: () => Promise.resolve(key) }, message).catch(() => false);
    };
    expect([await verified(SECRET), await verified("x".repeat(40))]).toEqual([true, false]);
  });

  test("waits for a receiver that is down, and each comes", async () => {
    system = new CaseSystem();
    await system.start();
    const { url } = system;
    await system.stop();
    let failures = 0;
    const counted: typeof fetch = async (...request) => {
      try {
        return await fetch(...request);
      } catch (error) {
        failures++;
        if (failures === 3) await system?.start();
        throw error;
      }
    };
    const vault = vaultWithHits(5);
    alerts = new Alerts(
      vault,
      caseSystem({ url }, counted, () => new Date()),
      PAUSES,
    );
    alerts.take(await new HitBoard(vault, SHIPPED_PROFILE, () => new Date()).refresh());
    const { received } = system;
    await system.until(() => received.length === 5);
    expect(idsOf(system)).toEqual(allIds(5));
    expect(failures).toBeGreaterThanOrEqual(3);
    expect(received[0]?.headers["signature"]).toBeUndefined();
  });

  test("that is refused lets the others pass, and comes again until it is accepted; redirects are not followed", async () => {
    const odd = `${ROUND}/${hitId(0)}`;
    system = new CaseSystem((id, attempt) => (id === odd && attempt < 6 ? (attempt % 2 === 0 ? 302 : 500) : 200));
    await system.start();
    const { received, url } = system;
    const vault = vaultWithHits(8);
    await startAlerts(vault, url);
    await system.until(() => received.filter(({ id }) => id === odd).length === 6);
    const others = received.filter(({ id }) => id !== odd);
    expect(others.map(({ id }) => id).sort()).toEqual(allIds(8).filter((id) => id !== odd));
    expect(new Set(received.filter(({ id }) => id === odd).map(({ body }) => body)).size).toBe(1);
    expect(received.findLastIndex(({ id }) => id === odd)).toBe(12);
    await alerts?.close();
    expect(vault.alerted(ROUND).sort()).toEqual(Array.from({ length: 8 }, (_, at) => hitId(at)).sort());
  });

  test("that was accepted is not sent after a restart; one that was not is, under the same id", async () => {
    const late = `${ROUND}/${hitId(3)}`;
    let isMended = false;
    system = new CaseSystem((id) => (id === late && !isMended ? 503 : 201));
    await system.start();
    const { received, url } = system;
    const vault = vaultWithHits(4);
    await startAlerts(vault, url);
    await system.until(() => received.filter(({ id }) => id === late).length === 2);
    await alerts?.close();
    const before = received.length;
    isMended = true;
    await startAlerts(vault, url);
    await system.until(() => received.length > before);
    await alerts?.close();
    expect(received.slice(before).map(({ id }) => id)).toEqual([late]);
    expect(vault.alerted(ROUND)).toHaveLength(4);
    await startAlerts(vault, url);
    await alerts?.close();
    expect(received).toHaveLength(before + 1);
  });

  test("comes also when the vault cannot be written to for a while", async () => {
    system = new CaseSystem();
    await system.start();
    const { received, url } = system;
    const vault = vaultWithHits(3);
    const keepAlerted = vault.keepAlerted.bind(vault);
    vault.keepAlerted = () => {
      throw new Error("no space left on device");
    };
    const running = await startAlerts(vault, url);
    await system.until(() => received.length === 3);
    await running.close();
    expect(vault.alerted(ROUND)).toEqual([]);
    vault.keepAlerted = keepAlerted;
    await (await startAlerts(vault, url)).close();
    expect(new Set(idsOf(system))).toEqual(new Set(allIds(3)));
  });

  test("is sent once although its hit changes while it is under way", async () => {
    const gate = Promise.withResolvers<boolean>();
    const sent: string[] = [];
    alerts = new Alerts(
      vaultWithHits(1),
      ({ hit }) => {
        sent.push(hit);
        return gate.promise;
      },
      PAUSES,
    );
    const rows = await new HitBoard(vaultWithHits(1), SHIPPED_PROFILE, () => new Date()).refresh();
    alerts.take(rows);
    alerts.take(rows);
    gate.resolve(true);
    await gate.promise;
    await setImmediate();
    await alerts.close();
    expect(sent).toEqual([hitId(0)]);
  });

  test("is due once, however often its hit changes", async () => {
    system = new CaseSystem();
    await system.start();
    const { received, url } = system;
    const vault = vaultWithHits(3);
    const running = await startAlerts(vault, url);
    const rows = new HitBoard(vault, SHIPPED_PROFILE, () => new Date());
    running.take(await rows.refresh());
    await system.until(() => received.length >= 3);
    running.take(rows.list());
    await running.close();
    expect(idsOf(system)).toEqual(allIds(3));
  });
});

describe("a case system is refused", () => {
  const open = (url: string, path?: string): unknown =>
    caseSystem({ url, ...(path === undefined ? {} : { secretFile: path }) }, fetch, () => new Date());

  test.each(["http://cases.example/aquila", "ftp://127.0.0.1/", "https://me@cases.example/", "cases.example"])(
    "at %s",
    (url) => {
      expect(() => open(url)).toThrow(/^request-invalid/);
    },
  );

  test("with a secret that others can read, that is short, or is missing", () => {
    const url = "https://cases.example/aquila";
    expect(() => open(url, secretFile(SECRET, 0o644))).toThrow(/^file-unreadable/);
    expect(() => open(url, secretFile("short"))).toThrow(/^file-unreadable/);
    expect(() => open(url, join(temporaryFolder(), "none"))).toThrow(/^file-unreadable/);
    expect(() => open(url, secretFile())).not.toThrow();
  });
});
