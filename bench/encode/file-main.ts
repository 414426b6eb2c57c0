/**
 * `node start.mjs bench/encode/file-main.ts LIST.jsonl`: encodes the list as `aquila encode` does, prints one JSON line.
 */
import { createHash } from "node:crypto";
import { encodeListFile } from "#client/list.ts";
import { spillStore } from "#client/spill.ts";
import { SHIPPED_PROFILE } from "#engine/shipped-profile.ts";
import type { FileOutcome } from "./file.ts";

const [, , path = ""] = process.argv;
const WORKERS = 2;
const store = spillStore();
try {
  const start = performance.now();
  const format = { kind: "jsonl", encoding: "utf-8", delimiter: ",", headerMap: {} } as const;
  const { list } = await encodeListFile(path, { format, strict: true, store, workers: WORKERS });
  const milliseconds = performance.now() - start;
  const peakRssMb = Math.round(process.resourceUsage().maxRSS / 1024);
  const hash = createHash("sha256");
  SHIPPED_PROFILE.rules.forEach((_, rule) => hash.update(list.cells.read(rule).digests));
  const checksum = hash.digest("hex").slice(0, 16);
  const { records, rows } = list.report;
  const outcome: FileOutcome = { records, rows, workers: WORKERS, milliseconds, peakRssMb, checksum };
  console.log(JSON.stringify(outcome));
} finally {
  store.close();
}
