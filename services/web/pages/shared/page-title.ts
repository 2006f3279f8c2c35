const longest = 100;

/** The title of the document that follows from the heading of its page. */
export const titleOf = (heading: string, application: string): string => {
  const text = heading.replace(/\s+/g, ' ').trim();
  if (text === '') return application;
  return `${text.length > longest ? `${text.slice(0, longest)}…` : text} · ${application}`;
};

/** Keeps the title of the document that of the page: its first heading, also while it changes. */
export const followHeading = (application: string): void => {
  const follow = (): void => {
    const title = titleOf(document.querySelector('main h1')?.textContent ?? '', application);
    if (document.title !== title) document.title = title;
  };
  new MutationObserver(follow).observe(document.body, {
    subtree: true,
    childList: true,
    characterData: true,
  });
  follow();
};
