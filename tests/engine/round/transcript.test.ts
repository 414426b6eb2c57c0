/**
 * T2, and what a party checks before it co-signs.
 */
import { describe, expect, test } from "vitest";
import { checkSealed, inOrder, transcriptT2, type SealedBatch } from "#engine/round/transcript.ts";
import { descriptorOf, identitiesOf, rosterOf } from "./parties.ts";

const identities = identitiesOf(["AT", "HR", "SI"]);
const descriptor = descriptorOf(identities, rosterOf(identities), {
  pairings: [
    ["AT", "HR"],
    ["AT", "SI"],
  ],
});
const T1 = "A".repeat(43);
const digest = (letter: string): string => `${letter.repeat(42)}A`;
const batches: SealedBatch[] = [
  { from: "AT", to: "HR", digest: digest("B") },
  { from: "AT", to: "SI", digest: digest("C") },
  { from: "HR", to: "AT", digest: digest("D") },
  { from: "SI", to: "AT", digest: digest("E") },
];
const digests = new Map([
  ["HR", digest("B")],
  ["SI", digest("C")],
]);

function check(listed: readonly SealedBatch[], t2 = transcriptT2(T1, listed)): void {
  checkSealed(descriptor, T1, t2, listed, { party: "AT", digests });
}

describe("what the server wants sealed", () => {
  test("passes when the own batches are there and every pairing in both directions or not at all", () => {
    check(batches);
    check(inOrder(batches.filter(({ from, to }) => from !== "SI" && to !== "SI")));
    checkSealed(descriptor, T1, transcriptT2(T1, batches), batches, { party: "XX", digests: new Map() });
  });

  const bad: [string, SealedBatch[], string?][] = [
    ["T2 is another list's", batches, transcriptT2(T1, batches.slice(1))],
    ["T2 is over another T1", batches, transcriptT2(digest("B"), batches)],
    ["an own batch is another", batches.map((batch, at) => (at === 0 ? { ...batch, digest: digest("F") } : batch))],
    ["a pairing is there in one direction only", batches.slice(1)],
    ["a batch is listed twice", [...batches, ...batches.slice(0, 1)]],
    [
      "a pairing is none of the round's",
      [...batches, { from: "HR", to: "SI", digest: digest("F") }, { from: "SI", to: "HR", digest: digest("G") }],
    ],
  ];
  test.each(bad)("is refused when %s", (_name, listed, t2) => {
    expect(() => {
      check(listed, t2);
    }).toThrow(expect.objectContaining({ code: "round-confirmation-failed" }));
  });
});
