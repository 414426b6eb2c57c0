/**
 * What an analyst says of a hit. Each word is signed and goes to the counterpart; another can follow it, none takes it back.
 */
import { useState } from "preact/hooks";
import type { HitRow, HitView } from "../../client/console/shapes.ts";
import { Refusal, sendJson } from "../kit/api.ts";
import { Confirmation } from "../kit/dialog.tsx";
import { SelectField } from "../kit/fields.tsx";
import { t } from "../kit/language.ts";
import { tell } from "../kit/live.tsx";
import { StatusChip } from "./chips.tsx";
import { askConsole } from "./session.ts";

type HitStatus = NonNullable<HitRow["status"]["own"]>;
type Channel = Extract<HitStatus, `channel-${string}`>;
type Asked = "acknowledged" | "channel" | "confirmed" | "refuted";

const CHANNELS = [
  "channel-siena",
  "channel-selec",
  "channel-interpol",
  "channel-liaison",
  "channel-prevention",
] as const satisfies readonly Channel[];

type HitActionsProps = { readonly row: HitRow; readonly onAnswer: (view: HitView) => void };

export function HitActions({ row, onAnswer }: HitActionsProps) {
  const [asked, setAsked] = useState<Asked | null>(null);
  const [channel, setChannel] = useState<Channel>("channel-siena");
  const own = row.status.own;
  const status: HitStatus | null = asked === "channel" ? channel : asked;
  const send = async (): Promise<void> => {
    const view = await sendJson<HitView>(
      "PUT",
      `api/hits/${encodeURIComponent(row.hit)}/status`,
      { status },
      askConsole,
    );
    if (view === null) throw new Refusal("server-answer-invalid", "", 200);
    onAnswer(view);
    tell("good", t("status-sent", { status: t(`status-${status ?? "none"}`) }));
  };
  const button = (act: Asked, isPrimary = false) => (
    <button
      type="button"
      class={isPrimary ? "primary" : ""}
      aria-haspopup="dialog"
      data-act={act}
      onClick={() => {
        setAsked(act);
      }}
    >
      {t(`act-${act}`)}
    </button>
  );
  return (
    <section class="sheet stack" aria-labelledby="actions-title">
      <div class="row">
        <h2 id="actions-title">{t("your-word")}</h2>
        <StatusChip status={own} />
      </div>
      <div class="row not-printed">
        {button("acknowledged", own === null)}
        {button("channel")}
        {button("confirmed")}
        {button("refuted")}
      </div>
      {asked === null ? null : (
        <Confirmation
          title={t(`act-${asked}`)}
          act={t(`act-${asked}-do`)}
          onConfirm={send}
          onClose={() => {
            setAsked(null);
          }}
        >
          <p>{t(`act-${asked}-means`, { party: row.counterpart })}</p>
          {asked === "channel" ? (
            <>
              <SelectField
                label={t("channel")}
                value={channel}
                options={CHANNELS.map((value) => ({ value, label: t(`name-${value}`) }))}
                onChoose={setChannel}
              />
              <ReadyText hit={row.hit} />
            </>
          ) : null}
          <p class="quiet small">{t("word-stays", { party: row.counterpart })}</p>
        </Confirmation>
      )}
    </section>
  );
}

/** A text for the channel. It holds the hit's id and nothing else of the hit, for the channel's people see it too. */
function ReadyText({ hit }: { readonly hit: string }) {
  // Between authorities, so in English whatever the reader's language.
  const text = `Request for information on Aquila hit ${hit}, under the Police Cooperation Convention for Southeast Europe. A possible match, not evidence. Please quote the hit in your answer.`;
  const copy = async (): Promise<void> => {
    try {
      await navigator.clipboard.writeText(text);
      tell("good", t("copied"));
    } catch {
      tell("fault", t("not-copied"));
    }
  };
  return (
    <>
      <label class="field">
        <span class="small quiet">{t("ready-text")}</span>
        <textarea readOnly rows={4} lang="en" value={text} />
      </label>
      <div class="row">
        <button type="button" onClick={() => void copy()}>
          {t("copy")}
        </button>
        <span class="small quiet">{t("ready-text-means")}</span>
      </div>
    </>
  );
}
