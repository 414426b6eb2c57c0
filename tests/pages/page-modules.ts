/**
 * Single modules of the pages, built as the pages are and served to a real Chromium, so that tests can call them there.
 */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { fileURLToPath } from "node:url";
import type { Browser, Page } from "playwright-core";
import { build } from "vite";

const PAGES = fileURLToPath(new URL("../../pages/", import.meta.url));

export type PageModules = {
  readonly page: Page;
  /** @param script - Of an async function's body, in which each module is known by its name in camel case. @returns Its JSON. */
  readonly run: (script: string) => Promise<unknown>;
  readonly close: () => Promise<void>;
};

/** @param names - Of modules below `pages/secretariat/`. */
export async function servePageModules(browser: Browser, names: readonly string[]): Promise<PageModules> {
  const built = await build({
    root: PAGES,
    configFile: false,
    logLevel: "warn",
    build: {
      write: false,
      minify: false,
      target: "es2022",
      lib: {
        entry: Object.fromEntries(names.map((name) => [name, `${PAGES}secretariat/${name}.ts`])),
        formats: ["es"],
        fileName: (_format, name) => `${name}.js`,
      },
    },
  });
  const outputs = [built].flat().flatMap((one) => ("output" in one ? one.output : []));
  const files = new Map(
    outputs.map((file) => [`/${file.fileName}`, file.type === "chunk" ? file.code : String(file.source)]),
  );
  const server = createServer((request, response) => {
    const code = files.get(request.url ?? "");
    if (code === undefined)
      response.setHeader("content-type", "text/html").end("<!doctype html><title>modules</title>");
    else response.setHeader("content-type", "text/javascript").end(code);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const page = await browser.newPage();
  await page.goto(`http://127.0.0.1:${port}/`);
  const imports = names.map((name) => `const ${camel(name)} = await import("/${name}.js");`).join("\n");
  return {
    page,
    run: async (script) => JSON.parse(String(await page.evaluate(wrapped(imports, script)))) as unknown,
    close: async () => {
      await page.close();
      server.closeAllConnections();
      server.close();
    },
  };
}

function wrapped(imports: string, script: string): string {
  return `(async () => {\n${imports}\nreturn JSON.stringify(await (async () => {\n${script}\n})());\n})()`;
}

function camel(name: string): string {
  return name.replaceAll(/-([a-z0-9])/g, (_all, letter: string) => letter.toUpperCase());
}
