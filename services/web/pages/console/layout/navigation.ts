/** The pages of the console, in the order of its menu. */
export const navigation: readonly { readonly href: string; readonly text: string }[] = [
  { href: '/console', text: 'Flow' },
  { href: '/console/sagas', text: 'Sagas' },
];
