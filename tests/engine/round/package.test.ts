/**
 * Sealed packages and their sections.
 */
import { randomBytes } from "node:crypto";
import fc from "fast-check";
import sodium from "libsodium-wrappers";
import { beforeAll, describe, expect, test } from "vitest";
import { canonicalBytes } from "#engine/canonical-json.ts";
import { fromBase64url, toBase64url } from "#engine/round/binary.ts";
import { makeIdentity } from "#engine/round/identity.ts";
import {
  cellsOf,
  cellsText,
  hitClassOf,
  openPackage,
  openPackageKey,
  openSection,
  PACKAGE_KEY_BYTES,
  sealPackage,
  sealPackageKey,
  sectionLength,
  type Hit,
  type PackageContent,
} from "#engine/round/package.ts";

const TAG_BYTES = 16;
const identity = makeIdentity("AT");
const t2 = randomBytes(32).toString("base64url");
const keys = { HR: freshKey(), SI: freshKey() };
const invalid = { code: "package-invalid" };

beforeAll(() => sodium.ready);

function freshKey(): Uint8Array {
  return new Uint8Array(randomBytes(PACKAGE_KEY_BYTES));
}

function hitsOf(count: number, change: Partial<Hit> = {}): Hit[] {
  return Array.from({ length: count }, (_, index) => ({
    band: index % 2 === 0 ? "high" : "medium",
    cells: cellsText([index, 0xffff_ffff]),
    handle: randomBytes(16).toString("base64url"),
    hit: randomBytes(16).toString("base64url"),
    pattern: index % 2 === 0 ? 0xffff_ffff : 3,
    ...change,
  }));
}

function contentOf(hr: Hit[], si: Hit[] = [], change: Partial<PackageContent> = {}): PackageContent {
  return {
    round: "2026-4",
    t2,
    party: "AT",
    sections: [
      { counterpart: "SI", key: keys.SI, hits: si },
      { counterpart: "HR", key: keys.HR, hits: hr },
    ],
    ...change,
  };
}

describe("a package", () => {
  test("opens with the party's own box key, and each section with its own key alone", async () => {
    const [hr, si] = [hitsOf(40), hitsOf(3)];
    const opened = await openPackage(await sealPackage(contentOf(hr, si), identity.boxKey), identity);
    expect(opened).toMatchObject({ round: "2026-4", t2, party: "AT" });
    expect(opened.sections.map(({ counterpart }) => counterpart)).toEqual(["HR", "SI"]);
    const ordered = [...hr].sort((a, b) => (a.handle < b.handle ? -1 : 1));
    expect(openSection(opened, "HR", keys.HR)).toEqual(ordered);
    expect(openSection(opened, "SI", keys.SI)).toHaveLength(3);
    for (const [counterpart, key] of [
      ["HR", keys.SI],
      ["SI", keys.HR],
      ["XX", keys.HR],
      ["HR", freshKey()],
    ] as const)
      expect(() => openSection(opened, counterpart, key)).toThrow(expect.objectContaining(invalid));
  });

  test("does not open with another party's key, nor when a bit has changed", async () => {
    const sealed = await sealPackage(contentOf(hitsOf(1)), identity.boxKey);
    await expect(openPackage(sealed, makeIdentity("AT"))).rejects.toMatchObject(invalid);
    const altered = sealed.map((byte, index) => (index === sealed.length - 1 ? byte ^ 1 : byte));
    await expect(openPackage(altered, identity)).rejects.toMatchObject(invalid);
    await expect(openPackage(new Uint8Array(3), identity)).rejects.toMatchObject(invalid);
  });

  test("for another party or of another shape is refused", async () => {
    const forAnother = await sealPackage(contentOf([], [], { party: "HR" }), identity.boxKey);
    await expect(openPackage(forAnother, identity)).rejects.toMatchObject(invalid);
    const bare = { format: "aquila/package/v1", party: "AT", round: "2026-4", sections: [], t2 };
    for (const content of [bare, { ...bare, format: "aquila/package/v2", extra: 1 }, []]) {
      const sealed = sodium.crypto_box_seal(canonicalBytes(content), fromBase64url(identity.boxKey));
      await expect(openPackage(sealed, identity)).rejects.toMatchObject(invalid);
    }
  });

  test("is as long whatever its hits are, within their class", async () => {
    const lengths = new Set<number>();
    for (const [hr, si] of [
      [0, 0],
      [40, 1],
      [64, 64],
    ] as const)
      lengths.add((await sealPackage(contentOf(hitsOf(hr), hitsOf(si)), identity.boxKey)).length);
    expect(lengths.size).toBe(1);
  });
});

describe("a section", () => {
  test.each([
    [0, 64],
    [1, 64],
    [64, 64],
    [65, 128],
    [128, 128],
    [129, 256],
  ])("of %i hits is as long as one of %i", async (count, sizeClass) => {
    const opened = await openPackage(await sealPackage(contentOf(hitsOf(count)), identity.boxKey), identity);
    const bytes = fromBase64url(opened.sections[0]?.ciphertext ?? "");
    expect(hitClassOf(count)).toBe(sizeClass);
    expect(bytes.length).toBe(512 + 320 * sizeClass + TAG_BYTES);
  });

  test("has room for the longest names and largest numbers that a hit can have", async () => {
    const longest: Partial<Hit> = {
      band: "medium",
      cells: cellsText(Array<number>(32).fill(0xffff_ffff)),
      pattern: 0xffff_ffff,
    };
    const hits = hitsOf(256, longest);
    const long = makeIdentity("ABCDEFGH");
    const content = {
      round: "r".repeat(64),
      t2,
      party: "ABCDEFGH",
      sections: [{ counterpart: "ABCDEFGI", key: keys.HR, hits }],
    };
    const opened = await openPackage(await sealPackage(content, long.boxKey), long);
    expect(openSection(opened, "ABCDEFGI", keys.HR)).toHaveLength(256);
    expect(fromBase64url(opened.sections[0]?.ciphertext ?? "")).toHaveLength(sectionLength(256) + TAG_BYTES);
  });

  test("does not open in another party's, counterpart's or round's place", async () => {
    const opened = await openPackage(await sealPackage(contentOf(hitsOf(2)), identity.boxKey), identity);
    const [hr] = opened.sections;
    if (hr === undefined) throw new RangeError("no section");
    const moved: Parameters<typeof openSection>[0][] = [
      { ...opened, party: "BA" },
      { ...opened, t2: randomBytes(32).toString("base64url") },
      { ...opened, sections: [{ ...hr, counterpart: "SI" }] },
    ];
    for (const elsewhere of moved)
      expect(() => openSection(elsewhere, elsewhere.sections[0]?.counterpart ?? "", keys.HR)).toThrow(
        expect.objectContaining(invalid),
      );
    const altered = fromBase64url(hr.ciphertext).map((byte, at) => (at === 100 ? byte ^ 1 : byte));
    const changed = { ...opened, sections: [{ ...hr, ciphertext: toBase64url(altered) }] };
    expect(() => openSection(changed, "HR", keys.HR)).toThrow(expect.objectContaining(invalid));
  });
});

describe("a package key", () => {
  test("opens for the party to whose box key it is sealed, and for nobody else", async () => {
    const sealed = await sealPackageKey(keys.HR, identity.boxKey);
    expect(await openPackageKey(sealed, identity)).toEqual(keys.HR);
    await expect(openPackageKey(sealed, makeIdentity("AT"))).rejects.toMatchObject(invalid);
  });
});

test("upper halves of keys come back as they went in", () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 0xffff_ffff }), { maxLength: 32 }), (halves) => {
      expect(cellsOf({ cells: cellsText(halves) })).toEqual(halves);
    }),
  );
});
