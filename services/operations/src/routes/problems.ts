import { fieldProblem, problem } from '@emporium/service';
import type { ReplayOutcome } from '../replay/replay.ts';

/** The description of the 409 answers in the OpenAPI document. */
export const conflict = 'It was replayed or discarded before, or is being replayed';

export const notFound = () => problem(404, 'not-found', 'There is no such dead letter.');

export const refusedByBroker = (reason: string) =>
  problem(503, 'broker-refused', `The broker refused the message: ${reason}`, {
    headers: { 'retry-after': '5' },
  });

export const problemOf = (outcome: Exclude<ReplayOutcome, { kind: 'replayed' }>) => {
  switch (outcome.kind) {
    case 'not-found':
      return notFound();
    case 'resolved':
      return problem(409, 'already-resolved', `The dead letter was ${outcome.status} before.`);
    case 'being-replayed':
      return problem(409, 'being-replayed', 'The dead letter is being replayed; try again in a minute.');
    case 'failed-since':
      return problem(
        409,
        'failed-since',
        'Somebody has replayed it in the meantime, and it has failed again.',
      );
    case 'impossible':
      return problem(409, outcome.obstacle, outcome.detail);
    case 'unsendable':
      return problem(422, 'message-refused', `No broker accepts the message: ${outcome.reason}`);
    case 'invalid-body':
      return fieldProblem(422, 'unreadable-message', outcome.errors);
    case 'refused':
      return refusedByBroker(outcome.reason);
  }
};
