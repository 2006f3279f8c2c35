import type { Routes } from '@emporium/service';
import type { Store } from '@emporium/store';
import { z } from 'zod';
import { correlationIdIn } from '../domain/correlation-id.ts';
import { findDeadLetter, type StoredDeadLetter } from '../store/dead-letters.ts';
import { deliveriesOf, type RecordedDelivery } from '../store/spans/deliveries-of.ts';
import type { Tables } from '../store/tables.ts';
import { notFound } from './problems.ts';
import { config, params } from './schemas.ts';
import { deadLetterSummary, viewSummary } from './views.ts';

const outcome = z.object({
  /** `in-flight`: it was sent and has not failed since, and no span says that it was handled. */
  outcome: z.enum(['open', 'failed-again', 'in-flight', 'handled', 'discarded']),
  handledBy: z.string().optional(),
  handledAt: z.string().optional(),
  /** While it is in flight: how often it was tried since the replay, and the error of the last attempt. */
  retries: z.int().optional(),
  lastError: z.string().optional(),
  deadLetter: deadLetterSummary,
});

export const outcomeRoutes =
  (store: Store<Tables>): Routes =>
  (server) => {
    server.get(
      '/api/admin/dead-letters/:id/outcome',
      {
        config,
        schema: {
          summary: 'Get what became of a dead letter, without its body',
          params,
          response: { 200: outcome },
        },
      },
      async (request) => {
        const deadLetter = await findDeadLetter(store.db, request.params.id);
        if (deadLetter === undefined) throw notFound();
        const deliveries = deadLetter.status === 'replayed' ? await deliveriesSince(deadLetter) : [];
        return { ...outcomeOf(deadLetter, deliveries), deadLetter: viewSummary(deadLetter) };
      },
    );

    /** Since it failed last: a service may handle a replay before we know that its broker has it. */
    const deliveriesSince = async (deadLetter: StoredDeadLetter): Promise<readonly RecordedDelivery[]> => {
      const { subscription, message_id: messageId, failed_at: since, body } = deadLetter;
      const correlationId = deadLetter.correlation_id ?? correlationIdIn(body);
      if (correlationId === undefined) return [];
      return deliveriesOf(store.db, { correlationId, subscription, messageId, since });
    };
  };

const outcomeOf = (
  { status, replays }: StoredDeadLetter,
  deliveries: readonly RecordedDelivery[],
): Omit<z.input<typeof outcome>, 'deadLetter'> => {
  if (status === 'discarded') return { outcome: 'discarded' };
  if (status === 'open') return { outcome: replays > 0 ? 'failed-again' : 'open' };
  const handled = deliveries.find(({ settlement }) => settlement === 'ack');
  if (handled !== undefined)
    return { outcome: 'handled', handledBy: handled.service, handledAt: handled.at.toISOString() };
  const retries = deliveries.filter(({ settlement }) => settlement === 'retry');
  const lastError = retries[0]?.error;
  return {
    outcome: 'in-flight',
    retries: retries.length,
    ...(lastError === undefined ? {} : { lastError }),
  };
};
