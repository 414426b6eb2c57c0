/**
 * What is said to the reader while the page changes: sentences for screen readers, and messages that stay until they are put away.
 * WCAG 2.2, 4.1.3 and 2.2.1.
 */
import { signal } from "@preact/signals";
import { t } from "./language.ts";

type Message = { readonly id: number; readonly tone: "good" | "fault" | "news"; readonly text: string };

const MOST_MESSAGES = 3;
const spoken = signal("");
const messages = signal<readonly Message[]>([]);
let nextId = 0;

/** Says it to a screen reader when that is done with what it is reading. */
export function announce(text: string): void {
  spoken.value = text;
}

/** Shows it at the page's lower edge, and says it. */
export function tell(tone: Message["tone"], text: string): void {
  messages.value = [...messages.value, { id: nextId++, tone, text }].slice(-MOST_MESSAGES);
}

/** For the shell, once: a live region must be there before its text. */
export function LiveRegions() {
  return (
    <>
      <div class="hidden-text" role="status" data-live>
        {spoken.value}
      </div>
      <div class="messages not-printed" role="status">
        {messages.value.map(({ id, tone, text }) => (
          <div key={id} class={`message ${tone}`}>
            <span>{text}</span>
            <button
              type="button"
              onClick={() => {
                messages.value = messages.value.filter((message) => message.id !== id);
              }}
            >
              {t("put-away")}
            </button>
          </div>
        ))}
      </div>
    </>
  );
}
