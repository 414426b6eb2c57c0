/**
 * Forward secrecy: what somebody has who recorded all traffic and steals every long-term secret and both vaults
 * afterwards: of the pairing keys all inputs of HKDF but one; of answers nothing; of a package what the secretariat knew.
 */
import { diffieHellman, hkdfSync, randomBytes } from "node:crypto";
import { readdirSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { expect, test } from "vitest";
import { agreeKeys } from "#client/agree.ts";
import { openStream } from "#client/sealed-stream.ts";
import type { Vault } from "#client/vault.ts";
import { openAnswers, sealAnswers } from "#engine/round/answers.ts";
import { descriptorT0 } from "#engine/round/descriptor.ts";
import { checkConfirmation, transcriptT1 } from "#engine/round/keys.ts";
import type { RoundView } from "#engine/round/messages.ts";
import {
  openPackage,
  openPackageKey,
  openSection,
  sealPackage,
  sealPackageKey,
  type Hit,
} from "#engine/round/package.ts";
import { privateKeyOf, publicKeyOf } from "#engine/round/raw-key.ts";
import { contextOf } from "#server/aead.ts";
import { descriptorOf, identitiesOf, rosterOf } from "../../engine/round/parties.ts";
import { vaultOf } from "../folders.ts";
import { connectionTo, relayOf } from "./relay.ts";

const ROUND = "2026-4";
const PROFILE = "A".repeat(43);
const OKM_BYTES = 144;
const CONFIRM_AT = 64;
const NOTICE_AT = 96;
const KEY_ID_AT = 128;

/** An agreement of AT and HR. @returns Its traffic, the vaults after it, and the ephemeral secrets as they were before. */
async function recorded() {
  const identities = identitiesOf(["AT", "HR"]);
  const roster = rosterOf(identities);
  const descriptor = descriptorOf(identities, roster);
  const relay = relayOf(descriptor, roster);
  const traffic: RoundView[] = [];
  const vaults = identities.map((identity) => vaultOf(identity, roster));
  const ephemeral: string[] = [];
  const before: Buffer[] = [];
  for (let call = 0; call < 3; call++) {
    for (const vault of vaults) {
      const way = connectionTo(relay, vault.identity.party, (view) => {
        traffic.push(view);
        return view;
      });
      await agreeKeys(way, vault, roster, ROUND, [PROFILE], new Date());
    }
    if (call > 0) continue;
    ephemeral.push(...vaults.map((vault) => vault.roundSecret(ROUND)?.secret ?? ""));
    before.push(...vaults.map(contentOf));
  }
  const last = traffic.at(-1);
  if (last === undefined) throw new RangeError("nothing was recorded");
  return { identities, descriptor, vaults, ephemeral, before, last };
}

/** Everything that is in a vault, opened with its key. */
function contentOf(vault: Vault): Buffer {
  const { directory, key } = vault.access();
  const files = readdirSync(directory, { recursive: true, withFileTypes: true, encoding: "utf8" });
  return Buffer.concat(
    files
      .filter((file) => file.isFile() && file.name !== "vault.json")
      .flatMap(({ parentPath, name }) => {
        const path = join(parentPath, name);
        const folder = dirname(path) === directory ? "" : basename(parentPath);
        return [...openStream(key, contextOf("aquila/v1/vault-file", folder, name), path, "a file")];
      }),
  );
}

/** OKM as docs/spec/round.md has it, from its four inputs. */
function okmOf({ ikm, salt, info }: { ikm: Uint8Array; salt: string; info: string }): Buffer {
  return Buffer.from(hkdfSync("sha256", ikm, Buffer.from(salt, "base64url"), info, OKM_BYTES));
}

/** Z, or null when the one is no X25519 secret of use with the other. */
function sharedSecret(secret: string, publicKey: string): Uint8Array | null {
  try {
    return diffieHellman({ privateKey: privateKeyOf("x25519", secret), publicKey: publicKeyOf("x25519", publicKey) });
  } catch {
    return null;
  }
}

/** Whether a vault's content has these 32 bytes, as they are or as text. */
function holds(content: Buffer, secret: string): boolean {
  const bytes = Buffer.from(secret, "base64url");
  return [secret, bytes, bytes.toString("hex"), bytes.toString("base64")].some((form) => content.includes(form));
}

test("of the inputs of HKDF, traffic and long-term secrets give all but Z, which needs an ephemeral secret", async () => {
  const { identities, descriptor, vaults, ephemeral, last } = await recorded();
  const t1 = transcriptT1(descriptorT0(descriptor), last.keys);
  const publicInputs = { salt: t1, info: "aquila/v1/pair\0AT\0HR" };
  expect(last.t1, "the salt is public").toBe(t1);

  const secrets = identities.flatMap(({ signSecret, boxSecret }) => [signSecret, boxSecret]);
  const publics = [
    ...identities.flatMap(({ signKey, boxKey }) => [signKey, boxKey]),
    ...last.keys.map(({ publicKey }) => publicKey),
  ];
  const shared = secrets.flatMap((secret) => publics.map((key) => sharedSecret(secret, key)));
  const known = [...secrets, ...publics].map((text) => new Uint8Array(Buffer.from(text, "base64url")));
  const guesses = [...known, ...shared.filter((each) => each !== null)];
  const keyId = vaults[0]?.pairings(ROUND)?.[0]?.keyId ?? "";
  const keyIdOf = (okm: Buffer): string => okm.subarray(KEY_ID_AT).toString("base64url");
  expect(guesses.length).toBeGreaterThan(secrets.length * publics.length);
  for (const ikm of guesses) expect(keyIdOf(okmOf({ ikm, ...publicInputs }))).not.toBe(keyId);

  // With either ephemeral secret the rest is enough: Z is all that was missing.
  for (const [at, counterpart] of [
    [0, "HR"],
    [1, "AT"],
  ] as const) {
    const key = last.keys.find(({ party }) => party === counterpart)?.publicKey ?? "";
    const ikm = sharedSecret(ephemeral[at] ?? "", key) ?? new Uint8Array(0);
    const okm = okmOf({ ikm, ...publicInputs });
    expect(keyIdOf(okm)).toBe(keyId);
    for (const vault of vaults) {
      const pairing = vault.pairings(ROUND)?.[0];
      expect(okm.subarray(0, 32)).toEqual(Buffer.from(pairing?.keyTag ?? []));
      expect(okm.subarray(32, CONFIRM_AT)).toEqual(Buffer.from(pairing?.keyProof ?? []));
      expect(okm.subarray(NOTICE_AT, KEY_ID_AT)).toEqual(Buffer.from(pairing?.keyNotice ?? []));
    }
    const keyConfirm = okm.subarray(CONFIRM_AT, NOTICE_AT);
    for (const confirmation of last.confirmations) checkConfirmation({ keyConfirm, keyId }, t1, confirmation);
  }
});

test("after the agreement no file of either vault holds an ephemeral secret, Z or K_confirm; K_tag goes at the seal", async () => {
  const { vaults, ephemeral, before, last } = await recorded();
  const [own = "", other = ""] = ephemeral;
  const key = last.keys.find(({ party }) => party === "HR")?.publicKey ?? "";
  const ikm = sharedSecret(own, key) ?? new Uint8Array(0);
  const okm = okmOf({ ikm, salt: last.t1 ?? "", info: "aquila/v1/pair\0AT\0HR" });
  const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString("base64url");
  const destroyed = [own, other, text(ikm), text(okm.subarray(CONFIRM_AT, NOTICE_AT))];
  expect(
    before.map((content) => holds(content, own) || holds(content, other)),
    "the search finds them",
  ).toEqual([true, true]);
  for (const vault of vaults) {
    const content = contentOf(vault);
    for (const secret of destroyed) expect(holds(content, secret)).toBe(false);
    const [keyTag, keyProof] = [text(okm.subarray(0, 32)), text(okm.subarray(32, CONFIRM_AT))];
    expect([holds(content, keyTag), holds(content, keyProof)]).toEqual([true, true]);
    vault.destroyTagKeys(ROUND);
    expect([holds(contentOf(vault), keyTag), holds(contentOf(vault), keyProof)]).toEqual([false, true]);
    const keyNotice = text(okm.subarray(NOTICE_AT, KEY_ID_AT));
    expect(holds(content, keyNotice)).toBe(true);
    vault.destroyProofKeys(ROUND);
    expect([holds(contentOf(vault), keyProof), holds(contentOf(vault), keyNotice)]).toEqual([false, false]);
  }
});

test("box keys stolen after the follow-up open recorded packages, which name nobody, and no answers", async () => {
  const { identities, vaults, last } = await recorded();
  const [at, hr] = identities;
  const keyNotice = vaults[0]?.pairings(ROUND)?.[0]?.keyNotice;
  if (at === undefined || hr === undefined || !keyNotice) throw new RangeError("no agreement");
  const random = (count: number): string => randomBytes(count).toString("base64url");
  const direction = { round: ROUND, t2: random(32), from: "HR", to: "AT" };
  const notice = { accuracy: "", contact: "desk of HR", handling: "", reliability: "" } as const;
  const answer = { hit: random(16), notice: { ...notice, originTags: [], riskIndicators: [] }, proof: random(32) };
  const recordedAnswers = await sealAnswers(direction, [answer], 1, hr, { boxKey: at.boxKey, keyNotice });
  const key = new Uint8Array(randomBytes(32));
  const hit: Hit = { band: "high", cells: "", handle: random(16), hit: answer.hit, pattern: 1 };
  const sections = [{ counterpart: "HR", key, hits: [hit] }];
  const recordedPackage = await sealPackage({ party: "AT", round: ROUND, t2: direction.t2, sections }, at.boxKey);
  const recordedKey = await sealPackageKey(key, at.boxKey);

  const opened = await openPackage(recordedPackage, at);
  expect(openSection(opened, "HR", await openPackageKey(recordedKey, at))).toEqual([hit]);

  const open = (guess: Uint8Array): Promise<unknown> =>
    openAnswers(recordedAnswers, direction, 1, at, { signKey: hr.signKey, keyNotice: guess });
  expect(await open(keyNotice), "the guess that is right").toEqual([answer]);
  for (const vault of vaults) vault.destroyProofKeys(ROUND);
  const left = vaults.map((vault) => contentOf(vault));
  const texts = [
    ...identities.flatMap(({ signKey, signSecret, boxKey, boxSecret }) => [signKey, signSecret, boxKey, boxSecret]),
    ...last.keys.map(({ publicKey }) => publicKey),
    ...left.flatMap((content) => content.toString("latin1").match(/[A-Za-z0-9_-]{43}/g) ?? []),
  ];
  const shared = identities.flatMap(({ boxSecret, signSecret }) =>
    [boxSecret, signSecret].flatMap((secret) => texts.map((publicKey) => sharedSecret(secret, publicKey.slice(0, 43)))),
  );
  const guesses = [
    ...texts.map((text) => new Uint8Array(Buffer.from(text, "base64url"))).filter(({ length }) => length === 32),
    ...shared.filter((each) => each !== null),
  ];
  const publicInputs = { salt: last.t1 ?? "", info: "aquila/v1/pair\0AT\0HR" };
  const derived = guesses.map((ikm) => okmOf({ ikm, ...publicInputs }).subarray(NOTICE_AT, KEY_ID_AT));
  expect(guesses.length).toBeGreaterThan(20);
  for (const guess of [...guesses, ...derived])
    await expect(open(guess)).rejects.toMatchObject({ code: "answers-invalid" });
});
