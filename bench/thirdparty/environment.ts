/**
 * What the rivals need, made once in the user's cache folder, outside of the project: a Python environment from
 * manifests/requirements.txt and the modules of manifests/package.json. Nothing else of Aquila needs either.
 * (A package.json in this folder itself would cut its files off from the project's imports.)
 */
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { copyFileSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const HERE = fileURLToPath(new URL(".", import.meta.url));
const PYTHONS = ["python3.13", "python3.12", "python3.11", "python3"];
const PYTHON_CHECK = "import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))";

/** A path, or why there is none. */
export type Found = { readonly path: string } | { readonly missing: string };

type Step = readonly [command: string, ...args: string[]];

/**
 * The Python that has the rivals' packages; installs them if this was not done yet.
 *
 * @param say - Told what is about to be run.
 */
export function findPython(say: (text: string) => void): Found {
  const manifest = join(HERE, "manifests", "requirements.txt");
  const folder = cacheFolder("python", manifest);
  const path = join(folder, "bin", "python");
  if (existsSync(join(folder, "ready"))) return { path };
  const python = PYTHONS.find((name) => spawnSync(name, ["-c", PYTHON_CHECK]).status === 0);
  if (python === undefined) return { missing: "no Python 3.11 or newer with venv is on the path" };
  const steps: Step[] = [
    [python, "-m", "venv", folder],
    [path, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--requirement", manifest],
  ];
  return install(folder, steps, path, say);
}

/** The folder whose node_modules has psi.js; installs it if this was not done yet. */
export function findModules(say: (text: string) => void): Found {
  const manifest = join(HERE, "manifests", "package.json");
  const folder = cacheFolder("modules", manifest);
  if (existsSync(join(folder, "ready"))) return { path: folder };
  mkdirSync(folder, { recursive: true });
  copyFileSync(manifest, join(folder, "package.json"));
  // Install scripts of psi.js's own tools would fetch binaries that it does not run.
  const steps: Step[] = [["npm", "install", "--prefix", folder, "--ignore-scripts", "--no-package-lock", "--silent"]];
  return install(folder, steps, folder, say);
}

function install(folder: string, steps: readonly Step[], path: string, say: (text: string) => void): Found {
  for (const [command, ...args] of steps) {
    say([command, ...args].join(" "));
    const { status, stderr, error } = spawnSync(command, args, { encoding: "utf8" });
    if (status === 0) continue;
    rmSync(folder, { recursive: true, force: true });
    const why = error?.message ?? stderr.trim().split("\n").at(-1) ?? "";
    return { missing: `${command} ${args.slice(0, 3).join(" ")} … failed: ${why}` };
  }
  writeFileSync(join(folder, "ready"), "");
  return { path };
}

/** Another manifest, another folder. */
function cacheFolder(what: string, manifest: string): string {
  const cache = process.env["XDG_CACHE_HOME"] ?? join(homedir(), ".cache");
  const digest = createHash("sha256").update(readFileSync(manifest)).digest("hex").slice(0, 12);
  return join(cache, "aquila-thirdparty", `${what}-${digest}`);
}
