/**
 * Manifests: vectors from shape to signature.
 */
import { createHash } from "node:crypto";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { CHUNK_BYTES } from "#engine/batch/layout.ts";
import { checkManifest, MANIFEST_LABEL, manifestMessage, manifestOf, SignedManifest } from "#engine/batch/manifest.ts";
import { canonicalBytes } from "#engine/canonical-json.ts";
import { signMessage, verifyMessage } from "#engine/round/identity.ts";
import { outcome } from "./outcome.ts";
import { loadBatchVectors, vectorFile } from "./vectors.ts";

const Stored = z.strictObject({ byteLength: z.int(), chunkDigests: z.array(z.string()), digest: z.string() });
const vectors = z
  .strictObject({
    signSecret: z.string(),
    signKey: z.string(),
    cases: z.array(
      z.strictObject({
        name: z.string(),
        manifest: z.unknown(),
        stored: Stored,
        message: z.string(),
        signature: z.string(),
        expect: z.enum(["ok", "batch-digest-mismatch", "invalid"]),
      }),
    ),
  })
  .parse(vectorFile("manifest.json"));

describe("vectors", () => {
  test.each(vectors.cases)("$name → $expect", ({ manifest, stored, message, signature, expect: wanted }) => {
    const signed = SignedManifest.safeParse({ manifest, signature });
    if (wanted === "invalid") {
      expect(signed.success).toBe(false);
      return;
    }
    const parsed = SignedManifest.parse({ manifest, signature });
    expect(Buffer.from(manifestMessage(parsed.manifest)).toString("hex")).toBe(message);
    const json = canonicalBytes(parsed.manifest);
    expect(signMessage(vectors, MANIFEST_LABEL, json)).toBe(signature);
    expect(verifyMessage(vectors.signKey, MANIFEST_LABEL, json, signature)).toBe(true);
    expect(
      outcome(() => {
        checkManifest(parsed.manifest, stored);
      }),
    ).toBe(wanted);
  });
});

test("the good batch's manifest is that of the vectors", () => {
  const { good, header } = loadBatchVectors();
  const digest = createHash("sha256").update(good).digest("base64url");
  expect(manifestOf(header, [digest], digest, good.length)).toEqual(vectors.cases[0]?.manifest);
});

test("three chunks are cut where the vectors cut them", () => {
  const content = Uint8Array.from({ length: 2 * CHUNK_BYTES + 5 }, (_, at) => at % 251);
  const digestOf = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("base64url");
  const chunks = [0, 1, 2].map((index) => digestOf(content.subarray(index * CHUNK_BYTES, (index + 1) * CHUNK_BYTES)));
  const { header } = loadBatchVectors();
  const manifest = manifestOf(header, chunks, digestOf(content), content.length);
  expect(manifest).toEqual(vectors.cases[1]?.manifest);
});
