/**
 * T0, T1 and T2 of a round, computed from what the page shows, so that nobody signs over what he was not shown; docs/spec/round.md.
 */
import type { RoundDescriptor } from "#engine/round/descriptor.ts";
import type { RoundView } from "#engine/round/messages.ts";
import { fromBase64url, labelled, sha256, toBase64url, type Bytes } from "./bytes.ts";
import { canonicalBytes } from "./canonical-json.ts";

export type Transcripts = Pick<RoundView, "t0" | "t1" | "t2">;

/** @returns T0, base64url. */
export async function t0Of(descriptor: RoundDescriptor): Promise<string> {
  return hashed(labelled("aquila/v1/T0", canonicalBytes(descriptor)));
}

/** @returns Each null where the round has not come to it. */
export async function transcriptsOf(view: RoundView): Promise<Transcripts> {
  const t0 = await t0Of(view.descriptor);
  if (view.t1 === null) return { t0, t1: null, t2: null };
  const keys = [...view.keys].sort((a, b) => (a.party < b.party ? -1 : 1));
  const t1 = await hashed(labelled("aquila/v1/T1", fromBase64url(t0), canonicalBytes(keys)));
  if (view.t2 === null) return { t0, t1, t2: null };
  const batches = view.sealed.map(({ digest, from, to }) => ({ digest, from, to }));
  batches.sort((a, b) => (`${a.from}-${a.to}` < `${b.from}-${b.to}` ? -1 : 1));
  return { t0, t1, t2: await hashed(labelled("aquila/v1/T2", fromBase64url(t1), canonicalBytes(batches))) };
}

/** @returns Whether what the server calls T0, T1 and T2 is that of what it shows. */
export function isOf(view: RoundView, { t0, t1, t2 }: Transcripts): boolean {
  return view.t0 === t0 && view.t1 === t1 && view.t2 === t2;
}

async function hashed(bytes: Bytes): Promise<string> {
  return toBase64url(await sha256(bytes));
}
