/**
 * Idempotency keys: a write that is sent again under its key is carried out once; docs/spec/api.md, "Idempotency".
 * After draft-ietf-httpapi-idempotency-key-header, §2.
 */
import { createHash } from "node:crypto";
import type { FastifyRequest } from "fastify";
import { LinkageError } from "#engine/errors.ts";
import { IDEMPOTENCY_FIELD, isWrite } from "#engine/round/requests.ts";
import type { App } from "./app.ts";
import { CALLER, callerName, callerOf, type Caller, type Write } from "./caller.ts";
import type { Secretariat } from "./secretariat.ts";
import { findWrite, insertWrite } from "./store/writes.ts";

/** Name of the request's decorator that says whether it was carried out before. */
const REPEATED = "repeated";

/** To be called within the scope of signed routes, after the signature was verified. */
export function holdToKeys(v1: App, { store, clock }: Pick<Secretariat, "store" | "clock">): void {
  v1.decorateRequest(REPEATED, false);
  v1.addHook("preHandler", async (request) => {
    const caller = callerOf(request);
    const write = caller.write ?? null;
    if (write === null) return;
    const known = await findWrite(store, callerName(caller), write.key);
    if (known !== null && known !== write.digest)
      throw new LinkageError("idempotency-conflict", "this key was used for another request");
    request.setDecorator(REPEATED, known !== null);
  });
  // What is entered in the audit log is kept in the same transaction; this is for the rest. A chunk is known by its bytes.
  v1.addHook("onSend", async (request, reply) => {
    const caller = request.getDecorator<Caller | null>(CALLER);
    const write = caller?.write ?? null;
    if (caller === null || write === null || reply.statusCode >= 300) return;
    if (request.routeOptions.config.isChunk === true) return;
    await insertWrite(store, { caller: callerName(caller), ...write, at: clock().toISOString() });
  });
}

/** Does what can be done once only, unless it was done under this request's key. */
export async function once(request: FastifyRequest, act: () => Promise<void>): Promise<void> {
  if (request.getDecorator<boolean>(REPEATED)) return;
  await act();
}

/** @returns What is kept of a write; null for a request that changes nothing. */
export function writeOf(request: FastifyRequest): Write | null {
  const { method, url, headers } = request;
  const key = headers[IDEMPOTENCY_FIELD];
  if (!isWrite(method) || typeof key !== "string") return null;
  const said = `${method} ${url} ${String(headers["content-digest"])}`;
  return { key, digest: createHash("sha256").update(said).digest("base64url") };
}
