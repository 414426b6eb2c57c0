/**
 * Bodies as the exact bytes that came, so that their digest can be checked, and then as what they hold.
 */
import type { FastifyInstance, FastifyRequest } from "fastify";
import { LinkageError } from "#engine/errors.ts";

declare module "fastify" {
  // eslint-disable-next-line @typescript-eslint/consistent-type-definitions -- only an interface can be added to
  interface FastifyContextConfig {
    /** Whether the body is a chunk, which the worker that stores it holds against Content-Digest. */
    readonly isChunk?: boolean;
  }
}

/** Name of the request's decorator that holds the body's bytes. */
const BYTES = "bodyBytes";
const NONE = new Uint8Array();

/** Takes JSON and octet streams, uncompressed, and nothing else. */
export function takeBodies(app: FastifyInstance): void {
  app.decorateRequest(BYTES, null);
  app.removeAllContentTypeParsers();
  app.addContentTypeParser("application/json", { parseAs: "buffer" }, (request, body, done) => {
    request.setDecorator(BYTES, body);
    try {
      done(null, JSON.parse(body.toString()) as unknown);
    } catch {
      // Without its cause: the parser's message quotes the text.
      done(new LinkageError("request-invalid", "the body is not JSON"));
    }
  });
  app.addContentTypeParser("application/octet-stream", { parseAs: "buffer" }, (request, body, done) => {
    request.setDecorator(BYTES, body);
    done(null, body);
  });
  app.addHook("onRequest", (request, _reply, done) => {
    const encoding = request.headers["content-encoding"];
    if (encoding === undefined || encoding === "identity") done();
    else done(new LinkageError("request-invalid", "bodies are taken without Content-Encoding"));
  });
}

/** @returns The body's bytes; none if there is no body. */
export function bodyBytes(request: FastifyRequest): Uint8Array {
  return request.getDecorator<Uint8Array | null>(BYTES) ?? NONE;
}
