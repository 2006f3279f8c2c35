/** The pages of the console, in the order of its menu. */
export const navigation: readonly { readonly href: string; readonly text: string }[] = [
  { href: '/console/orders', text: 'Orders' },
  { href: '/console/sagas', text: 'Sagas' },
  { href: '/console/traces', text: 'Traces' },
];
