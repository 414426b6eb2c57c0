/**
 * What the OpenAPI document says besides the routes. Paths, parameters and bodies come from the routes' zod shapes.
 */
import { createJsonSchemaTransform, createJsonSchemaTransformObject } from "fastify-type-provider-zod";
import { Readable } from "node:stream";
import { z } from "zod";
import { AuditEntry, AuditLeaf } from "#engine/audit/entry.ts";
import { ConsistencyProof, Cosignature, TreeHead } from "#engine/audit/tree-head.ts";
import { SignedManifest } from "#engine/batch/manifest.ts";
import {
  Acknowledgement,
  Approval,
  Dispute,
  ErasureCertificate,
  Hold,
  Report,
  Seal,
  Status,
  Withdrawal,
} from "#engine/round/acts.ts";
import { Announcement, AnnouncementView, Delivery } from "#engine/round/announcement.ts";
import { Agreement } from "#engine/round/agreement.ts";
import { RoundDescriptor } from "#engine/round/descriptor.ts";
import { Confirmation, RoundKey } from "#engine/round/keys.ts";
import { BatchStatus, InclusionProof, Problem, Progress, RoundView, SignedHead } from "#engine/round/messages.ts";
import { Roster } from "#engine/round/roster.ts";
import { PartyStatistics, YearStatistics } from "#engine/statistics/published.ts";
import { PROBLEM_MEDIA_TYPE } from "./problem.ts";

export const API_VERSION = "0.2.0";

export const API_DESCRIPTION = {
  openapi: "3.1.0",
  info: {
    title: "Aquila secretariat",
    version: API_VERSION,
    description:
      "Rounds, round keys, hashed batches, sealed packages, answers and statuses. Every request under /v1 is signed; docs/spec/api.md.",
    license: { name: "Apache-2.0", identifier: "Apache-2.0" },
  },
  servers: [{ url: "/" }],
  tags: [
    { name: "rounds", description: "Rounds and their states" },
    { name: "keys", description: "Roster, round keys and confirmations" },
    { name: "batches", description: "Hashed batches, by chunk" },
    { name: "release", description: "Sealed packages, acknowledgements, package keys and answers" },
    { name: "follow-up", description: "Statuses of hits, reports and counts" },
    { name: "statistics", description: "Counts behind noise, and the yearly privacy budget" },
    { name: "audit", description: "The log of what was done, its tree heads and proofs" },
    { name: "announcements", description: "That a result waits in a round, and how far that has come" },
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
  Acknowledgement,
  Agreement,
  Announcement,
  AnnouncementView,
  Approval,
  AuditEntry,
  AuditLeaf,
  BatchStatus,
  Confirmation,
  ConsistencyProof,
  Cosignature,
  Delivery,
  Dispute,
  ErasureCertificate,
  Hold,
  InclusionProof,
  PartyStatistics,
  Problem,
  Progress,
  Report,
  Roster,
  RoundDescriptor,
  RoundKey,
  RoundView,
  Seal,
  SignedHead,
  SignedManifest,
  Status,
  TreeHead,
  Withdrawal,
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

/** Bytes of a body that the route reads as they come. */
export const ByteStream = z.custom<Readable>((value) => value instanceof Readable, "must be application/octet-stream");

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
