/**
 * Writes that are sent again under their idempotency keys, over a listening server.
 */
import { randomBytes } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  makeDescriptor,
  makeHouse,
  officerSigning,
  operatorSigning,
  partySigning,
  removeHouse,
  startServer,
  viewIn,
  type House,
  type RunningServer,
} from "./harness.ts";
import { codeOf, send, type Answer } from "./requests.ts";

let house: House;
let server: RunningServer;
beforeAll(async () => {
  house = makeHouse();
  server = await startServer(house);
});
afterAll(async () => {
  await server.app.close();
  removeHouse(house);
});

const makeKey = (): string => randomBytes(16).toString("base64url");
const post = (path: string, idempotencyKey: string, body?: unknown, signing = operatorSigning(house)) =>
  send(server.url, signing, "POST", `/v1/rounds${path}`, body, { idempotencyKey });
const create = (id: string): Promise<Answer> => post("", makeKey(), makeDescriptor(house, { id }));
const actsOf = async (id: string): Promise<string[]> => {
  const { text } = await send(server.url, officerSigning(house), "GET", `/v1/rounds/${id}/log`);
  return (JSON.parse(text) as { act: string }[]).map(({ act }) => act).filter((act) => act !== "log-read");
};

describe("a write under its key", () => {
  it("is carried out once: what could not be done twice is answered again as it now is", async () => {
    await create("one");
    const key = makeKey();
    const first = await post("/one/abort", key);
    const again = await post("/one/abort", key);
    expect([first.status, again.status]).toEqual([200, 200]);
    expect(viewIn(again)).toEqual(viewIn(first));
    expect(await actsOf("one")).toEqual(["created", "aborted-cancelled", "erased"]);
    expect(codeOf(await post("/one/abort", makeKey())), "under another key it is another write").toBe("round-state");
  });

  it("is known after a restart", async () => {
    await create("two");
    const key = makeKey();
    expect((await post("/two/abort", key)).status).toBe(200);
    await server.app.close();
    server = await startServer(house);
    expect((await post("/two/abort", key)).status).toBe(200);
    expect(await actsOf("two")).toEqual(["created", "aborted-cancelled", "erased"]);
  });

  it("is refused for another body, path or method, and changes nothing", async () => {
    const key = makeKey();
    expect((await post("", key, makeDescriptor(house, { id: "three" }))).status).toBe(201);
    expect(codeOf(await post("", key, makeDescriptor(house, { id: "four" })))).toBe("idempotency-conflict");
    expect(codeOf(await post("/three/abort", key))).toBe("idempotency-conflict");
    expect(viewIn(await send(server.url, operatorSigning(house), "GET", "/v1/rounds/three")).state).toBe("draft");
    expect(codeOf(await send(server.url, operatorSigning(house), "GET", "/v1/rounds/four"))).toBe("round-unknown");
  });

  it("that was refused can be sent again", async () => {
    await create("five");
    const key = makeKey();
    expect(codeOf(await post("/five/close", key))).toBe("round-state");
    expect(codeOf(await post("/five/close", key))).toBe("round-state");
  });

  it("is its caller's own", async () => {
    const key = makeKey();
    expect((await post("", key, makeDescriptor(house, { id: "six" }))).status).toBe(201);
    expect((await post("/six/abort", key, undefined, operatorSigning(house, 1))).status).toBe(200);
  });

  it("is forgotten after a day", async () => {
    const key = makeKey();
    expect((await post("", key, makeDescriptor(house, { id: "seven" }))).status).toBe(201);
    await server.app.close();
    house.clock = () => new Date(Date.now() + 25 * 3_600_000);
    server = await startServer(house);
    expect(codeOf(await post("/seven/abort", key)), "its deadline has ended it; the key is free").toBe("round-state");
  });
});

it("a write without a key, or with one that is none, is refused", async () => {
  const body = makeDescriptor(house, { id: "eight" });
  for (const idempotencyKey of ["short", `${"a".repeat(20)}"`, "a".repeat(65)])
    expect(codeOf(await post("", idempotencyKey, body))).toBe("request-signature");
  const components = ["@method", "@authority", "@path", "@query", "content-digest"];
  const unsigned = await send(server.url, operatorSigning(house), "POST", "/v1/rounds", body, { components });
  expect(codeOf(unsigned)).toBe("request-signature");
  expect(codeOf(await send(server.url, partySigning(house, "AT"), "GET", "/v1/rounds/eight"))).toBe("round-unknown");
});
