import type { Terminal } from './terminal.ts';

/** Something to see, and its address or command. */
export type Place = readonly [what: string, where: string];

/** The pages that every shop has. */
export const placesOf = (url: string, administrator: string): readonly Place[] => [
  ['the shop', url],
  ['its console', `${url}/console, as ${administrator}`],
  ['its status', `${url}/status; with errors and reasons: ${url}/admin/status`],
  ['API docs', `${url}/docs`],
  ['events', `${url}/docs/events`],
  ['sent e-mails', `${url}/api/mails`],
  ['administration', `${url}/admin, with the same account`],
];

export const printPlaces = (places: readonly Place[], { line, bold }: Terminal): void => {
  line(`\n${bold('Where to look')}`);
  for (const [what, where] of places) line(`  ${what.padEnd(14)}  ${where}`);
};
