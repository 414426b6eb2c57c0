/**
 * Names of the files that a vault keeps of one pairing in a round.
 */
import { PartyId } from "#engine/round/ids.ts";

type Ending =
  | "batch"
  | "handles.jsonl"
  | `cells.${number}`
  | "decoys.json"
  | "receipt.json"
  | "section.json"
  | "answers.box"
  | "their-answers.box"
  | "answers.json";

/** @throws RangeError if `counterpart` is no party id. */
export function pairingFile(counterpart: string, ending: Ending): string {
  if (!PartyId.safeParse(counterpart).success) throw new RangeError("a counterpart is named by its party id");
  return `${counterpart}.${ending}`;
}
