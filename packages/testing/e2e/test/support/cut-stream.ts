import type { Page } from 'playwright-core';

/** How long a stream lasts. */
const openMs = 300;

/**
 * Cuts the streams of order events again and again, and lets every second connection begin at the first event, as without
 * `Last-Event-ID`. Returns how many were cut.
 */
export const cutStreams = async (page: Page): Promise<() => number> => {
  let cuts = 0;
  await page.route(/\/api\/orders\/[^/]+\/events$/, async (route) => {
    const { cookie = '', 'last-event-id': last } = await route.request().allHeaders();
    const isFromFirst = cuts % 2 === 1;
    const body = await beginningOf(route.request().url(), {
      ...{ cookie, accept: 'text/event-stream' },
      ...(last === undefined || isFromFirst ? {} : { 'last-event-id': last }),
    });
    cuts += 1;
    const events = `retry: 100\n\n${body}`;
    await route.fulfill({ contentType: 'text/event-stream', body: events }).catch(() => undefined); // the page was left
  });
  return () => cuts;
};

/** The whole events of a stream until it is cut. */
const beginningOf = async (url: string, headers: Readonly<Record<string, string>>): Promise<string> => {
  let text = '';
  const decoder = new TextDecoder();
  try {
    const { body } = await fetch(url, { headers, signal: AbortSignal.timeout(openMs) });
    for await (const chunk of body ?? []) text += decoder.decode(chunk, { stream: true });
  } catch {
    // It was cut.
  }
  return text.slice(0, text.lastIndexOf('\n\n') + 2);
};

/** Begins to record what an element says. Returns all that it has said since. */
export const recordText = async (page: Page, selector: string): Promise<() => Promise<readonly string[]>> => {
  await page.evaluate(`(() => {
    const said = new Set();
    const note = () => said.add(document.querySelector(${JSON.stringify(selector)})?.textContent ?? 'gone');
    new MutationObserver(note).observe(document.body, { subtree: true, childList: true, characterData: true });
    note();
    globalThis.said = said;
  })()`);
  return () => page.evaluate<string[]>('[...globalThis.said]');
};
