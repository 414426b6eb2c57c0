/**
 * Times measured inside a page of the console. What runs in the page is text: the tree's types know no document.
 */
import type { Page } from "playwright-core";

/** Resolves when a frame is drawn: a task after the frame's callbacks runs no sooner. */
const PAINTED = `() => new Promise((resolve) => requestAnimationFrame(() => {
  const { port1, port2 } = new MessageChannel();
  port1.onmessage = () => resolve();
  port2.postMessage(null);
}))`;

/**
 * @param searches - Typed into the search one after the other.
 * @returns From each input to the frame that shows what it found, milliseconds.
 */
export async function filterTimes(page: Page, searches: readonly string[]): Promise<number[]> {
  return page.evaluate<number[]>(`(async () => {
    const field = document.querySelector('input[type="search"]');
    const painted = ${PAINTED};
    const times = [];
    for (const text of ${JSON.stringify(searches)}) {
      await painted();
      const started = performance.now();
      field.value = text;
      field.dispatchEvent(new Event("input", { bubbles: true }));
      await painted();
      times.push(performance.now() - started);
    }
    return times;
  })()`);
}

/**
 * @param frames - How many to draw while the list is scrolled from its top.
 * @returns Time from each frame to the next, milliseconds.
 */
export async function scrollTimes(page: Page, frames: number): Promise<number[]> {
  return page.evaluate<number[]>(`(async () => {
    const grid = document.querySelector('[role="grid"]');
    const frame = () => new Promise((resolve) => requestAnimationFrame(resolve));
    grid.scrollTop = 0;
    const times = [];
    let before = await frame();
    for (let at = 0; at < ${frames}; at++) {
      grid.scrollTop += 700;
      const now = await frame();
      times.push(now - before);
      before = now;
    }
    return times;
  })()`);
}

/** @returns When the first content was drawn after the address was opened, milliseconds. */
export async function firstPaint(page: Page): Promise<number> {
  return page.evaluate<number>("performance.getEntriesByName('first-contentful-paint')[0].startTime");
}
