/**
 * Announcements brought by e-mail, to a listening mail server: what is said, to whom, and what is not sent without TLS.
 */
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { AnnouncementList, type Announcement } from "#engine/round/announcement.ts";
import { makeMailCourier, type Mail } from "#server/mail.ts";
import { approve, matchRound, sealedRound } from "./acts.ts";
import {
  makeDescriptor,
  makeHouse,
  operatorSigning,
  people,
  removeHouse,
  startServer,
  type House,
  type RunningServer,
} from "./harness.ts";
import { openMailReceiver, type MailReceiver } from "./receivers.ts";
import { send } from "./requests.ts";

const PASSWORD = "correct horse battery";
const ANNOUNCEMENT: Announcement = {
  at: "2026-12-07T09:00:00Z",
  format: "aquila/announcement/v1",
  id: "-5vY3ZxJ0xq4rT8wKfLmNg",
  kind: "result",
  party: "AT",
  round: "2026-4",
};
const patience = (): AbortSignal => AbortSignal.timeout(60_000);

let receiver: MailReceiver;
afterEach(() => receiver.close());

function mailTo(port: number, security: Mail["smtp"]["security"] = "none"): Mail {
  return {
    smtp: { host: "127.0.0.1", port, security, user: "aquila" },
    from: "aquila@secretariat.example",
    to: { AT: "desk@at.example", HR: "desk@hr.example" },
  };
}

describe("a release", () => {
  let house: House;
  let server: RunningServer;
  beforeEach(() => {
    house = makeHouse();
  });
  afterEach(async () => {
    await server.app.close();
    removeHouse(house);
  });

  it("is brought to each address that is configured, says nothing but the round, and comes again as the same message", async () => {
    receiver = await openMailReceiver({}, [451]);
    let shiftMs = 0;
    house.clock = () => new Date(Date.now() + shiftMs);
    const announcements = { webhooks: {}, mail: mailTo(receiver.port), password: PASSWORD };
    server = await startServer(house, { announcements, deliveriesEveryMs: 10 });
    const descriptor = makeDescriptor(house, { id: "by-mail" });
    await sealedRound(house, server.url, descriptor, (from, to) => people(from === "SI" || to === "SI" ? 0 : 19));
    await approve(house, server.url, "release", await matchRound(house, server.url, descriptor.id));
    await receiver.until(2);
    shiftMs = 31_000;
    await receiver.until(3);
    const list = async (): Promise<AnnouncementList> =>
      AnnouncementList.parse(
        JSON.parse((await send(server.url, operatorSigning(house), "GET", "/v1/announcements")).text),
      );
    await expect
      .poll(async () => (await list()).map(({ deliveries }) => deliveries?.map(({ state }) => state)))
      .toEqual([["delivered"], ["delivered"], []]);
    const all = await list();
    const statuses = all.flatMap(({ deliveries }) => deliveries ?? []).map(({ lastStatus }) => lastStatus);
    expect(statuses).toEqual(["250", "250"]);

    const idOf = (party: string) => all.find(({ announcement }) => announcement.party === party)?.announcement.id ?? "";
    for (const party of ["AT", "HR"]) {
      const own = receiver.messages.filter(({ to }) => to.includes(`desk@${party.toLowerCase()}.example`));
      expect(own.length).toBeGreaterThan(0);
      expect(new Set(own.map(({ text }) => text)).size, "a repeat is the same").toBe(1);
      const [head = "", body] = (own[0]?.text ?? "").replaceAll("\r\n", "\n").split("\n\n", 2);
      expect(own[0]?.text).toContain(`Message-ID: <${idOf(party)}@secretariat.example>`);
      expect(head).toContain("Subject: Aquila: a result waits");
      expect(head).toContain("Content-Type: text/plain");
      expect(head).not.toContain("by-mail");
      expect(body).toBe("A result waits in round by-mail.");
      expect(own[0]?.to).toHaveLength(1);
    }
    expect(receiver.messages).toHaveLength(3);
    expect(new Set(receiver.passwords)).toEqual(new Set([PASSWORD]));
    expect(server.log.join("")).not.toMatch(/desk@|secretariat\.example|correct horse|said why/);
  });
});

describe("one attempt", () => {
  it("takes a refusal as its status, and says who is not configured", async () => {
    receiver = await openMailReceiver({}, [550]);
    const courier = makeMailCourier(mailTo(receiver.port), PASSWORD);
    expect(await courier.bring(ANNOUNCEMENT, patience())).toEqual({ isTaken: false, status: "550" });
    expect(await courier.bring(ANNOUNCEMENT, patience())).toEqual({ isTaken: true, status: "250" });
    expect(receiver.messages.at(-1)?.text).toContain("Date: Mon, 07 Dec 2026 09:00:00 +0000");
    expect(courier.reaches("SI")).toBe(false);
    expect(await courier.bring({ ...ANNOUNCEMENT, party: "SI" }, patience())).toMatchObject({
      status: "not-configured",
    });
  });

  it.each<["starttls" | "tls", object]>([
    ["starttls", { disabledCommands: ["STARTTLS"] }],
    // Its certificate is one that nobody trusts.
    ["starttls", {}],
    ["tls", { secure: true }],
  ])("with %s sends neither password nor message unless TLS holds (%o)", async (security, options) => {
    receiver = await openMailReceiver(options);
    const courier = makeMailCourier(mailTo(receiver.port, security), PASSWORD);
    const { isTaken, status } = await courier.bring(ANNOUNCEMENT, patience());
    expect(isTaken).toBe(false);
    expect(status).toMatch(/^[A-Za-z0-9_-]{1,40}$/);
    expect([receiver.messages, receiver.passwords]).toEqual([[], []]);
  });

  it("ends when its time is up", async () => {
    receiver = await openMailReceiver({ onConnect: () => undefined });
    const courier = makeMailCourier(mailTo(receiver.port), PASSWORD);
    expect(await courier.bring(ANNOUNCEMENT, AbortSignal.timeout(200))).toEqual({ isTaken: false, status: "timeout" });
  });
});
