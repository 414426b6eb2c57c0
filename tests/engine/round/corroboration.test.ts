/**
 * What counterparts' notices corroborate.
 */
import { describe, expect, test } from "vitest";
import { corroborate, type AnsweredHit, type Finding } from "#engine/round/corroboration.ts";
import { originTags } from "#engine/round/notice.ts";

const KEY = Buffer.alloc(32, 1);
const tags = (...references: string[]): string[] => originTags(KEY, references);

function hitOf(change: Partial<AnsweredHit> & { readonly theirs?: string[] } = {}): AnsweredHit {
  const { theirs = ["HR-1"], ...rest } = change;
  return {
    hit: "h",
    counterpart: "HR",
    notice: { originTags: tags(...theirs) },
    ownOriginTags: tags("AT-1"),
    proven: true,
    knownBefore: false,
    ...rest,
  };
}

const findingOf = (hit: AnsweredHit): Finding | undefined => corroborate("4", [hit]).findings[0]?.finding;

describe("a hit", () => {
  test("is independent when both origins are known and none is common", () => {
    expect(findingOf(hitOf())).toBe("independent");
  });

  test("has the same origin when one of several is common, however it is written", () => {
    expect(findingOf(hitOf({ theirs: ["HR-1", "at 1"] }))).toBe("same-origin");
  });

  test.each([
    ["own", { ownOriginTags: [] }],
    ["counterpart's", { theirs: [] }],
    ["counterpart's, written as a dash,", { theirs: ["-"] }],
  ])("of which the %s origin is unknown is never independent", (_whose, change) => {
    expect(findingOf(hitOf(change))).toBe("origin-unknown");
  });

  test("known from an earlier round or unproven corroborates nothing, whatever its origins", () => {
    expect(findingOf(hitOf({ knownBefore: true }))).toBe("known-before");
    expect(findingOf(hitOf({ proven: false }))).toBe("unproven");
    expect(findingOf(hitOf({ proven: false, knownBefore: true }))).toBe("unproven");
  });
});

describe("accuracy 3 instead of 4", () => {
  test("is proposed for an independent hit, and for nothing else", () => {
    expect(corroborate("4", [hitOf()]).proposedAccuracy).toBe("3");
    for (const change of [{ theirs: ["AT-1"] }, { theirs: [] }, { knownBefore: true }, { proven: false }])
      expect(corroborate("4", [hitOf(change)]).proposedAccuracy).toBeNull();
    expect(corroborate("4", []).proposedAccuracy).toBeNull();
  });

  test.each(["", "1", "2", "3"] as const)("is not proposed for information of accuracy %j", (accuracy) => {
    expect(corroborate(accuracy, [hitOf()]).proposedAccuracy).toBeNull();
  });

  test("is all that several counterparts with one origin, or with several, can give", () => {
    const hits = ["HR", "SI", "RS"].map((counterpart) => hitOf({ counterpart }));
    const { findings, proposedAccuracy } = corroborate("4", hits);
    expect(findings.map(({ finding }) => finding)).toEqual(["independent", "independent", "independent"]);
    expect(proposedAccuracy).toBe("3");
  });
});

test("tags are of the first four different origins, and tell nothing of their order", () => {
  expect(tags("a", "A", "b", "c", "d", "e")).toEqual(tags("d", "c", "b", "a"));
  expect(tags("a", "A", "b", "c", "d", "e")).toHaveLength(4);
  expect(originTags(Buffer.alloc(32, 2), ["a"])).not.toEqual(tags("a"));
});
