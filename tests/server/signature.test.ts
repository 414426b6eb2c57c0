/**
 * Signed requests: each way to get one wrong.
 */
import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { createSigner, httpbis } from "http-message-signatures";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { makeIdentity } from "#engine/round/identity.ts";
import { privateKeyOf } from "#engine/round/raw-key.ts";
import { contentDigestOf, SIGNATURE_LABEL, SIGNATURE_PARAMETERS, signedComponents } from "#engine/round/requests.ts";
import {
  makeDescriptor,
  makeHouse,
  operatorSigning,
  partySigning,
  removeHouse,
  startServer,
  type House,
  type RunningServer,
} from "./harness.ts";
import { codeOf, send, type Twist } from "./requests.ts";

const COMPONENTS = signedComponents("GET");

let house: House;
let server: RunningServer;
beforeAll(async () => {
  house = makeHouse();
  // It has been open for a while.
  house.clock = () => seconds(-120);
  server = await startServer(house);
  house.clock = () => new Date();
});
afterAll(async () => {
  await server.app.close();
  removeHouse(house);
});

const seconds = (offset: number): Date => new Date(Date.now() + offset * 1_000);
const asked = async (twist: Twist, signing = partySigning(house, "AT")): Promise<string> =>
  codeOf(await send(server.url, signing, "GET", "/v1/rounds", undefined, twist));

/** Signs a request and sends it with its two headers changed. @returns The answer's code. */
async function sentWith(change: (input: string, signature: string) => [string, string]): Promise<string> {
  const { keyId, signSecret } = partySigning(house, "AT");
  const created = new Date();
  const url = `${server.url}/v1/rounds`;
  const { headers } = await httpbis.signMessage(
    {
      key: createSigner(privateKeyOf("ed25519", signSecret), "ed25519", keyId),
      name: SIGNATURE_LABEL,
      fields: COMPONENTS,
      params: SIGNATURE_PARAMETERS,
      paramValues: {
        created,
        expires: new Date(created.getTime() + 60_000),
        nonce: randomBytes(16).toString("base64url"),
        tag: "aquila/v1",
      },
    },
    { method: "GET", url, headers: { "content-digest": contentDigestOf(new Uint8Array()) } },
  );
  const signed: Record<string, unknown> = headers;
  const [input, signature] = change(String(signed["Signature-Input"]), String(signed["Signature"]));
  const answer = await fetch(url, {
    headers: {
      "content-digest": contentDigestOf(new Uint8Array()),
      "signature-input": input,
      signature,
    },
  });
  return answer.ok ? "200" : ((await answer.json()) as { code: string }).code;
}

describe("a request's signature", () => {
  it("is accepted from parties and operators", async () => {
    expect(await asked({})).toBe("200");
    expect(await asked({}, operatorSigning(house))).toBe("200");
    expect(codeOf(await send(server.url, partySigning(house, "AT"), "GET", "/v1/roster?x=1"))).toBe("200");
  });

  it("is accepted within five seconds of clock difference", async () => {
    expect(await asked({ created: seconds(4) })).toBe("200");
    expect(await asked({ created: seconds(-62) })).toBe("200");
  });

  it.each<[string, () => Twist]>([
    ["made with another key", () => ({ keyId: "party:HR" })],
    ["of an unknown key", () => ({ keyId: "party:XX" })],
    ["expired", () => ({ created: seconds(-90) })],
    ["created in the future", () => ({ created: seconds(30) })],
    ["that lives longer than a minute", () => ({ expires: seconds(90) })],
    ["that expires before it was created", () => ({ expires: seconds(-1) })],
    ["without a nonce", () => ({ parameters: SIGNATURE_PARAMETERS.filter((name) => name !== "nonce") })],
    ["without an expiry", () => ({ parameters: SIGNATURE_PARAMETERS.filter((name) => name !== "expires") })],
    ["without an algorithm", () => ({ parameters: SIGNATURE_PARAMETERS.filter((name) => name !== "alg") })],
    ["with a short nonce", () => ({ nonce: "1234" })],
    ["with another tag", () => ({ tag: "other/v1" })],
    ["with another label", () => ({ label: "sig1" })],
    ["that leaves out the path", () => ({ components: COMPONENTS.filter((name) => name !== "@path") })],
    ["that leaves out the body", () => ({ components: COMPONENTS.filter((name) => name !== "content-digest") })],
    ["for another path", () => ({ sentPath: "/v1/roster" })],
    ["for another query", () => ({ sentPath: "/v1/rounds?all=1" })],
  ])("%s is refused", async (_name, twist) => {
    expect(await asked(twist())).toBe("request-signature");
  });

  it.each<[string, (input: string, signature: string) => [string, string]]>([
    ["a second entry of the same label", (input, signature) => [`${input}, ${input}`, signature]],
    ["the same label before it", (input, signature) => [`aquila=("@method");keyid="x", ${input}`, signature]],
    ["a second label", (input, signature) => [`${input}, other=("@method")`, signature]],
    ["a second label with its signature", (i, s) => [`${i}, ${i.replace("aquila", "other")}`, `${s}, other=:AA==:`]],
    ["a second signature of the same label", (input, signature) => [input, `${signature}, ${signature}`]],
    ["a signature of another label", (input, signature) => [input, `${signature}, other=:AA==:`]],
    ["a parameter twice", (input, signature) => [`${input};tag="aquila/v1"`, signature]],
    ["a parameter more", (input, signature) => [`${input};x=1`, signature]],
    ["a word after it", (input, signature) => [`${input} x`, signature]],
  ])("with %s is refused", async (_name, change) => {
    expect(await sentWith((input, signature) => [input, signature]), "as signed").toBe("200");
    expect(await sentWith(change)).toBe("request-signature");
  });

  it("is wanted on every route under /v1", async () => {
    for (const path of ["/v1/roster", "/v1/rounds", "/v1/rounds/none", "/v1/rounds/none/progress"])
      expect((await fetch(server.url + path)).status).toBe(401);
  });

  it("is good for one request", async () => {
    const nonce = randomBytes(16).toString("base64url");
    expect(await asked({ nonce })).toBe("200");
    expect(await asked({ nonce })).toBe("request-signature");
    expect(await asked({ nonce }, operatorSigning(house)), "another signer's nonces are its own").toBe("200");
  });

  it("says the same of an unknown key and of a wrong one", async () => {
    const stranger = { ...partySigning(house, "AT"), signSecret: makeIdentity("AT").signSecret };
    const wrong = await send(server.url, stranger, "GET", "/v1/rounds");
    const unknown = await send(server.url, { ...stranger, keyId: "party:XX" }, "GET", "/v1/rounds");
    expect(wrong.status).toBe(401);
    expect(wrong.text).toBe(unknown.text);
  });

  it("does not hold for an altered body, and nothing is made of it", async () => {
    const descriptor = makeDescriptor(house);
    const sentBody = new TextEncoder().encode(JSON.stringify({ ...descriptor, purpose: "another" }));
    const answer = await send(server.url, operatorSigning(house), "POST", "/v1/rounds", descriptor, { sentBody });
    expect(codeOf(answer)).toBe("request-signature");
    const rounds = await send(server.url, operatorSigning(house), "GET", "/v1/rounds");
    expect(JSON.parse(rounds.text)).toEqual([]);
  });

  it("does not help a compressed body, another content type or broken JSON", async () => {
    const operator = operatorSigning(house);
    const body = makeDescriptor(house);
    const post = async (content: unknown, twist: Twist): Promise<string> =>
      codeOf(await send(server.url, operator, "POST", "/v1/rounds", content, twist));
    expect(await post(body, { headers: { "content-encoding": "gzip" } })).toBe("request-encoding");
    expect(await post(body, { contentType: "text/plain" })).toBe("request-invalid");
    expect(await post(Buffer.from("{"), { contentType: "application/json" })).toBe("request-invalid");
  });
});

describe("the rate limit", () => {
  it("refuses a signer's surplus and no other signer", async () => {
    const strict = makeHouse();
    const { app, url } = await startServer(strict, { requestsPerMinute: 3 });
    const codes: string[] = [];
    for (let at = 0; at < 4; at++) codes.push(codeOf(await send(url, partySigning(strict, "AT"), "GET", "/v1/rounds")));
    expect(codes).toEqual(["200", "200", "200", "overloaded"]);
    expect(codeOf(await send(url, partySigning(strict, "HR"), "GET", "/v1/rounds"))).toBe("200");
    await app.close();
    removeHouse(strict);
  });
});

describe("the worked example of docs/spec/api.md", () => {
  // Signed with node:crypto alone, without the library.
  it("is what this library signs", async () => {
    const page = readFileSync(new URL("../../docs/spec/api.md", import.meta.url), "utf8");
    const seed = "nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A";
    expect(page).toContain(seed);
    const signed = await httpbis.signMessage(
      {
        key: createSigner(privateKeyOf("ed25519", seed), "ed25519", "party:AT"),
        name: SIGNATURE_LABEL,
        fields: COMPONENTS,
        params: SIGNATURE_PARAMETERS,
        paramValues: {
          created: new Date(1_795_345_200_000),
          expires: new Date(1_795_345_260_000),
          nonce: "b5vY3ZxJ0xq4rT8wKfLmNg",
          tag: "aquila/v1",
        },
      },
      {
        method: "GET",
        url: "http://127.0.0.1:8443/v1/rounds/2026-4",
        headers: { "Content-Digest": contentDigestOf(new Uint8Array()) },
      },
    );
    for (const [name, value] of Object.entries(signed.headers)) expect(page).toContain(`\n${name}: ${value}\n`);
  });
});
