/**
 * What stands where data will stand: nothing yet, nothing at all, or a failure.
 */
import type { ComponentChildren } from "preact";
import type { Refusal } from "./api.ts";
import { isTerm, t } from "./language.ts";

export function Loading({ what }: { readonly what: string }) {
  return (
    <p class="state quiet" role="status" aria-busy="true">
      <span class="spinner" aria-hidden="true" />
      {what}
    </p>
  );
}

export function Empty({ title, children }: { readonly title: string; readonly children?: ComponentChildren }) {
  return (
    <div class="state">
      <p class="state-title">{title}</p>
      {children}
    </div>
  );
}

/** A refusal with its code, in words where there are some, and the way to try again. */
export function Failure({ refusal, onRetry }: { readonly refusal: Refusal; readonly onRetry?: () => void }) {
  return (
    <div class="fault stack" role="alert">
      <p>
        <strong>{refusalText(refusal)}</strong> <code class="small">{refusal.code}</code>
      </p>
      {refusal.detail === "" ? null : <p class="small">{refusal.detail}</p>}
      {onRetry === undefined ? null : (
        <p>
          <button type="button" onClick={onRetry}>
            {t("try-again")}
          </button>
        </p>
      )}
    </div>
  );
}

/** @returns What the code means to a reader; a general sentence for codes that have none of their own. */
export function refusalText({ code }: Pick<Refusal, "code">): string {
  const term = `refusal-${code}`;
  return t(isTerm(term) ? term : "refusal-other");
}
