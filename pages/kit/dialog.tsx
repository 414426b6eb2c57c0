/**
 * A modal dialog: the browser's own element keeps the focus inside and gives it back, and Escape closes it.
 */
import type { ComponentChildren } from "preact";
import { useEffect, useId, useRef, useState } from "preact/hooks";
import { refusalOf, type Refusal } from "./api.ts";
import { t } from "./language.ts";
import { Failure } from "./states.tsx";

type DialogProps = {
  readonly title: string;
  readonly onClose: () => void;
  readonly children: ComponentChildren;
};

export function Dialog({ title, onClose, children }: DialogProps) {
  const element = useRef<HTMLDialogElement>(null);
  const titleId = useId();
  useEffect(() => {
    const before = document.activeElement;
    element.current?.showModal();
    return () => {
      // Removed while open, the element does not give the focus back by itself.
      if (before instanceof HTMLElement && before.isConnected) before.focus();
    };
  }, []);
  return (
    <dialog ref={element} class="sheet" aria-labelledby={titleId} onClose={onClose}>
      <div class="stack">
        <h2 id={titleId}>{title}</h2>
        {children}
      </div>
    </dialog>
  );
}

type ConfirmationProps = DialogProps & {
  /** On the button that does it: the act's own verb. */
  readonly act: string;
  /** Done while the dialog stays; closes it when it succeeds. */
  readonly onConfirm: () => Promise<void>;
};

/** Asks before an act that cannot be undone, and stays with the reason when the act is refused. */
export function Confirmation({ title, act, onConfirm, onClose, children }: ConfirmationProps) {
  const [isBusy, setBusy] = useState(false);
  const [refusal, setRefusal] = useState<Refusal | null>(null);
  const confirm = async (): Promise<void> => {
    setBusy(true);
    setRefusal(null);
    try {
      await onConfirm();
      onClose();
    } catch (error) {
      setRefusal(refusalOf(error));
      setBusy(false);
    }
  };
  return (
    <Dialog title={title} onClose={onClose}>
      {children}
      {refusal === null ? null : <Failure refusal={refusal} />}
      <div class="row">
        <button type="button" class="primary" disabled={isBusy} onClick={() => void confirm()}>
          {act}
        </button>
        <button type="button" onClick={onClose}>
          {t("cancel")}
        </button>
      </div>
    </Dialog>
  );
}
