/**
 * Hashed batches, chunk by chunk.
 */
import type { FastifyRequest } from "fastify";
import { z } from "zod";
import { MAX_CHUNKS, SignedManifest } from "#engine/batch/manifest.ts";
import { BatchStatus } from "#engine/round/messages.ts";
import type { App } from "../app.ts";
import { passStreams } from "../body.ts";
import { callerOf, requireSelf } from "../caller.ts";
import { fewAtOnce, MOST_CHUNKS } from "../heavy-requests.ts";
import { CHUNK_LIMIT_BYTES, MANIFEST_LIMIT_BYTES } from "../listener.ts";
import { ByteStream, REFUSAL, SIGNED } from "../openapi.ts";
import type { Secretariat } from "../secretariat.ts";
import { requireContentDigest } from "../signature.ts";
import type { Direction } from "../store/uploads.ts";
import { closeUpload, recallBatch, statusOf, storeChunk } from "../uploads.ts";
import { PartyId, RoundId } from "#engine/round/ids.ts";

const BatchParams = z.strictObject({ round: RoundId, from: PartyId, to: PartyId });
const ChunkParams = BatchParams.extend({
  index: z
    .string()
    .regex(/^(0|[1-9][0-9]{0,5})$/)
    .transform(Number)
    .pipe(z.int().max(MAX_CHUNKS - 1)),
});
const TAGS = ["batches"];

export function batchRoutes(app: App, secretariat: Secretariat): void {
  app.route({
    method: "GET",
    url: "/rounds/:round/batches/:from/:to",
    schema: {
      operationId: "getBatch",
      summary: "Says which chunks of the caller's batch are stored, so that an upload can go on",
      tags: TAGS,
      security: SIGNED,
      params: BatchParams,
      response: { 200: BatchStatus, default: REFUSAL },
    },
    handler: async (request) => {
      if (callerOf(request).kind === "party") await requireOwn(secretariat, request, request.params);
      return statusOf(secretariat, request.params, callerOf(request));
    },
  });

  app.route({
    method: "DELETE",
    url: "/rounds/:round/batches/:from/:to",
    schema: {
      operationId: "deleteBatch",
      summary: "Takes the caller's batch back, so that it can send another",
      tags: TAGS,
      security: SIGNED,
      params: BatchParams,
      response: { 200: BatchStatus, default: REFUSAL },
    },
    handler: async (request) => {
      await requireOwn(secretariat, request, request.params);
      await recallBatch(secretariat, request.params, callerOf(request));
      return statusOf(secretariat, request.params, callerOf(request));
    },
  });

  void app.register((streaming: App, _options, done) => {
    passStreams(streaming);
    chunkRoute(streaming, secretariat);
    done();
  });

  app.route({
    method: "PUT",
    url: "/rounds/:round/batches/:from/:to/manifest",
    bodyLimit: MANIFEST_LIMIT_BYTES,
    schema: {
      operationId: "putManifest",
      summary: "Closes an upload; the whole batch is read, and a refused one is deleted",
      tags: TAGS,
      security: SIGNED,
      params: BatchParams,
      body: SignedManifest,
      response: { 200: BatchStatus, default: REFUSAL },
    },
    handler: async (request) => {
      await requireOwn(secretariat, request, request.params);
      await closeUpload(secretariat, request.params, callerOf(request), request.body);
      return statusOf(secretariat, request.params, callerOf(request));
    },
  });
}

function chunkRoute(app: App, secretariat: Secretariat): void {
  app.route({
    method: "PUT",
    url: "/rounds/:round/batches/:from/:to/chunks/:index",
    bodyLimit: CHUNK_LIMIT_BYTES,
    config: { isChunk: true },
    onRequest: fewAtOnce(MOST_CHUNKS),
    schema: {
      operationId: "putChunk",
      summary: "Stores a chunk; 4 MiB each, the last may be shorter; the same chunk again is fine",
      tags: TAGS,
      security: SIGNED,
      consumes: ["application/octet-stream"],
      params: ChunkParams,
      body: ByteStream,
      response: { 204: z.undefined().describe("Stored on disk"), default: REFUSAL },
    },
    handler: async (request, reply) => {
      const { index, ...direction } = request.params;
      await requireOwn(secretariat, request, direction);
      await storeChunk(secretariat, direction, callerOf(request), {
        index,
        body: request.body,
        digest: requireContentDigest(request),
      });
      return reply.code(204).send();
    },
  });
}

async function requireOwn(
  secretariat: Secretariat,
  request: FastifyRequest,
  { round, from }: Direction,
): Promise<void> {
  await requireSelf(secretariat, request, { round, party: from });
}
