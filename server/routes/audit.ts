/**
 * The audit log: its head, proofs, leaves and the parties' co-signatures.
 */
import { z } from "zod";
import { ConsistencyProof, Cosignature } from "#engine/audit/tree-head.ts";
import { LinkageError } from "#engine/errors.ts";
import { PartyId } from "#engine/round/ids.ts";
import { InclusionProof, LeafList, MAX_LEAVES, SignedHead } from "#engine/round/messages.ts";
import { partyOf } from "#engine/round/roster.ts";
import { checkStatement } from "#engine/round/statement.ts";
import type { App } from "../app.ts";
import { anothers, callerName, requireOfficer, requireParty, requireSame } from "../caller.ts";
import { REFUSAL, SIGNED } from "../openapi.ts";
import type { Secretariat } from "../secretariat.ts";
import { listCosignatures, listLeaves, replaceCosignature } from "../store/audit.ts";

const Place = z.coerce.number<string>().int().min(0);
const TAGS = ["audit"];

export function auditRoutes(app: App, { audit, roster, store }: Secretariat): void {
  const signedHead = async (): Promise<SignedHead> => {
    // First, so that none is of a larger log than the head's.
    const cosignatures = await listCosignatures(store);
    return { head: await audit.head(), cosignatures };
  };

  app.route({
    method: "GET",
    url: "/audit/head",
    schema: {
      operationId: "getTreeHead",
      summary: "Shows the audit log's last head and the parties' co-signatures",
      tags: TAGS,
      security: SIGNED,
      response: { 200: SignedHead, default: REFUSAL },
    },
    handler: signedHead,
  });

  app.route({
    method: "GET",
    url: "/audit/consistency",
    schema: {
      operationId: "getConsistencyProof",
      summary: "Proves that the log of one size is the start of that of a later one (RFC 9162 §2.1.4)",
      tags: TAGS,
      security: SIGNED,
      querystring: z.strictObject({ first: Place, second: Place }),
      response: { 200: ConsistencyProof, default: REFUSAL },
    },
    handler: async ({ query: { first, second } }) => {
      await audit.head();
      return audit.consistency(first, second);
    },
  });

  app.route({
    method: "GET",
    url: "/audit/inclusion",
    schema: {
      operationId: "getInclusionProof",
      summary: "Proves that an entry is in the log of a size (RFC 9162 §2.1.3)",
      tags: TAGS,
      security: SIGNED,
      querystring: z.strictObject({ number: Place, size: Place }),
      response: { 200: InclusionProof, default: REFUSAL },
    },
    handler: async ({ query: { number, size } }) => {
      await audit.head();
      return audit.inclusion(number, size);
    },
  });

  app.route({
    method: "GET",
    url: "/audit/leaves",
    schema: {
      operationId: "getLeaves",
      summary: `Shows the log from an entry on, at most ${MAX_LEAVES} leaves, with the salts that open them (officer)`,
      tags: TAGS,
      security: SIGNED,
      querystring: z.strictObject({ from: Place }),
      response: { 200: LeafList, default: REFUSAL },
    },
    handler: async (request) => {
      const { from } = request.query;
      const actor = callerName(requireOfficer(request));
      const leaves = await listLeaves(store, from, MAX_LEAVES);
      const about = `from entry ${from}, ${leaves.length}`;
      if (leaves.length > 0)
        await audit.enter(store, {
          act: "log-read",
          actor,
          recipients: [],
          round: null,
          purpose: "",
          justification: "",
          about,
        });
      return leaves;
    },
  });

  app.route({
    method: "PUT",
    url: "/audit/cosignatures/:party",
    schema: {
      operationId: "putCosignature",
      summary: "Co-signs a head that the caller found consistent with those it saw before",
      tags: TAGS,
      security: SIGNED,
      params: z.strictObject({ party: PartyId }),
      body: Cosignature,
      response: { 200: SignedHead, default: REFUSAL },
    },
    handler: async (request) => {
      const { party, size, root } = request.body;
      if (requireParty(request) !== request.params.party) throw anothers();
      requireSame(request.body, request.params);
      checkStatement(partyOf(roster, party).signKey, "cosignature", request.body);
      await audit.head();
      if (audit.rootAt(size) !== root)
        throw new LinkageError("audit-fork", "the head that is co-signed is not one of this log");
      await replaceCosignature(store, request.body);
      return signedHead();
    },
  });
}
