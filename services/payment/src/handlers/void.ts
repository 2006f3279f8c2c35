import { perform } from '@emporium/bus';
import { voidPayment } from '@emporium/contracts';
import { intendVoid, settleVoid, tombstone, type VoidOutcome } from '../domain/void.ts';
import type { PaymentProvider } from '../provider.ts';
import { enter, save } from '../store/payments.ts';
import { type Context, conclude, unlessKnown } from './asking.ts';
import { authorisationKey, renewalKey } from './keys.ts';

export const onVoid = (provider: PaymentProvider) =>
  perform(voidPayment, {
    idempotencyKey: ({ data }) => `${data.orderId}/void`,
    intend: async ({ data }, { tx, now }: Context) => {
      const { intent, payment } = intendVoid(await enter(tx, data.orderId, tombstone));
      if (payment !== undefined) await save(tx, data.orderId, payment, [], now);
      return intent;
    },
    outside: ({ data }, intent, { idempotencyKey, signal }) =>
      unlessKnown(intent, async (): Promise<VoidOutcome> => {
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
        return { authorisationIds: ids.filter((id) => id !== undefined) };
      }),
    inside: ({ data }, asked, context) =>
      conclude(data, asked, (payment, _, outcome) => settleVoid(payment, outcome), context),
  });
