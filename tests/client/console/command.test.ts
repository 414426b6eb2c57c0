/**
 * `aquila console` as a process: its address, another at Enter, its case system, and its end.
 */
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { beforeAll, expect, test } from "vitest";
import { ConsoleView, HitList } from "#client/console/shapes.ts";
import { buildPages } from "#pages/build.ts";
import { isBuilt } from "#pages/built.ts";
import { runAquila } from "../commands/command-line.ts";
import { temporaryFolder } from "../folders.ts";
import { askConsole, Page } from "./browser-requests.ts";
import { addressesOf, startConsole } from "./console-process.ts";
import { ROUND, vaultWithHits } from "./many-hits.ts";

beforeAll(async () => {
  if (!isBuilt("console")) await buildPages();
});

test("serves the vault's hits to whoever has the address, alerts the case system, and ends at SIGTERM", async () => {
  const received: string[] = [];
  const cases = createServer((request, response) => {
    request.on("data", (piece: Buffer) => received.push(piece.toString()));
    request.once("end", () => response.writeHead(204).end(() => cases.emit("alert")));
  });
  cases.listen(0, "127.0.0.1");
  await once(cases, "listening");
  const alerted = once(cases, "alert");
  const config = join(temporaryFolder(), "cases.json");
  writeFileSync(join(config, "..", "cases.secret"), "s".repeat(32), { mode: 0o600 });
  const { port } = cases.address() as AddressInfo;
  writeFileSync(config, JSON.stringify({ url: `http://127.0.0.1:${port}/`, secretFile: "cases.secret" }));

  const vault = vaultWithHits(1);
  vault.close();
  const child = startConsole(["--vault", vault.directory, "--case-system", config, "--json"]);
  const output: string[] = [];
  for (const stream of [child.stdout, child.stderr])
    stream?.on("data", (piece: Buffer) => output.push(piece.toString()));
  try {
    const address = addressesOf(child);
    const page = await Page.open(await address());
    expect(await page.get(ConsoleView, "/api/console")).toMatchObject({ party: "AT", server: null, list: null });
    expect((await page.get(HitList, "/api/hits")).map(({ round }) => round)).toEqual([ROUND]);
    child.stdin?.write("\n");
    const other = await address();
    const { text, headers } = await askConsole(new URL(other).origin, "GET", "/");
    expect([text.slice(0, 15).toLowerCase(), headers["content-type"]]).toEqual([
      "<!doctype html>",
      "text/html; charset=utf-8",
    ]);
    await Page.open(other);
    await alerted;
    expect(received.join("")).toContain(`"round":"${ROUND}"`);
    // A stream that is open does not hold up the end.
    const ended = page.event(
      () => undefined,
      () => void child.kill("SIGTERM"),
    );
    await expect(ended).rejects.toThrow();
    expect(await once(child, "exit")).toEqual([0, null]);
    expect(output.join("")).not.toMatch(/AT-0|Error/);
  } finally {
    child.kill("SIGKILL");
    cases.close();
  }
});

test("does not start with a case system or a port that cannot be used", async () => {
  const folder = temporaryFolder();
  writeFileSync(join(folder, "cases.json"), JSON.stringify({ url: "http://cases.example/" }));
  const refused = await runAquila(folder, ["console", "--vault", "none", "--case-system", "cases.json"]);
  expect([refused.exitCode, refused.stderr.split(":")[1]]).toEqual([3, " request-invalid"]);
  expect((await runAquila(folder, ["console", "--vault", "none", "--port", "70000"])).exitCode).toBe(2);
});
