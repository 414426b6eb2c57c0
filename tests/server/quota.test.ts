/**
 * Quotas: the secretariat opens no round that would test more rows than an agreement allows in a year, whatever became of
 * the rounds before it.
 */
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import type { RoundDescriptor } from "#engine/round/descriptor.ts";
import { signStatement } from "#engine/round/statement.ts";
import { approve, approveOnce, matchRound, openSubmission, sealedRound, sealOnce, submitAll } from "./acts.ts";
import {
  identityOf,
  makeDescriptor,
  makeHouse,
  operatorSigning,
  partySigning,
  removeHouse,
  ROWS,
  signAnew,
  startServer,
  viewIn,
  type House,
  type RunningServer,
} from "./harness.ts";
import { codeOf, send, type Answer } from "./requests.ts";

const DAY_MS = 86_400_000;
const WIDE = 1_000_000;
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
afterEach(() => {
  house.clock = () => new Date();
});

/**
 * @param field - One of its own keeps the rounds of one test apart from those of the others.
 * @param rows - How many rows of HR AT allows in a year; all else is as good as free.
 */
function described(id: string, field: string, rows: number, pairings?: RoundDescriptor["pairings"]): RoundDescriptor {
  const descriptor = makeDescriptor(house, { id, field, ...(pairings === undefined ? {} : { pairings }) });
  const parties = descriptor.parties.filter((party) => descriptor.pairings.some((names) => names.includes(party.id)));
  const agreements = descriptor.agreements.map((agreement) => {
    const rowsPerYear = agreement.from === "AT" && agreement.to === "HR" ? rows : WIDE;
    return signAnew(house, agreement, { field, rowsPerYear });
  });
  return { ...descriptor, agreements, parties };
}

/** Creates a round and has both operators open it. @returns The last answer. */
async function open(descriptor: RoundDescriptor): Promise<Answer> {
  const created = await send(server.url, operatorSigning(house), "POST", "/v1/rounds", descriptor);
  return approve(house, server.url, "open", viewIn(created));
}

const outcomeOf = async (descriptor: RoundDescriptor): Promise<string> => codeOf(await open(descriptor));
const abort = (id: string) => send(server.url, operatorSigning(house), "POST", `/v1/rounds/${id}/abort`);

describe("opening a round", () => {
  it("is refused beyond a quota, naming pairing, quota and what is left; up to its last row it is not", async () => {
    const field = "beyond";
    for (const id of ["beyond-1", "beyond-2", "beyond-3"])
      expect(viewIn(await open(described(id, field, 3 * ROWS))).state).toBe("opened");
    const fourth = described("beyond-4", field, 3 * ROWS + ROWS - 1);
    const refused = await open(fourth);
    expect(refused.status).toBe(409);
    expect(JSON.parse(refused.text)).toMatchObject({
      code: "quota-exceeded",
      detail: "AT lets HR test 399 rows in 365 days for beyond; 99 are left, and round beyond-4 takes 100",
    });
    const view = viewIn(await send(server.url, operatorSigning(house), "GET", "/v1/rounds/beyond-4"));
    expect(view).toMatchObject({ state: "draft", approvals: [] });
  });

  it("counts each pairing and field by itself", async () => {
    expect(await outcomeOf(described("alone-1", "alone", ROWS))).toBe("200");
    expect(await outcomeOf(described("alone-2", "alone", ROWS))).toBe("quota-exceeded");
    expect(await outcomeOf(described("alone-3", "alone", ROWS, [["AT", "SI"]]))).toBe("200");
    expect(await outcomeOf(described("alone-4", "another", ROWS))).toBe("200");
  });

  it("is judged anew when the second operator approves", async () => {
    const [first, second] = ["race-1", "race-2"].map((id) => described(id, "race", ROWS));
    if (first === undefined || second === undefined) throw new RangeError("two rounds are wanted");
    const views = [first, second].map(async (descriptor) =>
      viewIn(await send(server.url, operatorSigning(house), "POST", "/v1/rounds", descriptor)),
    );
    const [one, other] = await Promise.all(views);
    if (one === undefined || other === undefined) throw new RangeError("two rounds are wanted");
    for (const view of [one, other]) expect(codeOf(await approveOnce(house, server.url, "open", view, 0))).toBe("200");
    expect(codeOf(await approveOnce(house, server.url, "open", one, 1))).toBe("200");
    expect(codeOf(await approveOnce(house, server.url, "open", other, 1))).toBe("quota-exceeded");
  });
});

describe("of the rounds before it", () => {
  it("one that was aborted before it was matched does not count; one that was aborted after it does", async () => {
    const field = "aborted";
    expect(await outcomeOf(described("aborted-1", field, ROWS))).toBe("200");
    expect((await abort("aborted-1")).status).toBe(200);
    await sealedRound(house, server.url, described("aborted-2", field, ROWS));
    expect((await abort("aborted-2")).status).toBe(200);
    await sealedRound(house, server.url, described("aborted-3", field, ROWS));
    await matchRound(house, server.url, "aborted-3");
    expect((await abort("aborted-3")).status).toBe(200);
    expect(await outcomeOf(described("aborted-4", field, ROWS))).toBe("quota-exceeded");
  });

  it("a pairing that was left out does not count", async () => {
    const { view, keys } = await openSubmission(house, server.url, described("left-1", "left", ROWS));
    await submitAll(house, server.url, view, keys);
    const body = { party: "HR", round: "left-1", t0: view.t0 };
    const withdrawal = signStatement(identityOf(house, "HR"), "withdrawal", body);
    const path = "/v1/rounds/left-1";
    expect(codeOf(await send(server.url, partySigning(house, "HR"), "PUT", `${path}/withdrawals/HR`, withdrawal))).toBe(
      "200",
    );
    const closed = viewIn(await send(server.url, operatorSigning(house), "POST", `${path}/close`));
    for (const party of ["AT", "SI"]) await sealOnce(house, server.url, party, closed);
    await matchRound(house, server.url, "left-1");
    expect(await outcomeOf(described("left-2", "left", ROWS))).toBe("200");
  });

  it("one that is erased counts until 365 days have passed since it was opened", async () => {
    const field = "erased";
    const openedMs = Date.now();
    house.clock = () => new Date(openedMs);
    await sealedRound(house, server.url, described("erased-1", field, ROWS));
    const released = await approve(house, server.url, "release", await matchRound(house, server.url, "erased-1"));
    expect(viewIn(await approve(house, server.url, "erase", viewIn(released))).state).toBe("erased");
    house.clock = () => new Date(openedMs + 365 * DAY_MS - 1);
    expect(await outcomeOf(described("erased-2", field, ROWS))).toBe("quota-exceeded");
    house.clock = () => new Date(openedMs + 365 * DAY_MS);
    expect(await outcomeOf(described("erased-3", field, ROWS))).toBe("200");
  });
});
