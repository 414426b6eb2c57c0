/**
 * Bodies as the exact bytes that came, so that their digest can be checked, and then as what they hold.
 */
import type { FastifyInstance, FastifyRequest } from "fastify";
import { LinkageError } from "#engine/errors.ts";

/** Names of the request's decorators that hold the body's bytes and their checked digest. */
const BYTES = "bodyBytes";
const DIGEST = "bodyDigest";
const NONE = new Uint8Array();

/** Takes JSON and octet streams, uncompressed, and nothing else. */
export function takeBodies(app: FastifyInstance): void {
  app.decorateRequest(BYTES, null);
  app.decorateRequest(DIGEST, null);
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

/** Keeps the body's digest once it has been checked; base64url. */
export function keepBodyDigest(request: FastifyRequest, digest: string): void {
  request.setDecorator(DIGEST, digest);
}

/** @returns SHA-256 of the body, base64url. */
export function bodyDigest(request: FastifyRequest): string {
  const digest = request.getDecorator<string | null>(DIGEST);
  if (digest === null) throw new RangeError("bodyDigest: the body was not checked");
  return digest;
}
