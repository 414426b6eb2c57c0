/**
 * Requests that hold megabytes of memory while they are under way. Each signer has a few at once, so that all together
 * are bounded, however slow disk and clients are, and nobody takes another's part. docs/spec/api.md, "Limits"
 */
import type { FastifyReply, FastifyRequest } from "fastify";
import { LinkageError } from "#engine/errors.ts";
import { callerName, callerOf } from "./caller.ts";

/** Of one signer, each up to 4 MiB from its first byte until it is on the disk. */
export const MOST_CHUNKS = 8;
/** Of one signer: packages and answers, each whole in memory. */
export const MOST_WHOLE_FILES = 2;

/**
 * @returns A hook for the routes that share this count, behind the one that verifies signatures: it refuses what would be
 * more than `most` at once of one signer, before the body is read, with {@link LinkageError} `server-busy`.
 */
export function fewAtOnce(most: number): (request: FastifyRequest, reply: FastifyReply, done: Done) => void {
  const underWay = new Map<string, number>();
  return (request, reply, done) => {
    const name = callerName(callerOf(request));
    const count = underWay.get(name) ?? 0;
    if (count >= most) {
      done(new LinkageError("server-busy", `${most} requests of this kind are under way for the caller; wait for one`));
      return;
    }
    underWay.set(name, count + 1);
    reply.raw.once("close", () => {
      const left = (underWay.get(name) ?? 1) - 1;
      if (left === 0) underWay.delete(name);
      else underWay.set(name, left);
    });
    done();
  };
}

type Done = (refusal?: LinkageError) => void;
