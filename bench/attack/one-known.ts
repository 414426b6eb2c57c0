/**
 * Attack `joined` by who knows one party's list in the clear, or a register that contains it, and no key.
 */
import { cellMaker } from "#engine/encode/cells.ts";
import { shippedTable } from "#engine/encode/information.ts";
import type { PersonRecord } from "#engine/encode/person.ts";
import { SHIPPED_PROFILE } from "#engine/shipped-profile.ts";
import type { Finding } from "./finding.ts";
import { judgeGuesses } from "./guess.ts";
import { joinedGraph } from "./joined-graph.ts";
import { allRows, knownRegister, knownRows, type KnownList, type SeenRow } from "./known-list.ts";
import { likelihoodOf } from "./likelihood.ts";
import { guessRows, seenRows, touchesOf, type Touches } from "./one-list.ts";
import { thresholdOf, viewPairing, type PairingView } from "./pairing-view.ts";
import { describeScene, makeScene, type Scene, type SceneSize } from "./scene.ts";

/** A register has so many times the list's records. */
const REGISTER_TIMES = 10;

/** What the attacker sees, what he knows, and what is true. */
type Sight = {
  readonly seen: ReadonlyMap<number, SeenRow>;
  readonly touches: Touches;
  readonly known: KnownList;
  /** Of each seen node: rows of the known list that it stands for. */
  readonly truth: (node: number) => readonly number[];
};

/** The first party's list is known; it is joined with the second's. The attacker has learnt on lists of the same kind. */
export async function* oneKnown(scene: Scene, size: SceneSize): AsyncIterable<Finding> {
  const learnt = await makeScene({ ...size, partyCount: 2, seed: size.seed + 1 });
  const [view, own] = [viewFirst(scene), viewFirst(learnt)];
  const variant = `${describeScene(size)}, one list known`;
  const rows = view.a.list.rows.length;
  const listSights = [sightOf(view, listKnown(scene, view)), sightOf(own, listKnown(learnt, own))] as const;
  yield* findingsOf(variant, MOST_OF_LIST, rows, ...listSights);
  const [bare, ownBare] = [listKnown(scene, view), listKnown(learnt, own)].map(withoutFillers);
  if (bare !== undefined && ownBare !== undefined) yield* findingsOf(variant, null, rows, bare, ownBare);
  if (size.partyCount > 2) return;
  const [register, ownRegister] = [await registerKnown(scene, size, view), await registerKnown(learnt, size, own)];
  const registered = `${describeScene(size)}, a register known`;
  yield* findingsOf(registered, MOST_OF_REGISTER, rows, sightOf(view, register), sightOf(own, ownRegister));
}

function viewFirst({ parties: [own = "", other = ""], encodedOf }: Scene): PairingView {
  return viewPairing(encodedOf(own), encodedOf(other));
}

type Knowledge = { readonly known: KnownList; readonly standFor: (listRow: number) => readonly number[] };

function listKnown({ parties: [own = ""], recordsOf }: Scene, view: PairingView): Knowledge {
  return { known: knownRows(view.a.list, recordsOf(own), thresholdOf(view)), standFor: (row) => [row] };
}

/** The list's records among those of other people. */
async function registerKnown(scene: Scene, size: SceneSize, view: PairingView): Promise<Knowledge> {
  const { list } = view.a;
  const [own = ""] = scene.parties;
  const recordsPerParty = (REGISTER_TIMES - 1) * size.recordsPerParty;
  const others = await makeScene({ seed: scene.options.seed ^ 0xffff, recordsPerParty, partyCount: 1, overlap: 0 });
  const records: PersonRecord[] = [...scene.recordsOf(own), ...others.recordsOf(others.parties[0] ?? "")];
  const makeCells = await cellMaker(SHIPPED_PROFILE, shippedTable(SHIPPED_PROFILE.frequencyTable));
  const position = new Map(scene.recordsOf(own).map(({ rec_id }, at) => [rec_id, at]));
  return {
    known: knownRegister(SHIPPED_PROFILE, makeCells, records, thresholdOf(view)),
    standFor: (row) => list.rows.at(row).refs.map((ref) => position.get(ref) as number),
  };
}

function sightOf(view: PairingView, { known, standFor }: Knowledge): Sight {
  const joined = joinedGraph(view);
  const touches = touchesOf(joined, 0);
  return { seen: seenRows(joined, touches), touches, known, truth: (node) => standFor(joined.listRow[node] as number) };
}

/** A program that sends no fillers shows how many cells each row has under every rule, without any join. */
function withoutFillers({ known }: Knowledge): Sight {
  return { seen: allRows(known), touches: new Map(), known, truth: (row) => [row] };
}

/** What is known to be found, and no more: of all rows, and rows. */
type Most = { readonly right: number; readonly certain: number };
const MOST_OF_LIST: Most = { right: 0.025, certain: 4 };
const MOST_OF_REGISTER: Most = { right: 0.004, certain: 0 };

/** @param most - Null for the control, on which the attack has to succeed. */
function findingsOf(variant: string, most: Most | null, rows: number, sight: Sight, learnt: Sight): Finding[] {
  const examples = [...learnt.seen].flatMap(([node, seen]) => learnt.truth(node).map((row) => ({ seen, row })));
  const likelihood = likelihoodOf(sight.known, { known: learnt.known, examples });
  const guesses = guessRows(sight.seen, sight.touches, sight.known, likelihood);
  const found = judgeGuesses(guesses, (node, row) => sight.truth(node).includes(row));
  const against = most === null ? "control" : "ours";
  return [
    {
      variant,
      against,
      measure: "share of rows re-identified",
      figure: found.right / rows,
      ...(most === null ? { above: 0.03 } : { most: most.right, wanted: 0.001 }),
      also: { rows, touched: sight.seen.size, ...found },
    },
    {
      variant,
      against,
      measure: "rows re-identified for certain",
      figure: found.certain,
      ...(most === null ? { above: 0 } : { most: most.certain, wanted: 0 }),
    },
  ];
}
