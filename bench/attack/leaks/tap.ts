/**
 * A port in front of another that keeps every byte which passes, so that nothing a receiver would not read escapes the search.
 */
import { appendFileSync, mkdirSync } from "node:fs";
import { once } from "node:events";
import { connect, createServer, type AddressInfo, type Socket } from "node:net";
import { join } from "node:path";

const LOOPBACK = "127.0.0.1";

export type Tap = { readonly port: number; readonly close: () => Promise<void> };

/** Folders that get a file for each connection, named after this tap. */
export type TapFolders = { readonly name: string; readonly sent: string; readonly answered: string };

/** @param port - On loopback, where the connections go on to. */
export async function openTap(port: number, { name, sent, answered }: TapFolders): Promise<Tap> {
  for (const folder of [sent, answered]) mkdirSync(folder, { recursive: true });
  const sockets = new Set<Socket>();
  let connections = 0;
  const server = createServer((near) => {
    const far = connect(port, LOOPBACK);
    const file = `${name}-${connections++}`;
    near.on("data", (bytes) => {
      appendFileSync(join(sent, file), bytes);
    });
    far.on("data", (bytes) => {
      appendFileSync(join(answered, file), bytes);
    });
    near.pipe(far);
    far.pipe(near);
    for (const [one, other] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(one);
      // Small pieces go on at once, as they would without this: Nagle's waiting would be added at every turn of a dialogue.
      one.setNoDelay(true);
      // Either end may go as it likes: the other then sees what it would have seen without this.
      one.on("error", () => other.destroy());
      one.on("close", () => {
        sockets.delete(one);
        other.end();
      });
    }
  }).listen(0, LOOPBACK);
  await once(server, "listening");
  return {
    port: (server.address() as AddressInfo).port,
    close: async () => {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, "close");
    },
  };
}
