/**
 * Parties by steps: what of each is in.
 */
import type { RoundView } from "#engine/round/messages.ts";
import { t } from "../kit/language.ts";
import { batchesOf, confirmedBy, saidBy, type Count } from "./waiting.ts";

export function Steps({ view }: { readonly view: RoundView }) {
  const columns = ["key", "confirmation", "batch", "seal", "acknowledgement", "answers"] as const;
  return (
    <section class="sheet stack" aria-labelledby="steps">
      <h2 id="steps">{t("office-steps")}</h2>
      <div class="wide" tabIndex={0} role="region" aria-labelledby="steps">
        <table class="steps">
          <thead>
            <tr>
              <th scope="col">{t("office-party")}</th>
              {columns.map((column) => (
                <th key={column} scope="col">
                  {t(`office-step-${column}`)}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {view.descriptor.parties.map(({ id }) => (
              <PartyRow key={id} view={view} party={id} />
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}

function PartyRow({ view, party }: { readonly view: RoundView; readonly party: string }) {
  const { keys, seals, withdrawn } = view;
  const batches = batchesOf(view, party);
  const oneOf = (isDone: boolean): Count => ({ done: isDone ? 1 : 0, missing: isDone ? 0 : 1 });
  const isMatched = view.pairings.some(({ hits }) => hits !== null);
  return (
    <tr>
      <th scope="row">
        {party} {withdrawn.includes(party) ? <span class="chip high">{t("office-withdrawn")}</span> : null}
      </th>
      <td>
        <Done count={oneOf(keys.some((key) => key.party === party))} />
      </td>
      <td>
        <Done count={confirmedBy(view, party)} />
      </td>
      <td>
        <Done count={batches} />
        {batches.chunks === 0 || batches.missing === 0 ? null : (
          <span class="small quiet"> {t("office-chunks", { count: batches.chunks })}</span>
        )}
      </td>
      <td>{view.t2 !== null ? <Done count={oneOf(seals.some((seal) => seal.party === party))} /> : "–"}</td>
      <td>{isMatched ? <Done count={saidBy(view, party, "acknowledged")} /> : "–"}</td>
      <td>{isMatched ? <Done count={saidBy(view, party, "answered")} /> : "–"}</td>
    </tr>
  );
}

/** In words and a mark, not by colour alone. */
function Done({ count: { done, missing } }: { readonly count: Count }) {
  const of = done + missing;
  if (of === 0) return <>–</>;
  return (
    <span class={missing === 0 ? "done" : "open"}>
      <span aria-hidden="true">{missing === 0 ? "✓" : "○"}</span>{" "}
      {of === 1 ? (
        <span class="hidden-text">{t(done === 1 ? "office-is-in" : "office-is-missing")}</span>
      ) : (
        t("office-done-of", { done, of })
      )}
    </span>
  );
}
