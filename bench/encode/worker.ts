/**
 * A worker of bench `encode`: encodes a generated list once, then pairings of it.
 */
import { createHash } from "node:crypto";
import { workerData } from "piscina";
import { z } from "zod";
import { sizeClassOf } from "#engine/batch/size-class.ts";
import { cellMaker } from "#engine/encode/cells.ts";
import { memoryCellStore } from "#engine/encode/cell-store.ts";
import { encodeBatch } from "#engine/encode/encode-batch.ts";
import { shippedTable } from "#engine/encode/information.ts";
import { listEncoder } from "#engine/encode/list.ts";
import { parsePerson } from "#engine/encode/person.ts";
import { SHIPPED_PROFILE } from "#engine/shipped-profile.ts";
import { pairingOf, partyRecords, repeatingRandom } from "./generated.ts";

const given: unknown = workerData;
const { recordCount } = z.object({ recordCount: z.int() }).parse(given);
const makeCells = await cellMaker(SHIPPED_PROFILE, shippedTable(SHIPPED_PROFILE.frequencyTable));
const encoder = listEncoder(SHIPPED_PROFILE, makeCells, memoryCellStore());
let line = 0;
for (const record of partyRecords(recordCount)) encoder.add(parsePerson(record, ++line));
const list = encoder.finish();

/** @returns What the batch begins with and how long it is; its bytes are dropped as they come. */
export function encodePairing(): Uint8Array {
  const { pieces, handles } = encodeBatch(list, pairingOf(sizeClassOf(list.rows.length)), repeatingRandom());
  let byteLength = 0;
  for (const piece of pieces) byteLength += piece.length;
  return createHash("sha256").update(handles).update(String(byteLength)).digest();
}
