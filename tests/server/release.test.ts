/**
 * The release: packages that nobody can open alone, openings for both sides at once, answers in pairs.
 */
import { randomBytes } from "node:crypto";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { PackageKeys, type RoundView } from "#engine/round/messages.ts";
import { openPackage, openSection } from "#engine/round/package.ts";
import {
  acknowledge,
  acknowledgementOf,
  approve,
  fetchPackage,
  matchRound,
  openedHits,
  packageKeys,
  sealedRound,
} from "./acts.ts";
import {
  identityOf,
  makeDescriptor,
  makeHouse,
  operatorSigning,
  partySigning,
  people,
  removeHouse,
  startServer,
  viewIn,
  type House,
  type RunningServer,
} from "./harness.ts";
import { codeOf, send, type Answer } from "./requests.ts";

/** Too few to be held. */
const FEW_HITS = 19;
let house: House;
let server: RunningServer;
let count = 0;
beforeAll(async () => {
  house = makeHouse();
  server = await startServer(house);
});
afterAll(async () => {
  await server.app.close();
  removeHouse(house);
});
afterEach(() => {
  house.clock = () => new Date();
});

/** A released round of each with each: AT and HR have {@link FEW_HITS} hits, the others none. */
async function released(): Promise<RoundView> {
  const id = `release-${count++}`;
  const pairings: [string, string][] = [
    ["AT", "HR"],
    ["AT", "SI"],
    ["HR", "SI"],
  ];
  await sealedRound(house, server.url, makeDescriptor(house, { id, pairings }), (from, to) =>
    people(from === "SI" || to === "SI" ? 0 : FEW_HITS),
  );
  return viewIn(await approve(house, server.url, "release", await matchRound(house, server.url, id)));
}

const shown = async ({ descriptor: { id } }: RoundView): Promise<RoundView> =>
  viewIn(await send(server.url, operatorSigning(house), "GET", `/v1/rounds/${id}`));
const statesOf = ({ pairings }: RoundView): string[] => pairings.map(({ state }) => state);

describe("a package", () => {
  it("is there once the round is released, not before", async () => {
    const id = `release-${count++}`;
    await sealedRound(house, server.url, makeDescriptor(house, { id }));
    const view = await matchRound(house, server.url, id);
    expect(codeOf(await fetchPackage(house, server.url, "AT", id))).toBe("package-unavailable");
    expect(codeOf(await acknowledge(house, server.url, "AT", view))).toBe("round-state");
    await approve(house, server.url, "release", view);
    expect((await fetchPackage(house, server.url, "AT", id)).status).toBe(200);
  });

  it("of no hits is as long as one of 40", async () => {
    const other = makeHouse();
    const { app, url } = await startServer(other);
    const lengths: number[] = [];
    for (const hits of [0, 40]) {
      const parties = ["AT", "HR"].map((party) => ({ id: party, declaredRecords: 90 }));
      const descriptor = makeDescriptor(other, {
        id: `length-${String(hits).padStart(2, "0")}`,
        pairings: [["AT", "HR"]],
        parties,
      });
      await sealedRound(other, url, descriptor, () => people(hits));
      const view = await matchRound(other, url, descriptor.id);
      expect(view.pairings[0]?.hits?.high).toBe(hits);
      await approve(other, url, "release", view);
      for (const party of ["AT", "HR"])
        lengths.push((await fetchPackage(other, url, party, descriptor.id)).bytes.length);
    }
    await app.close();
    removeHouse(other);
    expect(new Set(lengths).size).toBe(1);
  });
});

describe("a pairing", () => {
  it("opens to both sides at once when both have acknowledged, and never to one alone", async () => {
    const view = await released();
    const { id } = view.descriptor;
    const sealed = new Map<string, Uint8Array>();
    for (const party of ["AT", "HR", "SI"]) sealed.set(party, (await fetchPackage(house, server.url, party, id)).bytes);
    const opened = await openPackage(sealed.get("AT") ?? new Uint8Array(), identityOf(house, "AT"));
    const guess = new Uint8Array(randomBytes(32));
    expect(() => openSection(opened, "HR", guess)).toThrow(expect.objectContaining({ code: "package-invalid" }));
    const keysOf = async (party: string): Promise<string[]> => [
      ...(await packageKeys(house, server.url, party, id)).keys(),
    ];

    expect(codeOf(await acknowledge(house, server.url, "AT", view))).toBe("200");
    expect(statesOf(await shown(view))).toEqual(["matched", "matched", "matched"]);
    for (const party of ["AT", "HR", "SI"]) expect(await keysOf(party), party).toEqual([]);
    const waiting = (await shown(view)).pairings;
    expect(waiting.map(({ acknowledged }) => acknowledged)).toEqual([["AT"], ["AT"], []]);

    expect(viewIn(await acknowledge(house, server.url, "HR", view)).pairings.map(({ state }) => state)).toEqual([
      "opened",
      "matched",
    ]);
    expect(await keysOf("AT")).toEqual(["HR"]);
    expect(await keysOf("HR")).toEqual(["AT"]);
    expect(await keysOf("SI")).toEqual([]);
    const [at, hr] = [await packageKeys(house, server.url, "AT", id), await packageKeys(house, server.url, "HR", id)];
    expect(at.get("HR")).toEqual(hr.get("AT"));

    expect((await acknowledge(house, server.url, "SI", view)).status).toBe(200);
    expect(await keysOf("AT")).toEqual(["HR", "SI"]);
    expect((await packageKeys(house, server.url, "AT", id)).get("SI")).not.toEqual(at.get("HR"));
    const hitsOf = async (party: string, other: string): Promise<string[]> =>
      [...((await openedHits(house, server.url, party, id)).get(other) ?? [])].map(({ hit }) => hit).sort();
    expect(await hitsOf("AT", "HR")).toHaveLength(FEW_HITS);
    expect(await hitsOf("AT", "HR")).toEqual(await hitsOf("HR", "AT"));
    expect(await hitsOf("AT", "SI")).toEqual([]);
  });

  it("has its key sealed to each side's own box key", async () => {
    const view = await released();
    const { id } = view.descriptor;
    for (const party of ["AT", "HR"]) await acknowledge(house, server.url, party, view);
    const sealedFor = async (party: string): Promise<string> => {
      const path = `/v1/rounds/${id}/packages/${party}/keys`;
      const answer = await send(server.url, partySigning(house, party), "GET", path);
      return PackageKeys.parse(JSON.parse(answer.text))[0]?.sealedKey ?? "";
    };
    expect(await sealedFor("AT")).not.toBe(await sealedFor("HR"));
    const path = `/v1/rounds/${id}/packages/HR/keys`;
    expect(codeOf(await send(server.url, partySigning(house, "AT"), "GET", path))).toBe("not-found");
    expect(codeOf(await send(server.url, operatorSigning(house), "GET", path))).toBe("request-forbidden");
  });
});

describe("an acknowledgement", () => {
  it("is for the party's own package of this round, also when it comes again", async () => {
    const view = await released();
    const { id } = view.descriptor;
    const put = (body: unknown, party = "AT"): Promise<Answer> =>
      send(server.url, partySigning(house, "AT"), "PUT", `/v1/rounds/${id}/acknowledgements/${party}`, body);
    const { bytes } = await fetchPackage(house, server.url, "AT", id);
    const hr = (await fetchPackage(house, server.url, "HR", id)).bytes;
    const good = acknowledgementOf(house, "AT", view, bytes);
    const wrong: [string, unknown][] = [
      ["package-invalid", acknowledgementOf(house, "AT", view, hr)],
      ["package-invalid", acknowledgementOf(house, "AT", { ...view, t2: "A".repeat(43) }, bytes)],
      ["statement-signature", { ...good, signature: acknowledgementOf(house, "HR", view, bytes).signature }],
      ["request-invalid", acknowledgementOf(house, "HR", view, hr)],
    ];
    for (const [code, body] of wrong) expect(codeOf(await put(body))).toBe(code);
    expect(codeOf(await put(acknowledgementOf(house, "HR", view, hr), "HR"))).toBe("not-found");
    expect((await shown(view)).pairings.map(({ acknowledged }) => acknowledged)).toEqual([[], [], []]);
    expect(codeOf(await put(good))).toBe("200");
    expect(codeOf(await put(good)), "the same again").toBe("200");
    for (const [code, body] of wrong) expect(codeOf(await put(body)), "after the good one").toBe(code);
  });

  it("that comes after the deadline opens nothing", async () => {
    const view = await released();
    await acknowledge(house, server.url, "AT", view);
    const sealed = (await fetchPackage(house, server.url, "HR", view.descriptor.id)).bytes;
    house.clock = () => new Date(Date.parse(view.descriptor.deadlines.acknowledgements) + 1_000);
    const path = `/v1/rounds/${view.descriptor.id}/acknowledgements/HR`;
    const late = acknowledgementOf(house, "HR", view, sealed);
    expect(codeOf(await send(server.url, partySigning(house, "HR"), "PUT", path, late))).toBe("round-deadline");
    expect((await packageKeys(house, server.url, "AT", view.descriptor.id)).size).toBe(0);
  });
});

describe("answers", () => {
  const answers = new Uint8Array(randomBytes(3_000));
  const put = (id: string, from: string, to: string, body = answers): Promise<Answer> =>
    send(server.url, partySigning(house, from), "PUT", `/v1/rounds/${id}/answers/${from}/${to}`, body);
  const get = (id: string, from: string, to: string): Promise<Answer> =>
    send(server.url, partySigning(house, to), "GET", `/v1/rounds/${id}/answers/${from}/${to}`);

  it("are taken for opened pairings, once, and handed over when both sides' are in", async () => {
    const view = await released();
    const { id } = view.descriptor;
    await acknowledge(house, server.url, "AT", view);
    expect(codeOf(await put(id, "AT", "HR")), "not opened").toBe("round-state");
    await acknowledge(house, server.url, "HR", view);
    expect(codeOf(await put(id, "AT", "SI")), "not opened").toBe("round-state");

    expect(codeOf(await get(id, "HR", "AT"))).toBe("answers-unavailable");
    expect((await put(id, "AT", "HR")).status).toBe(204);
    expect((await put(id, "AT", "HR")).status, "the same again").toBe(204);
    expect(codeOf(await put(id, "AT", "HR", new Uint8Array(9)))).toBe("answers-duplicate");
    const silent = await get(id, "HR", "AT");
    expect(codeOf(silent)).toBe("answers-unavailable");
    expect(silent.text).toContain("HR has not answered");
    const eager = await get(id, "AT", "HR");
    expect(codeOf(eager), "who has not answered gets nothing").toBe("answers-unavailable");
    expect(eager.text).toContain("HR has not answered");
    expect((await shown(view)).pairings.map(({ answered }) => answered)).toEqual([["AT"], [], []]);

    const other = new Uint8Array(randomBytes(2_000));
    expect((await put(id, "HR", "AT", other)).status).toBe(204);
    expect(Buffer.from((await get(id, "HR", "AT")).bytes).equals(other)).toBe(true);
    expect(Buffer.from((await get(id, "AT", "HR")).bytes).equals(answers)).toBe(true);
    expect((await shown(view)).pairings.map(({ answered }) => answered)).toEqual([["AT", "HR"], [], []]);
    expect(codeOf(await put(id, "HR", "AT", new Uint8Array(9)))).toBe("answers-duplicate");
  });

  it("after the deadline are not taken, and the silent side is named", async () => {
    const view = await released();
    const { id, deadlines } = view.descriptor;
    for (const party of ["AT", "HR"]) await acknowledge(house, server.url, party, view);
    await put(id, "HR", "AT");
    house.clock = () => new Date(Date.parse(deadlines.answers) + 1_000);
    expect(codeOf(await put(id, "AT", "HR"))).toBe("round-deadline");
    expect((await put(id, "HR", "AT")).status, "what is in already").toBe(204);
    expect((await get(id, "HR", "AT")).text).toContain("AT has not answered");
    expect((await shown(view)).pairings[0]?.answered).toEqual(["HR"]);
  });

  it("of two that come at once are the first's", async () => {
    const view = await released();
    const { id } = view.descriptor;
    for (const party of ["AT", "HR"]) await acknowledge(house, server.url, party, view);
    const bodies = Array.from({ length: 2 }, () => new Uint8Array(randomBytes(1_000)));
    const codes = (await Promise.all(bodies.map((body) => put(id, "AT", "HR", body)))).map(codeOf);
    expect([...codes].sort()).toEqual(["204", "answers-duplicate"]);
    await put(id, "HR", "AT");
    const won = bodies[codes.indexOf("204")] ?? new Uint8Array();
    expect(Buffer.from((await get(id, "AT", "HR")).bytes).equals(won)).toBe(true);
  });
});
