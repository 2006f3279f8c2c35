import type { Log } from '@emporium/bus';

/** Prints warnings, since they make the figures useless. */
export const quiet: Log = {
  info: () => {},
  warn: (facts, message) => process.stderr.write(`${message} ${JSON.stringify(facts)}\n`),
  error: (facts, message) => process.stderr.write(`${message} ${JSON.stringify(facts)}\n`),
};
