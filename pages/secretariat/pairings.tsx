/**
 * A round's pairings: state, counts of hits beside what coincidence alone lets expect, and an officer's decisions.
 */
import { useState } from "preact/hooks";
import type { Hold } from "#engine/round/acts.ts";
import type { PairingView, RoundView } from "#engine/round/messages.ts";
import type { RoundForecast } from "#server/operations-shapes.ts";
import { Confirmation } from "../kit/dialog.tsx";
import { formatNumber, t } from "../kit/language.ts";
import { announce } from "../kit/live.tsx";
import { Failure } from "../kit/states.tsx";
import { useLoaded } from "./loaded.ts";
import { useSession } from "./session.ts";
import { signStatement } from "./signatures.ts";

const BANDS = ["high", "medium", "low"] as const;
type Decision = Hold["decision"];
type Asked = { readonly pairing: readonly [string, string]; readonly decision: Decision };

type PairingsProps = {
  readonly view: RoundView;
  /** Whether T2 is that which the page computed: nothing is signed before. */
  readonly isComputed: boolean;
  readonly onView: (view: RoundView) => void;
};

export function Pairings({ view, isComputed, onView }: PairingsProps) {
  const { get, key, send } = useSession();
  const { id } = view.descriptor;
  const path = `/v1/rounds/${encodeURIComponent(id)}`;
  const { value: forecast, refusal } = useLoaded(() => get<RoundForecast>(`${path}/forecast`), `${path}/forecast`);
  const [asked, setAsked] = useState<Asked | null>(null);
  const isDeciding = key.role === "officer" && view.state === "reviewed";
  const released = view.pairings.filter(({ state }) => !["left-out", "dropped", "closed"].includes(state));

  const decide = async ({ pairing, decision }: Asked): Promise<void> => {
    if (!isComputed) throw new RangeError("a decision over what was not computed");
    const statement = { decision, officer: key.id, pairing, round: id, t2: view.t2 };
    onView(await send<RoundView>("PUT", `${path}/holds/${key.id}`, await signStatement(key, "hold", statement)));
    announce(t("office-done"));
  };

  return (
    <section class="sheet stack" aria-labelledby="pairings">
      <h2 id="pairings">{t("office-pairings")}</h2>
      {refusal === null ? null : <Failure refusal={refusal} />}
      <div class="wide" tabIndex={0} role="region" aria-labelledby="pairings">
        <table>
          <thead>
            <tr>
              <th scope="col">{t("office-pairing")}</th>
              <th scope="col">{t("office-state")}</th>
              {BANDS.map((band) => (
                <th key={band} scope="col" class="number">
                  {t(`office-band-${band}`)}
                </th>
              ))}
              <th scope="col">{t("office-acknowledged")}</th>
              <th scope="col">{t("office-answered")}</th>
              {isDeciding ? <th scope="col">{t("office-decision")}</th> : null}
            </tr>
          </thead>
          <tbody>
            {view.pairings.map((one) => (
              <PairingRow
                key={one.pairing.join("-")}
                pairing={one}
                expected={forecast?.find(({ pairing }) => pairing.join() === one.pairing.join()) ?? null}
                onDecide={isDeciding ? setAsked : null}
                isComputed={isComputed}
              />
            ))}
          </tbody>
          <tfoot>
            <tr>
              <th scope="row" colSpan={2}>
                {t("office-sum-released")}
              </th>
              {BANDS.map((band) => (
                <td key={band} class="number">
                  <Counted
                    hits={
                      released.some(({ hits }) => hits !== null)
                        ? sum(released.map(({ hits }) => hits?.[band] ?? 0))
                        : null
                    }
                    expected={forecast === null ? null : sum(expectedOf(forecast, released).map((one) => one[band]))}
                  />
                </td>
              ))}
              <td colSpan={isDeciding ? 3 : 2} />
            </tr>
          </tfoot>
        </table>
      </div>
      <p class="small quiet">{t("office-counts-note")}</p>
      {asked === null ? null : (
        <Confirmation
          title={t(`office-ask-decide-${asked.decision}`, { pairing: asked.pairing.join("–") })}
          act={t(`office-decide-${asked.decision}`)}
          onClose={() => {
            setAsked(null);
          }}
          onConfirm={() => decide(asked)}
        >
          <p>{t(`office-consequence-decide-${asked.decision}`)}</p>
        </Confirmation>
      )}
    </section>
  );
}

type PairingRowProps = {
  readonly pairing: PairingView;
  readonly expected: RoundForecast[number] | null;
  /** Null where nothing can be decided. */
  readonly onDecide: ((asked: Asked) => void) | null;
  readonly isComputed: boolean;
};

function PairingRow({
  pairing: { pairing, state, hits, acknowledged, answered },
  expected,
  onDecide,
  isComputed,
}: PairingRowProps) {
  const choices: readonly Decision[] =
    state === "held" ? ["release", "drop"] : state === "matched" ? ["hold", "drop"] : [];
  return (
    <tr data-pairing={pairing.join("-")}>
      <th scope="row">{pairing.join("–")}</th>
      <td>
        <span class={`chip ${state === "held" ? "medium" : state === "opened" ? "good" : ""}`}>
          {t(`office-pairing-${state}`)}
        </span>
      </td>
      {BANDS.map((band) => (
        <td key={band} class="number">
          <Counted hits={hits?.[band] ?? null} expected={expected?.[band] ?? null} />
        </td>
      ))}
      <td>{acknowledged.join(", ")}</td>
      <td>{answered.join(", ")}</td>
      {onDecide === null ? null : (
        <td>
          <span class="row">
            {choices.map((decision) => (
              <button
                key={decision}
                type="button"
                disabled={!isComputed}
                onClick={() => {
                  onDecide({ pairing, decision });
                }}
              >
                {t(`office-decide-${decision}`)} <span class="hidden-text">{pairing.join("–")}</span>
              </button>
            ))}
          </span>
        </td>
      )}
    </tr>
  );
}

/** Hits, and in quieter type how many coincidences would give. */
function Counted({ hits, expected }: { readonly hits: number | null; readonly expected: number | null }) {
  return (
    <>
      {hits === null ? "–" : formatNumber(hits)}
      {expected === null ? null : (
        <span class="small quiet forecast">
          {t("office-expected", { count: formatNumber(Number(expected.toFixed(1))) })}
        </span>
      )}
    </>
  );
}

function expectedOf(forecast: RoundForecast, pairings: readonly PairingView[]): RoundForecast {
  const named = new Set(pairings.map(({ pairing }) => pairing.join()));
  return forecast.filter(({ pairing }) => named.has(pairing.join()));
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
