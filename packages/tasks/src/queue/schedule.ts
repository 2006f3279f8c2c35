import { messageOf } from '@emporium/bus';
import { getNextMillis, type RepeatOptions } from 'bullmq';
import { taskErrors } from '../errors.ts';

/** `cron` has five fields, or six with seconds before them; `timeZone` is an IANA name, UTC unless given. */
export type When = { readonly cron: string; readonly timeZone?: string } | { readonly everyMs: number };

/** As BullMQ has it. Throws `tasks.invalid_option`, naming what is wrong. */
export const assertSchedule = (task: string, schedule: string, when: When): Omit<RepeatOptions, 'key'> => {
  const refuse = (option: string, why: string): never => {
    throw taskErrors.invalid_option({ task, [option]: why });
  };
  if (!/^[\w.-]{1,100}$/.test(schedule)) refuse('name', 'must be 1 to 100 letters, digits, dots and dashes');
  if ('everyMs' in when) {
    if (!Number.isSafeInteger(when.everyMs) || when.everyMs < 1) refuse('everyMs', 'must be 1 or more');
    return { every: when.everyMs };
  }
  const repeat = { pattern: when.cron, tz: when.timeZone ?? 'UTC' };
  try {
    new Intl.DateTimeFormat('en', { timeZone: repeat.tz });
  } catch {
    refuse('timeZone', 'must be an IANA name such as Europe/Berlin');
  }
  try {
    if (when.cron.trim() === '' || getNextMillis(Date.now(), repeat) === undefined)
      refuse('cron', 'never comes');
  } catch (error) {
    refuse('cron', messageOf(error));
  }
  return repeat;
};
