/**
 * `node --import` of a server or console process that leaks, for the control: bodies go into its log or terminal, its answers,
 * its metrics' labels, a temporary file, a file beside its database, a webhook, a mail, or stay in its memory, as an order says.
 */
import { appendFileSync } from "node:fs";
import { Server, type IncomingMessage, type ServerResponse } from "node:http";
import { join } from "node:path";
import { isMainThread } from "node:worker_threads";
import { createTransport } from "nodemailer";
import { LEAK_PATH, LEAK_TARGETS_VARIABLE, LeakRequest, LeakTargets, quoted } from "./leak-request.ts";

const targets = LeakTargets.parse(JSON.parse(process.env[LEAK_TARGETS_VARIABLE] ?? ""));
const labels: Buffer[] = [];
/** Kept for good. */
const remembered = new Set<unknown>();

async function leak({ way, bytes }: LeakRequest, response: ServerResponse): Promise<void> {
  const leaked = Buffer.from(bytes, "base64");
  const text = quoted(leaked);
  if (way === "terminal") process.stdout.write(text);
  if (way === "metrics") labels.push(Buffer.from("aquila_seen{of="), text);
  if (way === "temporary") appendFileSync(join(targets.temporary, "aquila-upload"), text);
  if (way === "disk") appendFileSync(join(targets.disk ?? "", "aquila.db.old"), text);
  if (way === "memory") remembered.add(remembered.size % 2 === 0 ? leaked.toString("latin1") : text);
  if (way === "post") await (await fetch(targets.post, { method: "POST", body: text })).bytes();
  if (way === "mail") await mail(text);
  response.writeHead(way === "answer" ? 400 : 200).end(way === "answer" ? text : "");
}

async function mail(text: Buffer): Promise<void> {
  const transport = createTransport({ host: "127.0.0.1", port: targets.mailPort, ignoreTLS: true });
  // As it is, so that it arrives in the encoding in which it is looked for.
  await transport.sendMail({ envelope: { from: "aquila@leaky.example", to: "desk@at.example" }, raw: text });
}

function take(request: IncomingMessage, response: ServerResponse): void {
  const pieces: Buffer[] = [];
  request.on("data", (piece: Buffer) => pieces.push(piece));
  request.on("end", () => {
    void leak(LeakRequest.parse(JSON.parse(Buffer.concat(pieces).toString("utf8"))), response);
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
