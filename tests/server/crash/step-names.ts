/**
 * Short names of durable steps: what is done to which kind of file, or what a transaction commits.
 * They hold no id of a round and no random name, so that a step has the same name in every run.
 */
import { z } from "zod";

const Act = z.looseObject({ act: z.string() });

/** Tried in order. */
const KINDS: readonly (readonly [pattern: RegExp, kind: string])[] = [
  [/\/data-keys\/.*\.part$/, "unfinished key file"],
  [/\/data-keys\/./, "key file"],
  [/\/data-keys$/, "key folder"],
  [/\/server\.key/, "server key"],
  [/\/tree-head\.json\.part$/, "unfinished tree head"],
  [/\/tree-head\.json$/, "tree head"],
  [/\/rounds\/[^/]+\/.*\.part$/, "unfinished round file"],
  [/\/rounds\/[^/]+\/./, "round file"],
  [/\/rounds\/[^/]+$/, "round folder"],
  [/\/rounds$/, "rounds folder"],
  [/\/data$/, "data folder"],
  [/\/keys$/, "keys folder"],
];

/** Modules that write for others; whoever calls them says what it is. */
const WRITERS = ["encrypted-file"];

/**
 * @param stack - Of the call; its innermost module of the server's tells chunks from packages, hits and answers.
 * @returns Such as `rename round file in follow-up`.
 */
export function fileStepName(operation: string, path: string, stack: string): string {
  const kind = KINDS.find(([pattern]) => pattern.test(path))?.[1] ?? "folder above";
  const modules = [...stack.matchAll(/\/server\/(?:workers\/|routes\/|store\/)?([a-z-]+)\.ts/g)].map(
    ([, name]) => name,
  );
  const where = modules.find((name) => name !== undefined && !WRITERS.includes(name));
  return `${operation} ${kind}${where === undefined ? "" : ` in ${where}`}`;
}

/** What the open transaction of one database has written. */
export class Transaction {
  #acts: string[] = [];
  #tables = new Set<string>();

  /** @returns The step that this statement is, by the acts, states and tables that it commits; null if it is none. */
  stepOf(text: string, parameters: readonly unknown[], isOpen: boolean): string | null {
    const verb = /^\s*(\w+)/.exec(text)?.[1]?.toLowerCase() ?? "";
    if (verb === "pragma") return text.includes("wal_checkpoint") ? "empty write-ahead log" : null;
    if (verb === "commit") return this.#committed();
    if (verb === "begin" || verb === "rollback") this.#forget();
    if (!["insert", "update", "delete", "create", "drop", "alter"].includes(verb)) return null;
    this.#note(verb, text, parameters);
    return isOpen ? null : this.#committed();
  }

  #note(verb: string, text: string, parameters: readonly unknown[]): void {
    const table = /^\s*(?:insert (?:or \w+ )?into|update|delete from) "?(\w+)"?/i.exec(text)?.[1] ?? "schema";
    const column = /\(([^)]*)\) values/i.exec(text)?.[1]?.split(",") ?? [];
    const entry = parameters[column.findIndex((name) => name.includes('"entry"'))];
    const act = table === "audit_leaves" && typeof entry === "string" ? Act.parse(JSON.parse(entry)).act : undefined;
    const state = verb === "update" && /^update "rounds" set "state" = \?/i.test(text) ? parameters[0] : undefined;
    if (typeof act === "string") this.#acts.push(act);
    if (typeof state === "string") this.#acts.push(`→${state}`);
    this.#tables.add(table);
  }

  #committed(): string | null {
    const written = this.#acts.length > 0 ? new Set(this.#acts) : this.#tables;
    const name = written.size === 0 ? null : `commit ${[...written].join(" ")}`;
    this.#forget();
    return name;
  }

  #forget(): void {
    this.#acts = [];
    this.#tables = new Set();
  }
}
