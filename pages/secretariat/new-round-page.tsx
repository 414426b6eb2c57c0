/**
 * A round is created from the descriptor that `aquila round describe` wrote, after it was read here.
 */
import { useState } from "preact/hooks";
import type { RoundDescriptor } from "#engine/round/descriptor.ts";
import type { RoundView } from "#engine/round/messages.ts";
import { Refusal, refusalOf } from "../kit/api.ts";
import { Confirmation } from "../kit/dialog.tsx";
import { t } from "../kit/language.ts";
import { go } from "../kit/route.ts";
import { PageTitle } from "../kit/shell.tsx";
import { Failure } from "../kit/states.tsx";
import { Policy } from "./policy.tsx";
import { grouped } from "./round-words.tsx";
import { useSession } from "./session.ts";
import { t0Of } from "./transcripts.ts";

const MAX_BYTES = 1_048_576;

type Read = { readonly descriptor: RoundDescriptor; readonly t0: string };

export function NewRoundPage() {
  const { send } = useSession();
  const [read, setRead] = useState<Read | null>(null);
  const [refusal, setRefusal] = useState<Refusal | null>(null);
  const [isAsking, setAsking] = useState(false);
  const open = async (file: File): Promise<void> => {
    setRead(null);
    setRefusal(null);
    try {
      setRead(await readDescriptor(file));
    } catch (error) {
      setRefusal(refusalOf(error));
    }
  };
  return (
    <>
      <PageTitle title={t("office-new-round")} />
      <div class="sheet stack">
        <p>{t("office-new-round-how")}</p>
        <label class="field">
          <span>{t("office-descriptor-file")}</span>
          <input
            type="file"
            accept=".json,application/json"
            onChange={({ currentTarget }) => {
              const file = currentTarget.files?.[0];
              if (file !== undefined) void open(file);
            }}
          />
        </label>
        {refusal === null ? null : <Failure refusal={refusal} />}
      </div>
      {read === null ? null : (
        <section class="sheet stack" aria-label={t("office-descriptor")}>
          <h2>{t("office-round-named", { round: read.descriptor.id })}</h2>
          <Policy descriptor={read.descriptor} />
          <p>
            T0 <code>{grouped(read.t0)}</code>
          </p>
          <p>
            <button
              type="button"
              class="primary"
              onClick={() => {
                setAsking(true);
              }}
            >
              {t("office-create")}
            </button>
          </p>
        </section>
      )}
      {!isAsking || read === null ? null : (
        <Confirmation
          title={t("office-create-title", { round: read.descriptor.id })}
          act={t("office-create")}
          onClose={() => {
            setAsking(false);
          }}
          onConfirm={async () => {
            await send<RoundView>("POST", "/v1/rounds", read.descriptor);
            go("rounds", read.descriptor.id);
          }}
        >
          <p>{t("office-create-what")}</p>
        </Confirmation>
      )}
    </>
  );
}

/** The server holds it against its shape; here it has to be readable. */
async function readDescriptor(file: File): Promise<Read> {
  if (file.size > MAX_BYTES) throw unreadable();
  let value: unknown;
  try {
    value = JSON.parse(await file.text());
  } catch {
    throw unreadable();
  }
  if (!isDescriptor(value)) throw unreadable();
  return { descriptor: value, t0: await t0Of(value) };
}

function isDescriptor(value: unknown): value is RoundDescriptor {
  if (typeof value !== "object" || value === null) return false;
  const has = (name: string, isRight: (member: unknown) => boolean): boolean =>
    isRight((value as Readonly<Record<string, unknown>>)[name]);
  const isText = (member: unknown): boolean => typeof member === "string";
  const isObject = (member: unknown): boolean => typeof member === "object" && member !== null;
  return (
    has("format", (format) => format === "aquila/round/v3") &&
    ["id", "field", "purpose", "legalBasis", "lowestBand", "roster", "profile"].every((name) => has(name, isText)) &&
    ["agreements", "categories", "pairings", "parties"].every((name) => has(name, Array.isArray)) &&
    has("deadlines", isObject)
  );
}

function unreadable(): Refusal {
  return new Refusal("round-descriptor-invalid", "", 0);
}
