interface NavigationEntry {
  readonly href: string;
  readonly text: string;
  /** Where there are stand-ins for the outside world. */
  readonly onlyInDevelopment?: true;
}

/** The pages of the console, in the order of its menu. */
export const navigation: readonly NavigationEntry[] = [
  { href: '/console/sagas', text: 'Sagas' },
  { href: '/console/subscriptions', text: 'Subscriptions' },
  { href: '/console/projections', text: 'Projections' },
  { href: '/console/tasks', text: 'Tasks' },
  { href: '/console/sensors', text: 'Sensors' },
  { href: '/console/break-it', text: 'Break it', onlyInDevelopment: true },
];
