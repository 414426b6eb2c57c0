/**
 * The OpenAPI document and what is not signed.
 */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { ROUTES } from "./routes.ts";
import { makeHouse, removeHouse, startServer, type House, type RunningServer } from "./harness.ts";

const Schema = z.record(z.string(), z.unknown());
const Content = z.record(z.string().regex(/^[a-z]+\/[a-z.+-]+$/), z.strictObject({ schema: Schema }));
const Operation = z.strictObject({
  operationId: z.string().regex(/^[a-z][A-Za-z]+$/),
  summary: z.string().min(10),
  tags: z.array(z.string()).min(1),
  security: z.array(z.record(z.string(), z.array(z.string()))),
  parameters: z
    .array(
      z.strictObject({ name: z.string(), in: z.enum(["path", "query"]), required: z.literal(true), schema: Schema }),
    )
    .optional(),
  requestBody: z.strictObject({ required: z.literal(true), content: Content }).optional(),
  responses: z.record(
    z.string().regex(/^([2-5][0-9][0-9]|default)$/),
    z.strictObject({ description: z.string().min(1), content: Content.optional() }),
  ),
});
/** The parts of OpenAPI 3.1 that this document uses, held strictly. */
const Document = z.strictObject({
  openapi: z.literal("3.1.0"),
  info: z.strictObject({
    title: z.string(),
    version: z.string(),
    description: z.string(),
    license: z.strictObject({ name: z.string(), identifier: z.string() }),
  }),
  servers: z.array(z.strictObject({ url: z.string() })),
  tags: z.array(z.strictObject({ name: z.string(), description: z.string() })),
  components: z.strictObject({
    securitySchemes: z.record(z.string(), Schema),
    schemas: z.record(z.string().regex(/^[A-Za-z]+$/), Schema),
  }),
  paths: z.record(z.string().startsWith("/"), z.record(z.enum(["get", "put", "post", "delete"]), Operation.optional())),
});

let house: House;
let server: RunningServer;
let text: string;
let document: z.infer<typeof Document>;
beforeAll(async () => {
  house = makeHouse();
  server = await startServer(house);
  text = await (await fetch(`${server.url}/openapi.json`)).text();
  document = Document.parse(JSON.parse(text));
});
afterAll(async () => {
  await server.app.close();
  removeHouse(house);
});

const operations = (): [string, string, z.infer<typeof Operation>][] =>
  Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).flatMap(([method, operation]) =>
      operation === undefined ? [] : [[method, path, operation] as [string, string, z.infer<typeof Operation>]],
    ),
  );

describe("the OpenAPI document", () => {
  it("lists every route of the API", () => {
    expect(
      operations()
        .map(([method, path]) => `${method.toUpperCase()} ${path}`)
        .sort(),
    ).toEqual(
      ["GET /healthz", "GET /metrics"]
        .concat(ROUTES.map(([method, path]) => `${method} ${path.replaceAll(/:([a-z]+)/g, "{$1}")}`))
        .sort(),
    );
  });

  it("names each operation once, declares each path parameter, and says how each refuses", () => {
    const ids = operations().map(([, , operation]) => operation.operationId);
    expect(new Set(ids).size).toBe(ids.length);
    const tags = document.tags.map(({ name }) => name);
    for (const [, path, operation] of operations()) {
      const inPath = (operation.parameters ?? []).filter((parameter) => parameter.in === "path");
      const declared = inPath.map(({ name }) => `{${name}}`);
      expect(declared.sort(), path).toEqual((path.match(/\{[a-z]+\}/g) ?? []).sort());
      expect(Object.keys(operation.responses["default"]?.content ?? {})).toEqual(["application/problem+json"]);
      expect(operation.security).toEqual(path.startsWith("/v1/") ? [{ httpMessageSignature: [] }] : []);
      for (const tag of operation.tags) expect(tags).toContain(tag);
    }
  });

  it("has no reference that leads nowhere", () => {
    const references = [...text.matchAll(/"\$ref":"#\/components\/schemas\/([A-Za-z]+)"/g)].map((found) => found[1]);
    expect(references.length).toBeGreaterThan(10);
    for (const name of references) expect(Object.keys(document.components.schemas)).toContain(name);
    expect(text.match(/"\$ref":/g)).toHaveLength(references.length);
  });

  it("names each shape once, for requests and answers alike", () => {
    const shapes = Object.keys(document.components.schemas);
    expect(shapes).toContain("RoundDescriptor");
    expect(shapes.filter((name) => name.endsWith("Input"))).toEqual([]);
  });

  it("has a page for people, under a policy that lets nothing foreign in", async () => {
    const page = await fetch(`${server.url}/docs/`);
    expect(page.status).toBe(200);
    expect(page.headers.get("content-security-policy")).toContain("default-src 'self'");
    expect(await page.text()).toContain("<title>Aquila secretariat</title>");
  });
});

describe("what is not signed", () => {
  it("health says that the store answers", async () => {
    const answer = await fetch(`${server.url}/healthz`);
    expect(await answer.json()).toEqual({ status: "ok", version: document.info.version });
  });

  it("metrics count requests by route and status, refusals by code and rounds by state", async () => {
    await fetch(`${server.url}/v1/rounds`);
    const metrics = await (await fetch(`${server.url}/metrics`)).text();
    for (const line of [
      'aquila_requests_total{method="GET",route="/v1/rounds",status="401"} 1',
      'aquila_refusals_total{code="request-signature"} 1',
      'aquila_rounds{state="draft"} 0',
      "aquila_keys_joined_total 0",
      "aquila_tile_seconds_count 0",
    ])
      expect(metrics).toContain(line);
    expect(metrics).toMatch(/nodejs_eventloop_lag_p99_seconds /);
    expect(metrics).toMatch(/process_resident_memory_bytes \d/);
  });

  it("metrics are not served beside the API unless they are wanted there", async () => {
    const other = makeHouse();
    const { app, metricsApp, url } = await startServer(other, { metricsOnApi: false });
    const refused = await fetch(`${url}/metrics`);
    expect(refused.status).toBe(404);
    expect(await refused.json()).toMatchObject({ code: "not-found" });
    expect(await (await fetch(`${url}/openapi.json`)).text()).not.toContain("/metrics");
    const own = await metricsApp.listen({ host: "127.0.0.1", port: 0 });
    expect(await (await fetch(`${own}/metrics`)).text()).toContain('aquila_refusals_total{code="not-found"} 1');
    expect((await fetch(`${own}/healthz`)).status, "nothing else is there").toBe(404);
    expect((await fetch(`${own}/v1/rounds`)).status).toBe(404);
    await app.close();
    await expect(fetch(`${own}/metrics`)).rejects.toThrow();
    removeHouse(other);
  });

  it("answers carry no server name and may not be framed", async () => {
    const { headers } = await fetch(`${server.url}/healthz`);
    expect(headers.get("content-security-policy")).toBe("default-src 'none';frame-ancestors 'none'");
    expect(headers.get("x-content-type-options")).toBe("nosniff");
    expect(headers.get("x-powered-by")).toBeNull();
  });
});
