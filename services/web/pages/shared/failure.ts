import type { Answer } from './api.ts';

/** Why a request failed, for people; empty when it did not. */
export const failureOf = (answer: Answer<unknown>): string => {
  if (answer.kind === 'ok') return '';
  if (answer.kind === 'away') return 'The shop does not answer; try again.';
  const { detail, retryAfter } = answer.problem;
  return retryAfter === undefined ? detail : `${detail} Try again in ${retryAfter} seconds.`;
};
