/**
 * Rounds, round keys and confirmations: who may do what, in which state, and who sees what.
 */
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { makeConfirmation, makeRoundKey, signRoundKey, type Confirmation } from "#engine/round/keys.ts";
import { Roster } from "#engine/round/roster.ts";
import { approve, openSubmission } from "./acts.ts";
import {
  identityOf,
  makeDescriptor,
  makeHouse,
  operatorSigning,
  partySigning,
  removeHouse,
  startServer,
  transcriptOf,
  viewIn,
  type House,
  type RunningServer,
} from "./harness.ts";
import { codeOf, send } from "./requests.ts";

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

const asOperator = (method: string, path: string, body?: unknown) =>
  send(server.url, operatorSigning(house), method, path, body);
const asParty = (party: string, method: string, path: string, body?: unknown) =>
  send(server.url, partySigning(house, party), method, path, body);

describe("creating a round", () => {
  it("gives a draft, and the same one again for the same descriptor", async () => {
    const descriptor = makeDescriptor(house, { id: "create-1" });
    const first = await asOperator("POST", "/v1/rounds", descriptor);
    expect(first.status).toBe(201);
    expect(viewIn(first)).toMatchObject({ state: "draft", t1: null, descriptor, keys: [], confirmations: [] });
    expect((await asOperator("POST", "/v1/rounds", descriptor)).text).toBe(first.text);
  });

  it("shows each of many rounds its own descriptor", async () => {
    const many = Array.from({ length: 70 }, (_, at) =>
      makeDescriptor(house, { id: `many-${at}`, purpose: `test ${at}` }),
    );
    for (const descriptor of many) await asOperator("POST", "/v1/rounds", descriptor);
    for (const descriptor of many)
      expect(viewIn(await asOperator("GET", `/v1/rounds/${descriptor.id}`)).descriptor).toEqual(descriptor);
  });

  it("is refused for another descriptor under a known id", async () => {
    const other = makeDescriptor(house, { id: "create-1", purpose: "another" });
    expect(codeOf(await asOperator("POST", "/v1/rounds", other))).toBe("round-descriptor-invalid");
  });

  it.each<[string, string, Parameters<typeof makeDescriptor>[1]]>([
    ["another profile", "profile-mismatch", { profile: `${"B".repeat(42)}A` }],
    ["another roster", "round-descriptor-invalid", { roster: `${"B".repeat(42)}A` }],
    ["parties out of order", "round-descriptor-invalid", { pairings: [["HR", "AT"]] }],
    [
      "more records than the server takes",
      "round-descriptor-invalid",
      { parties: ["AT", "HR"].map((id) => ({ id, declaredRecords: 20_000 })), pairings: [["AT", "HR"]] },
    ],
  ])("is refused for %s", async (_name, code, changes) => {
    const answer = await asOperator("POST", "/v1/rounds", makeDescriptor(house, { id: "create-2", ...changes }));
    expect(codeOf(answer)).toBe(code);
    expect(codeOf(await asOperator("GET", "/v1/rounds/create-2"))).toBe("round-unknown");
    expect(readdirSync(join(house.dataDir, "rounds"))).not.toContain("create-2");
  });

  it("leaves no folder behind when it is refused, nor when it changes nothing", async () => {
    const descriptor = makeDescriptor(house, { id: "create-3" });
    await asOperator("POST", "/v1/rounds", descriptor);
    await asOperator("POST", "/v1/rounds/create-3/abort");
    const other = await asOperator("POST", "/v1/rounds", { ...descriptor, purpose: "another" });
    expect(codeOf(other)).toBe("round-descriptor-invalid");
    expect(readdirSync(join(house.dataDir, "rounds"))).not.toContain("create-3");
    expect(viewIn(await asOperator("POST", "/v1/rounds", descriptor)).state).toBe("erased");
    expect(readdirSync(join(house.dataDir, "rounds"))).not.toContain("create-3");
  });

  it("says where a body has another shape, not what it held", async () => {
    const answer = await asOperator("POST", "/v1/rounds", { ...makeDescriptor(house), purpose: 7, surname: "Horvat" });
    expect(codeOf(answer)).toBe("request-invalid");
    expect(answer.text).toContain("body/purpose: invalid_type");
    expect(answer.text).not.toMatch(/Horvat|surname/);
  });

  it("is for operators", async () => {
    expect(codeOf(await asParty("AT", "POST", "/v1/rounds", makeDescriptor(house)))).toBe("request-forbidden");
    for (const act of ["close", "match", "cancel", "abort"])
      expect(codeOf(await asParty("AT", "POST", `/v1/rounds/create-1/${act}`))).toBe("request-forbidden");
  });
});

describe("who sees what", () => {
  it("the roster is shown to every party", async () => {
    expect(Roster.parse(JSON.parse((await asParty("SI", "GET", "/v1/roster")).text))).toEqual(house.roster);
  });

  it("a foreign round answers exactly as an unknown one", async () => {
    const descriptor = makeDescriptor(house, {
      id: "foreign",
      parties: ["AT", "HR"].map((id) => ({ id, declaredRecords: 90 })),
      pairings: [["AT", "HR"]],
    });
    await asOperator("POST", "/v1/rounds", descriptor);
    const confirmation = { from: "SI", to: "AT", keyId: "A".repeat(22), mac: "A".repeat(43) };
    const { posted } = makeRoundKey(identityOf(house, "SI"), "A".repeat(43));
    const asked: [string, string, unknown?][] = [
      ["GET", ""],
      ["GET", "/progress"],
      ["PUT", "/keys/SI", posted],
      ["PUT", "/keys/AT", { ...posted, party: "AT" }],
      ["PUT", "/confirmations/SI/AT", confirmation],
      ["PUT", "/confirmations/AT/HR", { ...confirmation, from: "AT", to: "HR" }],
      ["GET", "/batches/SI/AT"],
      ["GET", "/batches/AT/HR"],
      ["PUT", "/batches/SI/AT/chunks/0", new Uint8Array(8)],
      ["GET", "/packages/SI"],
      ["GET", "/packages/AT"],
    ];
    for (const [method, path, body] of asked) {
      const foreign = await asParty("SI", method, `/v1/rounds/foreign${path}`, body);
      const unknown = await asParty("SI", method, `/v1/rounds/unknown${path}`, body);
      expect(codeOf(foreign), path).toBe("round-unknown");
      expect(foreign.text.replaceAll("foreign", "*")).toBe(
        unknown.text.replaceAll("unknown", "*").replace("round-*", "round-unknown").replace("round-*", "round-unknown"),
      );
    }
    expect((await asParty("SI", "GET", "/v1/rounds")).text).not.toContain("foreign");
    expect((await asParty("HR", "GET", "/v1/rounds")).text).toContain("foreign");
  });

  it("an object of another party answers exactly as one that is not there", async () => {
    for (const [own, none] of [
      ["/v1/rounds/create-1/packages/HR", "/v1/rounds/create-1/packages/XX"],
      ["/v1/rounds/create-1/batches/HR/AT", "/v1/rounds/create-1/batches/XX/AT"],
    ] as const) {
      const foreign = await asParty("AT", "GET", own);
      const unknown = await asParty("AT", "GET", none);
      expect(codeOf(foreign)).toBe("not-found");
      expect(foreign.text.replaceAll("HR", "XX")).toBe(unknown.text);
    }
  });

  it("a party sees its own pairings' batches and confirmations only", async () => {
    const { view } = await openSubmission(house, server.url, makeDescriptor(house, { id: "views" }));
    expect(view).toMatchObject({ state: "submitting" });
    expect(view.confirmations).toHaveLength(4);
    const seen = viewIn(await asParty("HR", "GET", "/v1/rounds/views"));
    expect(seen.confirmations.map(({ from, to }) => from + to).sort()).toEqual(["ATHR", "HRAT"]);
    expect(seen.batches.map(({ from, to }) => from + to).sort()).toEqual(["ATHR", "HRAT"]);
    expect(seen.keys).toEqual(view.keys);
  });
});

describe("round keys and confirmations", () => {
  it("are taken once, in their state, signed by their party", async () => {
    const round = "/v1/rounds/keys-1";
    const draft = viewIn(await asOperator("POST", "/v1/rounds", makeDescriptor(house, { id: "keys-1" })));
    const { t0 } = draft;
    const at = makeRoundKey(identityOf(house, "AT"), t0).posted;
    expect(codeOf(await asParty("AT", "PUT", `${round}/keys/AT`, at)), "still a draft").toBe("round-state");
    expect(viewIn(await approve(house, server.url, "open", draft)).state).toBe("opened");

    const otherT0 = makeRoundKey(identityOf(house, "AT"), "A".repeat(43)).posted;
    expect(codeOf(await asParty("AT", "PUT", `${round}/keys/AT`, otherT0))).toBe("round-key-signature");
    expect(codeOf(await asParty("AT", "PUT", `${round}/keys/HR`, { ...at, party: "HR" }))).toBe("not-found");
    expect(codeOf(await asParty("AT", "PUT", `${round}/keys/AT`, { ...at, party: "HR" }))).toBe("request-invalid");
    expect(codeOf(await asOperator("PUT", `${round}/keys/AT`, at))).toBe("request-forbidden");

    expect(viewIn(await asParty("AT", "PUT", `${round}/keys/AT`, at)).keys).toEqual([at]);
    expect(codeOf(await asParty("AT", "PUT", `${round}/keys/AT`, at)), "the same again").toBe("200");
    const second = makeRoundKey(identityOf(house, "AT"), t0).posted;
    expect(codeOf(await asParty("AT", "PUT", `${round}/keys/AT`, second))).toBe("round-key-conflict");
  });

  it("end the attempt when two sides name different keys, and name nobody", async () => {
    const round = "/v1/rounds/keys-2";
    const draft = viewIn(await asOperator("POST", "/v1/rounds", makeDescriptor(house, { id: "keys-2" })));
    const { t0 } = draft;
    await approve(house, server.url, "open", draft);
    for (const party of ["AT", "HR", "SI"]) {
      const { posted } = makeRoundKey(identityOf(house, party), t0);
      await asParty(party, "PUT", `${round}/keys/${party}`, posted);
    }
    const view = viewIn(await asOperator("GET", round));
    expect(view.state).toBe("keyed");
    const confirm = (from: string, to: string, keyId: string): Confirmation =>
      makeConfirmation({ keyConfirm: new Uint8Array(32), keyId }, transcriptOf(view), from, to);
    const [one, other] = ["A".repeat(22), `${"B".repeat(21)}A`];
    const put = async (body: Confirmation, path = `${body.from}/${body.to}`): Promise<string> =>
      codeOf(await asParty(body.from, "PUT", `${round}/confirmations/${path}`, body));

    expect(await put(confirm("HR", "SI", one))).toBe("pairing-unknown");
    expect(await put(confirm("AT", "HR", one), "AT/SI")).toBe("request-invalid");
    expect(await put(confirm("AT", "HR", one), "HR/AT")).toBe("not-found");
    expect(await put(confirm("AT", "HR", one))).toBe("200");
    expect(await put(confirm("AT", "HR", one))).toBe("200");
    expect(await put(confirm("AT", "HR", other))).toBe("round-key-conflict");
    expect(await put(confirm("HR", "AT", other))).toBe("200");
    const ending = { reason: "disputed", parties: [], evidence: [] };
    expect(viewIn(await asOperator("GET", round))).toMatchObject({ state: "erased", ending });
  });

  it("of small order are refused: no secret could be made with them", async () => {
    const round = "/v1/rounds/keys-3";
    const draft = viewIn(await asOperator("POST", "/v1/rounds", makeDescriptor(house, { id: "keys-3" })));
    await approve(house, server.url, "open", draft);
    for (const point of [new Uint8Array(32), Uint8Array.of(1, ...new Uint8Array(31))]) {
      const key = signRoundKey(identityOf(house, "AT"), draft.t0, Buffer.from(point).toString("base64url"));
      expect(codeOf(await asParty("AT", "PUT", `${round}/keys/AT`, key))).toBe("round-key-signature");
    }
    expect(viewIn(await asOperator("GET", round)).keys).toEqual([]);
  });
});

describe("states", () => {
  it("close and match are refused before their time, packages are not there", async () => {
    for (const act of ["close", "match"])
      expect(codeOf(await asOperator("POST", `/v1/rounds/create-1/${act}`))).toBe("round-state");
    expect(codeOf(await asParty("AT", "GET", "/v1/rounds/create-1/packages/AT"))).toBe("package-unavailable");
  });

  it("an abandoned round can be erased, once, and its folder goes", async () => {
    await asOperator("POST", "/v1/rounds", makeDescriptor(house, { id: "left" }));
    expect(readdirSync(join(house.dataDir, "rounds"))).toContain("left");
    expect(viewIn(await asOperator("POST", "/v1/rounds/left/abort")).state).toBe("erased");
    expect(readdirSync(join(house.dataDir, "rounds"))).not.toContain("left");
    expect(codeOf(await asOperator("POST", "/v1/rounds/left/abort"))).toBe("round-state");
    expect(codeOf(await asOperator("POST", "/v1/rounds/left/close"))).toBe("round-state");
  });

  it("a round is not erased under the workers that match it", async () => {
    await asOperator("POST", "/v1/rounds", makeDescriptor(house, { id: "matched" }));
    const database = new DatabaseSync(join(house.dataDir, "aquila.db"));
    database.exec("UPDATE rounds SET state = 'matching' WHERE id = 'matched'");
    expect(codeOf(await asOperator("POST", "/v1/rounds/matched/abort"))).toBe("round-state");
    database.exec("UPDATE rounds SET state = 'draft' WHERE id = 'matched'");
    database.close();
    expect(viewIn(await asOperator("POST", "/v1/rounds/matched/abort")).state).toBe("erased");
  });

  it("an unknown round is unknown to operators too", async () => {
    expect(codeOf(await asOperator("POST", "/v1/rounds/nowhere/close"))).toBe("round-unknown");
    expect(codeOf(await asOperator("GET", "/v1/rounds/Bad_Id"))).toBe("request-invalid");
    expect(codeOf(await asOperator("GET", "/v1/nothing"))).toBe("not-found");
  });
});
