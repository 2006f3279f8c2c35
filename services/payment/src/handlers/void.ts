import { performBatch } from '@emporium/bus';
import { voidPayment } from '@emporium/contracts';
import { intendVoid, settleVoid, tombstone, type VoidOutcome } from '../domain/void.ts';
import { paymentErrors } from '../errors.ts';
import type { PaymentProvider } from '../provider.ts';
import { type Change, enterAll, paymentOf, saveAll } from '../store/payments.ts';
import { type Context, conclude, unlessKnown } from './asking.ts';
import { authorisationKey, renewalKey } from './keys.ts';

export const onVoid = (provider: PaymentProvider) =>
  performBatch(voidPayment, {
    idempotencyKey: ({ data }) => `${data.orderId}/void`,
    intendBatch: async (messages, { tx, now }: Context) => {
      const orders = messages.map(({ data }) => data.orderId);
      const payments = await enterAll(tx, new Map(orders.map((orderId) => [orderId, tombstone])));
      const changes = new Map<string, Change>();
      const intents = orders.map((orderId) => {
        const { intent, payment } = intendVoid(paymentOf(payments, orderId));
        if (payment !== undefined) changes.set(orderId, { payment, entries: [] });
        return intent;
      });
      await saveAll(tx, changes, now);
      return intents;
    },
    outside: ({ data }, intent, { idempotencyKey, signal }) =>
      unlessKnown(intent, async ({ authorisationId: knownId }): Promise<VoidOutcome> => {
        // By their keys, so that one that is under way at the provider is refused there.
        const keys = [authorisationKey(data.orderId), renewalKey(data.orderId)];
        const ids = await Promise.all(
          keys.map((authorisation) =>
            provider.void({
              key: `${idempotencyKey}/${authorisation}`,
              authorisationKey: authorisation,
              signal,
            }),
          ),
        );
        // A provider that has forgotten what it holds has not let go of it.
        if (knownId !== undefined && !ids.includes(knownId)) throw paymentErrors.void_unknown();
        return { authorisationIds: ids.filter((id) => id !== undefined) };
      }),
    insideBatch: (performed, context) =>
      conclude(performed, (payment, _, outcome) => settleVoid(payment, outcome), context),
  });
