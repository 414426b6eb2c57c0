/**
 * Somebody on the wire between a party and the secretariat: keeps what goes by, and lets it pass.
 */

/** One request and its answer; `kind` is method and path without the names in it. */
export type Exchanged = {
  readonly party: string;
  readonly kind: string;
  readonly path: string;
  readonly sent: Uint8Array;
  readonly received: Uint8Array;
};

/** @returns A fetch that adds what it carries to `wire`. */
export function recorderOf(party: string, wire: Exchanged[]): typeof globalThis.fetch {
  return async (input, init) => {
    const { pathname: path } = input instanceof URL ? input : new URL(input instanceof Request ? input.url : input);
    const sent = init?.body instanceof Uint8Array ? init.body.slice() : new Uint8Array(0);
    const response = await fetch(input, init);
    const received = new Uint8Array(await response.clone().arrayBuffer());
    const names = path.replace(/^\/v1\/rounds\/[^/]+/, "").replace(/\/[A-Z]{2}\b/g, "");
    wire.push({ party, kind: `${init?.method ?? "GET"} ${names}`, path, sent, received });
    return response;
  };
}
