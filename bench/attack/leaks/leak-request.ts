/**
 * What a leaky process is asked to let out, and where to; what the control's preloads need and no more.
 */
import { z } from "zod";

/** How a process leaks: into its terminal or log, an answer, its metrics' labels, files, its memory, a POST or a mail. */
const WAYS = ["terminal", "answer", "metrics", "temporary", "disk", "memory", "post", "mail"] as const;

/** Body of an order to a process. */
export const LeakRequest = z.strictObject({ way: z.enum(WAYS), bytes: z.base64() });
export type LeakRequest = z.infer<typeof LeakRequest>;

export const LEAK_PATH = "/leak";
/** Where the leaky process sends or writes what it should not. */
export const LEAK_TARGETS_VARIABLE = "AQUILA_LEAK_TARGETS";
export const LeakTargets = z.strictObject({
  disk: z.string().optional(),
  temporary: z.string(),
  /** Address of the webhook or case system. */
  post: z.string(),
  mailPort: z.int().optional(),
});
export type LeakTargets = z.infer<typeof LeakTargets>;

/** As a careless program writes it between other things. */
export function quoted(bytes: Uint8Array): Buffer {
  return Buffer.concat([Buffer.from('"'), bytes, Buffer.from('"\n')]);
}
