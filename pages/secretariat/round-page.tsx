/**
 * One round: what it waits for, what may be done now, how matching goes, its pairings, steps, approvals and descriptor.
 */
import { useEffect, useState } from "preact/hooks";
import type { RoundView } from "#engine/round/messages.ts";
import { t } from "../kit/language.ts";
import { PageTitle } from "../kit/shell.tsx";
import { Failure, Loading } from "../kit/states.tsx";
import { Approvals } from "./approvals.tsx";
import { CertificateFacts } from "./certificates-page.tsx";
import { useLoaded } from "./loaded.ts";
import { MatchingProgress } from "./matching-progress.tsx";
import { Pairings } from "./pairings.tsx";
import { Policy } from "./policy.tsx";
import { Reports } from "./reports.tsx";
import { RoundActs } from "./round-acts.tsx";
import { RoundLog } from "./round-log.tsx";
import { grouped, StateChip, WaitLine } from "./round-words.tsx";
import { useSession } from "./session.ts";
import { Steps } from "./steps.tsx";
import { isOf, transcriptsOf, type Transcripts } from "./transcripts.ts";
import { waitsOf } from "./waiting.ts";

const RELOAD_EVERY_MS = 3_000;

export function RoundPage({ id }: { readonly id: string }) {
  const { get, key } = useSession();
  const path = `/v1/rounds/${encodeURIComponent(id)}`;
  const { value: view, refusal, reload, take } = useLoaded(() => get<RoundView>(path), path, RELOAD_EVERY_MS);
  const computed = useTranscripts(view);
  if (view === null)
    return (
      <>
        <PageTitle title={t("office-round")} />
        {refusal === null ? (
          <Loading what={t("office-loading")} />
        ) : (
          <Failure refusal={refusal} onRetry={() => void reload()} />
        )}
      </>
    );
  const isComputed = computed !== null && isOf(view, computed);
  return (
    <>
      <PageTitle title={t("office-round-named", { round: id })}>
        <StateChip view={view} />
      </PageTitle>
      {refusal === null ? null : <Failure refusal={refusal} onRetry={() => void reload()} />}
      {computed === null || isComputed ? null : (
        <p class="fault" role="alert">
          {t("office-transcript-differs")}
        </p>
      )}
      <section class="sheet stack" aria-labelledby="now">
        <h2 id="now">{t("office-now")}</h2>
        <Waits view={view} />
        {key.role === "operator" ? <RoundActs view={view} isComputed={isComputed} onView={take} /> : null}
        {view.state === "matching" ? <MatchingProgress round={id} first={view.progress} onEnd={reload} /> : null}
      </section>
      {view.state === "erased" ? <CertificateFacts round={id} /> : null}
      <Pairings view={view} isComputed={isComputed} onView={take} />
      <Steps view={view} />
      <section class="sheet stack" aria-labelledby="approvals">
        <h2 id="approvals">{t("office-approvals")}</h2>
        <Approvals view={view} />
      </section>
      {key.role === "officer" ? (
        <>
          <Reports round={id} />
          <RoundLog round={id} />
        </>
      ) : null}
      <section class="sheet stack" aria-labelledby="descriptor">
        <h2 id="descriptor">{t("office-descriptor")}</h2>
        <Policy descriptor={view.descriptor} />
        <Digests view={view} isComputed={isComputed} />
      </section>
    </>
  );
}

function Waits({ view }: { readonly view: RoundView }) {
  const waits = waitsOf(view);
  const { ending } = view;
  return (
    <div>
      {waits.map((wait) => (
        <WaitLine key={wait.step} wait={wait} deadlines={view.descriptor.deadlines} />
      ))}
      {ending === null || ending.parties.length === 0 ? null : (
        <p>{t("office-ending-parties", { parties: ending.parties.join(", ") })}</p>
      )}
      {ending?.raised == null ? null : (
        <p>{t("office-dispute-raised", { party: ending.raised.party, counterpart: ending.raised.counterpart })}</p>
      )}
      {waits.length === 0 && ending === null ? <p>{t("office-nothing-waits")}</p> : null}
    </div>
  );
}

function Digests({ view: { t0, t1, t2 }, isComputed }: { readonly view: RoundView; readonly isComputed: boolean }) {
  return (
    <div>
      {[
        ["T0", t0],
        ["T1", t1],
        ["T2", t2],
      ].map(([name, digest]) =>
        digest == null ? null : (
          <p key={name}>
            {name} <code>{grouped(digest)}</code>
          </p>
        ),
      )}
      <p class={isComputed ? "small quiet" : "small"}>{t(isComputed ? "office-computed" : "office-not-computed")}</p>
    </div>
  );
}

/** @returns What the page itself makes of this very round as it is shown; null until it has. */
function useTranscripts(view: RoundView | null): Transcripts | null {
  const [computed, setComputed] = useState<{ readonly of: string; readonly transcripts: Transcripts } | null>(null);
  const of = view === null ? "" : signedOf(view);
  useEffect(() => {
    let isGone = false;
    if (view !== null)
      void transcriptsOf(view).then((transcripts) => {
        if (!isGone) setComputed({ of, transcripts });
      });
    return () => {
      isGone = true;
    };
  }, [of]);
  return computed?.of === of ? computed.transcripts : null;
}

/** All that T0, T1 and T2 are made of, and what the server says they are. */
function signedOf({ descriptor, keys, sealed, t0, t1, t2 }: RoundView): string {
  return JSON.stringify([descriptor, keys, sealed, t0, t1, t2]);
}
