/**
 * The files with which the server is deployed: its image's and its systemd unit.
 */
import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, readFileSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import { buildPages } from "#pages/build.ts";
import { makeHouse, removeHouse } from "./harness.ts";
import { kill, startProcess } from "./process.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const COPY = "COPY ";
const FROM_STAGE = `${COPY}--from=pages `;
const PAGES = "pages/dist/secretariat";

const HAS_SYSTEMD = spawnSync("systemd-analyze", ["--version"]).status === 0;
if (!HAS_SYSTEMD) console.log("the unit is not verified: systemd-analyze is not here (package systemd)");

it("the server starts from what its image copies", async () => {
  const house = makeHouse();
  try {
    const codeFolder = join(house.folder, "image");
    mkdirSync(codeFolder);
    const [, imageStage = ""] = readFileSync(join(ROOT, "server/Containerfile"), "utf8").split(/\n\nFROM /);
    const lines = imageStage.split("\n");
    expect(lines).toContain(`${FROM_STAGE}/opt/aquila/${PAGES} ${PAGES}`);
    await buildPages(["secretariat"], () => join(codeFolder, PAGES));
    const copied = lines
      .filter((line) => line.startsWith(COPY) && !line.startsWith(FROM_STAGE))
      .flatMap((line) => line.slice(COPY.length).split(" ").slice(0, -1));
    expect(copied).toContain("server");
    for (const name of copied) cpSync(join(ROOT, name), join(codeFolder, name), { recursive: true });
    symlinkSync(join(ROOT, "node_modules"), join(codeFolder, "node_modules"));
    const { child, url } = await startProcess(house, {}, { codeFolder });
    try {
      expect((await fetch(`${url}/healthz`)).status).toBe(200);
      expect(await (await fetch(`${url}/`)).text()).toContain("<title>Aquila</title>");
      expect(await kill(child, "SIGTERM")).toBe(0);
    } finally {
      await kill(child, "SIGKILL");
    }
  } finally {
    removeHouse(house);
  }
}, 60_000);

it.runIf(HAS_SYSTEMD)("systemd has nothing to say against the unit", () => {
  const { status, stdout, stderr } = spawnSync("systemd-analyze", ["verify", join(ROOT, "server/aquila.service")], {
    encoding: "utf8",
  });
  expect([status, stdout, stderr]).toEqual([0, "", ""]);
});
