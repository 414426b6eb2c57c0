/**
 * `aquila` as its users meet it: a process with arguments, output and an exit code.
 */
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { z } from "zod";
import { openIdentityFile, STAFF_FILE } from "#client/sealed-identity.ts";
import { openVault } from "#client/vault.ts";
import { checkDescriptor, descriptorT0, RoundDescriptor } from "#engine/round/descriptor.ts";
import type { RoundView } from "#engine/round/messages.ts";
import { Roster, rosterDigest } from "#engine/round/roster.ts";
import { SHIPPED_PROFILE_DIGEST } from "#engine/shipped-profile.ts";
import { openServerKey, signingKeysOf } from "#server/data-key.ts";
import { runAquila, type Outcome } from "./commands/command-line.ts";
import { PASSPHRASE } from "./folders.ts";
import { signed } from "./signed-response.ts";

/**
 * Keys of AT and HR, of operators anna and bert, of officer dora and of the secretariat, their signed roster, pinned at
 * AT, agreements, and a descriptor: made once, by commands.
 */
const folder = mkdtempSync(join(tmpdir(), "aquila-commands-"));
/** What making keys, pinning and describing printed. */
const printed = { made: "", pinned: "", described: "" };
const closing: (() => void)[] = [];
beforeAll(async () => {
  const made = [
    ["key", "make", "--party", "AT", "--vault", "at"],
    ["key", "make", "--party", "HR", "--vault", "hr"],
    ["key", "make", "--operator", "anna", "--out", "anna.key"],
    ["key", "make", "--operator", "bert", "--out", "bert.key"],
    ["key", "make", "--officer", "dora", "--out", "dora.key"],
  ];
  printed.made = (await Promise.all(made.map((args) => succeed(...args)))).join("");
  const show = async (name: string, ...args: string[]): Promise<void> => {
    writeFileSync(join(folder, `${name}.json`), await succeed(...args, "--json"));
  };
  await Promise.all([
    ...["at", "hr"].map((name) => show(name, "key", "show", "--vault", name)),
    ...["anna", "bert", "dora"].map((name) => show(name, "key", "show", "--identity", `${name}.key`)),
    show("secretariat", "server", "key", "server.key"),
    ...["AT HR", "HR AT"].map((direction) => {
      const [from = "", to = ""] = direction.split(" ");
      const times = ["--from", "2026-01-01T00:00:00Z", "--until", "2100-01-01T00:00:00Z", "--rows-per-year", "10000"];
      return succeed(
        ...["agreement", "sign", "--vault", from.toLowerCase(), "--with", to, ...times],
        ...["--out", `${from}.agreements`],
      );
    }),
  ]);
  await succeed("roster", "assemble", ...KEYS, "--out", "roster.json");
  for (const operator of ["anna", "bert"])
    await succeed("roster", "sign", "roster.json", "--identity", `${operator}.key`);
  printed.pinned = await succeed("roster", "pin", "--vault", "at", "roster.json");
  printed.described = await succeed(...DESCRIBE);
});
afterAll(() => {
  for (const close of closing) close();
  rmSync(folder, { recursive: true });
});

function aquila(...args: readonly string[]): Promise<Outcome> {
  return runAquila(folder, args);
}

async function succeed(...args: readonly string[]): Promise<string> {
  const { exitCode, stdout, stderr } = await aquila(...args);
  expect(`${exitCode} ${stderr}`).toBe("0 ");
  return stdout;
}

const ROSTER = ["--roster", "roster.json"];
const KEYS = ["hr", "at", "bert", "anna", "dora", "secretariat"].map((name) => `${name}.json`);

/** @returns Address of a server whose answers the secretariat of the roster signs. */
async function listen(listener: RequestListener): Promise<string> {
  const keys = signingKeysOf(openServerKey(join(folder, "server.key")));
  const server = createServer((request, response) => {
    listener(request, signed(request, response, keys));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  closing.push(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

function read<T>(name: string, shape: z.ZodType<T>): T {
  return shape.parse(JSON.parse(readFileSync(join(folder, name), "utf8")));
}

/** The round described, as the server shows it to an operator. */
function viewIn(state: RoundView["state"]): RoundView {
  const descriptor = read("descriptor.json", RoundDescriptor);
  return {
    descriptor,
    t0: descriptorT0(descriptor),
    t1: null,
    t2: null,
    state,
    ending: null,
    approvals: [],
    keys: [],
    confirmations: [],
    withdrawn: [],
    batches: [],
    sealed: [],
    seals: [],
    pairings: [],
    progress: { stage: "idle", bytesDone: 0, bytesTotal: 0, pairingsDone: 0, pairingsTotal: 1 },
    createdAt: "2026-11-01T00:00:00.000Z",
  };
}

const DESCRIBE = [
  ...["round", "describe", "--id", "2026-4", "--roster", "roster.json", "--records", "HR=1800", "AT=2000"],
  ...["--categories", "witness", "suspect", "--legal-basis", "Art. 9", "--purpose", "test", "--lowest-band", "low"],
  ...["--agreements", "HR.agreements", "AT.agreements", "--national-basis", "AT=Act 1", "HR=Act 2"],
  ...["--deadlines", "keys=2096-12-01T12:00:00Z", "seals=2096-12-20T12:00:00Z", "--out", "descriptor.json"],
];

describe("setting up", () => {
  test("makes keys, shows the public ones alone, assembles and pins a roster", () => {
    const vault = openVault(join(folder, "at"), PASSPHRASE);
    const [at, hr] = [vault.identity, openVault(join(folder, "hr"), PASSPHRASE).identity];
    const staff = ["anna", "bert", "dora"].map((name) =>
      openIdentityFile(join(folder, `${name}.key`), STAFF_FILE, PASSPHRASE),
    );
    for (const { signKey } of [at, hr, ...staff]) expect(printed.made).toContain(signKey);
    const secrets = [at, hr].flatMap(({ signSecret, boxSecret }) => [signSecret, boxSecret]);
    for (const secret of [...secrets, ...staff.map(({ signSecret }) => signSecret)])
      expect(printed.made).not.toContain(secret);
    expect(statSync(join(folder, "anna.key")).mode & 0o777).toBe(0o600);
    const roster = read("roster.json", Roster);
    expect(roster.parties.map((party) => party.id)).toEqual(["AT", "HR"]);
    expect([...roster.operators, ...roster.officers].map(({ id }) => id)).toEqual(["anna", "bert", "dora"]);
    expect(vault.roster()).toEqual(roster);
    const fingerprints = [...printed.made.matchAll(/fingerprint {2}(.*)/g)].map(([, shown]) => shown);
    expect(fingerprints).toHaveLength(5);
    for (const fingerprint of fingerprints) expect(printed.pinned).toContain(fingerprint);
    expect(printed.pinned).toContain(rosterDigest(roster));
    expect(printed.pinned).toMatch(/^signed by +anna, bert$/m);
  });

  test("never overwrites an identity, a roster or a descriptor", async () => {
    const again = [
      ["key", "make", "--party", "AT", "--vault", "at"],
      ["key", "make", "--operator", "anna", "--out", "anna.key"],
      ["roster", "assemble", ...KEYS, "--out", "roster.json"],
      ["agreement", "sign", "--vault", "at", "--with", "HR", "--from", "2026-01-01T00:00:00Z"].concat(
        ...["--until", "2100-01-01T00:00:00Z", "--rows-per-year", "10000", "--out", "AT.agreements"],
      ),
      DESCRIBE,
    ];
    for (const args of again) {
      const { exitCode, stderr } = await aquila(...args);
      expect([exitCode, stderr]).toEqual([3, expect.stringContaining("aquila: file-exists: ")]);
    }
  });

  test("says of a folder that is not there that it cannot write to it", async () => {
    const { exitCode, stderr } = await aquila("roster", "assemble", ...KEYS, "--out", "nowhere/roster.json");
    expect([exitCode, stderr]).toEqual([3, "aquila: file-unreadable: cannot write nowhere/roster.json (ENOENT)\n"]);
  });

  test("refuses keys whose fingerprint is another's", async () => {
    const altered = readFileSync(join(folder, "at.json"), "utf8").replace(/"id":"AT"/, '"id":"MK"');
    writeFileSync(join(folder, "mk.json"), altered.replace(/"fingerprint":"..../, '"fingerprint":"AAAA'));
    const { exitCode, stderr } = await aquila("roster", "assemble", ...KEYS, "mk.json", "--out", "other.json");
    expect([exitCode, stderr]).toEqual([3, expect.stringContaining("identity-invalid")]);
  });

  test("describes a round in canonical order under the shipped profile", () => {
    const descriptor = read("descriptor.json", RoundDescriptor);
    checkDescriptor(descriptor);
    expect(descriptor).toMatchObject({
      categories: ["suspect", "witness"],
      pairings: [["AT", "HR"]],
      parties: [
        { id: "AT", declaredRecords: 2_000, legalBasis: "Act 1" },
        { id: "HR", declaredRecords: 1_800, legalBasis: "Act 2" },
      ],
      agreements: [
        { from: "AT", to: "HR" },
        { from: "HR", to: "AT" },
      ],
      deadlines: { keys: "2096-12-01T12:00:00Z", submission: "2096-12-08T12:00:00Z", seals: "2096-12-20T12:00:00Z" },
      profile: SHIPPED_PROFILE_DIGEST,
      roster: rosterDigest(read("roster.json", Roster)),
    });
    expect(printed.described).toContain(descriptorT0(descriptor));
  });
});

describe("exit codes", () => {
  test("0 for help, which states them, and 2 for wrong usage", async () => {
    const help = await aquila("--help");
    expect([help.exitCode, help.stdout]).toEqual([0, expect.stringContaining("Exit codes:")]);
    for (const args of [[], ["nonsense"], ["key", "make", "--party", "at"], ["round", "join", "--round", "../x"]])
      expect((await aquila(...args)).exitCode).toBe(2);
  });

  test("3 for a vault that is not there, in words and as a problem", async () => {
    const args = ["round", "join", "--round", "2026-4", "--vault", "nowhere", "--server", "http://127.0.0.1:1"];
    const plain = await aquila(...args);
    expect([plain.exitCode, plain.stdout]).toEqual([3, ""]);
    expect(plain.stderr).toMatch(/^aquila: vault-invalid: .*\n$/);
    const asJson = await aquila(...args, "--json");
    expect(asJson.exitCode).toBe(3);
    expect(JSON.parse(asJson.stdout)).toMatchObject({
      code: "vault-invalid",
      type: "urn:aquila:problem:vault-invalid",
    });
  });

  test("4 when the server refuses, with its problem under --json", async () => {
    const refusal = {
      type: "urn:aquila:problem:round-unknown",
      title: "No such round",
      status: 404,
      code: "round-unknown",
      detail: "no",
    };
    const server = await listen((_request, response) => {
      response.writeHead(404, { "content-type": "application/problem+json" }).end(JSON.stringify(refusal));
    });
    const args = [
      "round",
      "show",
      "--round",
      "2026-4",
      "--server",
      server,
      "--identity",
      "anna.key",
      ...ROSTER,
      "--json",
    ];
    const { exitCode, stdout, stderr } = await aquila(...args);
    expect([exitCode, JSON.parse(stdout), stderr]).toEqual([4, refusal, "aquila: round-unknown: no\n"]);
  });

  test("5 when nothing listens", async () => {
    const server = await listen(() => undefined);
    for (const close of closing.splice(0)) close();
    const args = ["round", "create", "descriptor.json", "--server", server, "--identity", "anna.key", ...ROSTER];
    const { exitCode, stderr } = await aquila(...args);
    expect([exitCode, stderr]).toEqual([5, expect.stringContaining("cannot be reached (ECONNREFUSED)")]);
  });

  test("6 while others are waited for, with the reason", async () => {
    const view = viewIn("draft");
    const server = await listen((_request, response) => {
      response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(view));
    });
    const args = ["round", "join", "--round", "2026-4", "--vault", "at", "--server", server, "--json"];
    const { exitCode, stdout } = await aquila(...args);
    expect([exitCode, JSON.parse(stdout)]).toEqual([6, { state: "waiting", for: "opening", missing: [] }]);
  });
});

test("an operator who releases sees the figures of the pairings that are to be opened, and nobody else does", async () => {
  const reviewed: RoundView = {
    ...viewIn("reviewed"),
    pairings: [
      { pairing: ["AT", "HR"], state: "held", acknowledged: [], answered: [], hits: { high: 5, medium: 6, low: 7 } },
      {
        pairing: ["AT", "SI"],
        state: "dropped",
        acknowledged: [],
        answered: [],
        hits: { high: 90, medium: 0, low: 0 },
      },
    ],
  };
  const shownTo = async (who: string, view: RoundView): Promise<string> => {
    const server = await listen(({ method = "" }, response) => {
      const problem = { type: "urn:x", title: "held", status: 409, code: "round-held", detail: "held" };
      response
        .writeHead(method === "GET" ? 200 : 409, {
          "content-type": method === "GET" ? "application/json" : "application/problem+json",
        })
        .end(JSON.stringify(method === "GET" ? view : problem));
    });
    const args = ["--round", "2026-4", "--server", server, "--identity", `${who}.key`, ...ROSTER];
    return (await aquila("round", "release", ...args)).stderr;
  };
  const shown = await shownTo("anna", reviewed);
  expect(shown).toMatch(
    /^hits to be released, .*: high 5, medium 6, low 7\ncoincidences .*\nnot counted: AT-SI dropped\n/,
  );
  expect(await shownTo("dora", reviewed)).toMatch(/^aquila: round-held/);
  expect(await shownTo("anna", viewIn("submitting"))).toMatch(/^aquila: round-state/);
});

describe("waiting for the review", () => {
  test("follows the matching's events, and asks for the round when the stream is cut", async () => {
    const asked: string[] = [];
    const event = (stage: string): string =>
      `event: progress\ndata: ${JSON.stringify({ ...viewIn("matching").progress, stage })}\n\n`;
    const server = await listen(({ method = "", url = "" }, response) => {
      asked.push(`${method} ${url.replace("/v1/rounds/2026-4", "")}`);
      const follows = asked.filter((one) => one.endsWith("/events")).length;
      if (url.endsWith("/events")) {
        response.writeHead(200, { "content-type": "text/event-stream" });
        if (follows === 2) response.end(event("joining") + event("done"));
        else response.write(event("joining"), () => response.destroy());
        return;
      }
      const view = viewIn(follows === 2 ? "reviewed" : "matching");
      response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(view));
    });
    const args = [
      "--round",
      "2026-4",
      "--wait",
      "60",
      "--server",
      server,
      "--identity",
      "anna.key",
      ...ROSTER,
      "--json",
    ];
    const { exitCode, stdout } = await aquila("round", "match", ...args);
    expect([exitCode, JSON.parse(stdout)]).toMatchObject([0, { state: "reviewed" }]);
    expect(asked).toEqual(["POST /match", "GET ", "GET /progress/events", "GET ", "GET /progress/events", "GET "]);
  });
});
