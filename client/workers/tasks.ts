/**
 * What the client asks of its workers. Tasks and answers are cloned between threads of one process.
 */
import type { UnreadLine } from "#engine/encode/read-list.ts";
import { LinkageError, type ProblemCode } from "#engine/errors.ts";
import { Profile } from "#engine/profile.ts";
import { z } from "zod";

/** What every worker of one list is given when it starts. */
export const ListWorkerData = z.strictObject({ profile: Profile, categories: z.array(z.string()).nullable() });
export type ListWorkerData = z.infer<typeof ListWorkerData>;

/** A refusal as data, since errors lose their code between threads. */
type Refusal = { readonly code: ProblemCode; readonly detail: string };

/** Lines of a list, to be encoded. */
export type LinesTask = {
  readonly lines: Uint32Array;
  /** JSON of each line, since text is cloned several times as fast as objects; or why reading has refused it. */
  readonly contents: readonly (string | Refusal)[];
};

/** Puts lines into the form in which they go to a worker. */
export function linesTask(unread: readonly UnreadLine[]): LinesTask {
  return {
    lines: Uint32Array.from(unread, ({ line }) => line),
    contents: unread.map((each) => {
      if ("refused" in each) return { code: each.refused.code, detail: each.refused.detail };
      return typeof each.content === "string" ? each.content : JSON.stringify(each.content);
    }),
  };
}

/** The way back from {@link linesTask}. */
export function unreadLines({ lines, contents }: LinesTask): UnreadLine[] {
  return contents.map((content, at) => {
    const line = lines[at] as number;
    if (typeof content === "string") return { line, content };
    return { line, refused: new LinkageError(content.code, content.detail) };
  });
}
