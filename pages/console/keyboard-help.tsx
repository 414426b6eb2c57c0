/**
 * The keys, and the switch for those that are single letters. WCAG 2.2, 2.1.4.
 */
import { Dialog } from "../kit/dialog.tsx";
import { t, type Term } from "../kit/language.ts";
import { isSingleKeyOn } from "../kit/single-keys.ts";

const KEYS = [
  ["↑ ↓ · k j", "key-move"],
  ["Page ↑ ↓ · Home End", "key-far"],
  ["Enter", "key-open"],
  ["/", "key-search"],
  ["Esc", "key-escape"],
  ["k j", "key-neighbours"],
  ["?", "key-help"],
] as const satisfies readonly (readonly [string, Term])[];

export function KeyboardHelp({ onClose }: { readonly onClose: () => void }) {
  return (
    <Dialog title={t("keyboard")} onClose={onClose}>
      <table>
        <thead class="hidden-text">
          <tr>
            <th scope="col">{t("key")}</th>
            <th scope="col">{t("key-does")}</th>
          </tr>
        </thead>
        <tbody>
          {KEYS.map(([keys, term]) => (
            <tr key={term}>
              <th scope="row">
                <kbd>{keys}</kbd>
              </th>
              <td>{t(term)}</td>
            </tr>
          ))}
        </tbody>
      </table>
      <label class="row">
        <input
          type="checkbox"
          checked={isSingleKeyOn.value}
          onChange={({ currentTarget }) => {
            isSingleKeyOn.value = currentTarget.checked;
          }}
        />
        {t("single-keys")}
      </label>
      <div class="row">
        <button type="button" class="primary" onClick={onClose}>
          {t("close")}
        </button>
      </div>
    </Dialog>
  );
}
