/**
 * A round's descriptor as people read it: who, what for, under which law, until when.
 */
import type { ComponentChildren } from "preact";
import type { DeadlineName, RoundDescriptor } from "#engine/round/descriptor.ts";
import { formatMoment, formatNumber, t } from "../kit/language.ts";

const DEADLINES = [
  "keys",
  "submission",
  "seals",
  "release",
  "acknowledgements",
  "answers",
  "followUp",
] as const satisfies readonly DeadlineName[];

export function Policy({ descriptor }: { readonly descriptor: RoundDescriptor }) {
  const { categories, deadlines, field, informationMarginBits, legalBasis, lowestBand, pairings, parties } = descriptor;
  return (
    <dl class="facts">
      <Fact name={t("office-field")}>{field}</Fact>
      <Fact name={t("office-purpose")}>{descriptor.purpose}</Fact>
      <Fact name={t("office-legal-basis")}>{legalBasis}</Fact>
      <Fact name={t("office-parties")}>
        <ul class="plain-list">
          {parties.map(({ id, declaredRecords, legalBasis: national }) => (
            <li key={id}>
              <strong>{id}</strong> {t("office-records", { count: declaredRecords })} ({national})
            </li>
          ))}
        </ul>
      </Fact>
      <Fact name={t("office-pairings")}>{pairings.map((pairing) => pairing.join("–")).join(", ")}</Fact>
      <Fact name={t("office-categories")}>{categories.join(", ")}</Fact>
      <Fact name={t("office-lowest-band")}>{t(`office-band-${lowestBand}`)}</Fact>
      <Fact name={t("office-margin")}>{t("office-bits", { bits: formatNumber(informationMarginBits) })}</Fact>
      <Fact name={t("office-retention")}>{t("office-days", { count: descriptor.retentionDays })}</Fact>
      <Fact name={t("office-deadlines")}>
        <ul class="plain-list">
          {DEADLINES.map((name) => (
            <li key={name}>
              {t(`office-deadline-${name}`)}: {formatMoment(deadlines[name])}
            </li>
          ))}
        </ul>
      </Fact>
    </dl>
  );
}

export function Fact({ name, children }: { readonly name: string; readonly children: ComponentChildren }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}
