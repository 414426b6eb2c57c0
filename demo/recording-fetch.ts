/**
 * A fetch that keeps what goes over the wire: every request body in one file, every answer in another.
 */
import { appendFileSync, mkdirSync } from "node:fs";
import { join } from "node:path";

/**
 * @param folder - Gets `requests/NAME` and `answers/NAME`: first line and headers, then the body, for each exchange in turn.
 * @throws RangeError if a body is no array of bytes.
 */
export function recordingFetch(folder: string, name: string): typeof fetch {
  const requests = join(folder, "requests");
  const answers = join(folder, "answers");
  mkdirSync(requests, { recursive: true });
  mkdirSync(answers, { recursive: true });
  return async (input, init) => {
    const { url, method, headers } = new Request(input, withoutBody(init));
    appendFileSync(join(requests, name), `${method} ${url}\n${headerLines(headers)}\n`);
    const body = init?.body ?? new Uint8Array(0);
    if (!(body instanceof Uint8Array)) throw new RangeError("recordingFetch: the body is no array of bytes");
    appendFileSync(join(requests, name), body);

    const response = await fetch(input, init);
    const answer = new Uint8Array(await response.arrayBuffer());
    appendFileSync(join(answers, name), `${response.status} ${url}\n${headerLines(response.headers)}\n`);
    appendFileSync(join(answers, name), answer);
    const hasBody = response.status !== 204 && response.status !== 304;
    return new Response(hasBody ? answer : null, { status: response.status, headers: response.headers });
  };
}

function withoutBody(init: RequestInit | undefined): RequestInit {
  const { method, headers } = init ?? {};
  return { ...(method === undefined ? {} : { method }), ...(headers === undefined ? {} : { headers }) };
}

function headerLines(headers: Headers): string {
  return [...headers].map(([name, value]) => `${name}: ${value}\n`).join("");
}
