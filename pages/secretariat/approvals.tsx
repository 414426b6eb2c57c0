/**
 * Who approved what of a round, and whether the signatures hold under the roster.
 */
import { useEffect, useState } from "preact/hooks";
import type { RoundView } from "#engine/round/messages.ts";
import { t } from "../kit/language.ts";
import { useSession } from "./session.ts";
import { isSignedBy } from "./signatures.ts";

/** Operators whose signatures an act needs; docs/spec/round.md. */
export const NEEDED_OPERATORS = 2;

export function Approvals({ view: { approvals, descriptor, t0, t2 } }: { readonly view: RoundView }) {
  const { roster } = useSession();
  const [held, setHeld] = useState<{ readonly shown: string; readonly by: ReadonlyMap<string, boolean> } | null>(null);
  // By all of it: a signature that holds for one says nothing of another that carries it too.
  const shown = JSON.stringify([descriptor.id, t0, t2, approvals]);
  useEffect(() => {
    let isGone = false;
    const check = approvals.map(async (approval): Promise<[string, boolean]> => {
      const signKey = roster.operators.find(({ id }) => id === approval.operator)?.signKey;
      const isOfRound = approval.round === descriptor.id && approval.t0 === t0 && [null, t2].includes(approval.t2);
      const isSigned = signKey !== undefined && isOfRound && (await isSignedBy(signKey, "approval", approval));
      return [nameOf(approval), isSigned];
    });
    void Promise.all(check).then((checked) => {
      if (!isGone) setHeld({ shown, by: new Map(checked) });
    });
    return () => {
      isGone = true;
    };
  }, [shown]);
  if (approvals.length === 0) return <p class="quiet">{t("office-no-approvals")}</p>;
  return (
    <ul class="plain-list">
      {approvals.map((approval) => {
        const { act, operator } = approval;
        const holds = held?.shown === shown ? held.by.get(nameOf(approval)) : undefined;
        return (
          <li key={nameOf(approval)} class="row">
            <strong>{operator}</strong> {t(`office-approves-${act}`)}
            {holds === undefined ? null : <Holds holds={holds} />}
          </li>
        );
      })}
    </ul>
  );
}

function nameOf(approval: RoundView["approvals"][number]): string {
  return JSON.stringify(approval);
}

/** A signature or proof, as it was found to be. */
export function Holds({ holds }: { readonly holds: boolean }) {
  return <span class={`chip ${holds ? "good" : "high"}`}>{t(holds ? "office-holds" : "office-holds-not")}</span>;
}
