/**
 * The staff's pages at `/`, as they were built; not signed, and without anything of a round: docs/spec/pages.md, "Serving".
 */
import { join } from "node:path";
import fastifyStatic from "@fastify/static";
import { LinkageError } from "#engine/errors.ts";
import { builtFolder, isBuilt, PAGE_POLICY } from "#pages/built.ts";
import type { App } from "./app.ts";

const PAGE = "/";
const ASSETS = "/assets/";

/** @param folder - Of built pages; the project's own when left out. */
export async function pageRoutes(app: App, folder = builtFolder("secretariat")): Promise<void> {
  if (!isBuilt("secretariat", folder)) {
    app.log.warn("the pages are not built; npm run build makes them");
    app.get(PAGE, { schema: { hide: true } }, () => {
      throw new LinkageError("not-found", "the pages are not built here; run npm run build, then start again");
    });
    return;
  }
  await app.register(async (pages: App) => {
    pages.addHook("onRequest", (_request, reply, done) => {
      reply.helmet({
        contentSecurityPolicy: {
          useDefaults: false,
          directives: Object.fromEntries(Object.entries(PAGE_POLICY).map(([name, sources]) => [name, [...sources]])),
        },
      });
      done();
    });
    await pages.register(fastifyStatic, {
      root: join(folder, "assets"),
      prefix: ASSETS,
      schemaHide: true,
      index: false,
      list: false,
      // Their names change with their content.
      immutable: true,
      maxAge: "365d",
    });
    pages.get(PAGE, { schema: { hide: true } }, (_request, reply) =>
      reply.sendFile("index.html", folder, { immutable: false, maxAge: 0 }),
    );
  });
}
