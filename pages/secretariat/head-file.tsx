/**
 * A signed head of the audit log kept in a file of the officer's, and one kept before: the page itself remembers nothing.
 */
import type { TreeHead } from "#engine/audit/tree-head.ts";
import { Refusal, refusalOf } from "../kit/api.ts";
import { t } from "../kit/language.ts";

const MAX_BYTES = 4_096;

type HeadFileProps = {
  readonly head: TreeHead;
  /** Null while none was opened. */
  readonly kept: TreeHead | null;
  readonly onKept: (head: TreeHead) => void;
  readonly onRefusal: (refusal: Refusal) => void;
};

export function HeadFile({ head, kept, onKept, onRefusal }: HeadFileProps) {
  const open = async (file: File): Promise<void> => {
    try {
      onKept(await readHead(file));
    } catch (error) {
      onRefusal(refusalOf(error));
    }
  };
  return (
    <div class="row">
      <button
        type="button"
        onClick={() => {
          save(`aquila-head-${head.size}.json`, JSON.stringify(head));
        }}
      >
        {t("office-keep-head")}
      </button>
      <label class="field">
        <span class="small quiet">{t("office-open-head")}</span>
        <input
          type="file"
          accept=".json,application/json"
          onChange={({ currentTarget }) => {
            const file = currentTarget.files?.[0];
            if (file !== undefined) void open(file);
          }}
        />
      </label>
      {kept === null ? null : <span>{t("office-head-kept", { size: kept.size })}</span>}
    </div>
  );
}

/** Its signature is looked at when something is held against it. */
async function readHead(file: File): Promise<TreeHead> {
  const invalid = new Refusal("audit-invalid", t("office-no-head"), 0);
  if (file.size > MAX_BYTES) throw invalid;
  let value: unknown;
  try {
    value = JSON.parse(await file.text());
  } catch {
    throw invalid;
  }
  if (!isHead(value)) throw invalid;
  return value;
}

function isHead(value: unknown): value is TreeHead {
  if (typeof value !== "object" || value === null) return false;
  const { at, format, root, signature, size } = value as Readonly<Record<string, unknown>>;
  const isText = (member: unknown, length: number): boolean => typeof member === "string" && member.length === length;
  return (
    Object.keys(value).length === 5 &&
    format === "aquila/tree-head/v1" &&
    typeof at === "string" &&
    isText(root, 43) &&
    isText(signature, 86) &&
    Number.isSafeInteger(size)
  );
}

function save(name: string, text: string): void {
  const address = URL.createObjectURL(new Blob([text], { type: "application/json" }));
  const link = document.createElement("a");
  link.href = address;
  link.download = name;
  link.click();
  URL.revokeObjectURL(address);
}
