import { computed, signal } from '@preact/signals';

/** The address of the page: its path and its query. */
const address = signal(new URL(location.href));

export const path = computed(() => address.value.pathname);
export const query = computed(() => address.value.searchParams);

/** Goes to another page of this application, without loading a document. */
export const navigate = (href: string, { replace = false } = {}): void => {
  const url = new URL(href, location.href);
  if (replace) history.replaceState(null, '', url);
  else history.pushState(null, '', url);
  address.value = url;
  if (!replace) {
    scrollTo(0, 0);
    focusPage();
  }
};

/** A screen reader continues at the new page. */
const focusPage = (): void => document.querySelector<HTMLElement>('main')?.focus({ preventScroll: true });

/** Changes a part of the query, which is shared with the address; an empty value removes it. */
export const setQuery = (changes: Readonly<Record<string, string>>): void => {
  const url = new URL(address.value);
  for (const [name, value] of Object.entries(changes)) {
    if (value === '') url.searchParams.delete(name);
    else url.searchParams.set(name, value);
  }
  navigate(url.href, { replace: true });
};

/** Follows links to pages below `base` without loading a document, and the browser's back and forward. */
export const startRouter = (isOwn: (path: string) => boolean): void => {
  addEventListener('popstate', () => {
    const before = address.peek().pathname;
    address.value = new URL(location.href);
    if (before !== location.pathname) focusPage();
  });
  document.addEventListener('click', (event) => {
    if (event.defaultPrevented || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey)
      return;
    const link = event.target instanceof Element ? event.target.closest('a') : null;
    if (link === null || link.target !== '' || link.hasAttribute('download')) return;
    const url = new URL(link.href);
    if (url.origin !== location.origin || !isOwn(url.pathname)) return;
    event.preventDefault();
    navigate(url.href);
  });
};
