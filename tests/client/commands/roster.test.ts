/**
 * What is agreed outside the system, by command: rosters, agreements, a round's description, erasure certificates.
 */
import { mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, describe, expect, test } from "vitest";
import { z } from "zod";
import { LEAST_COST } from "#client/passphrase-box.ts";
import { createIdentityFile, STAFF_FILE } from "#client/sealed-identity.ts";
import { createVault, openVault } from "#client/vault.ts";
import { Agreement } from "#engine/round/agreement.ts";
import { ErasureCertificate } from "#engine/round/acts.ts";
import { RoundDescriptor } from "#engine/round/descriptor.ts";
import { fingerprint, makeIdentity, makeStaffIdentity, signerFingerprint } from "#engine/round/identity.ts";
import { Roster, rosterEntryOf, signRoster } from "#engine/round/roster.ts";
import { isSignedBy, signStatement } from "#engine/round/statement.ts";
import { castOf } from "#fixtures/cast.ts";
import { PASSPHRASE, temporaryFolder } from "../folders.ts";
import { runAquila, type Outcome } from "./command-line.ts";

const SECRETARIAT = makeStaffIdentity("operator", "secretariat");
const CAST = castOf(["AT", "HR", "SI"].map(makeIdentity), SECRETARIAT.signKey);
const TIMES = ["--from", "2026-01-01T00:00:00Z", "--until", "2028-01-01T00:00:00Z", "--rows-per-year", "10000"];

let folder = "";
beforeEach(() => {
  folder = temporaryFolder();
});

const aquila = (...args: readonly string[]): Promise<Outcome> => runAquila(folder, args);
const file = (name: string, value: unknown): string => {
  writeFileSync(join(folder, name), JSON.stringify(value));
  return name;
};
const read = <T>(name: string, shape: z.ZodType<T>): T =>
  shape.parse(JSON.parse(readFileSync(join(folder, name), "utf8")));

async function succeed(...args: readonly string[]): Promise<string> {
  const { exitCode, stdout, stderr } = await aquila(...args);
  expect(`${exitCode} ${stderr}`).toBe("0 ");
  return stdout;
}
async function refused(code: string, ...args: readonly string[]): Promise<string> {
  const { exitCode, stdout, stderr } = await aquila(...args);
  expect([exitCode, stdout, stderr]).toEqual([3, "", expect.stringMatching(`^aquila: ${code}: `)]);
  return stderr;
}

/** A party's vault, not pinned. @returns Its folder. */
function vaultFile(party: string): string {
  const identity = CAST.identities.find((each) => each.party === party);
  if (identity === undefined) throw new RangeError(`no party ${party}`);
  createVault(join(folder, party), identity, PASSPHRASE, LEAST_COST).close();
  return party;
}
/** @returns The file of an operator. */
function staffFile(which: 0 | 1): string {
  const operator = CAST.operators[which];
  createIdentityFile(join(folder, operator.id), STAFF_FILE, operator, PASSPHRASE, LEAST_COST);
  return operator.id;
}
/** Files as `key show --json` and `server key --json` print them. */
function shownKeys(): string[] {
  return [
    ...CAST.identities.map((identity) => {
      const shown = { ...rosterEntryOf(identity), fingerprint: fingerprint(identity.signKey, identity.boxKey) };
      return file(`${identity.party}.json`, shown);
    }),
    ...[...CAST.operators, CAST.officer].map(({ id, role, signKey }) =>
      file(`${id}.json`, { fingerprint: signerFingerprint(signKey), id, role, signKey }),
    ),
    file("secretariat.json", { fingerprint: signerFingerprint(SECRETARIAT.signKey), secretariat: SECRETARIAT.signKey }),
  ];
}

describe("a roster", () => {
  test("is assembled, signed by two operators and pinned; signed by one it is not", async () => {
    const vault = vaultFile("AT");
    await succeed("roster", "assemble", ...shownKeys().reverse(), "--serial", "4", "--out", "roster.json");
    expect(read("roster.json", Roster)).toEqual({ ...CAST.roster, serial: 4, signatures: [] });
    expect(await succeed("roster", "sign", "roster.json", "--identity", staffFile(0))).toMatch(
      /^signed by +op-1: not to be pinned$/m,
    );
    await refused("roster-invalid", "roster", "pin", "roster.json", "--vault", vault);
    expect(await succeed("roster", "sign", "roster.json", "--identity", staffFile(1))).toMatch(
      /^signed by +op-1, op-2$/m,
    );
    const pinned = await succeed("roster", "pin", "roster.json", "--vault", vault);
    expect(pinned).toContain(signerFingerprint(SECRETARIAT.signKey));
    expect(openVault(join(folder, vault), PASSPHRASE).roster()).toEqual(read("roster.json", Roster));
  });

  test("is not assembled without everybody, and not signed by who is none of its operators", async () => {
    const keys = shownKeys();
    for (const missing of ["op-2.json", "dpo-1.json", "secretariat.json"]) {
      const others = keys.filter((name) => name !== missing);
      await refused("roster-invalid", "roster", "assemble", ...others, "--out", "roster.json");
    }
    await refused("identity-invalid", "roster", "assemble", ...keys, file("other.json", {}), "--out", "roster.json");
    const stranger = makeStaffIdentity("operator", "op-1");
    createIdentityFile(join(folder, "stranger"), STAFF_FILE, stranger, PASSPHRASE, LEAST_COST);
    createIdentityFile(join(folder, "officer"), STAFF_FILE, CAST.officer, PASSPHRASE, LEAST_COST);
    const roster = file("roster.json", CAST.roster);
    for (const identity of ["stranger", "officer"])
      await refused("roster-invalid", "roster", "sign", roster, "--identity", identity);
    expect(read("roster.json", Roster)).toEqual(CAST.roster);
  });

  test("with a changed key is pinned once the id is accepted, which is to be done by telephone", async () => {
    const vault = vaultFile("AT");
    await succeed("roster", "pin", file("first.json", CAST.roster), "--vault", vault);
    const parties = CAST.roster.parties.map((entry) => (entry.id === "HR" ? rosterEntryOf(makeIdentity("HR")) : entry));
    const unsigned: Roster = { ...CAST.roster, serial: 2, parties, signatures: [] };
    const second = file("second.json", CAST.operators.reduce(signRoster, unsigned));
    expect(await refused("roster-key-changed", "roster", "pin", second, "--vault", vault)).toMatch(/HR.*telephone/);
    await refused("roster-key-changed", "roster", "pin", second, "--vault", vault, "--accept", "SI");
    expect(await succeed("roster", "pin", second, "--vault", vault, "--accept", "HR")).toMatch(/^changed +HR$/m);
    await refused("roster-invalid", "roster", "pin", "first.json", "--vault", vault, "--accept", "HR");
    expect(openVault(join(folder, vault), PASSPHRASE).roster().serial).toBe(2);
  });
});

describe("agreements", () => {
  test("are signed, one for each other party, in order", async () => {
    const vault = vaultFile("AT");
    openVault(join(folder, vault), PASSPHRASE).pinRoster(CAST.roster);
    const args = [
      "agreement",
      "sign",
      "--vault",
      vault,
      "--with",
      "SI",
      "HR",
      "SI",
      ...TIMES,
      "--out",
      "AT.agreements",
    ];
    expect(await succeed(...args)).toMatch(
      /^AT with HR: terrorism, at most 10000 rows of HR .*\nAT with SI: terrorism, .*\n$/,
    );
    const agreements = read("AT.agreements", z.array(Agreement));
    const [from, until] = ["2026-01-01T00:00:00Z", "2028-01-01T00:00:00Z", "--rows-per-year", "10000"];
    expect(agreements).toMatchObject(
      ["HR", "SI"].map((to) => ({
        ...{ field: "terrorism", from: "AT", rowsPerYear: 10_000, to },
        ...{ validFrom: from, validUntil: until },
      })),
    );
    const [at] = CAST.identities;
    for (const agreement of agreements) expect(isSignedBy(at?.signKey ?? "", "agreement", agreement)).toBe(true);
    await refused("file-exists", ...args);
  });

  test("with nobody, oneself, for no time or rows or another field's name, or a party of no roster are refused", async () => {
    const vault = vaultFile("AT");
    openVault(join(folder, vault), PASSPHRASE).pinRoster(CAST.roster);
    const sign = (...args: string[]) => ["agreement", "sign", "--vault", vault, "--out", "AT.agreements", ...args];
    for (const args of [
      sign("--with", "AT", ...TIMES),
      sign("--with", "hr", ...TIMES),
      sign("--with", "XX", ...TIMES),
      sign("--with", "HR", ...TIMES, "--field", "Drugs & Arms"),
      sign("--with", "HR", ...TIMES, "--until", "2026-01-01T00:00:00Z"),
      sign("--with", "HR", ...TIMES, "--from", "tomorrow"),
      sign("--with", "HR", ...TIMES, "--rows-per-year", "99"),
      sign("--with", "HR", ...TIMES, "--rows-per-year", "many"),
    ])
      await refused("request-invalid", ...args);
    expect((await aquila(...sign(...TIMES))).exitCode).toBe(2);
  });

  test("make the pairings of a round: what one side alone signed, or for another time, is none", async () => {
    const roster = file("roster.json", CAST.roster);
    const agreed = (from: string, to: string, validUntil = "2100-01-01T00:00:00Z"): Agreement => {
      const giver = CAST.identities.find(({ party }) => party === from);
      if (giver === undefined) throw new RangeError(`no party ${from}`);
      return signStatement(giver, "agreement", {
        field: "terrorism",
        from,
        rowsPerYear: 1_000,
        to,
        validFrom: "2026-01-01T00:00:00Z",
        validUntil,
      });
    };
    const describeRound = (out: string, parties: readonly string[], ...agreements: Agreement[][]): string[] => [
      ...["round", "describe", "--id", "2026-4", "--roster", roster, "--categories", "suspect"],
      ...["--records", ...parties.map((party) => `${party}=100`), "--legal-basis", "Art. 9", "--purpose", "test"],
      ...["--national-basis", ...parties.map((party) => `${party}=an act`), "--lowest-band", "low"],
      ...["--deadlines", "keys=2096-12-01T12:00:00Z", "--out", out],
      ...["--agreements", ...agreements.map((each, at) => file(`${out}-${at}.agreements`, each))],
    ];
    const ofAT = [agreed("AT", "HR"), agreed("AT", "SI")];
    const ofHR = [agreed("HR", "AT"), agreed("HR", "SI")];
    const ofSI = [agreed("SI", "AT"), agreed("SI", "HR", "2096-12-24T00:00:00Z")];
    const said = await succeed(...describeRound("round.json", ["AT", "HR", "SI"], ofSI, ofAT, ofHR));
    expect(said).toMatch(/^no pairing: SI agreed to HR, but not for terrorism from 2096-12-01T12:00:00Z to /m);
    expect(read("round.json", RoundDescriptor)).toMatchObject({
      pairings: [
        ["AT", "HR"],
        ["AT", "SI"],
      ],
      agreements: [ofAT[0], ofAT[1], ofHR[0], ofSI[0]],
    });
    // 1,000 records and 5 % more are 1,250 rows.
    const large = describeRound("large.json", ["AT", "HR"], ofAT, ofHR).map((arg) => arg.replace("HR=100", "HR=1000"));
    expect(await refused("quota-exceeded", ...large)).toContain("AT lets HR test 1000 rows");
    // Nobody is in a round without a pairing.
    const alone = describeRound("alone.json", ["AT", "HR", "SI"], ofAT, ofHR);
    expect(await refused("round-descriptor-invalid", ...alone)).toContain("SI");
    await refused("round-descriptor-invalid", ...describeRound("none.json", ["HR", "SI"], ofHR, ofSI));
  });
});

describe("verify-erasure", () => {
  const CERTIFICATE: ErasureCertificate = signStatement(SECRETARIAT, "erasure", {
    erasedAt: "2027-03-01T00:00:00Z",
    format: "aquila/erasure/v1" as const,
    keyFile: "K".repeat(42) + "A",
    outcome: "followed-up" as const,
    round: "2026-4",
    t0: "T".repeat(42) + "A",
    t1: null,
    t2: null,
  });
  const verify = (certificate: unknown, roster: unknown = CAST.roster): string[] => [
    ...["verify-erasure", file("certificate.json", certificate), "--roster", file("roster.json", roster)],
  ];

  test("says that the secretariat signed, and that it proves nothing", async () => {
    const said = await succeed(...verify(CERTIFICATE));
    expect(said).toContain("round 2026-4, erased at 2027-03-01T00:00:00Z (followed-up): the secretariat signed it");
    expect(said).toContain("cannot be proved");
    expect(said).toContain("Nothing was compared");
    expect(JSON.parse(await succeed(...verify(CERTIFICATE), "--json"))).toMatchObject({ verified: true });
  });

  test("refuses a certificate that was changed, that another signed, or a roster that nobody may pin", async () => {
    const { signature, ...body } = CERTIFICATE;
    const changed = [
      { ...CERTIFICATE, erasedAt: "2027-03-01T00:00:01Z" },
      { ...CERTIFICATE, round: "2026-5" },
      { ...CERTIFICATE, outcome: "erased" },
      { ...CERTIFICATE, t2: "T".repeat(42) + "A" },
      { ...CERTIFICATE, keyFile: "L".repeat(42) + "A" },
      signStatement(CAST.operators[0], "erasure", body),
      signStatement(SECRETARIAT, "report", body),
      { ...body, signature: `${signature.slice(0, 40)}AAAA${signature.slice(44)}` },
      body,
    ];
    for (const each of changed) await refused("statement-signature", ...verify(each));
    const other = castOf([makeIdentity("AT")], makeStaffIdentity("operator", "other").signKey).roster;
    await refused("statement-signature", ...verify(CERTIFICATE, other));
    await refused("roster-invalid", ...verify(CERTIFICATE, { ...CAST.roster, signatures: [] }));
  });
});

test("a party's desk goes into its notices, when it is words", async () => {
  const vault = vaultFile("AT");
  await succeed("key", "contact", "CT desk +43 1 234", "--vault", vault);
  expect(openVault(join(folder, vault), PASSPHRASE).contact()).toBe("CT desk +43 1 234");
  for (const desk of ["two  blanks", "line\nbreak", "", "x".repeat(121)])
    await refused("request-invalid", "key", "contact", desk, "--vault", vault);
});

test("server key makes the secretariat's key once, for its owner's eyes, and shows the public one", async () => {
  mkdirSync(join(folder, "keys"));
  const shown = await succeed("server", "key", "keys/server.key", "--json");
  expect(await succeed("server", "key", "keys/server.key", "--json")).toBe(shown);
  const { secretariat, fingerprint: stated } = z
    .strictObject({ fingerprint: z.string(), secretariat: z.string() })
    .parse(JSON.parse(shown));
  expect(stated).toBe(signerFingerprint(secretariat));
  expect(statSync(join(folder, "keys", "server.key")).mode & 0o777).toBe(0o600);
});
