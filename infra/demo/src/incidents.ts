import { describeExit, type Incident } from '@emporium/launcher';
import type { Terminal } from './terminal.ts';

/** Prints what the supervisor reports about a crash. */
export const printIncident = (
  incident: Incident,
  { line, red, green }: Pick<Terminal, 'line' | 'red' | 'green'>,
): void => {
  const { name, logFile } = incident;
  switch (incident.kind) {
    case 'ended': {
      const next = incident.restarts ? 'it is restarted' : 'it is not restarted (--no-restart)';
      return line(
        red(`  ${name} exited unexpectedly (${describeExit(incident.how)}); ${next}; log: ${logFile}`),
      );
    }
    case 'keeps ending': {
      const delay = `${incident.waitMs / 1_000} s`;
      const what = `${name} exited ${incident.times} times in a row; it is restarted after delays of up to ${delay}; log: ${logFile}`;
      return line(red(`  ${what}\n  ${incident.reason.replaceAll('\n', '\n    ')}`));
    }
    case 'is back':
      return line(green(`  ${name} is running again after ${(incident.afterMs / 1_000).toFixed(1)} s`));
  }
};
