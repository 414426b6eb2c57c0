/**
 * Child: exact private set intersection of the keys of a folder by @openmined/psi.js, both parties in this process.
 * Usage: psi-intersect.ts FOLDER MODULES, where MODULES holds psi.js in its node_modules.
 */
import { createRequire } from "node:module";
import { join } from "node:path";
import { keyTexts, readKeyFiles } from "./key-files.ts";

type Message = object;
type Psi = {
  readonly dataStructure: { readonly Raw: unknown };
  readonly server: { createWithNewKey: (reveal: boolean) => PsiServer };
  readonly client: { createWithNewKey: (reveal: boolean) => PsiClient };
};
type PsiServer = {
  createSetupMessage: (falsePositives: number, clientCount: number, own: readonly string[], form: unknown) => Message;
  processRequest: (request: Message) => Message;
};
type PsiClient = {
  createRequest: (own: readonly string[]) => Message;
  getIntersection: (setup: Message, response: Message) => readonly number[];
};

const PACKAGE = "@openmined/psi.js";

const [folder = "", modules = ""] = process.argv.slice(2);
const load = createRequire(join(modules, "package.json"));
const psi = await (load(PACKAGE) as () => Promise<Psi>)();
const { version } = load(`${PACKAGE}/package.json`) as { version: string };
const [own, others] = [keyTexts(readKeyFiles(folder, "a")), keyTexts(readKeyFiles(folder, "b"))];

const started = performance.now();
const before = process.cpuUsage();
const server = psi.server.createWithNewKey(true);
const client = psi.client.createWithNewKey(true);
// Raw is exact: the other forms are filters with false positives.
const setup = server.createSetupMessage(0, others.length, own, psi.dataStructure.Raw);
const response = server.processRequest(client.createRequest(others));
const found = client.getIntersection(setup, response);
const { user, system } = process.cpuUsage(before);
console.log(
  JSON.stringify({
    timesS: [(performance.now() - started) / 1000],
    cpuS: (user + system) / 1e6,
    results: found.length,
    versions: { "psi.js": version },
  }),
);
