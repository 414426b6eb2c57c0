/**
 * A built page with nothing on it but the regional picture, served with the pages' own policy.
 */
import { createServer } from "node:http";
import { readFileSync, writeFileSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { build } from "vite";
import { PAGE_POLICY } from "#pages/built.ts";

const PAGES = fileURLToPath(new URL("../../../pages", import.meta.url));
/** Where no file is: what it imports is found as pages find it. */
const ENTRY = join(PAGES, "harness.tsx");
const SOURCE = `import { render } from "preact";
import "./kit/theme.css";
import "./kit/kit.css";
import { chooseLanguage, startLanguage } from "./kit/language.ts";
await startLanguage();
const years = await (await fetch("./years.json")).json();
const { default: RegionalPicture } = await import("./kit/regional-picture.tsx");
render(<main><h1>Picture</h1><RegionalPicture years={years} /></main>, document.body);
`;
const TYPES: Readonly<Record<string, string>> = {
  html: "text/html",
  js: "text/javascript",
  css: "text/css",
  json: "application/json",
};

export type Harness = {
  readonly url: string;
  /** Bytes of the picture's own chunk, gzip. */
  readonly chunkBytes: number;
  /** Bytes that a page without it loads. */
  readonly entryBytes: number;
  readonly show: (years: unknown) => void;
  readonly close: () => Promise<void>;
};

/** @param folder - For the page's sources and what is built of them. */
export async function startHarness(folder: string): Promise<Harness> {
  writeFileSync(
    join(folder, "index.html"),
    '<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>Picture</title><link rel="icon" href="data:,"><script type="module" src="/harness.tsx"></script></head><body></body></html>',
  );
  const built = await build({
    root: folder,
    base: "./",
    configFile: false,
    logLevel: "error",
    oxc: { jsx: { runtime: "automatic", importSource: "preact" } },
    plugins: [
      {
        name: "harness",
        enforce: "pre",
        resolveId: (id) => (id.endsWith("/harness.tsx") ? ENTRY : null),
        load: (id) => (id === ENTRY ? SOURCE : null),
      },
    ],
    build: {
      outDir: join(folder, "built"),
      target: "es2022",
      assetsInlineLimit: 0,
      modulePreload: { polyfill: false },
    },
  });
  const outputs = (Array.isArray(built) ? built : [built]).flatMap((each) => ("output" in each ? each.output : []));
  const chunks = outputs.flatMap((each) => (each.type === "chunk" ? [each] : []));
  const bytesOf = (isWanted: (name: string) => boolean): number =>
    chunks.filter(({ name }) => isWanted(name)).reduce((sum, { code }) => sum + gzipSync(code).length, 0);
  let years = "[]";
  const policy = Object.entries(PAGE_POLICY)
    .map(([name, sources]) => `${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)} ${sources.join(" ")}`)
    .join("; ");
  const server = createServer((request, response) => {
    const path = new URL(request.url ?? "/", "http://localhost").pathname;
    const file = path === "/" ? "index.html" : path.slice(1);
    response.setHeader("Content-Security-Policy", policy);
    response.setHeader("Content-Type", TYPES[file.split(".").at(-1) ?? ""] ?? "application/octet-stream");
    response.end(file === "years.json" ? years : readFileSync(join(folder, "built", file)));
  });
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    chunkBytes: bytesOf((name) => name === "regional-picture"),
    entryBytes: bytesOf((name) => name !== "regional-picture"),
    show: (published) => {
      years = JSON.stringify(published);
    },
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => {
          resolve();
        });
      }),
  };
}
