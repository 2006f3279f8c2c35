import { sendWelcomeMail } from '@emporium/contracts';
import { z } from 'zod';
import type { Translation } from '../translation.ts';
import { foreignUser } from './foreign-user.ts';

const parameters = ['user_id', 'email', 'name'] as const;

/** What Celery calls when the task ends. We cannot call it. */
const embedded = z
  .looseObject({
    callbacks: z.array(z.unknown()).nullish(),
    errbacks: z.array(z.unknown()).nullish(),
    chain: z.array(z.unknown()).nullish(),
    chord: z.unknown().optional(),
  })
  .superRefine(({ callbacks, errbacks, chain, chord }, context) => {
    const linked = [callbacks, errbacks, chain].some((each) => (each ?? []).length > 0);
    if (linked || (chord !== undefined && chord !== null))
      context.addIssue('must not link other tasks: chains, chords and callbacks are not supported');
  });

/**
 * The body of a task of Celery: `[args, kwargs, embed]`. As for a Python function, `send_welcome_email(user)` or
 * `send_welcome_email(user_id, email, name)`, each argument by its position or its name; other named arguments are ignored.
 */
const arguments_ = z
  .tuple([z.array(z.unknown()), z.record(z.string(), z.unknown()), embedded])
  .transform(([args, kwargs], context) => {
    const [first] = args.length === 0 ? [kwargs['user']] : args;
    if (args.length <= 1 && typeof first === 'object' && first !== null) return first;
    if (args.length <= parameters.length)
      return { ...kwargs, ...Object.fromEntries(args.map((value, index) => [parameters[index], value])) };
    context.addIssue('must have the arguments user, or user_id, email and name');
    return z.NEVER;
  })
  .pipe(foreignUser);

export const welcomeMailTask: Translation<typeof arguments_, typeof sendWelcomeMail> = {
  from: arguments_,
  to: sendWelcomeMail,
  translate: ({ email, name }, messageId) => ({ requestId: messageId, email, name }),
};

/** `send_welcome_email` of any module. */
export const isWelcomeMailTask = (name: string): boolean => /(?:^|\.)send_welcome_email$/.test(name);
