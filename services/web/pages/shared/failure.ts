import type { Answer } from './api.ts';

/** Why a request failed, for people; empty when it did not. */
export const failureOf = (answer: Answer<unknown>): string => {
  if (answer.kind === 'ok') return '';
  return answer.kind === 'away' ? 'The shop does not answer; try again.' : answer.problem.detail;
};
