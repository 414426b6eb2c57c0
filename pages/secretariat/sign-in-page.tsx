/**
 * Sign-in: a key file and its passphrase, opened in this browser and sent nowhere.
 */
import { useState } from "preact/hooks";
import { Refusal, refusalOf } from "../kit/api.ts";
import { t } from "../kit/language.ts";
import { PageTitle } from "../kit/shell.tsx";
import { Failure } from "../kit/states.tsx";
import { MAX_KEY_FILE_BYTES } from "./key-file.ts";
import { lockedBy, signIn } from "./session.ts";

export function SignInPage() {
  const [file, setFile] = useState<File | null>(null);
  const [isBusy, setBusy] = useState(false);
  const [refusal, setRefusal] = useState<Refusal | null>(null);
  const why = lockedBy.value;

  const open = async (form: HTMLFormElement): Promise<void> => {
    const field = form.elements.namedItem("passphrase");
    if (file === null || !(field instanceof HTMLInputElement)) return;
    const passphrase = field.value;
    field.value = "";
    setBusy(true);
    setRefusal(null);
    try {
      if (file.size > MAX_KEY_FILE_BYTES) throw new Refusal("identity-invalid", "", 0);
      await signIn(await file.text(), passphrase);
    } catch (error) {
      setRefusal(refusalOf(error));
      setBusy(false);
    }
  };

  return (
    <section class="sheet stack narrow" aria-busy={isBusy}>
      <PageTitle title={t("office-sign-in")} />
      {why === null ? null : <p class="warning">{t(why === "idle" ? "office-locked-idle" : "office-locked")}</p>}
      <p>{t("office-sign-in-how")}</p>
      {isSecureContext ? null : <p class="fault">{t("office-insecure")}</p>}
      <form
        class="stack"
        onSubmit={(event) => {
          event.preventDefault();
          void open(event.currentTarget);
        }}
      >
        <label class="field">
          <span>{t("office-key-file")}</span>
          <input
            type="file"
            required
            onChange={({ currentTarget }) => {
              setFile(currentTarget.files?.[0] ?? null);
            }}
          />
        </label>
        <label class="field">
          <span>{t("office-passphrase")}</span>
          <input name="passphrase" type="password" required maxLength={1024} autocomplete="off" spellcheck={false} />
        </label>
        <p class="row">
          <button type="submit" class="primary" disabled={isBusy || file === null}>
            {t("office-unlock")}
          </button>
          <span role="status">
            {isBusy ? (
              <>
                <span class="spinner" aria-hidden="true" />
                {t("office-unlocking")}
              </>
            ) : null}
          </span>
        </p>
      </form>
      {refusal === null ? null : <Failure refusal={refusal} />}
      <p class="small quiet">{t("office-page-trust")}</p>
    </section>
  );
}
