import { describeEnd, type Incident } from '@emporium/launcher';
import type { Terminal } from './terminal.ts';

/** A part of the shop that ended by itself is told of once, not at each attempt to start it again. */
export const tellIncident = (
  incident: Incident,
  { line, red, green }: Pick<Terminal, 'line' | 'red' | 'green'>,
): void => {
  const { name, logFile } = incident;
  switch (incident.kind) {
    case 'ended': {
      const then = incident.restarts ? 'it is started again' : 'it is not started again (--no-restart)';
      return line(
        red(`  ${name} ended by itself (${describeEnd(incident.how)}); ${then}; its log is ${logFile}`),
      );
    }
    case 'keeps ending': {
      const every = `${incident.waitMs / 1_000} s`;
      const what = `${name} keeps ending, ${incident.times} times in a row; it is tried again, at last every ${every}; its log is ${logFile}`;
      return line(red(`  ${what}\n  ${incident.reason.replaceAll('\n', '\n    ')}`));
    }
    case 'is back':
      return line(green(`  ${name} is back after ${(incident.afterMs / 1_000).toFixed(1)} s`));
  }
};
