import { Fault, messageOf } from '@emporium/bus';
import { within as giveUpAfter } from '@emporium/telemetry';
import { taskErrors } from './errors.ts';

const awayCodes =
  /^(ECONNREFUSED|ECONNRESET|ECONNABORTED|EPIPE|ETIMEDOUT|ENOTFOUND|EHOSTUNREACH|ENETUNREACH|EAI_AGAIN|08...|57P0[1235]|53[03]00|25006|58030|25P0[34])$/;
/** Of pg, ioredis and BullMQ, which give no codes; LOADING and READONLY are Redis starting or failing over. */
const awayTexts =
  /Connection (is closed|terminated|ended)|timeout exceeded when trying to connect|timeout expired|Query read timeout|not queryable|max retries per request|^LOADING |^READONLY |^MASTERDOWN /;
/** Redis at `maxmemory` with `noeviction`; PostgreSQL's disk_full. */
const fullCodes = /^53100$/;
const fullTexts = /^OOM |OOM command not allowed|No space left on device/;

const codeOf = (error: unknown): string =>
  typeof error === 'object' && error !== null && 'code' in error ? String(error.code) : '';

/** A lost connection becomes `tasks.queue_away`, no room `tasks.queue_full`; every other error stays what it is. */
export const classify = (error: unknown): unknown => {
  if (error instanceof Fault) return error;
  const code = codeOf(error);
  const text = messageOf(error);
  if (fullCodes.test(code) || fullTexts.test(text)) return taskErrors.queue_full({ cause: error });
  if (awayCodes.test(code) || awayTexts.test(text)) return taskErrors.queue_away({ cause: error });
  return error;
};

export const isAway = (error: unknown): boolean =>
  error instanceof Fault && (error.code === 'tasks.queue_away' || error.code === 'tasks.queue_full');

/** Rejects with `tasks.queue_away` when it takes longer. What was asked may still happen. */
export const within = async <T>(ms: number, work: Promise<T>): Promise<T> => {
  try {
    return await giveUpAfter(ms, work, () => taskErrors.queue_away({ waitedMs: ms }));
  } catch (error) {
    throw classify(error);
  }
};
