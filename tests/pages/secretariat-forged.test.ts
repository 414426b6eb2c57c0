/**
 * The secretariat's pages against somebody on the way, and against a server that shows one thing and has another signed.
 */
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, expect, it } from "vitest";
import type { RoundView } from "#engine/round/messages.ts";
import { privateKeyOf } from "#engine/round/raw-key.ts";
import { contentDigestOf } from "#engine/round/requests.ts";
import { signAnswer } from "#engine/round/signed-answers.ts";
import { openServerKey, signingKeysOf } from "#server/data-key.ts";
import { approveOnce } from "../server/acts.ts";
import { makeDescriptor, operatorSigning, removeHouse, viewIn } from "../server/harness.ts";
import { send } from "../server/requests.ts";
import { chromiumPath, NO_BROWSER } from "./browser.ts";
import { openDesk, signIn, visit, type Seat, type StaffDesk } from "./staff-desk.ts";

const ROUND = "2026-4";
const OTHER = "A".repeat(43);
let desk: StaffDesk;
let view: RoundView;

beforeAll(async () => {
  if (chromiumPath() === null) return;
  desk = await openDesk();
  const { house, server } = desk;
  const descriptor = makeDescriptor(house, { id: ROUND });
  view = viewIn(await send(server.url, operatorSigning(house), "POST", "/v1/rounds", descriptor));
  await approveOnce(house, server.url, "open", view, 0);
  view = viewIn(await send(server.url, operatorSigning(house), "GET", `/v1/rounds/${ROUND}`));
});
beforeEach((context) => {
  if (chromiumPath() === null) context.skip(NO_BROWSER);
});
afterAll(async () => {
  if (chromiumPath() === null) return;
  await desk.close();
  removeHouse(desk.house);
});

/** From now on the round is answered so, signed by the secretariat itself. */
async function answerRound({ page }: Seat, shown: RoundView): Promise<void> {
  const { signSecret } = signingKeysOf(openServerKey(join(desk.house.folder, "keys", "server.key")));
  const key = privateKeyOf("ed25519", signSecret);
  await page.unroute(`**/v1/rounds/${ROUND}`);
  await page.route(`**/v1/rounds/${ROUND}`, async (route) => {
    const body = JSON.stringify(shown);
    const requestSignature = route.request().headers()["signature"] ?? "";
    const contentDigest = contentDigestOf(Buffer.from(body));
    const signed = signAnswer(key, { status: 200, contentDigest, treeHead: "", requestSignature }, new Date());
    const headers = {
      "content-type": "application/json",
      "content-digest": contentDigest,
      "signature-input": signed?.signatureInput ?? "",
      signature: signed?.signature ?? "",
      "aquila-tree-head": "",
    };
    await route.fulfill({ status: 200, headers, body });
  });
}

it("an answer that calls itself a stream is held against the secretariat's key like any other", async () => {
  const seat = await signIn(desk, "op-1");
  const forged = { ...view, descriptor: { ...view.descriptor, purpose: "something else" } };
  await seat.page.route(`**/v1/rounds/${ROUND}`, async (route) => {
    const answer = await route.fetch();
    const headers = { ...answer.headers(), "content-type": "text/event-stream" };
    await route.fulfill({ status: 200, headers, body: JSON.stringify(forged) });
  });
  await visit(seat, "rounds", ROUND);
  await seat.page.getByText("the answer is not signed by the secretariat of the roster").first().waitFor();
  expect(await seat.page.getByText("something else").count()).toBe(0);
  await seat.context.close();
});

it("a descriptor that changes under the same T0 is not signed", async () => {
  const seat = await signIn(desk, "op-2");
  await answerRound(seat, view);
  await visit(seat, "rounds", ROUND);
  const approve = seat.page.getByRole("button", { name: "Approve opening" });
  await expect.poll(() => approve.isEnabled()).toBe(true);
  await answerRound(seat, { ...view, descriptor: { ...view.descriptor, purpose: "something else" } });
  await seat.page.getByText("something else").waitFor();
  await seat.page.getByText("Nothing can be signed here.").waitFor();
  expect(await approve.isDisabled()).toBe(true);
  await seat.context.close();
});

it("a decision is not signed over a T2 that the page did not compute", async () => {
  const seat = await signIn(desk, "dpo-1");
  const pairings = view.pairings.map((pairing) => ({ ...pairing, state: "matched" as const }));
  await answerRound(seat, { ...view, state: "reviewed", t1: OTHER, t2: OTHER, pairings });
  await visit(seat, "rounds", ROUND);
  await seat.page.getByText("Nothing can be signed here.").waitFor();
  expect(await seat.page.getByRole("button", { name: "Hold AT–HR" }).isDisabled()).toBe(true);
  await seat.context.close();
});

it("an approval that carries the signature of another's does not hold", async () => {
  const seat = await signIn(desk, "op-1");
  const [real] = view.approvals;
  if (real === undefined) throw new RangeError("nobody approved");
  await answerRound(seat, { ...view, approvals: [{ ...real, operator: "op-2" }, real] });
  await visit(seat, "rounds", ROUND);
  await seat.page.locator("li", { hasText: "op-2" }).getByText("does not hold", { exact: true }).waitFor();
  await seat.page.locator("li", { hasText: "op-1" }).getByText("holds", { exact: true }).waitFor();
  await seat.context.close();
});
