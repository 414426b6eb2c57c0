/**
 * The audit log: loaded page by page, searched here, each entry checked against the signed head; docs/spec/pages.md, "Audit log".
 */
import { useState } from "preact/hooks";
import type { AuditEntry, AuditLeaf } from "#engine/audit/entry.ts";
import type { TreeHead } from "#engine/audit/tree-head.ts";
import type { LeafList, SignedHead } from "#engine/round/messages.ts";
import { Refusal, refusalOf } from "../kit/api.ts";
import { formatMoment, formatNumber, t } from "../kit/language.ts";
import { PageTitle } from "../kit/shell.tsx";
import { Empty, Failure } from "../kit/states.tsx";
import { Holds } from "./approvals.tsx";
import { checkEntry, isCommittedTo, type CheckedStep } from "./audit-check.ts";
import { AuditFilter, matches, NO_FILTER, type EntryFilter } from "./audit-filter.tsx";
import { HeadFile } from "./head-file.tsx";
import { Fact } from "./policy.tsx";
import { EntryTable } from "./round-log.tsx";
import { grouped } from "./round-words.tsx";
import { useSession } from "./session.ts";

const PAGE = 1_000;
const SHOWN = 100;

/** What was loaded: leaves in order, from the number of the first on. */
type LoadedLeaves = { readonly from: number; readonly leaves: readonly AuditLeaf[] };
type Check = { readonly number: number; readonly head: TreeHead; readonly steps: readonly CheckedStep[] };

export function AuditPage() {
  const { get, firstHead, fingerprint, roster } = useSession();
  const [loaded, setLoaded] = useState<LoadedLeaves | null>(null);
  const [filter, setFilter] = useState<EntryFilter>(NO_FILTER);
  const [shown, setShown] = useState(SHOWN);
  const [isBusy, setBusy] = useState(false);
  const [refusal, setRefusal] = useState<Refusal | null>(null);
  const [check, setCheck] = useState<Check | null>(null);
  const [kept, setKept] = useState<TreeHead | null>(null);

  const busy = async (act: () => Promise<void>): Promise<void> => {
    setBusy(true);
    setRefusal(null);
    setCheck(null);
    try {
      await act();
    } catch (error) {
      setRefusal(refusalOf(error));
    }
    setBusy(false);
  };
  const load = async (from: number, before: LoadedLeaves | null): Promise<void> => {
    const leaves = await get<LeafList>(`/v1/audit/leaves?from=${from}`);
    // None of what does not hold is shown.
    for (const [at, leaf] of leaves.entries())
      if ((leaf.entry !== null && leaf.entry.number !== from + at) || !(await isCommittedTo(leaf)))
        throw new Refusal("audit-invalid", t("office-entry-differs", { number: from + at }), 0);
    if (before === null) setLoaded({ from, leaves });
    else setLoaded({ from, leaves: [...leaves.slice(0, before.from - from), ...before.leaves] });
  };
  const loadLatest = (): Promise<void> =>
    busy(async () => {
      const { head } = await get<SignedHead>("/v1/audit/head");
      await load(Math.max(0, head.size - PAGE), null);
    });
  const checkOne = (entry: AuditEntry): Promise<void> =>
    busy(async () => {
      const leaf = loaded?.leaves[entry.number - loaded.from];
      if (leaf === undefined) return;
      const log = { get, secretariat: roster.secretariat };
      setCheck({ number: entry.number, ...(await checkEntry(log, leaf, entry.number, firstHead, kept)) });
    });

  const entries = (loaded?.leaves ?? []).flatMap(({ entry }) => entry ?? []);
  const found = entries.filter((entry) => matches(entry, filter)).reverse();
  return (
    <>
      <PageTitle title={t("office-audit")} />
      <section class="sheet stack" aria-labelledby="head">
        <h2 id="head">{t("office-head")}</h2>
        <dl class="facts">
          <Fact name={t("office-head-size")}>{formatNumber(firstHead.size)}</Fact>
          <Fact name={t("office-head-at")}>{formatMoment(firstHead.at)}</Fact>
          <Fact name={t("office-head-root")}>
            <code>{grouped(firstHead.root)}</code>
          </Fact>
          <Fact name={t("office-fingerprint")}>
            <code>{fingerprint}</code>
          </Fact>
        </dl>
        <p class="small quiet">{t("office-fingerprint-note")}</p>
        <HeadFile head={check?.head ?? firstHead} kept={kept} onKept={setKept} onRefusal={setRefusal} />
      </section>
      <div class="row">
        <button
          type="button"
          class={loaded === null ? "primary" : ""}
          disabled={isBusy}
          onClick={() => void loadLatest()}
        >
          {t(loaded === null ? "office-load-log" : "office-reload")}
        </button>
        {loaded === null || loaded.from === 0 ? null : (
          <button
            type="button"
            disabled={isBusy}
            onClick={() => void busy(() => load(Math.max(0, loaded.from - PAGE), loaded))}
          >
            {t("office-load-earlier")}
          </button>
        )}
        <span class="small quiet">{t("office-reading-is-entered")}</span>
      </div>
      {refusal === null ? null : <Failure refusal={refusal} />}
      <div role="status">{check === null ? null : <CheckedEntry check={check} />}</div>
      {loaded === null ? null : (
        <section class="sheet stack" aria-label={t("office-entries")}>
          <AuditFilter entries={entries} filter={filter} onFilter={setFilter} />
          <p class="quiet" role="status">
            {t("office-count-found", { count: found.length, of: loaded.leaves.length })}
          </p>
          {found.length === 0 ? (
            <Empty title={t("office-none-found")} />
          ) : (
            <EntryTable
              label={t("office-entries")}
              entries={found.slice(0, shown)}
              onCheck={(entry) => void checkOne(entry)}
            />
          )}
          {found.length <= shown ? null : (
            <p>
              <button
                type="button"
                onClick={() => {
                  setShown(shown + SHOWN);
                }}
              >
                {t("office-more")}
              </button>
            </p>
          )}
        </section>
      )}
    </>
  );
}

function CheckedEntry({ check: { number, head, steps } }: { readonly check: Check }) {
  const holds = steps.every((step) => step.holds);
  return (
    <section class={holds ? "sheet stack" : "fault stack"} aria-label={t("office-proof")} data-holds={holds}>
      <h2>{t(holds ? "office-entry-holds" : "office-entry-holds-not", { number: String(number) })}</h2>
      <ul class="plain-list">
        {steps.map((step) => (
          <li key={step.step} class="row proof">
            <Holds holds={step.holds} /> {t(`office-proof-${step.step}`, { size: head.size })}
          </li>
        ))}
      </ul>
      {holds ? null : <p>{t("office-proof-failed-what")}</p>}
    </section>
  );
}
