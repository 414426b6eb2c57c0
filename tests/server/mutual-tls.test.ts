/**
 * A server process that lets in only clients with a certificate of its authority, and the client program behind a tunnel.
 */
import { execFileSync, spawnSync } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { get } from "node:https";
import { createServer, type AddressInfo, type Server } from "node:net";
import { join } from "node:path";
import { connect as connectTls } from "node:tls";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { makeHouse, partySigning, removeHouse, type House } from "./harness.ts";
import { kill, startProcess, type ServerProcess } from "./process.ts";
import { codeOf, send } from "./requests.ts";

const HAS_OPENSSL = spawnSync("openssl", ["version"]).status === 0;
if (!HAS_OPENSSL) console.log("skipped: openssl, which makes the certificates, is not installed");

let house: House;
let server: ServerProcess;
let tunnel: Server;

const file = (name: string): string => join(house.folder, name);
const pem = (name: string): string => readFileSync(file(name), "utf8");
const openssl = (...given: string[]): void => void execFileSync("openssl", given, { cwd: house.folder, stdio: "pipe" });

function makeAuthority(name: string): void {
  const names = ["-subj", `/CN=${name}`, "-addext", "subjectAltName=IP:127.0.0.1"];
  openssl("req", "-x509", "-newkey", "ed25519", "-nodes", "-keyout", `${name}.key`, "-out", `${name}.pem`, ...names);
}

function makeClient(name: string, authority: string): void {
  openssl(
    "req",
    "-newkey",
    "ed25519",
    "-nodes",
    "-keyout",
    `${name}.key`,
    "-out",
    `${name}.csr`,
    "-subj",
    `/CN=${name}`,
  );
  const signing = ["-CA", `${authority}.pem`, "-CAkey", `${authority}.key`, "-CAcreateserial"];
  openssl("x509", "-req", "-in", `${name}.csr`, ...signing, "-out", `${name}.pem`);
}

describe.runIf(HAS_OPENSSL)("with tls.clientCaFile", () => {
  beforeAll(async () => {
    house = makeHouse();
    for (const authority of ["server", "parties", "others"]) makeAuthority(authority);
    makeClient("at", "parties");
    makeClient("stranger", "others");
    const tls = { certFile: "server.pem", keyFile: "server.key", clientCaFile: "parties.pem" };
    server = await startProcess(house, { tls });
    // What a party runs beside its client, such as stunnel.
    tunnel = createServer((near) => {
      const far = connectTls({ ...reach(), ...certificateOf("at") });
      near.on("error", () => far.destroy());
      far.on("error", () => near.destroy());
      near.pipe(far).pipe(near);
    }).listen(0, "127.0.0.1");
    await once(tunnel, "listening");
  });
  afterAll(async () => {
    tunnel.close();
    await kill(server.child, "SIGTERM");
    removeHouse(house);
  });

  const reach = () => ({ host: "127.0.0.1", port: Number(new URL(server.url).port), ca: pem("server.pem") });
  const certificateOf = (name: string) => ({ cert: pem(`${name}.pem`), key: pem(`${name}.key`) });

  /** @returns The status of /healthz; the error's code if there is no answer. */
  async function health(given: object): Promise<number | string> {
    return new Promise((resolve) => {
      get({ ...reach(), path: "/healthz", agent: false, ...given }, (answer) => {
        answer.resume();
        resolve(answer.statusCode ?? 0);
      }).on("error", (error) => {
        resolve("code" in error ? String(error.code) : error.message);
      });
    });
  }

  it("a client of the authority is answered, another or none is not", async () => {
    expect(await health(certificateOf("at"))).toBe(200);
    expect(await health({})).toMatch(/CERTIFICATE_REQUIRED|ECONNRESET/);
    expect(await health(certificateOf("stranger"))).toMatch(/ALERT|ECONNRESET/);
  });

  it("signed requests come through a tunnel, and a certificate is no signature", async () => {
    const url = `http://127.0.0.1:${(tunnel.address() as AddressInfo).port}`;
    expect(codeOf(await send(url, partySigning(house, "AT"), "GET", "/v1/roster"))).toBe("200");
    expect((await fetch(`${url}/v1/roster`)).status).toBe(401);
  });
});
