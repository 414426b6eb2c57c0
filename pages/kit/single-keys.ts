/**
 * Whether keys without Ctrl or Alt are commands. Who speaks to the machine must be able to switch them off. WCAG 2.2, 2.1.4.
 */
import { signal } from "@preact/signals";

export const isSingleKeyOn = signal(true);
