import type { SagaDefinition } from './definition.ts';
import type { RepairInput } from './inputs.ts';
import { type SagaState, statusOf } from './state.ts';
import { pendingStep, stepOf } from './steps.ts';

/** Why a person cannot do this to the saga now; undefined when it is possible. */
export const refusalOf = <Subject>(
  saga: SagaDefinition<Subject>,
  state: SagaState<Subject>,
  input: RepairInput,
): string | undefined => {
  if (state.parked === undefined) return `the saga is ${statusOf(state)}, not parked`;
  switch (input.kind) {
    case 'retry':
      return pendingStep(saga, state) === undefined
        ? 'no command is pending: resolve the saga instead'
        : undefined;
    case 'compensate':
      return compensateRefusal(saga, state);
    case 'resolve':
      return input.outcome === 'abandoned' ? abandonRefusal(saga, state) : undefined;
  }
};

const compensateRefusal = <Subject>(
  saga: SagaDefinition<Subject>,
  state: SagaState<Subject>,
): string | undefined => {
  const pivot = saga.steps[saga.pivotAt];
  if (pivot === undefined) return 'the saga only goes forward';
  if (state.phase === 'stopping') return undefined;
  const pending = pendingStep(saga, state);
  if (pending !== undefined && stepOf(state, pending).status === 'undoing')
    return `the saga compensates already: retry or resolve the compensation of ${pending.name}`;
  return state.phase === 'cancelled' || state.phase === 'compensating'
    ? 'everything else is compensated already: resolve the saga instead'
    : `${pivot.name} has happened, and after it the saga only goes forward`;
};

const abandonRefusal = <Subject>(
  saga: SagaDefinition<Subject>,
  state: SagaState<Subject>,
): string | undefined => {
  if (saga.pivotAt >= 0) return 'only a saga without a pivot can be abandoned';
  const done = saga.steps.find((step) => stepOf(state, step).status === 'done');
  return done === undefined ? undefined : `${done.name} has happened: the saga can no longer be abandoned`;
};
