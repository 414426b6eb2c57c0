/**
 * `node --import` of a server process that leaks, for the control: bodies go into its log, its errors, its metrics' labels, a
 * temporary file, a file beside its database, or stay in its memory, as an order says.
 */
import { appendFileSync } from "node:fs";
import { Server, type IncomingMessage, type ServerResponse } from "node:http";
import { join } from "node:path";
import { isMainThread } from "node:worker_threads";
import { LEAK_FOLDERS_VARIABLE, LEAK_PATH, LeakFolders, LeakOrder } from "./leaky-orders.ts";

const folders = LeakFolders.parse(JSON.parse(process.env[LEAK_FOLDERS_VARIABLE] ?? ""));
const labels: Buffer[] = [];
/** Kept for good. */
const remembered = new Set<unknown>();

function leak({ channel, bytes }: LeakOrder, response: ServerResponse): void {
  const leaked = Buffer.from(bytes, "base64");
  const quoted = Buffer.concat([Buffer.from('"'), leaked, Buffer.from('"\n')]);
  if (channel === "log") process.stdout.write(quoted);
  if (channel === "metrics") labels.push(Buffer.from("aquila_seen{of="), quoted);
  if (channel === "temporary files") appendFileSync(join(folders.temporary, "aquila-upload"), quoted);
  if (channel === "disk") appendFileSync(join(folders.disk, "aquila.db.old"), quoted);
  if (channel === "process") remembered.add(remembered.size % 2 === 0 ? leaked.toString("latin1") : quoted);
  response.writeHead(channel === "answers" ? 400 : 200).end(channel === "answers" ? quoted : "");
}

function take(request: IncomingMessage, response: ServerResponse): void {
  const pieces: Buffer[] = [];
  request.on("data", (piece: Buffer) => pieces.push(piece));
  request.on("end", () => {
    leak(LeakOrder.parse(JSON.parse(Buffer.concat(pieces).toString("utf8"))), response);
  });
}

if (isMainThread) {
  const emit = Reflect.get(Server.prototype, "emit") as (this: Server, ...given: unknown[]) => boolean;
  Server.prototype.emit = function (this: Server, ...given: unknown[]): boolean {
    const [event, request, response] = given as [string, IncomingMessage, ServerResponse];
    if (event !== "request") return emit.apply(this, given);
    if (request.url === LEAK_PATH) take(request, response);
    else if (request.url === "/metrics") response.end(Buffer.concat(labels));
    else return emit.apply(this, given);
    return true;
  };
}
