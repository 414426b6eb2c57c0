/**
 * Requests to the page's own server, and its refusals. RFC 9457, "Problem Details for HTTP APIs".
 */

/** A refusal with the server's stable code; `unreachable` when there was no answer. */
export class Refusal extends Error {
  readonly code: string;
  readonly detail: string;
  readonly status: number;

  constructor(code: string, detail: string, status: number, options?: ErrorOptions) {
    super(`${code}: ${detail}`, options);
    this.name = "Refusal";
    this.code = code;
    this.detail = detail;
    this.status = status;
  }
}

/** Asks the page's own server, as whoever uses the page. */
export type Ask = (path: string, init?: RequestInit) => Promise<Response>;

/**
 * @param path - Relative to the page.
 * @returns The answer's body, of the shape that the page's own server promises for this path.
 * @throws {@link Refusal}
 */
export async function getJson<Body>(path: string, ask: Ask): Promise<Body> {
  const response = await answered(ask(path));
  return (await bodyOf(response)) as Body;
}

/**
 * @param body - Undefined: the request has none.
 * @returns Null when the answer has no body.
 * @throws {@link Refusal}
 */
export async function sendJson<Body>(
  method: "POST" | "PUT" | "DELETE",
  path: string,
  body: unknown,
  ask: Ask,
): Promise<Body | null> {
  const init =
    body === undefined
      ? { method }
      : { method, body: JSON.stringify(body), headers: { "content-type": "application/json" } };
  const response = await answered(ask(path, init));
  if (response.status === 204 || response.status === 202) return null;
  return (await bodyOf(response)) as Body;
}

/** @returns What a person can be told of a failure of any kind. */
export function refusalOf(error: unknown): Refusal {
  return error instanceof Refusal ? error : new Refusal("internal", "", 0, { cause: error });
}

/** @throws {@link Refusal} if there is no answer, or one that is no success. */
export async function answered(asked: Promise<Response>): Promise<Response> {
  let response: Response;
  try {
    response = await asked;
  } catch (cause) {
    // Whoever asks may refuse an answer himself.
    throw cause instanceof Refusal ? cause : new Refusal("unreachable", "", 0, { cause });
  }
  if (response.ok) return response;
  const said = await problemOf(response);
  throw new Refusal(said.code, said.detail, response.status);
}

async function bodyOf(response: Response): Promise<unknown> {
  try {
    return await response.json();
  } catch (cause) {
    throw new Refusal("server-answer-invalid", "", response.status, { cause });
  }
}

async function problemOf(response: Response): Promise<{ code: string; detail: string }> {
  const fallback = { code: "server-answer-invalid", detail: "" };
  const said: unknown = await response.json().catch(() => null);
  if (typeof said !== "object" || said === null) return fallback;
  const code = "code" in said && typeof said.code === "string" ? said.code : fallback.code;
  const detail = "detail" in said && typeof said.detail === "string" ? said.detail : "";
  return { code, detail };
}
