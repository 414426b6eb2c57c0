/**
 * A server process that lets in only clients with a certificate of its authority, and the client program that shows one.
 */
import { chmodSync, copyFileSync, readFileSync, writeFileSync } from "node:fs";
import { get } from "node:https";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { LEAST_COST } from "#client/passphrase-box.ts";
import { createVault } from "#client/vault.ts";
import { runAquila } from "../client/commands/command-line.ts";
import { PASSPHRASE } from "../client/folders.ts";
import { HAS_OPENSSL, makeAuthority, makeClient } from "./certificates.ts";
import { identityOf, makeHouse, removeHouse, type House } from "./harness.ts";
import { kill, startProcess, type ServerProcess } from "./process.ts";

let house: House;
let server: ServerProcess;

const file = (name: string): string => join(house.folder, name);
const pem = (name: string): string => readFileSync(file(name), "utf8");

describe.runIf(HAS_OPENSSL)("with tls.clientCaFile", () => {
  beforeAll(async () => {
    house = makeHouse();
    for (const authority of ["server", "parties", "others"]) makeAuthority(house.folder, authority);
    makeClient(house.folder, "at", "parties");
    makeClient(house.folder, "stranger", "others");
    const tls = { certFile: "server.pem", keyFile: "server.key", clientCaFile: "parties.pem" };
    server = await startProcess(house, { tls });
    using vault = createVault(file("AT"), identityOf(house, "AT"), PASSPHRASE, LEAST_COST);
    vault.pinRoster(house.roster);
  });
  afterAll(async () => {
    await kill(server.child, "SIGTERM");
    removeHouse(house);
  });

  const reach = () => ({ host: "127.0.0.1", port: Number(new URL(server.url).port), ca: pem("server.pem") });
  const certificateOf = (name: string) => ({ cert: pem(`${name}.pem`), key: pem(`${name}.key`) });

  /** @returns The answer's status; the error's code if there is none. */
  async function statusOf(path: string, given: object): Promise<number | string> {
    return new Promise((resolve) => {
      get({ ...reach(), path, agent: false, ...given }, (answer) => {
        answer.resume();
        resolve(answer.statusCode ?? 0);
      }).on("error", (error) => {
        resolve("code" in error ? String(error.code) : error.message);
      });
    });
  }

  /** @returns Exit code and what it said of a command that asks the server once. */
  async function aquila(options: readonly string[], environment: Record<string, string> = {}) {
    const command = ["round", "list", "--vault", "AT", "--server", server.url, ...options];
    const trust = { NODE_EXTRA_CA_CERTS: file("server.pem"), ...environment };
    const { exitCode, stdout, stderr } = await runAquila(house.folder, command, undefined, trust);
    return [exitCode, stdout + stderr];
  }
  const showing = (cert: string, key = cert): string[] => ["--tls-cert", `${cert}.pem`, "--tls-key", `${key}.key`];

  it("a client of the authority is answered, another or none is not, and a certificate is no signature", async () => {
    expect(await statusOf("/healthz", certificateOf("at"))).toBe(200);
    expect(await statusOf("/v1/roster", certificateOf("at"))).toBe(401);
    expect(await statusOf("/healthz", {})).toMatch(/CERTIFICATE_REQUIRED|ECONNRESET/);
    expect(await statusOf("/healthz", certificateOf("stranger"))).toMatch(/ALERT|ECONNRESET/);
  });

  it("the client program is let in with its own certificate, which options or the environment name", async () => {
    expect(await aquila([...showing("at"), "--json"])).toEqual([0, "[]\n"]);
    const named = { AQUILA_TLS_CERT: file("at.pem"), AQUILA_TLS_KEY: file("at.key") };
    expect(await aquila(["--json"], named)).toEqual([0, "[]\n"]);
    const check = ["audit", "check", "--vault", "AT", "--server", server.url, ...showing("at")];
    const trust = { NODE_EXTRA_CA_CERTS: file("server.pem") };
    expect(await runAquila(house.folder, check, undefined, trust), "which sends a body").toMatchObject({ exitCode: 0 });
  });

  it("the client program says why it is not let in, without a certificate or with a stranger's", async () => {
    for (const options of [[], showing("stranger")])
      expect(await aquila(options), options[1]).toEqual([
        5,
        expect.stringMatching(/^aquila: server-unreachable: .*this client's certificate,? or asks for one: --tls-cert/),
      ]);
  });

  it("the client program does without its certificate in no case", async () => {
    copyFileSync(file("at.key"), file("open.key"));
    chmodSync(file("open.key"), 0o640);
    writeFileSync(file("empty.key"), "", { mode: 0o600 });
    writeFileSync(file("empty.pem"), "");
    const cases: [string[], number, string][] = [
      [["--tls-cert", "at.pem"], 2, "error: --tls-cert and --tls-key go together\n"],
      [["--tls-key", "at.key"], 2, "error: --tls-cert and --tls-key go together\n"],
      [showing("none", "at"), 3, "aquila: file-unreadable: cannot read none.pem (ENOENT)\n"],
      [showing("at", "none"), 3, "aquila: file-unreadable: the certificate's private key is missing: none.key\n"],
      [showing("empty", "at"), 3, "aquila: file-unreadable: empty.pem is no certificate in PEM\n"],
      [showing("at", "empty"), 3, "aquila: file-unreadable: empty.key is no private key in PEM without a passphrase\n"],
      [
        showing("at", "stranger"),
        3,
        "aquila: file-unreadable: stranger.key is not the private key of the certificate in at.pem\n",
      ],
      [
        showing("at", "open"),
        3,
        "aquila: file-unreadable: the certificate's private key can be read by others than its owner; run: chmod go= open.key\n",
      ],
      [
        [...showing("at"), "--server", "http://127.0.0.1:9"],
        3,
        "aquila: request-invalid: a certificate (--tls-cert) can be shown to an https server only\n",
      ],
    ];
    for (const [options, exitCode, said] of cases) expect(await aquila(options)).toEqual([exitCode, said]);
  });
});
