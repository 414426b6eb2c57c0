/**
 * Sealed packages.
 */
import { randomBytes } from "node:crypto";
import sodium from "libsodium-wrappers";
import { beforeAll, describe, expect, test } from "vitest";
import { canonicalBytes } from "#engine/canonical-json.ts";
import { fromBase64url } from "#engine/round/binary.ts";
import { makeIdentity } from "#engine/round/identity.ts";
import { openPackage, packageBytes, packageLength, sealPackage, type Hit } from "#engine/round/package.ts";

const SEAL_BYTES = 48;
const identity = makeIdentity("AT");
const t1 = randomBytes(32).toString("base64url");

beforeAll(() => sodium.ready);

function hitsOf(count: number): Hit[] {
  return Array.from({ length: count }, (_, index) => ({
    band: index % 2 === 0 ? "high" : "medium",
    counterpart: index % 3 === 0 ? "HR" : "SI",
    handle: randomBytes(16).toString("base64url"),
    hit: randomBytes(16).toString("base64url"),
    pattern: index % 2 === 0 ? 0xffff_ffff : 1,
  }));
}

function contentOf(hits: Hit[]) {
  return { round: "2026-4", t1, party: "AT", hits };
}

describe("a package", () => {
  test("opens with the party's own box key and holds the hits in order of counterpart and handle", async () => {
    const hits = hitsOf(40);
    const opened = await openPackage(await sealPackage(contentOf(hits), identity.boxKey), identity);
    const ordered = [...hits].sort((a, b) => (a.counterpart + a.handle < b.counterpart + b.handle ? -1 : 1));
    expect(opened.hits).toEqual(ordered);
    expect(opened).toMatchObject({ round: "2026-4", t1, party: "AT" });
  });

  test("does not open with another party's key, nor when a bit has changed", async () => {
    const sealed = await sealPackage(contentOf(hitsOf(1)), identity.boxKey);
    await expect(openPackage(sealed, makeIdentity("AT"))).rejects.toMatchObject({ code: "package-invalid" });
    const altered = sealed.map((byte, index) => (index === sealed.length - 1 ? byte ^ 1 : byte));
    await expect(openPackage(altered, identity)).rejects.toMatchObject({ code: "package-invalid" });
    await expect(openPackage(new Uint8Array(3), identity)).rejects.toMatchObject({ code: "package-invalid" });
  });

  test.each([
    [0, 64],
    [1, 64],
    [64, 64],
    [65, 128],
    [128, 128],
    [129, 256],
  ])("of %i hits is as long as one of %i", async (count, sizeClass) => {
    const sealed = await sealPackage(contentOf(hitsOf(count)), identity.boxKey);
    expect(sealed.length).toBe(1_024 + 160 * sizeClass + SEAL_BYTES);
  });

  test("has room for the longest names and largest numbers that a hit can have", () => {
    const longest: Hit = {
      band: "medium",
      counterpart: "ABCDEFGH",
      handle: "A".repeat(22),
      hit: "A".repeat(22),
      pattern: 0xffff_ffff,
    };
    const content = { round: "r".repeat(64), t1, party: "ABCDEFGH", hits: Array.from({ length: 256 }, () => longest) };
    expect(packageBytes(content).length).toBe(packageLength(256));
  });

  test("for another party, of another shape or not padded to its class is refused", async () => {
    const forAnother = await sealPackage({ ...contentOf([]), party: "HR" }, identity.boxKey);
    await expect(openPackage(forAnother, identity)).rejects.toMatchObject({ code: "package-invalid" });
    const bare = { format: "aquila/package/v1", hits: [], padding: "0", party: "AT", round: "2026-4", t1 };
    for (const content of [bare, { ...bare, extra: 1 }, []]) {
      const sealed = sodium.crypto_box_seal(canonicalBytes(content), fromBase64url(identity.boxKey));
      await expect(openPackage(sealed, identity)).rejects.toMatchObject({ code: "package-invalid" });
    }
  });
});
