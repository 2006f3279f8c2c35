import { causeOf, type Log, newContext, traced, withContext } from '@emporium/bus';
import type { Store } from '@emporium/store';
import { attribute } from '@emporium/telemetry';
import type { SagaRunner } from './runner.ts';
import type { LoadedSaga } from './saga-store.ts';

interface DeadlineHandling<Subject, DB> extends Pick<SagaRunner<Subject, DB>, 'apply'> {
  /** The name of the saga. */
  readonly name: string;
  readonly log: Log;
  readonly store: Store<DB>;
}

/**
 * Returns the function that handles the passed deadline of one saga: in a transaction of its own, and in the context of the request that
 * started the saga. Its span begins there; the request is the cause.
 */
export const handleDeadline =
  <Subject, DB>({ name, log, store, apply }: DeadlineHandling<Subject, DB>) =>
  ({ state: { id }, origin }: LoadedSaga<Subject>): Promise<void> => {
    const began = newContext(origin);
    const cause = causeOf(began, { kind: 'timer', name });
    const attributes = { [attribute.trigger]: 'deadline', [attribute.saga]: name, [attribute.sagaId]: id };
    const act = () =>
      store.transaction(async ({ tx, now, effects }) => {
        const applied = await apply(tx, id, { kind: 'deadline' }, now, cause);
        if (applied?.transition.kind !== 'changed') return; // another instance has handled it
        log.warn(
          { saga: name, id, facts: applied.transition.facts.map(({ fact }) => fact) },
          'a deadline has passed',
        );
        effects.push(...applied.effects);
      });
    return withContext(began, () => traced(`deadline ${name}`, { attributes }, act));
  };
