import { counter, gauge } from '@emporium/telemetry';
import type { Kysely } from 'kysely';
import type { SagaDefinition } from './definition.ts';
import type { SagaFact } from './inputs.ts';
import { countOpenByStatus, findOverdue } from './saga-store.ts';
import type { SagaStatus } from './state.ts';
import { pendingStep } from './steps.ts';

const sagas = gauge({
  name: 'emporium_sagas',
  help: 'Sagas that have not ended, counted up to 10000 for each of parked and not parked.',
  labels: ['emporium_saga_name', 'emporium_saga_state'],
});

const overdueSagas = gauge({
  name: 'emporium_sagas_overdue',
  help: 'Steps whose deadline has passed, counted up to 1000.',
  labels: ['emporium_saga_name', 'emporium_saga_step'],
});

const endedSagas = counter({
  name: 'emporium_sagas_ended_total',
  help: 'Sagas by outcome.',
  labels: ['emporium_saga_name', 'emporium_saga_state'],
});

/** Sagas that a scrape counts at most. */
const maxOpen = 10_000;
const maxOverdue = 1_000;

const openStatuses: readonly SagaStatus[] = ['running', 'cancelling', 'compensating', 'parked'];

const outcomes: { readonly [Fact in SagaFact['fact']]?: SagaStatus } = {
  completed: 'completed',
  cancelled: 'cancelled',
  abandoned: 'cancelled',
};

/** Counts the sagas that have ended with these facts, which are committed. */
export const countEnded = (name: string, facts: readonly SagaFact[]): void => {
  for (const { fact } of facts) {
    const state = outcomes[fact];
    if (state !== undefined) endedSagas.add(1, { emporium_saga_name: name, emporium_saga_state: state });
  }
};

/** Shows the open sagas of a definition until the returned function is called. */
export const measureSagas = <Subject, DB>(
  db: Kysely<DB>,
  definition: SagaDefinition<Subject>,
): (() => void) => {
  const { name } = definition;
  const stops = [
    sagas.from(async () => {
      const counts = await countOpenByStatus(db, name, maxOpen);
      return openStatuses.map((status) => ({
        labels: { emporium_saga_name: name, emporium_saga_state: status },
        value: counts.get(status) ?? 0,
      }));
    }),
    overdueSagas.from(async () => {
      const overdue = await findOverdue<Subject, DB>(db, name, new Date(), [], maxOverdue);
      const steps = overdue.map(({ state }) => pendingStep(definition, state)?.name);
      return definition.steps.map((step) => ({
        labels: { emporium_saga_name: name, emporium_saga_step: step.name },
        value: steps.filter((each) => each === step.name).length,
      }));
    }),
  ];
  return () => {
    for (const stop of stops) stop();
  };
};
