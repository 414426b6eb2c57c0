/**
 * Bodies as the exact bytes that came, so that their digest can be checked, and then as what they hold; or as streams that
 * their routes read.
 */
import type { IncomingMessage } from "node:http";
import { finished, type Readable } from "node:stream";
import type { FastifyInstance, FastifyRequest } from "fastify";
import { CHUNK_BYTES } from "#engine/batch/layout.ts";
import { LinkageError } from "#engine/errors.ts";
import { giveUp } from "./give-up.ts";

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
/** What is still read of a body after its answer. */
const LINGER_BYTES = CHUNK_BYTES;
const LINGER_MS = 5_000;
const LINGER_CHECK_MS = 50;

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
    const { "content-encoding": encoding = "identity", "transfer-encoding": coding = "chunked" } = request.headers;
    // A coding that another reader takes for none would hide a request from it.
    if (encoding === "identity" && coding === "chunked") done();
    else
      done(new LinkageError("request-encoding", "bodies are taken without Content-Encoding, as they are or in chunks"));
  });
  app.addHook("onResponse", ({ raw }, _reply, done) => {
    if (!raw.complete) closeSoon(raw);
    done();
  });
}

/** Lets the rest of a body that was answered before its end come, so that its sender reads the answer, but not without end. */
function closeSoon(request: IncomingMessage): void {
  const { socket } = request;
  const [mostBytes, latest] = [socket.bytesRead + LINGER_BYTES, performance.now() + LINGER_MS];
  const timer = setInterval(() => {
    const isOver = socket.bytesRead > mostBytes || performance.now() > latest;
    if (isOver && !request.complete) socket.destroy();
    if (isOver || request.complete || socket.destroyed) clearInterval(timer);
  }, LINGER_CHECK_MS).unref();
}

/** Gives the octet streams of this scope to their routes unread: {@link readBody}. */
export function passStreams(app: FastifyInstance): void {
  app.removeContentTypeParser("application/octet-stream");
  app.addContentTypeParser("application/octet-stream", (request, stream, done) => {
    if (Number(request.headers["content-length"]) > request.routeOptions.bodyLimit) done(tooLarge());
    else done(null, stream);
  });
}

/**
 * @param memory - Takes the bytes; as long as a body may be.
 * @returns The part of it that holds the body.
 * @throws {@link LinkageError} `request-too-large`; `request-invalid` if the body is cut off.
 */
export function readBody(stream: Readable, memory: Uint8Array): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    let length = 0;
    const take = (piece: Uint8Array): void => {
      if (length + piece.length > memory.length) {
        stream.off("data", take);
        reject(tooLarge());
        return;
      }
      memory.set(piece, length);
      length += piece.length;
      giveUp(piece);
    };
    stream.on("data", take);
    finished(stream, (error) => {
      if (error === undefined || error === null) resolve(memory.subarray(0, length));
      else reject(new LinkageError("request-invalid", "the body is cut off", { cause: error }));
    });
  });
}

function tooLarge(): LinkageError {
  return new LinkageError("request-too-large", "the body is larger than this route takes");
}

/** @returns The body's bytes; none if there is no body. */
export function bodyBytes(request: FastifyRequest): Uint8Array {
  return request.getDecorator<Uint8Array | null>(BYTES) ?? NONE;
}
