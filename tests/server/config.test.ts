/**
 * The configuration file: defaults, refusals and what `npm start` says without one.
 */
import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { LinkageError } from "#engine/errors.ts";
import { Config, readConfig } from "#server/config.ts";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "aquila-config-"));
});
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

const GOOD = {
  dataDir: "data",
  serverKeyFile: "/elsewhere/server.key",
  rosterFile: "roster.json",
};

function written(config: unknown): string {
  const path = join(folder, "config.json");
  writeFileSync(path, typeof config === "string" ? config : JSON.stringify(config));
  return path;
}

function refusal(path: string): string {
  try {
    readConfig(path);
    return "accepted";
  } catch (error) {
    return error instanceof LinkageError ? error.detail : "another error";
  }
}

describe("the configuration", () => {
  it("fills in what is left out and takes paths from its own folder", () => {
    const config = readConfig(written(GOOD));
    expect(config).toMatchObject({
      host: "127.0.0.1",
      port: 8443,
      dataDir: join(folder, "data"),
      serverKeyFile: "/elsewhere/server.key",
      maxRecords: 10_000_000,
      leastHoursBetweenRounds: 24,
    });
    expect(Object.isFrozen(config)).toBe(true);
  });

  it("does not listen beyond loopback without TLS", () => {
    for (const host of ["0.0.0.0", "::", "192.0.2.7", "secretariat.example"])
      expect(refusal(written({ ...GOOD, host })), host).toContain("tls: is required to listen beyond loopback");
    for (const host of ["localhost", "::1", "127.0.0.2"]) expect(refusal(written({ ...GOOD, host }))).toBe("accepted");
    const tls = { certFile: "cert.pem", keyFile: "key.pem" };
    expect(readConfig(written({ ...GOOD, host: "0.0.0.0", tls })).tls?.certFile).toBe(join(folder, "cert.pem"));
  });

  it("does not serve metrics beyond loopback without TLS", () => {
    const metrics = { host: "192.0.2.7", port: 9_100 };
    expect(refusal(written({ ...GOOD, metrics }))).toContain("tls: is required to serve metrics beyond loopback");
    expect(refusal(written({ ...GOOD, metrics, tls: { certFile: "cert.pem", keyFile: "key.pem" } }))).toBe("accepted");
    expect(refusal(written({ ...GOOD, metrics: { ...metrics, host: "127.0.0.1" } }))).toBe("accepted");
    expect(refusal(written({ ...GOOD, metrics: { host: "127.0.0.1" } }))).toContain("metrics.port");
  });

  it("has announcements brought by https, by http to loopback alone, and by mail under TLS", () => {
    const webhook = (url: string): string =>
      refusal(written({ ...GOOD, announcements: { webhooks: { AT: { url } } } }));
    for (const url of ["https://hooks.at.example/aquila", "http://127.0.0.1:9000/", "http://[::1]:9000/a"])
      expect(webhook(url), url).toBe("accepted");
    for (const url of [
      "http://hooks.at.example/aquila",
      "http://192.0.2.7/",
      "https://user:secret@hooks.at.example/",
      "https://hooks.at.example/?token=secret",
      "https://hooks.at.example/?",
      "https://hooks.at.example/#here",
      "https://HOOKS.at.example/",
      "https://hooks.at.example:443/",
      "https://hooks.at.example/a/../b",
      "ftp://hooks.at.example/",
      "data:text/plain,aquila",
      "hooks.at.example",
    ]) {
      expect(webhook(url), url).toContain("announcements.webhooks.AT.url: must be https");
      expect(webhook(url), url).not.toContain("secret");
    }
    const smtp = { host: "smtp.example", port: 587, security: "starttls", user: "aquila", passwordFile: "password" };
    const mailBy = (changes: object, to = "desk@at.example"): unknown => ({
      ...GOOD,
      announcements: { mail: { smtp: { ...smtp, ...changes }, from: "aquila@secretariat.example", to: { AT: to } } },
    });
    expect(readConfig(written(mailBy({}))).announcements?.mail?.smtp.passwordFile).toBe(join(folder, "password"));
    expect(refusal(written(mailBy({ security: "none" })))).toContain("smtp.security: none is for loopback only");
    expect(refusal(written(mailBy({ security: "none", host: "127.0.0.1" })))).toBe("accepted");
    expect(refusal(written(mailBy({ user: undefined })))).toContain("smtp.passwordFile: goes with user");
    expect(refusal(written(mailBy({}, "desk@at.example\r\nBcc: all@at.example")))).toContain("mail.to.AT");
    expect(
      refusal(written({ ...GOOD, announcements: { webhooks: { "at-1": { url: "https://a.example/" } } } })),
    ).toContain("announcements.webhooks");
  });

  it("does not take a server key inside the data folder", () => {
    for (const serverKeyFile of ["data/server.key", "data/keys/server.key", "x/../data/server.key"])
      expect(refusal(written({ ...GOOD, serverKeyFile }))).toContain("serverKeyFile: must lie outside dataDir");
    for (const serverKeyFile of ["server.key", "data-key/server.key", "../server.key"])
      expect(refusal(written({ ...GOOD, serverKeyFile })), serverKeyFile).toBe("accepted");
  });

  it("has a dozen members, and one for announcements", () => {
    expect(Object.keys(Config.shape).length).toBeLessThanOrEqual(13);
  });

  it("says which member is wrong", () => {
    expect(refusal(written({ ...GOOD, workers: 0 }))).toContain("workers: ");
    expect(refusal(written({ ...GOOD, operators: [] })), "they are in the roster").toContain("operators");
    expect(refusal(written({ ...GOOD, colour: "red" }))).toContain("colour");
    expect(refusal(written("{"))).toContain("is not JSON");
    expect(refusal(join(folder, "none.json"))).toContain("none.json cannot be read");
  });

  it("npm start without one says what to do", async () => {
    const main = join(import.meta.dirname, "../../server/main.ts");
    const { code, stderr } = await new Promise<{ code: unknown; stderr: string }>((resolve) => {
      execFile(process.execPath, [main], { cwd: folder }, (error, _stdout, said) => {
        resolve({ code: error?.code, stderr: said });
      });
    });
    expect(code).toBe(78);
    expect(stderr).toContain("aquila.config.json cannot be read");
    expect(stderr).toContain("server/example.config.json");
  });

  it("has an example that is valid", () => {
    const example = join(import.meta.dirname, "../../server/example.config.json");
    expect(refusal(example)).toBe("accepted");
  });
});
