/**
 * Forward secrecy of the pairing keys: what somebody has who recorded all traffic of an agreement and steals every
 * long-term secret and both vaults afterwards, and the one input of HKDF that he lacks.
 */
import { diffieHellman, hkdfSync } from "node:crypto";
import { readdirSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { expect, test } from "vitest";
import { agreeKeys } from "#client/agree.ts";
import { openStream } from "#client/sealed-stream.ts";
import type { Vault } from "#client/vault.ts";
import { descriptorT0 } from "#engine/round/descriptor.ts";
import { checkConfirmation, transcriptT1 } from "#engine/round/keys.ts";
import type { RoundView } from "#engine/round/messages.ts";
import { privateKeyOf, publicKeyOf } from "#engine/round/raw-key.ts";
import { contextOf } from "#server/aead.ts";
import { descriptorOf, identitiesOf, rosterOf } from "../../engine/round/parties.ts";
import { vaultOf } from "../folders.ts";
import { connectionTo, relayOf } from "./relay.ts";

const ROUND = "2026-4";
const PROFILE = "A".repeat(43);
const OKM_BYTES = 112;
const CONFIRM_AT = 64;
const KEY_ID_AT = 96;

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
    }
    const keyConfirm = okm.subarray(CONFIRM_AT, KEY_ID_AT);
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
  const destroyed = [own, other, text(ikm), text(okm.subarray(CONFIRM_AT, KEY_ID_AT))];
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
    vault.destroyProofKeys(ROUND);
    expect(holds(contentOf(vault), keyProof)).toBe(false);
  }
});
