/**
 * A worker thread of the client: reads and encodes lines of one list. It holds the profile and the words that it has read, and
 * ends with the list.
 */
import { workerData } from "piscina";
import { cellMaker } from "#engine/encode/cells.ts";
import { shippedTable } from "#engine/encode/information.ts";
import { lineEncoder, type EncodedLines } from "../encoded-lines.ts";
import { ListWorkerData, unreadLines, type LinesTask } from "./tasks.ts";

const given: unknown = workerData;
const { profile, categories } = ListWorkerData.parse(given);
const makeCells = await cellMaker(profile, shippedTable(profile.frequencyTable));
const encode = lineEncoder(profile, makeCells, categories === null ? undefined : new Set(categories));

/** Encodes lines of the list. */
export function encodeLines(task: LinesTask): EncodedLines {
  return encode(unreadLines(task));
}
