import { settlementOf } from '@emporium/bus';
import type { AnyTask } from '@emporium/tasks';

/** Whether there is no further attempt after this error. While the mail server is unavailable none is counted. */
export const isFinal = ({ retry }: Pick<AnyTask, 'retry'>, error: unknown, attempt: number): boolean => {
  const settlement = settlementOf(error);
  return settlement === 'dead-letter' || (settlement !== 'pause' && attempt >= retry.attempts);
};
