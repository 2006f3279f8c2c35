import { scrubTo } from '../redaction.ts';
import type { ExportListener } from './export-queue.ts';

/** The log of a service has these. */
export interface ExportLog {
  info(fields: object, text: string): void;
  warn(fields: object, text: string): void;
}

/** An outage is over when nothing was dropped for this time, in milliseconds: a collector that fails now and then is one outage. */
const calmMs = 15_000;

/** One line when spans begin to be dropped, and one with their number when they are exported again. */
export const createExportLog = (
  log: ExportLog,
  clock: () => number = () => performance.now(),
): ExportListener => {
  let spans = 0;
  let lastDrop = 0;
  return {
    dropped: (count, reason, detail) => {
      if (spans === 0)
        log.warn(
          { reason: scrubTo(`${reason}: ${detail}`, 300) },
          'spans are dropped: they cannot be exported',
        );
      spans += count;
      lastDrop = clock();
    },
    exported: () => {
      if (spans === 0 || clock() - lastDrop < calmMs) return;
      log.info({ spans }, 'spans are exported again');
      spans = 0;
    },
  };
};
