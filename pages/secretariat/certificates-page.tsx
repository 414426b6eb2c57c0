/**
 * Erasure certificates of rounds that are over, and whether the secretariat signed them over the round that is shown.
 */
import type { ErasureCertificate } from "#engine/round/acts.ts";
import type { RoundView } from "#engine/round/messages.ts";
import { formatMoment, t } from "../kit/language.ts";
import { addressOf } from "../kit/route.ts";
import { PageTitle } from "../kit/shell.tsx";
import { Empty, Failure, Loading } from "../kit/states.tsx";
import { Holds } from "./approvals.tsx";
import { useLoaded } from "./loaded.ts";
import { Fact } from "./policy.tsx";
import { grouped } from "./round-words.tsx";
import { useSession, type Session } from "./session.ts";
import { isSignedBy } from "./signatures.ts";

type Checked = { readonly certificate: ErasureCertificate; readonly holds: boolean };

export function CertificatesPage() {
  const { get } = useSession();
  const { value: rounds, refusal, reload } = useLoaded(() => get<RoundView[]>("/v1/rounds"), "erased");
  const erased = (rounds ?? []).filter(({ state }) => state === "erased");
  return (
    <>
      <PageTitle title={t("office-certificates")} />
      <p>{t("office-certificate-note")}</p>
      {refusal === null ? null : <Failure refusal={refusal} onRetry={() => void reload()} />}
      {rounds === null && refusal === null ? <Loading what={t("office-loading")} /> : null}
      {rounds !== null && erased.length === 0 ? <Empty title={t("office-no-certificates")} /> : null}
      {erased.map(({ descriptor: { id } }) => (
        <CertificateFacts key={id} round={id} isLinked />
      ))}
    </>
  );
}

type CertificateFactsProps = { readonly round: string; readonly isLinked?: boolean };

export function CertificateFacts({ round, isLinked = false }: CertificateFactsProps) {
  const session = useSession();
  const { value, refusal, reload } = useLoaded(() => checked(session, round), round);
  const title = t("office-certificate-of", { round });
  return (
    <section class="sheet stack" aria-label={title}>
      <div class="row">
        <h2>{isLinked ? <a href={addressOf("rounds", round)}>{title}</a> : title}</h2>
        {value === null ? null : <Holds holds={value.holds} />}
      </div>
      {refusal === null ? null : <Failure refusal={refusal} onRetry={() => void reload()} />}
      {value === null ? null : (
        <dl class="facts">
          <Fact name={t("office-erased-at")}>{formatMoment(value.certificate.erasedAt)}</Fact>
          <Fact name={t("office-outcome")}>{t(`office-outcome-${value.certificate.outcome}`)}</Fact>
          <Fact name="T0">
            <code>{grouped(value.certificate.t0)}</code>
          </Fact>
          <Fact name={t("office-key-file-destroyed")}>
            <code>{grouped(value.certificate.keyFile)}</code>
          </Fact>
        </dl>
      )}
    </section>
  );
}

/** The certificate of a round holds if it is the secretariat's and names that round's T0, T1 and T2. */
async function checked({ get, roster }: Session, round: string): Promise<Checked> {
  const path = `/v1/rounds/${encodeURIComponent(round)}`;
  const certificate = await get<ErasureCertificate>(`${path}/certificate`);
  const { t0, t1, t2 } = await get<RoundView>(path);
  const isOfRound =
    certificate.round === round && certificate.t0 === t0 && certificate.t1 === t1 && certificate.t2 === t2;
  return { certificate, holds: isOfRound && (await isSignedBy(roster.secretariat, "erasure", certificate)) };
}
