/**
 * What the secretariat's pages sign and verify in a real Chromium, held byte for byte against the node implementation.
 */
import { randomBytes } from "node:crypto";
import fc from "fast-check";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { signRequest, signerOf } from "#client/signature.ts";
import { makeMerkleTree } from "#engine/audit/merkle-tree.ts";
import { leafOf } from "#engine/audit/entry.ts";
import { canonicalBytes, type Json } from "#engine/canonical-json.ts";
import { descriptorT0 } from "#engine/round/descriptor.ts";
import { makeIdentity, makeStaffIdentity, signerFingerprint } from "#engine/round/identity.ts";
import { makeRoundKey, transcriptT1 } from "#engine/round/keys.ts";
import { privateKeyOf } from "#engine/round/raw-key.ts";
import { contentDigestOf } from "#engine/round/requests.ts";
import { signAnswer } from "#engine/round/signed-answers.ts";
import { signStatement } from "#engine/round/statement.ts";
import { transcriptT2 } from "#engine/round/transcript.ts";
import { makeDescriptor, makeHouse, removeHouse } from "../server/harness.ts";
import { chromiumPath, NO_BROWSER, startBrowser } from "./browser.ts";
import { servePageModules, type PageModules } from "./page-modules.ts";

const OPERATOR = makeStaffIdentity("operator", "op-1");
const SECRETARIAT = makeStaffIdentity("operator", "secretariat-stand-in");
const MODULES = ["audit-check", "bytes", "canonical-json", "fingerprint", "merkle-proof", "signatures", "transcripts"];
/** A staff key in the page from a raw seed, as the key file gives one. */
const KEY = `
  const seed = bytes.fromBase64url(${JSON.stringify(OPERATOR.signSecret)});
  const der = bytes.joined(Uint8Array.from([48,46,2,1,0,48,5,6,3,43,101,112,4,34,4,32]), seed);
  const secret = await crypto.subtle.importKey("pkcs8", der, "Ed25519", false, ["sign"]);
  const key = {
    role: "operator", id: "op-1", publicKey: ${JSON.stringify(OPERATOR.signKey)},
    sign: async (message) => new Uint8Array(await crypto.subtle.sign("Ed25519", secret, message)),
  };`;

let browser: Browser;
let modules: PageModules;
beforeAll(async () => {
  if (chromiumPath() === null) return;
  browser = await startBrowser();
  modules = await servePageModules(browser, MODULES);
});
beforeEach((context) => {
  if (chromiumPath() === null) context.skip(NO_BROWSER);
});
afterAll(async () => {
  if (chromiumPath() === null) return;
  await modules.close();
  await browser.close();
});

describe("bytes", () => {
  it("canonical JSON is the same for any value", async () => {
    const values = fc.sample(fc.jsonValue({ noUnicodeString: false }), { numRuns: 300, seed: 7 }) as Json[];
    const texts = await modules.run(`
      return JSON.parse(${JSON.stringify(JSON.stringify(values))}).map(canonicalJson.canonicalBytes).map((one) => bytes.toBase64url(one));`);
    expect(texts).toEqual(values.map((value) => Buffer.from(canonicalBytes(value)).toString("base64url")));
  });

  it("base64url goes both ways for every length, and a secret comes out of its text as it went in", async () => {
    const samples = Array.from({ length: 70 }, (_, length) => randomBytes(length).toString("base64url"));
    const script = `const samples = ${JSON.stringify(samples)};
      return [
        samples.map((text) => bytes.toBase64url(bytes.fromBase64url(text))),
        samples.map((text) => bytes.toBase64url(bytes.decodeSecret(bytes.utf8(text)))),
      ];`;
    expect(await modules.run(script)).toEqual([samples, samples]);
  });

  it("a fingerprint is the one that the command line says", async () => {
    const script = `return fingerprint.signerFingerprint(${JSON.stringify(OPERATOR.signKey)});`;
    expect(await modules.run(script)).toBe(signerFingerprint(OPERATOR.signKey));
  });
});

describe("signatures", () => {
  it("approvals and decisions are the statements that node signs", async () => {
    const digest = "A".repeat(43);
    const approval = { act: "open", operator: "op-1", round: "2026-4", t0: digest, t2: null };
    const hold = { decision: "drop", officer: "dpo-1", pairing: ["AT", "HR"], round: "2026-4", t2: digest };
    const script = `${KEY}
      return [
        await signatures.signStatement(key, "approval", ${JSON.stringify(approval)}),
        await signatures.signStatement(key, "hold", ${JSON.stringify(hold)}),
      ];`;
    expect(await modules.run(script)).toEqual([
      signStatement(OPERATOR, "approval", approval),
      signStatement(OPERATOR, "hold", hold),
    ]);
  });

  it("a statement holds under its author's key, and not when anything of it is another", async () => {
    const signed = signStatement(OPERATOR, "hold", { decision: "hold", round: "2026-4" });
    const twisted = [
      [OPERATOR.signKey, "hold", signed],
      [SECRETARIAT.signKey, "hold", signed],
      [OPERATOR.signKey, "approval", signed],
      [OPERATOR.signKey, "hold", { ...signed, round: "2026-5" }],
      [OPERATOR.signKey, "hold", { ...signed, signature: "" }],
    ];
    const script = `return Promise.all(${JSON.stringify(twisted)}.map((args) => signatures.isSignedBy(...args)));`;
    expect(await modules.run(script)).toEqual([true, false, false, false, false]);
  });

  it.each([
    ["GET", "/v1/rounds", ""],
    ["GET", "/v1/audit/consistency?first=1&second=2", ""],
    ["PUT", "/v1/rounds/2026-4/approvals/open/op-1", '{"a":1}'],
    ["DELETE", "/v1/operations/benches", ""],
  ])("%s %s is signed as node signs it", async (method, path, body) => {
    const url = new URL(path, "https://aquila.example:8443");
    const created = new Date("2026-12-01T09:00:00Z");
    const idempotencyKey = "0123456789abcdef";
    const wanted = await signRequest(
      signerOf(OPERATOR),
      method,
      url,
      new TextEncoder().encode(body),
      created,
      idempotencyKey,
    );
    const nonce = /nonce="([^"]*)"/.exec(wanted["signature-input"] ?? "")?.[1] ?? "";
    const script = `${KEY}
      const moment = { created: new Date(${created.getTime()}), nonce: ${JSON.stringify(nonce)}, idempotencyKey: "${idempotencyKey}" };
      return signatures.signedHeaders(key, "${method}", new URL("${url.href}"), bytes.utf8(${JSON.stringify(body)}), moment);`;
    const lower = Object.fromEntries(Object.entries(wanted).map(([name, value]) => [name.toLowerCase(), value]));
    expect(await modules.run(script)).toEqual(
      method === "GET" ? lower : { ...lower, "idempotency-key": idempotencyKey },
    );
  });

  it("an answer holds for its own request, status, head and body alone", async () => {
    const requestSignature = `aquila=:${randomBytes(64).toString("base64")}:`;
    const other = `aquila=:${randomBytes(64).toString("base64")}:`;
    const body = '{"size":7}';
    const said = { status: 200, contentDigest: contentDigestOf(Buffer.from(body)), treeHead: "eyJ9", requestSignature };
    const signed = signAnswer(privateKeyOf("ed25519", SECRETARIAT.signSecret), said, new Date());
    if (signed === null) throw new RangeError("not signed");
    const headers = {
      "signature-input": signed.signatureInput,
      signature: signed.signature,
      "aquila-tree-head": said.treeHead,
    };
    const good = { status: 200, headers, body, requestSignature };
    const answers = [
      good,
      { ...good, status: 201 },
      { ...good, body: '{"size":8}' },
      { ...good, requestSignature: other },
      { ...good, headers: { ...headers, "aquila-tree-head": "eyJ8" } },
      {
        ...good,
        headers: { ...headers, "signature-input": headers["signature-input"].replace("secretariat", "party:AT") },
      },
      { ...good, headers: { "aquila-tree-head": "eyJ9" } },
    ];
    const script = `const secretariat = await signatures.importPublicKey(${JSON.stringify(SECRETARIAT.signKey)});
      return Promise.all(${JSON.stringify(answers)}.map(({ body, headers, ...one }) =>
        signatures.isAnswerSigned(secretariat, { ...one, headers: new Headers(headers), body: bytes.utf8(body) })));`;
    expect(await modules.run(script)).toEqual([true, false, false, false, false, false, false]);
  });
});

it("T0, T1 and T2 are those of node", async () => {
  const house = makeHouse();
  try {
    const descriptor = makeDescriptor(house);
    const t0 = descriptorT0(descriptor);
    const keys = house.cast.identities.map((identity) => makeRoundKey(identity, t0).posted);
    const t1 = transcriptT1(t0, keys);
    const sealed = descriptor.pairings.flatMap(([lower, higher]) => [
      { digest: "B".repeat(42) + "A", from: higher, to: lower },
      { digest: "A".repeat(43), from: lower, to: higher },
    ]);
    const t2 = transcriptT2(t1, sealed);
    const view = { descriptor, keys: [...keys].reverse(), sealed, t0, t1, t2 };
    const script = `const view = ${JSON.stringify(view)};
      const computed = await transcripts.transcriptsOf(view);
      return [computed, transcripts.isOf(view, computed), transcripts.isOf({ ...view, t2: view.t1 }, computed)];`;
    expect(await modules.run(script)).toEqual([{ t0, t1, t2 }, true, false]);
  } finally {
    removeHouse(house);
  }
});

describe("proofs of the audit log", () => {
  const LEAVES = 23;
  const tree = makeMerkleTree();
  const leaves = Array.from({ length: LEAVES }, () => new Uint8Array(randomBytes(32)));
  for (const leaf of leaves) tree.append(leaf);
  const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString("base64url");
  const treeOf = (size: number): { size: number; root: string } => ({ size, root: text(tree.root(size)) });
  const withBytes = `const tree = ({ size, root }) => ({ size, root: bytes.fromBase64url(root) });
    const flipped = (part) => part.map((byte, at) => (at === 5 ? byte ^ 1 : byte));`;

  it("every leaf is found in every tree, and with no other number, leaf, root or path", async () => {
    const cases = Array.from({ length: LEAVES }, (_, at) => at + 1).flatMap((size) =>
      Array.from({ length: size }, (_, index) => ({
        ...treeOf(size),
        index,
        leaf: text(leaves[index] ?? new Uint8Array()),
        path: tree.inclusionProof(index, size).map(text),
      })),
    );
    const script = `${withBytes}
      const found = { right: 0, wrong: 0 };
      const count = async (...args) => ((await merkleProof.isIncluded(...args)) ? 1 : 0);
      for (const { index, leaf: text, path: texts, ...of } of ${JSON.stringify(cases)}) {
        const [leaf, path, whole] = [bytes.fromBase64url(text), texts.map(bytes.fromBase64url), tree(of)];
        found.right += await count(leaf, index, whole, path);
        found.wrong += await count(flipped(leaf), index, whole, path);
        found.wrong += await count(leaf, index + 1, whole, path);
        found.wrong += await count(leaf, index, { ...whole, root: flipped(whole.root) }, path);
        found.wrong += await count(leaf, index, whole, [...path, leaf]);
        if (path.length > 0) found.wrong += await count(leaf, index, whole, path.slice(1));
        for (let at = 0; at < path.length; at++)
          found.wrong += await count(leaf, index, whole, path.map((part, place) => (place === at ? flipped(part) : part)));
      }
      return found;`;
    expect(await modules.run(script)).toEqual({ right: cases.length, wrong: 0 });
  });

  it("every tree goes on from every smaller one, and from none with another root or path", async () => {
    const cases = Array.from({ length: LEAVES + 1 }, (_, second) => second).flatMap((second) =>
      Array.from({ length: second + 1 }, (_, first) => ({
        first: treeOf(first),
        second: treeOf(second),
        path: tree.consistencyProof(first, second).map(text),
      })),
    );
    const script = `${withBytes}
      const found = { right: 0, wrong: 0 };
      const count = async (...args) => ((await merkleProof.isConsistent(...args)) ? 1 : 0);
      for (const { first: one, second: other, path: texts } of ${JSON.stringify(cases)}) {
        const [first, second, path] = [tree(one), tree(other), texts.map(bytes.fromBase64url)];
        found.right += await count(first, second, path);
        found.wrong += await count({ ...first, root: flipped(first.root) }, second, path);
        if (first.size > 0) found.wrong += await count(first, { ...second, root: flipped(second.root) }, path);
        if (first.size < second.size) found.wrong += await count(second, first, path);
        found.wrong += await count(first, second, [...path, first.root]);
        for (let at = 0; at < path.length; at++)
          found.wrong += await count(first, second, path.map((part, place) => (place === at ? flipped(part) : part)));
      }
      return found;`;
    expect(await modules.run(script)).toEqual({ right: cases.length, wrong: 0 });
  });

  it("a commitment is to its entry and salt alone", async () => {
    const { party } = makeIdentity("AT");
    const leaf = leafOf({
      about: "",
      act: "acknowledged",
      actor: `party:${party}`,
      at: "2026-12-01T09:00:00.000Z",
      justification: "",
      number: 3,
      operation: "administration",
      purpose: "",
      recipients: [],
      round: null,
    });
    const others = [
      leaf,
      { ...leaf, salt: "A".repeat(43) },
      { ...leaf, entry: { ...leaf.entry, actor: "party:HR" } },
      { commitment: leaf.commitment, entry: null, salt: null },
    ];
    const script = `return Promise.all(${JSON.stringify(others)}.map(auditCheck.isCommittedTo));`;
    expect(await modules.run(script)).toEqual([true, false, false, true]);
  });
});
