/**
 * Everything that a browser context was given: each answer's body, streams of events too, its requests, and what stands in its pages.
 * Chrome DevTools Protocol, domain Network.
 */
import type { BrowserContext, CDPSession, Page } from "playwright-core";

export type Given = {
  /** Of everything that was asked for. */
  readonly addresses: readonly string[];
  /** Answers to requests below `/api/` and `/v1/`, by path, each as far as it has come. */
  readonly answers: () => Promise<readonly { readonly path: string; readonly text: string }[]>;
  /** Keeps what stands in the page now, fields included. */
  readonly keepPage: () => Promise<void>;
  /** @returns All answers, files and kept pages as one text. */
  readonly text: () => Promise<string>;
};

type Answer = { readonly url: URL; readonly pieces: Buffer[] };

const FIELDS = `[...document.querySelectorAll("input, textarea, select")].map(({ value }) => value).join("\\n")`;

/** Of one page, opened after this call. @param context - Without pages. */
export function watchContext(context: BrowserContext): Given {
  const answers = new Map<string, Answer>();
  const addresses: string[] = [];
  const kept: string[] = [];
  const pages: Page[] = [];
  const waiting = new Set<Promise<unknown>>();
  const failures: unknown[] = [];
  const keep = (work: Promise<void>): void => {
    const one = work.catch((error: unknown) => void failures.push(error)).finally(() => waiting.delete(one));
    waiting.add(one);
  };
  context.on("request", (request) => addresses.push(request.url()));
  context.on("page", (page) => {
    pages.push(page);
    keep(watchPage(page));
  });

  async function watchPage(page: Page): Promise<void> {
    const session = await context.newCDPSession(page);
    await session.send("Network.enable");
    session.on("Network.responseReceived", ({ requestId, response }) => {
      const answer: Answer = { url: new URL(response.url), pieces: [] };
      answers.set(requestId, answer);
      if (response.mimeType === "text/event-stream") keep(stream(session, requestId, answer));
    });
    session.on("Network.dataReceived", ({ requestId, data }) => {
      if (data !== undefined) answers.get(requestId)?.pieces.push(Buffer.from(data, "base64"));
    });
    session.on("Network.loadingFinished", ({ requestId }) => {
      const answer = answers.get(requestId);
      if (answer !== undefined && answer.pieces.length === 0) keep(whole(session, requestId, answer));
    });
  }

  const settled = async (): Promise<void> => {
    while (waiting.size > 0) await Promise.all(waiting);
    if (failures.length > 0) throw new AggregateError(failures, "something that a page was given could not be read");
  };
  const textOf = ({ pieces }: Answer): string => Buffer.concat(pieces).toString("utf8");
  return {
    addresses,
    answers: async () => {
      await settled();
      return [...answers.values()]
        .filter(({ url }) => /^\/(api|v1)\//.test(url.pathname))
        .map((answer) => ({ path: answer.url.pathname, text: textOf(answer) }));
    },
    keepPage: async () => {
      for (const page of pages) kept.push(await page.content(), await page.evaluate<string>(FIELDS));
    },
    text: async () => {
      await settled();
      return [...[...answers.values()].map(textOf), ...kept].join("\n");
    },
  };
}

/** What has come and what will come of an answer that does not end. */
async function stream(session: CDPSession, requestId: string, { pieces }: Answer): Promise<void> {
  const { bufferedData } = await session.send("Network.streamResourceContent", { requestId });
  pieces.unshift(Buffer.from(bufferedData, "base64"));
}

async function whole(session: CDPSession, requestId: string, { url, pieces }: Answer): Promise<void> {
  // Chromium keeps scripts and styles to itself. They are files, the same for everybody.
  if (url.pathname.startsWith("/assets/")) {
    pieces.push(Buffer.from(await (await fetch(url)).arrayBuffer()));
    return;
  }
  const { body, base64Encoded } = await session.send("Network.getResponseBody", { requestId });
  pieces.push(Buffer.from(body, base64Encoded ? "base64" : "utf8"));
}
