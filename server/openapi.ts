/**
 * What the OpenAPI document says besides the routes. Paths, parameters and bodies come from the routes' zod shapes.
 */
import { createJsonSchemaTransform, createJsonSchemaTransformObject } from "fastify-type-provider-zod";
import { z } from "zod";
import { SignedManifest } from "#engine/batch/manifest.ts";
import { RoundDescriptor } from "#engine/round/descriptor.ts";
import { Confirmation, RoundKey } from "#engine/round/keys.ts";
import { BatchStatus, Problem, Progress, RoundView } from "#engine/round/messages.ts";
import { Roster } from "#engine/round/roster.ts";
import { PartyStatistics, YearStatistics } from "#engine/statistics/published.ts";
import { PROBLEM_MEDIA_TYPE } from "./problem.ts";

export const API_VERSION = "0.1.0";

export const API_DESCRIPTION = {
  openapi: "3.1.0",
  info: {
    title: "Aquila secretariat",
    version: API_VERSION,
    description:
      "Rounds, round keys, hashed batches and sealed packages. Every request under /v1 is signed; docs/spec/api.md.",
    license: { name: "Apache-2.0", identifier: "Apache-2.0" },
  },
  servers: [{ url: "/" }],
  tags: [
    { name: "rounds", description: "Rounds and their states" },
    { name: "keys", description: "Roster, round keys and confirmations" },
    { name: "batches", description: "Hashed batches, by chunk" },
    { name: "packages", description: "Sealed packages of hits" },
    { name: "statistics", description: "Counts behind noise, and the yearly privacy budget" },
    { name: "operations", description: "Health and metrics" },
  ],
  components: {
    securitySchemes: {
      httpMessageSignature: {
        type: "apiKey" as const,
        in: "header" as const,
        name: "Signature",
        description: "RFC 9421 with Ed25519, and Content-Digest (RFC 9530) with SHA-256, over the empty body too.",
      },
    },
  },
};

/** Shapes that the document names once. */
const schemaRegistry = z.registry<{ id: string }>();
for (const [id, shape] of Object.entries({
  BatchStatus,
  Confirmation,
  PartyStatistics,
  Problem,
  Progress,
  Roster,
  RoundDescriptor,
  RoundKey,
  RoundView,
  SignedManifest,
  YearStatistics,
}))
  schemaRegistry.add(shape, { id });

export const toJsonSchema = createJsonSchemaTransform({ schemaRegistry });
const withBothDirections = createJsonSchemaTransformObject({ schemaRegistry });
/** What the library adds to a shape's name where it is the shape of a request. */
const REQUEST_SUFFIX = /Input$/;

/** @returns The document with its components. No shape here differs between request and answer, so each is named once. */
export const withComponents: typeof withBothDirections = (routes) =>
  JSON.parse(JSON.stringify(withBothDirections(routes), namedOnce)) as ReturnType<typeof withBothDirections>;

/** The page that shows the document. It sends nothing: requests are signed, which a page cannot do. */
export const DOCS_PAGE = {
  routePrefix: "/docs",
  uiConfig: { supportedSubmitMethods: [] },
  theme: {
    title: "Aquila secretariat",
    css: [{ filename: "page.css", content: ".topbar, .scheme-container { display: none }" }],
  },
};

/** Marks a route as signed. */
export const SIGNED = [{ httpMessageSignature: [] }];

/** The answer of any route that refuses. */
export const REFUSAL = {
  description: "Refusal (RFC 9457); docs/spec/problems.md says what each code means.",
  content: { [PROBLEM_MEDIA_TYPE]: { schema: Problem } },
};

/** Bytes in an answer or a body; JSON Schema says nothing about them, their media type does. */
export const Bytes = z.custom<Uint8Array>((value) => value instanceof Uint8Array, "must be application/octet-stream");

/** @returns An answer of bytes. */
export function bytesAnswer(description: string) {
  return { description, content: { "application/octet-stream": { schema: Bytes } } };
}

/** For JSON.stringify: leaves out the names that end with the suffix, and leads their references to the others. */
function namedOnce(key: string, value: unknown): unknown {
  if (key === "$ref" && typeof value === "string") return value.replace(REQUEST_SUFFIX, "");
  if (key !== "schemas" || typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).filter(([name]) => !REQUEST_SUFFIX.test(name)));
}
