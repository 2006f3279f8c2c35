import type { Cause, Effect } from '@emporium/bus';
import {
  type ExplainedSaga,
  type FoundSaga,
  type SagaQuery,
  type SagaRepair,
  type SagaRunner,
  statusOf,
} from '@emporium/saga';
import type { Tx } from '@emporium/store';
import type { Fulfilment } from './fulfilment.ts';
import type { RefundSubject } from './refund-saga.ts';
import type { OrderTables } from './store/tables.ts';

export const sagaNames = ['fulfilment', 'refund'] as const;
export type SagaName = (typeof sagaNames)[number];

/** A saga of this service, whichever its subject. */
export interface Administered {
  readonly saga: SagaName;
  readonly orderId: string;
}

/** The sagas of one definition, for administrators. */
export interface AdministeredSagas {
  readonly saga: SagaName;
  list(query: SagaQuery): Promise<readonly (ExplainedSaga<unknown> & Administered)[]>;
  find(id: string, now: Date): Promise<(FoundSaga<unknown> & Administered) | undefined>;
  /** Undefined when there is no such saga. */
  repair(
    tx: Tx<OrderTables>,
    id: string,
    repair: SagaRepair,
    now: Date,
    cause: Cause,
  ): Promise<Repaired | undefined>;
}

export type Repaired =
  | {
      readonly kind: 'repaired';
      readonly orderId: string;
      readonly status: string;
      readonly effects: readonly Effect[];
    }
  /** Nothing was written. */
  | { readonly kind: 'refused'; readonly reason: string };

const administer = <Subject extends { readonly orderId: string }>(
  saga: SagaName,
  runner: SagaRunner<Subject, OrderTables>,
): AdministeredSagas => ({
  saga,
  list: async (query) =>
    (await runner.list(query)).map((each) => ({ ...each, saga, orderId: each.state.subject.orderId })),
  find: async (id, now) => {
    const found = await runner.find(id, now);
    return found === undefined ? undefined : { ...found, saga, orderId: found.state.subject.orderId };
  },
  repair: async (tx, id, repair, now, cause) => {
    const applied = await runner.repair(tx, id, repair, now, cause);
    if (applied === undefined) return undefined;
    const { before, transition, effects } = applied;
    if (transition.kind === 'ignored') return { kind: 'refused', reason: transition.reason };
    const { orderId } = before.subject;
    return { kind: 'repaired', orderId, status: statusOf(transition.state), effects };
  },
});

/** The sagas of this service, in the order in which an id is looked for. */
export const administeredSagas = (
  fulfilment: SagaRunner<Fulfilment, OrderTables>,
  refunds: SagaRunner<RefundSubject, OrderTables>,
): readonly AdministeredSagas[] => [administer('fulfilment', fulfilment), administer('refund', refunds)];
