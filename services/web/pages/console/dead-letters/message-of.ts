import type { Answer } from '../../shared/api.ts';

/** Why something was not done, for people. */
export const messageOf = (answer: Exclude<Answer<unknown>, { kind: 'ok' }>): string => {
  if (answer.kind === 'away')
    return 'The shop does not answer, so it is not known whether it was done: look again.';
  const { detail, errors } = answer.problem;
  return errors.length === 0 ? detail : errors.map(({ field, message }) => `${field} ${message}`).join('; ');
};
