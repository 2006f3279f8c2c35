interface Entry {
  readonly href: string;
  readonly text: string;
  /** Where there are stand-ins for the outside world. */
  readonly onlyInDevelopment?: true;
}

/** The pages of the console, in the groups and the order of its menu. */
export const menu: readonly { readonly name: string; readonly entries: readonly Entry[] }[] = [
  {
    name: 'Live',
    entries: [
      { href: '/console', text: 'Flow' },
      { href: '/console/orders', text: 'Orders' },
      { href: '/console/sagas', text: 'Sagas' },
      { href: '/console/traces', text: 'Traces' },
      { href: '/console/sensors', text: 'Sensors' },
    ],
  },
  {
    name: 'Repair',
    entries: [
      { href: '/console/dead-letters', text: 'Dead letters' },
      { href: '/console/subscriptions', text: 'Subscriptions' },
      { href: '/console/projections', text: 'Projections' },
      { href: '/console/tasks', text: 'Tasks' },
    ],
  },
  {
    name: 'Learn',
    entries: [
      { href: '/console/lessons', text: 'Lessons' },
      { href: '/console/break-it', text: 'Break it', onlyInDevelopment: true },
    ],
  },
];

/** Whether a page is the entry's, or below it. */
export const isCurrent = (href: string, path: string): boolean =>
  href === '/console' ? /^\/console\/?$/.test(path) : path === href || path.startsWith(`${href}/`);
