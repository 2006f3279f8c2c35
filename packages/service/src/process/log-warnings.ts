import type { Log } from '../log.ts';

/** Logs Node's warnings, such as a deprecation: Node itself would print several lines of text to standard error. */
export const logWarnings = (log: Log): void => {
  process.removeAllListeners('warning'); // the one that prints them
  process.on('warning', (warning) => {
    if (warning.name !== 'ExperimentalWarning') log.warn({ err: warning }, `Node: ${warning.message}`);
  });
};
