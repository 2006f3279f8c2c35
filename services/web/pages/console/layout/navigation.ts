interface Entry {
  readonly href: string;
  readonly text: string;
}

/** The pages of the console. */
export const navigation: readonly Entry[] = [
  { href: '/console', text: 'Flow' },
  { href: '/console/orders', text: 'Orders' },
  { href: '/console/sagas', text: 'Sagas' },
  { href: '/console/traces', text: 'Traces' },
  { href: '/console/dead-letters', text: 'Dead letters' },
];

/** What belongs together in the menu, in this order; other pages come last. */
const groups: readonly (readonly [name: string, hrefs: readonly string[]])[] = [
  ['Live', ['/console', '/console/orders', '/console/sagas', '/console/traces', '/console/sensors']],
  [
    'Repair',
    [
      '/console/dead-letters',
      '/console/subscriptions',
      '/console/tasks',
      '/console/projections',
      '/console/brokers',
      '/console/audit',
    ],
  ],
  ['Learn', ['/console/break-it', '/console/break', '/console/lessons']],
];

export const menu = (
  entries: readonly Entry[],
): readonly { readonly name: string; readonly entries: readonly Entry[] }[] => {
  const known = new Set(groups.flatMap(([, hrefs]) => hrefs));
  const named = groups.map(([name, hrefs]) => ({
    name,
    entries: hrefs.flatMap((href) => entries.filter((entry) => entry.href === href)),
  }));
  const others = { name: 'More', entries: entries.filter(({ href }) => !known.has(href)) };
  return [...named, others].filter((group) => group.entries.length > 0);
};

/** Whether a page is the entry's, or below it. */
export const isCurrent = (href: string, path: string): boolean =>
  href === '/console' ? /^\/console\/?$/.test(path) : path === href || path.startsWith(`${href}/`);
